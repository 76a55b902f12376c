/* Tests of file/gguf with files made byte by byte, not by its writer: every value type is read; what is damaged is refused with
 * one line that says why, and never crashes. */
#define _POSIX_C_SOURCE 200809L
#include "base/memory.h"
#include "file/gguf.h"
#include "../capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files made by hand ---- */

enum { SMALL_DATA = 128 }; /* bytes of small_model's data region */

static void add_u32(struct text *file, uint32_t value)
{
    text_add(file, (const char *)&value, sizeof value);
}

static void add_u64(struct text *file, uint64_t value)
{
    text_add(file, (const char *)&value, sizeof value);
}

static void add_name(struct text *file, const char *name)
{
    add_u64(file, strlen(name));
    text_add_string(file, name);
}

static struct text begin_file(uint64_t tensors, uint64_t pairs)
{
    struct text file = { 0 };

    text_add_string(&file, "GGUF");
    add_u32(&file, GGUF_VERSION);
    add_u64(&file, tensors);
    add_u64(&file, pairs);
    return file;
}

static void add_pair(struct text *file, const char *key, uint32_t type, const void *value, size_t bytes)
{
    add_name(file, key);
    add_u32(file, type);
    text_add(file, value, bytes);
}

static void add_tensor(struct text *file, const char *name, uint32_t type, uint32_t dimensions, uint64_t dim, uint64_t offset)
{
    add_name(file, name);
    add_u32(file, dimensions);
    for (uint32_t i = 0; i < dimensions; i++)
        add_u64(file, dim);
    add_u32(file, type);
    add_u64(file, offset);
}

static void add_zeros(struct text *file, size_t count)
{
    while (count--)
        text_add(file, "", 1);
}

static void align_file(struct text *file, size_t alignment)
{
    while (file->length % alignment)
        add_zeros(file, 1);
}

/* A model with a value of every size, arrays, strings and three tensors that end with zeros up to a multiple of 32. */
static struct text small_model(void)
{
    struct text file = begin_file(3, 7);

    add_pair(&file, "general.architecture", GGUF_STRING, "\5\0\0\0\0\0\0\0small", 13);
    add_pair(&file, "test.u8", GGUF_U8, "\1", 1);
    add_pair(&file, "test.i16", GGUF_I16, "\1\2", 2);
    add_pair(&file, "test.f32", GGUF_F32, &(float){ 0.5f }, 4);
    add_pair(&file, "test.bools", GGUF_ARRAY, &(uint32_t){ GGUF_BOOL }, 4);
    add_u64(&file, 3);
    text_add(&file, "\0\1\1", 3);
    add_pair(&file, "test.i64", GGUF_I64, &(int64_t){ -1 }, 8);
    add_pair(&file, "test.strings", GGUF_ARRAY, &(uint32_t){ GGUF_STRING }, 4);
    add_u64(&file, 2);
    add_name(&file, "</s>");
    add_name(&file, "gr\xC3\xBC\xC3\x9F");
    add_tensor(&file, "W", GGUF_TENSOR_F32, 2, 3, 0);
    add_tensor(&file, "packed", GGUF_TENSOR_BF16, 4, 1, 64);
    add_tensor(&file, "ids", GGUF_TENSOR_I64, 1, 1, 96);
    align_file(&file, 32);
    add_zeros(&file, SMALL_DATA);
    return file;
}

/* ---- opening what may be damaged ---- */

/* Touches all that an open file hands out, so that sanitizers and valgrind see every bad byte. */
static void use_everything(const struct gguf *gguf)
{
    struct text printed = { 0 };
    int64_t integer, *integers;
    double real, *reals;
    const char *string;
    char **strings;
    size_t count;

    for (size_t i = 0; i < gguf->pair_count; i++) {
        const char *key = gguf->pairs[i].key;

        gguf_get_int(gguf, key, &integer);
        gguf_get_real(gguf, key, &real);
        gguf_get_string(gguf, key, &string, &count);
        if (gguf_get_ints(gguf, key, &integers, &count) == 0)
            free(integers);
        if (gguf_get_reals(gguf, key, &reals, &count) == 0)
            free(reals);
        if (gguf_get_strings(gguf, key, &strings, &count) == 0)
            free(strings);
        gguf_pair_text(&gguf->pairs[i], 2, &printed);
        gguf_pair_json(&gguf->pairs[i], &printed);
    }
    gguf_checksum(gguf);
    text_release(&printed);
}

