/* Tests of file/gguf with its own writer: what is written comes back, under its name only when it is whole. */
#define _POSIX_C_SOURCE 200809L
#include "base/memory.h"
#include "file/gguf.h"
#include "../capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- folders to write in ---- */

static char *new_folder(void)
{
    char *folder = memory_copy_text("/tmp/test_gguf.XXXXXX", 21);

    assert_non_null(mkdtemp(folder));
    return folder;
}

static char *path_in(const char *folder, const char *name)
{
    struct text path = { 0 };

    text_format(&path, "%s/%s", folder, name);
    return path.data;
}

static size_t count_files(const char *folder)
{
    DIR *list = opendir(folder);
    size_t count = 0;
    const struct dirent *entry;

    assert_non_null(list);
    while ((entry = readdir(list)))
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static struct text read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct text bytes = { 0 };
    int byte;

    assert_non_null(file);
    while ((byte = fgetc(file)) != EOF)
        text_add(&bytes, &(char){ (char)byte }, 1);
    fclose(file);
    return bytes;
}

/* ---- a small model with one of everything that the writer knows ---- */

static const float F32_DATA[6] = { 1, -2.5f, 3e-30f, 4, 5, 0.1f };
static const double F64_DATA[1] = { -0.1 };
static const uint16_t BF16_DATA[24] = { 0x3F80, 0xBF80, [23] = 0x4049 };
static const int32_t I32_DATA[3] = { INT32_MIN, 0, INT32_MAX };
static const int64_t I64_DATA[2] = { INT64_MIN, INT64_MAX };

static const int64_t INTS[3] = { INT64_MIN, -1, INT64_MAX };
static const double REALS[4] = { 0.1, -1e300, 5e-324, 3 };
static char *const STRINGS[4] = { (char[]){ "</s>" }, (char[]){ "" }, (char[]){ "größer" }, (char[]){ "\"\\\n" } };

static void fill_writer(struct gguf_writer *writer)
{
    gguf_put_string(writer, "general.architecture", "rnnsearch");
    gguf_put_bool(writer, "test.yes", 7);
    gguf_put_bool(writer, "test.no", 0);
    gguf_put_u32(writer, "test.u32", UINT32_MAX);
    gguf_put_u64(writer, "test.u64", UINT64_MAX);
    gguf_put_int(writer, "test.int", INT64_MIN);
    gguf_put_real(writer, "test.real", 0.1);
    gguf_put_string(writer, "test.empty", "");
    gguf_put_ints(writer, "test.ints", INTS, 3);
    gguf_put_reals(writer, "test.reals", REALS, 4);
    gguf_put_strings(writer, "test.strings", STRINGS, 4);
    gguf_put_ints(writer, "test.no_ints", NULL, 0);
    gguf_put_strings(writer, "test.no_strings", NULL, 0);
    gguf_add_tensor(writer, "enc.W", GGUF_TENSOR_F32, 2, (const size_t[]){ 3, 2 }, F32_DATA);
    gguf_add_tensor(writer, "step", GGUF_TENSOR_F64, 1, (const size_t[]){ 1 }, F64_DATA);
    gguf_add_tensor(writer, "packed", GGUF_TENSOR_BF16, 4, (const size_t[]){ 4, 3, 2, 1 }, BF16_DATA);
    gguf_add_tensor(writer, "ids", GGUF_TENSOR_I32, 1, (const size_t[]){ 3 }, I32_DATA);
    gguf_add_tensor(writer, "positions", GGUF_TENSOR_I64, 3, (const size_t[]){ 1, 1, 2 }, I64_DATA);
}

/* The small model's bytes, by way of a file. */
static struct text small_model(void)
{
    char *folder = new_folder(), *path = path_in(folder, "small.gguf");
    struct gguf_writer writer = { 0 };
    struct text bytes;

    fill_writer(&writer);
    assert_int_equal(gguf_write(&writer, path), 0);
    gguf_writer_release(&writer);
    bytes = read_file(path);
    unlink(path);
    rmdir(folder);
    free(path);
    free(folder);
    return bytes;
}

/* ---- tests ---- */