/* Opens the first `size` bytes of `file` from a block of just that size; 0 or -1, and what was said at opening. */
static int open_bytes(const struct text *file, size_t size, char *message, size_t room)
{
    char *copy = memory_new(size, 1);
    char ignored[64];
    struct gguf gguf;
    struct capture capture = capture_begin();
    int result;

    if (size)
        memcpy(copy, file->data, size);
    result = gguf_parse(&gguf, "some.gguf", copy, size);
    capture_end(&capture, message, room);
    if (result == 0) {
        capture = capture_begin();
        use_everything(&gguf);
        capture_end(&capture, ignored, sizeof ignored);
        gguf_close(&gguf);
    }
    free(copy);
    return result;
}

/* The file must be refused for the reason `wanted`. It is released. */
static void refuse(struct text file, const char *wanted)
{
    char message[2048];
    int result = open_bytes(&file, file.length, message, sizeof message);

    text_release(&file);
    check_failure(result, message, wanted);
}

static void accept(struct text file)
{
    char message[2048];
    int result = open_bytes(&file, file.length, message, sizeof message);

    text_release(&file);
    if (result != 0 || *message)
        fail_msg("a good file was refused: %s", message);
}

/* ---- tests ---- */

/* Value types that only other writers use are read too, alone and in arrays, at the ends of their ranges. */
static void every_value_type_is_read(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t bits;
        const char *array, *name;
    } cases[] = {
        { GGUF_U8, UINT8_MAX, "[255, 255]", "uint8[]" },
        { GGUF_I8, 0x80, "[-128, -128]", "int8[]" },
        { GGUF_U16, UINT16_MAX, "[65535, 65535]", "uint16[]" },
        { GGUF_I16, 0x8000, "[-32768, -32768]", "int16[]" },
        { GGUF_U32, UINT32_MAX, "[4294967295, 4294967295]", "uint32[]" },
        { GGUF_I32, 0x80000000, "[-2147483648, -2147483648]", "int32[]" },
        { GGUF_F32, 0xBDCCCCCD, "[-0.1, -0.1]", "float32[]" },
        { GGUF_BOOL, 1, "[true, true]", "bool[]" },
        { GGUF_U64, UINT64_MAX, "[18446744073709551615, 18446744073709551615]", "uint64[]" },
        { GGUF_I64, 0x8000000000000000, "[-9223372036854775808, -9223372036854775808]", "int64[]" },
        { GGUF_F64, 0x3FB999999999999A, "[0.1, 0.1]", "float64[]" },
        { GGUF_I8, 5, "[5, 5]", "int8[]" },
        { GGUF_F32, 0x7F800000, "[null, null]", "float32[]" },
        { GGUF_F64, 0x7FF8000000000000, "[null, null]", "float64[]" },
        { GGUF_F64, 0x54B249AD2594C37D, "[1e+100, 1e+100]", "float64[]" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes = gguf_value_bytes((enum gguf_value_type)cases[i].type), length = strlen(cases[i].array);
        struct text file = begin_file(0, 2), printed = { 0 };
        struct gguf gguf;

        add_pair(&file, "one", cases[i].type, &cases[i].bits, bytes);
        add_pair(&file, "two", GGUF_ARRAY, &cases[i].type, 4);
        add_u64(&file, 2);
        text_add(&file, (const char *)&cases[i].bits, bytes);
        text_add(&file, (const char *)&cases[i].bits, bytes);
        align_file(&file, 32);
        assert_int_equal(gguf_parse(&gguf, "types.gguf", file.data, file.length), 0);
        gguf_pair_json(&gguf.pairs[1], &printed);
        assert_string_equal(printed.data, cases[i].array);
        assert_string_equal(gguf_pair_type_name(&gguf.pairs[1]), cases[i].name);
        text_clear(&printed);
        gguf_pair_json(&gguf.pairs[0], &printed);
        assert_int_equal(printed.length, (length - 4) / 2);
        assert_memory_equal(printed.data, cases[i].array + 1, printed.length);
        gguf_close(&gguf);
        text_release(&printed);
        text_release(&file);
    }
}