static void check_tensor(const struct gguf *gguf, size_t index, const char *name, const char *type, const size_t dims[4],
                         const void *data, size_t bytes)
{
    const struct gguf_tensor *tensor = gguf_tensor(gguf, name);

    assert_ptr_equal(tensor, &gguf->tensors[index]);
    assert_string_equal(gguf_tensor_type_name(tensor->type), type);
    for (int i = 0; i < 4; i++)
        assert_int_equal(tensor->dims[i], dims[i]);
    assert_int_equal(tensor->bytes, bytes);
    assert_int_equal((uintptr_t)tensor->data % 32, 0);
    assert_memory_equal(tensor->data, data, bytes);
}

static void check_arrays(const struct gguf *gguf)
{
    int64_t *integers;
    double *reals;
    char **strings;
    size_t count;

    assert_int_equal(gguf_get_ints(gguf, "test.ints", &integers, &count), 0);
    assert_int_equal(count, 3);
    assert_memory_equal(integers, INTS, sizeof INTS);
    free(integers);
    assert_int_equal(gguf_get_reals(gguf, "test.reals", &reals, &count), 0);
    assert_int_equal(count, 4);
    assert_memory_equal(reals, REALS, sizeof REALS);
    free(reals);
    assert_int_equal(gguf_get_strings(gguf, "test.strings", &strings, &count), 0);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(strings[i], STRINGS[i]);
    free(strings);
    assert_int_equal(gguf_get_ints(gguf, "test.no_ints", &integers, &count), 0);
    assert_int_equal(count, 0);
    free(integers);
    assert_int_equal(gguf_get_strings(gguf, "test.no_strings", &strings, &count), 0);
    assert_int_equal(count, 0);
    free(strings);
}