/* A file of one key of each kind that a getter may stumble over. */
static struct text file_of_kinds(void)
{
    struct text file = begin_file(0, 8);

    add_pair(&file, "int", GGUF_I32, &(int32_t){ 1 }, 4);
    add_pair(&file, "real", GGUF_F64, &(double){ 1 }, 8);
    add_pair(&file, "single", GGUF_F32, &(float){ 0.1f }, 4);
    add_pair(&file, "large", GGUF_U64, &(uint64_t){ UINT64_MAX }, 8);
    add_pair(&file, "string", GGUF_STRING, &(uint64_t){ 0 }, 8);
    add_pair(&file, "strings", GGUF_ARRAY, &(uint32_t){ GGUF_STRING }, 4);
    add_u64(&file, 2);
    add_name(&file, "good");
    add_u64(&file, 3);
    text_add(&file, "a\0b", 3);
    add_pair(&file, "larges", GGUF_ARRAY, &(uint32_t){ GGUF_U64 }, 4);
    add_u64(&file, 1);
    add_u64(&file, UINT64_MAX);
    add_pair(&file, "reals", GGUF_ARRAY, &(uint32_t){ GGUF_F64 }, 4);
    add_u64(&file, 1);
    add_zeros(&file, 8);
    align_file(&file, 32);
    return file;
}

static void getters_say_which_key_of_which_file(void **state)
{
    struct text file = file_of_kinds();
    struct gguf gguf;
    char message[1024];
    const char *string;
    char **strings;
    int64_t integer, *integers;
    double real, *reals;
    size_t count;
    struct capture capture;
    int result;

    (void)state;
    assert_int_equal(gguf_parse(&gguf, "some.gguf", file.data, file.length), 0);

#define CHECK(call, wanted)                                                                                                        \
    do {                                                                                                                           \
        capture = capture_begin();                                                                                                 \
        result = (call);                                                                                                           \
        capture_end(&capture, message, sizeof message);                                                                            \
        check_failure(result, message, "some.gguf: " wanted);                                                                      \
    } while (0)

    CHECK(gguf_get_int(&gguf, "absent", &integer), "key 'absent' is missing");
    CHECK(gguf_get_int(&gguf, "real", &integer), "key 'real' is of type float64; expected an integer");
    CHECK(gguf_get_int(&gguf, "string", &integer), "key 'string' is of type string; expected an integer");
    CHECK(gguf_get_int(&gguf, "larges", &integer), "key 'larges' is of type uint64[]; expected an integer");
    CHECK(gguf_get_int(&gguf, "large", &integer), "key 'large': 18446744073709551615 is too large");
    CHECK(gguf_get_real(&gguf, "absent", &real), "key 'absent' is missing");
    CHECK(gguf_get_real(&gguf, "int", &real), "key 'int' is of type int32; expected a real");
    CHECK(gguf_get_real(&gguf, "reals", &real), "key 'reals' is of type float64[]; expected a real");
    CHECK(gguf_get_string(&gguf, "absent", &string, &count), "key 'absent' is missing");
    CHECK(gguf_get_string(&gguf, "int", &string, &count), "key 'int' is of type int32; expected a string");
    CHECK(gguf_get_string(&gguf, "strings", &string, &count), "key 'strings' is of type string[]; expected a string");
    CHECK(gguf_get_ints(&gguf, "absent", &integers, &count), "key 'absent' is missing");
    CHECK(gguf_get_ints(&gguf, "int", &integers, &count), "key 'int' is of type int32; expected an array");
    CHECK(gguf_get_ints(&gguf, "strings", &integers, &count), "key 'strings' is of type string[]; expected an array of integers");
    CHECK(gguf_get_ints(&gguf, "larges", &integers, &count), "key 'larges': 18446744073709551615 is too large");
    CHECK(gguf_get_reals(&gguf, "absent", &reals, &count), "key 'absent' is missing");
    CHECK(gguf_get_reals(&gguf, "larges", &reals, &count), "key 'larges' is of type uint64[]; expected an array of real");
    CHECK(gguf_get_strings(&gguf, "absent", &strings, &count), "key 'absent' is missing");
    CHECK(gguf_get_strings(&gguf, "string", &strings, &count), "key 'string' is of type string; expected an array");
    CHECK(gguf_get_strings(&gguf, "strings", &strings, &count), "key 'strings': string 2 contains a NUL byte");
#undef CHECK
    assert_int_equal(gguf_get_real(&gguf, "single", &real), 0);
    assert_true(real == (double)0.1f);
    gguf_close(&gguf);
    text_release(&file);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct text file = small_model();
    char message[1024], wanted[64];

    (void)state;
    assert_true(file.length > 400);
    for (size_t size = 0; size < file.length; size++) {
        int result = open_bytes(&file, size, message, sizeof message);

        snprintf(wanted, sizeof wanted, "some.gguf: is truncated: has %zu bytes, ", size);
        check_failure(result, message, wanted);
    }
    add_zeros(&file, 1);
    refuse(file, "some.gguf: is damaged: ");
}

/* The message of a file that lost data names the size that would be right. */
static void a_cut_file_says_how_much_is_missing(void **state)
{
    struct text file = small_model();
    char message[1024], wanted[96];
    size_t whole = file.length;

    (void)state;
    snprintf(wanted, sizeof wanted, "is truncated: has %zu bytes, needs %zu", whole - 1, whole);
    check_failure(open_bytes(&file, whole - 1, message, sizeof message), message, wanted);
    text_release(&file);
}

/* Every byte before the data is set to every single-bit neighbour and to some values of its own. What opens must be usable, what
 * is refused must be so in one line. */
static void a_file_with_any_byte_changed_is_refused_or_usable(void **state)
{
    static const unsigned char values[] = { 0x00, 0x7F, 0x80, 0xFF };
    struct text file = small_model();
    size_t head = file.length - SMALL_DATA;
    char message[1024];
    int opened = 0, refused = 0;

    (void)state;
    for (size_t at = 0; at < head; at++) {
        char before = file.data[at];

        for (size_t change = 0; change < 8 + sizeof values; change++) {
            file.data[at] = (char)(change < 8 ? (unsigned char)before ^ (1u << change) : values[change - 8]);
            if (open_bytes(&file, file.length, message, sizeof message) == 0) {
                opened++;
                if (*message)
                    fail_msg("byte %zu, change %zu: opened, but said %s", at, change, message);
            } else {
                refused++;
                if (count_lines(message) != 1)
                    fail_msg("byte %zu, change %zu: not one line: %s", at, change, message);
            }
        }
        file.data[at] = before;
    }
    assert_true(opened > 1000);
    assert_true(refused > 1000);
    accept(file);
}

static struct text one_tensor(uint32_t type, uint32_t dimensions, uint64_t dim, uint64_t offset)
{
    struct text file = begin_file(1, 0);

    add_tensor(&file, "W", type, dimensions, dim, offset);
    align_file(&file, 32);
    add_zeros(&file, 64);
    return file;
}

static struct text one_value(uint32_t type, uint64_t bits, size_t bytes)
{
    struct text file = begin_file(0, 1);

    add_pair(&file, "key", type, &bits, bytes);
    align_file(&file, 32);
    return file;
}

static struct text one_array(uint32_t type, uint64_t count)
{
    struct text file = begin_file(0, 1);