static void what_is_written_comes_back(void **state)
{
    char *folder = new_folder(), *path = path_in(folder, "model.gguf");
    struct gguf_writer writer = { 0 };
    struct gguf gguf;
    const char *string;
    int64_t integer;
    double real;
    size_t count;

    (void)state;
    fill_writer(&writer);
    assert_int_equal(gguf_write(&writer, path), 0);
    gguf_writer_release(&writer);
    assert_int_equal(count_files(folder), 1);

    assert_int_equal(gguf_open(&gguf, path), 0);
    assert_int_equal(gguf.pair_count, 13);
    assert_int_equal(gguf.tensor_count, 5);
    assert_string_equal(gguf.pairs[0].key, "general.architecture");
    assert_string_equal(gguf.pairs[12].key, "test.no_strings");
    assert_true(gguf_has(&gguf, "test.yes"));
    assert_false(gguf_has(&gguf, "test.ye"));

    assert_int_equal(gguf_get_string(&gguf, "general.architecture", &string, &count), 0);
    assert_int_equal(count, 9);
    assert_memory_equal(string, "rnnsearch", 9);
    assert_int_equal(gguf_get_string(&gguf, "test.empty", &string, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(gguf_get_int(&gguf, "test.yes", &integer), 0);
    assert_int_equal(integer, 1);
    assert_int_equal(gguf_get_int(&gguf, "test.no", &integer), 0);
    assert_int_equal(integer, 0);
    assert_int_equal(gguf_get_int(&gguf, "test.u32", &integer), 0);
    assert_true(integer == UINT32_MAX);
    assert_int_equal(gguf_get_int(&gguf, "test.int", &integer), 0);
    assert_true(integer == INT64_MIN);
    assert_int_equal(gguf_get_real(&gguf, "test.real", &real), 0);
    assert_true(real == 0.1);

    check_arrays(&gguf);
    check_tensor(&gguf, 0, "enc.W", "F32", (const size_t[]){ 3, 2, 1, 1 }, F32_DATA, sizeof F32_DATA);
    check_tensor(&gguf, 1, "step", "F64", (const size_t[]){ 1, 1, 1, 1 }, F64_DATA, sizeof F64_DATA);
    check_tensor(&gguf, 2, "packed", "BF16", (const size_t[]){ 4, 3, 2, 1 }, BF16_DATA, sizeof BF16_DATA);
    check_tensor(&gguf, 3, "ids", "I32", (const size_t[]){ 3, 1, 1, 1 }, I32_DATA, sizeof I32_DATA);
    check_tensor(&gguf, 4, "positions", "I64", (const size_t[]){ 1, 1, 2, 1 }, I64_DATA, sizeof I64_DATA);
    assert_null(gguf_tensor(&gguf, "enc.w"));
    gguf_close(&gguf);

    unlink(path);
    rmdir(folder);
    free(path);
    free(folder);
}

static void what_cannot_be_opened_is_named(void **state)
{
    struct gguf gguf;
    char message[1024];
    char *folder = new_folder(), *path = path_in(folder, "none.gguf");
    struct capture capture;
    int result;

    (void)state;
    capture = capture_begin();
    result = gguf_open(&gguf, path);
    capture_end(&capture, message, sizeof message);
    check_failure(result, message, "none.gguf: No such file");
    gguf_close(&gguf);
    capture = capture_begin();
    result = gguf_open(&gguf, folder);
    capture_end(&capture, message, sizeof message);
    check_failure(result, message, "is a directory");
    capture = capture_begin();
    result = gguf_open(&gguf, "/dev/null");
    capture_end(&capture, message, sizeof message);
    check_failure(result, message, "/dev/null: is a device");
    fclose(fopen(path, "w"));
    capture = capture_begin();
    result = gguf_open(&gguf, path);
    capture_end(&capture, message, sizeof message);
    check_failure(result, message, "none.gguf: is truncated: has 0 bytes");
    gguf_close(&gguf);
    unlink(path);
    rmdir(folder);
    free(path);
    free(folder);
}

static void equal_models_are_equal_bytes(void **state)
{
    struct text first = small_model(), second = small_model();

    (void)state;
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.data, second.data, first.length);
    assert_int_equal(first.length % 32, 0);
    text_release(&first);
    text_release(&second);
}

static int write_captured(const struct gguf_writer *writer, const char *path, char *message, size_t room)
{
    struct capture capture = capture_begin();
    int result = gguf_write(writer, path);

    capture_end(&capture, message, room);
    return result;
}

/* A disk that fills up is played by a limit on the size of files. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    static const float large[1 << 16] = { 1 };
    char *folder = new_folder(), *path = path_in(folder, "model.gguf"), *missing = path_in(folder, "no/model.gguf");
    struct gguf_writer writer = { 0 };
    struct text before, after;
    struct rlimit limit, small;
    struct gguf gguf;
    char message[1024];
    int result;

    (void)state;
    fill_writer(&writer);
    assert_int_equal(gguf_write(&writer, path), 0);
    before = read_file(path);
    gguf_add_tensor(&writer, "large", GGUF_TENSOR_F32, 1, (const size_t[]){ 1 << 16 }, large);

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    for (rlim_t room = 512; room <= 1 << 17; room *= 16) {
        small = (struct rlimit){ .rlim_cur = room, .rlim_max = limit.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        result = write_captured(&writer, path, message, sizeof message);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        check_failure(result, message, "model.gguf: cannot be written: File too large");
        assert_int_equal(count_files(folder), 1);
        after = read_file(path);
        assert_int_equal(after.length, before.length);
        assert_memory_equal(after.data, before.data, before.length);
        text_release(&after);
    }
    check_failure(write_captured(&writer, missing, message, sizeof message), message, "no/model.gguf: cannot be written: No such");
    check_failure(write_captured(&writer, "/dev/null", message, sizeof message), message,
                  "/dev/null: cannot be written: it is a device or a pipe; expected a file name");
    assert_int_equal(gguf_write(&writer, path), 0); /* the writer is as good as before */
    after = read_file(path);
    assert_int_equal(after.length % 32, 0);
    assert_true(after.length > sizeof large);
    assert_int_equal(count_files(folder), 1);
    text_release(&after);
    assert_int_equal(gguf_open(&gguf, path), 0);
    assert_memory_equal(gguf_tensor(&gguf, "large")->data, large, sizeof large);
    gguf_close(&gguf);

    gguf_writer_release(&writer);
    text_release(&before);
    unlink(path);
    rmdir(folder);
    free(missing);
    free(path);
    free(folder);
}

enum mistake { KEY_TWICE, KEY_WITH_BLANK, OWN_ALIGNMENT, TENSOR_TWICE, TENSOR_WITHOUT_ELEMENTS, MISTAKES };

static void make_mistake(enum mistake mistake)
{
    struct gguf_writer writer = { 0 };

    fill_writer(&writer);
    switch (mistake) {
    case KEY_TWICE: gguf_put_int(&writer, "test.u32", 1); break;
    case KEY_WITH_BLANK: gguf_put_int(&writer, "test u32", 1); break;
    case OWN_ALIGNMENT: gguf_put_u32(&writer, "general.alignment", 64); break;
    case TENSOR_TWICE: gguf_add_tensor(&writer, "enc.W", GGUF_TENSOR_F32, 1, (const size_t[]){ 1 }, F32_DATA); break;
    case TENSOR_WITHOUT_ELEMENTS: gguf_add_tensor(&writer, "W", GGUF_TENSOR_F32, 1, (const size_t[]){ 0 }, F32_DATA); break;
    case MISTAKES: break;
    }
    gguf_writer_release(&writer);
}