    add_pair(&file, "key", GGUF_ARRAY, &type, sizeof type);
    add_u64(&file, count);
    align_file(&file, 32);
    return file;
}

static void absurd_sizes_are_refused(void **state)
{
    struct text file;

    (void)state;
    refuse(begin_file((uint64_t)1 << 63, 0), "it declares 9223372036854775808 tensors");
    refuse(begin_file(0, (uint64_t)1 << 63), "it declares 9223372036854775808 keys");
    refuse(begin_file(UINT64_MAX, UINT64_MAX), "it declares 18446744073709551615");
    refuse(begin_file(1000, 0), "is truncated");
    refuse(begin_file(0, 1000), "is truncated");

    file = begin_file(0, 1);
    add_u64(&file, UINT64_MAX);
    align_file(&file, 64);
    refuse(file, "the key at byte 24 has the length 18446744073709551615");
    file = begin_file(0, 1);
    add_u64(&file, 0);
    align_file(&file, 64);
    refuse(file, "the key at byte 24 has the length 0");
    file = begin_file(0, 1);
    add_u64(&file, 65535);
    align_file(&file, 64);
    refuse(file, "is truncated");
    refuse(one_value(GGUF_STRING, 1000, 8), "is truncated: has 64 bytes, needs at least 1047");
    refuse(one_value(GGUF_STRING, UINT64_MAX, 8), "is damaged: invalid length at byte 47: 18446744073709551615");
    refuse(one_array(GGUF_U8, UINT64_MAX), "is damaged");
    refuse(one_array(GGUF_F64, ((uint64_t)1 << 61) + 1), "is damaged"); /* times 8 is 8 again */
    refuse(one_array(GGUF_STRING, ((uint64_t)1 << 61)), "is damaged");
    refuse(one_array(GGUF_STRING, 100), "is truncated");

    accept(one_tensor(GGUF_TENSOR_F32, 1, 16, 0));
    accept(one_tensor(GGUF_TENSOR_F32, 1, 8, 32));
    refuse(one_tensor(GGUF_TENSOR_F32, 1, 0, 0), "tensor 'W' has the invalid dimension 0");
    refuse(one_tensor(GGUF_TENSOR_F32, 1, 17, 0), "is truncated: has 128 bytes, needs 160");
    refuse(one_tensor(GGUF_TENSOR_F32, 1, 8, 64), "is truncated: has 128 bytes, needs 160");
    refuse(one_tensor(GGUF_TENSOR_F32, 1, 8, 1), "starts at offset 1, which is not a multiple of 32");
    refuse(one_tensor(GGUF_TENSOR_F32, 1, 8, UINT64_MAX - 31), "invalid offset 18446744073709551584");
    refuse(one_tensor(GGUF_TENSOR_F32, 1, (uint64_t)1 << 62, 0), "invalid dimension"); /* times 4 is 0 */
    refuse(one_tensor(GGUF_TENSOR_F32, 2, (uint64_t)1 << 32, 0), "invalid dimension"); /* squared is 0 */
    refuse(one_tensor(GGUF_TENSOR_F32, 4, (uint64_t)1 << 16, 0), "invalid dimension");
    refuse(one_tensor(GGUF_TENSOR_F32, 0, 8, 0), "tensor 'W' has 0 dimensions");
    refuse(one_tensor(GGUF_TENSOR_F32, 5, 1, 0), "tensor 'W' has 5 dimensions");
    accept(one_tensor(GGUF_TENSOR_Q8_0, 1, 32, 0));
    refuse(one_tensor(GGUF_TENSOR_Q8_0, 1, 64, 0), "is truncated: has 128 bytes, needs 160");
    refuse(one_tensor(GGUF_TENSOR_Q8_0, 1, 33, 0), "tensor 'W' of type Q8_0 has rows of 33 numbers, which is not a multiple of 32");
    refuse(one_tensor(GGUF_TENSOR_Q8_0, 2, 16, 0), "tensor 'W' of type Q8_0 has rows of 16 numbers");
    refuse(one_tensor(1, 1, 8, 0), "tensor 'W' has the type 1;");
    refuse(one_tensor(UINT32_MAX, 1, 8, 0), "tensor 'W' has the type 4294967295;");
}

static void wrong_values_are_refused(void **state)
{
    struct text file;

    (void)state;
    refuse(one_value(13, 0, 8), "key 'key' has the unknown type 13");
    refuse(one_value(UINT32_MAX, 0, 8), "key 'key' has the unknown type 4294967295");
    refuse(one_array(13, 0), "key 'key' has the unknown type 13");
    refuse(one_array(GGUF_ARRAY, 0), "key 'key' is an array of arrays");
    refuse(one_value(GGUF_BOOL, 2, 1), "key 'key': the bool 2 is neither");
    file = begin_file(0, 1);
    add_pair(&file, "a\nb", GGUF_U8, "", 1);
    align_file(&file, 32);
    refuse(file, "the key at byte 24 is not printable");
    file = begin_file(1, 0);
    add_tensor(&file, "\xC3\xBC", GGUF_TENSOR_F32, 1, 8, 0);
    align_file(&file, 32);
    refuse(file, "the tensor name at byte 24 is not printable");
}

static void what_stands_twice_is_refused(void **state)
{
    struct text file = begin_file(0, 3);

    (void)state;
    add_pair(&file, "twin", GGUF_U8, "", 1);
    add_pair(&file, "other", GGUF_U8, "", 1);
    add_pair(&file, "twin", GGUF_U8, "", 1);
    align_file(&file, 32);
    refuse(file, "key 'twin' occurs twice");

    file = begin_file(2, 0);
    add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 8, 0);
    add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 8, 32);
    align_file(&file, 32);
    add_zeros(&file, 64);
    refuse(file, "tensor 'W' occurs twice");

    /* A key and a tensor may share their name; tensors need not be in the order of their data, but may not overlap. */
    for (uint64_t offset = 0; offset <= 32; offset += 32) {
        file = begin_file(2, 1);
        add_pair(&file, "W", GGUF_U8, "", 1);
        add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 9, 32);
        add_tensor(&file, "U", GGUF_TENSOR_F32, 1, 8, offset);
        align_file(&file, 32);
        add_zeros(&file, 96);
        if (offset == 0)
            accept(file);
        else
            refuse(file, "overlap");
    }
    file = begin_file(2, 0);
    add_tensor(&file, "U", GGUF_TENSOR_F32, 1, 9, 0);
    add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 8, 32);
    align_file(&file, 32);
    add_zeros(&file, 64);
    refuse(file, "tensors 'U' and 'W' overlap");

    file = begin_file(3, 0);
    add_tensor(&file, "U", GGUF_TENSOR_F32, 1, 9, 0);
    add_tensor(&file, "C", GGUF_TENSOR_F32, 1, 8, 64);
    add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 8, 32);
    align_file(&file, 32);
    add_zeros(&file, 96);
    refuse(file, "tensors 'U' and 'W' overlap");
}

static void alignment_is_the_files_choice(void **state)
{
    static const uint32_t alignments[] = { 8, 16, 64, 4096, 0, 1, 4, 24, 33, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++) {
        struct text file = begin_file(2, 1);
        int good = alignments[i] >= 8 && (alignments[i] & (alignments[i] - 1)) == 0;

        add_pair(&file, "general.alignment", GGUF_U32, &alignments[i], 4);
        add_tensor(&file, "U", GGUF_TENSOR_F32, 1, 1, 0);
        add_tensor(&file, "W", GGUF_TENSOR_F32, 1, 1, alignments[i]);
        align_file(&file, good ? alignments[i] : 32);
        add_zeros(&file, good ? 2 * alignments[i] : 64);
        if (good)
            accept(file);
        else
            refuse(file, "expected a power of two, at least 8");
    }
}