/* The writer asserts what gguf_open would refuse: each mistake in a process of its own, which must end by abort(). */
static void a_programmers_mistake_is_an_assert(void **state)
{
    (void)state;
#ifdef NDEBUG
    print_message("skipped: this build has no asserts\n");
    skip();
#endif
    for (int mistake = 0; mistake <= MISTAKES; mistake++) {
        struct capture capture = capture_begin();
        char message[1024];
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
            signal(SIGABRT, SIG_DFL);
            make_mistake((enum mistake)mistake);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        capture_end(&capture, message, sizeof message);
        if (mistake == MISTAKES)
            assert_int_equal(status, 0);
        else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            fail_msg("mistake %d was not noticed", mistake);
    }
}

static void values_print_for_people_and_programs(void **state)
{
    struct text file = small_model(), printed = { 0 };
    struct gguf gguf;

    (void)state;
    assert_int_equal(gguf_parse(&gguf, "some.gguf", file.data, file.length), 0);
    text_clear(&printed);
    for (size_t i = 8; i < 13; i++) {
        gguf_pair_text(&gguf.pairs[i], 2, &printed);
        text_add_string(&printed, "\n");
    }
    assert_string_equal(printed.data, "[-9223372036854775808, -1, … 3 in all]\n[0.1, -1e+300, … 4 in all]\n"
                                      "[\"</s>\", \"\", … 4 in all]\n[]\n[]\n");
    text_clear(&printed);
    gguf_pair_json(&gguf.pairs[9], &printed);
    gguf_pair_json(&gguf.pairs[10], &printed);
    assert_string_equal(printed.data, "[0.1, -1e+300, 4.94065645841247e-324, 3][\"</s>\", \"\", \"größer\", \"\\\"\\\\\\n\"]");
    gguf_close(&gguf);
    text_release(&printed);
    text_release(&file);
}

static uint64_t checksum_of(const struct text *file)
{
    struct gguf gguf;
    uint64_t sum;

    assert_int_equal(gguf_parse(&gguf, "some.gguf", file->data, file->length), 0);
    sum = gguf_checksum(&gguf);
    gguf_close(&gguf);
    return sum;
}

static void the_checksum_sees_every_bit_of_the_tensors(void **state)
{
    struct text file = small_model();
    uint64_t whole = checksum_of(&file);
    struct gguf gguf;
    char *name;

    (void)state;
    assert_int_equal(gguf_parse(&gguf, "some.gguf", file.data, file.length), 0);
    for (size_t i = 0; i < gguf.tensor_count; i++) {
        char *data = file.data + ((const char *)gguf.tensors[i].data - file.data);

        for (size_t bit = 0; bit < 8 * gguf.tensors[i].bytes; bit++) {
            data[bit / 8] ^= (char)(1u << bit % 8);
            assert_true(gguf_checksum(&gguf) != whole);
            data[bit / 8] ^= (char)(1u << bit % 8);
        }
    }
    /* Two changes do not cancel each other: signs, the highest bits of their words, are where a plain product is blind. */
    for (int i = 1; i <= 3; i += 2)
        file.data[(const char *)gguf.tensors[0].data - file.data + 4 * i + 3] ^= (char)0x80;
    assert_true(gguf_checksum(&gguf) != whole);
    for (int i = 1; i <= 3; i += 2)
        file.data[(const char *)gguf.tensors[0].data - file.data + 4 * i + 3] ^= (char)0x80;
    gguf_close(&gguf);
    for (name = file.data; memcmp(name, "enc.W", 5) != 0; name++)
        ;
    name[4] = 'U';
    assert_true(checksum_of(&file) != whole);
    name[4] = 'W';
    assert_true(checksum_of(&file) == whole);
    name[5 + 4] = 2; /* the dims 3, 2 become 2, 3 */
    name[5 + 4 + 8] = 3;
    assert_true(checksum_of(&file) != whole);
    text_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(equal_models_are_equal_bytes),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(a_programmers_mistake_is_an_assert),
        cmocka_unit_test(values_print_for_people_and_programs),
        cmocka_unit_test(the_checksum_sees_every_bit_of_the_tensors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