static void what_is_no_model_is_named(void **state)
{
    struct text file = { 0 };

    (void)state;
    text_add_string(&file, "Once upon a time");
    refuse(file, "some.gguf: is not a GGUF file");
    file = (struct text){ 0 };
    text_add_string(&file, "GGU?");
    refuse(file, "some.gguf: is not a GGUF file");
    file = small_model();
    file.data[4] = 2;
    refuse(file, "some.gguf: is a GGUF file of version 2; only version 3");
    file = small_model();
    file.data[4] = 0;
    file.data[7] = 3;
    refuse(file, "some.gguf: is a big-endian GGUF file");
    file = small_model();
    file.data[4] = 0;
    refuse(file, "some.gguf: is a GGUF file of version 0");
}

static void strings_print_without_harm(void **state)
{
    static const struct {
        const char *bytes, *json, *text;
    } cases[] = {
        { "plain", "\"plain\"", "plain" },
        { "a\"b\\c", "\"a\\\"b\\\\c\"", "a\"b\\c" },
        { "\n\t\x1B[2J\x7F", "\"\\n\\t\\u001b[2J\\u007f\"", "\\n\\t\\u001b[2J\\u007f" },
        { "gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\"", "gr\xC3\xBC\xC3\x9F" },
        { "\xC2\x9B", "\"\\u009b\"", "\\u009b" },
        { "\xF0\x9F\x8C\x8D", "\"\xF0\x9F\x8C\x8D\"", "\xF0\x9F\x8C\x8D" },
        { "\xFF"
          "a",
          "\"\xEF\xBF\xBD"
          "a\"",
          "\xEF\xBF\xBD"
          "a" },
        { "\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", "\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xED\xA0\x80"
          "b",
          "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
          "b\"",
          "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
          "b" },
        { "\xE2\x82", "\"\xEF\xBF\xBD\"", "\xEF\xBF\xBD" },
        { "\u202E.fr\u2028\u2066", "\"\\u202e.fr\\u2028\\u2066\"", "\\u202e.fr\\u2028\\u2066" },
    };
    struct text file, printed = { 0 };
    struct gguf gguf;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file = begin_file(0, 1);
        add_name(&file, "key");
        add_u32(&file, GGUF_STRING);
        add_name(&file, cases[i].bytes);
        align_file(&file, 32);
        assert_int_equal(gguf_parse(&gguf, "some.gguf", file.data, file.length), 0);
        text_clear(&printed);
        gguf_pair_json(&gguf.pairs[0], &printed);
        assert_string_equal(printed.data, cases[i].json);
        text_clear(&printed);
        gguf_pair_text(&gguf.pairs[0], 3, &printed);
        assert_string_equal(printed.data, cases[i].text);
        gguf_close(&gguf);
        text_release(&file);
    }

    /* A sequence cut off by the end of its string does not go on in the length of the next one, whose first byte would fit. */
    file = begin_file(0, 1);
    add_pair(&file, "key", GGUF_ARRAY, &(uint32_t){ GGUF_STRING }, 4);
    add_u64(&file, 2);
    add_name(&file, "\xC3");
    add_u64(&file, 0x80);
    add_zeros(&file, 0x80);
    align_file(&file, 32);
    assert_int_equal(gguf_parse(&gguf, "some.gguf", file.data, file.length), 0);
    text_clear(&printed);
    gguf_pair_json(&gguf.pairs[0], &printed);
    assert_memory_equal(printed.data, "[\"\xEF\xBF\xBD\", \"\\u0000", 15);
    gguf_close(&gguf);
    text_release(&file);
    text_release(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_type_is_read),
        cmocka_unit_test(getters_say_which_key_of_which_file),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_cut_file_says_how_much_is_missing),
        cmocka_unit_test(a_file_with_any_byte_changed_is_refused_or_usable),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(what_stands_twice_is_refused),
        cmocka_unit_test(alignment_is_the_files_choice),
        cmocka_unit_test(what_is_no_model_is_named),
        cmocka_unit_test(strings_print_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
