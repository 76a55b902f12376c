/* gguf_value: the values of an open file: fetched by key and type, or printed whatever their type. */
#include "file/gguf.h"

#include "base/json.h"
#include "base/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- single elements; they are unaligned in the file, so each is copied ---- */

static int is_real(enum gguf_value_type type)
{
    return type == GGUF_F32 || type == GGUF_F64;
}

static int is_signed(enum gguf_value_type type)
{
    return type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64;
}

static int is_integer(enum gguf_value_type type)
{
    return !is_real(type) && type != GGUF_STRING;
}

/* The bits of an integer, sign-extended to bit 63 if it is signed. */
static uint64_t load_integer(enum gguf_value_type type, const unsigned char *data)
{
    size_t bytes = gguf_value_bytes(type);
    uint64_t bits = 0, sign = (uint64_t)1 << (8 * bytes - 1);

    memcpy(&bits, data, bytes);
    return is_signed(type) ? (bits ^ sign) - sign : bits;
}

static double load_real(enum gguf_value_type type, const unsigned char *data)
{
    double real;
    float single;

    if (type == GGUF_F64) {
        memcpy(&real, data, sizeof real);
        return real;
    }
    memcpy(&single, data, sizeof single);
    return (double)single;
}

/* The string at `data`: its bytes and its length; returns where the next one starts. */
static const unsigned char *load_string(const unsigned char *data, const char **text, size_t *length)
{
    uint64_t bytes;

    memcpy(&bytes, data, sizeof bytes);
    *text = (const char *)data + sizeof bytes;
    *length = (size_t)bytes;
    return data + sizeof bytes + bytes;
}

/* ---- fetching ---- */

static const struct gguf_pair *find(const struct gguf *gguf, const char *key)
{
    for (size_t i = 0; i < gguf->pair_count; i++)
        if (strcmp(gguf->pairs[i].key, key) == 0)
            return &gguf->pairs[i];
    return NULL;
}

int gguf_has(const struct gguf *gguf, const char *key)
{
    return find(gguf, key) != NULL;
}

static int wrong_kind(const struct gguf *gguf, const struct gguf_pair *pair, const char *wanted)
{
    return error("%s: key '%s' is of type %s; expected %s", gguf->path, pair->key, gguf_pair_type_name(pair), wanted);
}

/* The pair of a key that must exist; NULL after reporting. */
static const struct gguf_pair *find_wanted(const struct gguf *gguf, const char *key)
{
    const struct gguf_pair *pair = find(gguf, key);

    if (!pair)
        error("%s: key '%s' is missing", gguf->path, key);
    return pair;
}

static int fetch_int(const struct gguf *gguf, const struct gguf_pair *pair, size_t index, int64_t *value)
{
    uint64_t bits = load_integer(pair->type, pair->data + index * gguf_value_bytes(pair->type));

    if (!is_signed(pair->type) && bits > INT64_MAX)
        return error("%s: key '%s': %" PRIu64 " is too large", gguf->path, pair->key, bits);
    *value = (int64_t)bits;
    return 0;
}

int gguf_get_int(const struct gguf *gguf, const char *key, int64_t *value)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);

    if (!pair)
        return -1;
    if (pair->is_array || !is_integer(pair->type))
        return wrong_kind(gguf, pair, "an integer");
    return fetch_int(gguf, pair, 0, value);
}

int gguf_get_real(const struct gguf *gguf, const char *key, double *value)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);

    if (!pair)
        return -1;
    if (pair->is_array || !is_real(pair->type))
        return wrong_kind(gguf, pair, "a real number");
    *value = load_real(pair->type, pair->data);
    return 0;
}

int gguf_get_string(const struct gguf *gguf, const char *key, const char **text, size_t *length)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);

    if (!pair)
        return -1;
    if (pair->is_array || pair->type != GGUF_STRING)
        return wrong_kind(gguf, pair, "a string");
    load_string(pair->data, text, length);
    return 0;
}

int gguf_get_ints(const struct gguf *gguf, const char *key, int64_t **values, size_t *count)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);
    int64_t *block;

    if (!pair)
        return -1;
    if (!pair->is_array || !is_integer(pair->type))
        return wrong_kind(gguf, pair, "an array of integers");
    block = memory_new(pair->count, sizeof *block);
    for (size_t i = 0; i < pair->count; i++)
        if (fetch_int(gguf, pair, i, &block[i])) {
            free(block);
            return -1;
        }
    *values = block;
    *count = pair->count;
    return 0;
}

int gguf_get_reals(const struct gguf *gguf, const char *key, double **values, size_t *count)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);

    if (!pair)
        return -1;
    if (!pair->is_array || !is_real(pair->type))
        return wrong_kind(gguf, pair, "an array of real numbers");
    *values = memory_new(pair->count, sizeof **values);
    *count = pair->count;
    for (size_t i = 0; i < pair->count; i++)
        (*values)[i] = load_real(pair->type, pair->data + i * gguf_value_bytes(pair->type));
    return 0;
}

/* One block: the pointers, then the strings they point to. A string takes 8 bytes of length in the file, and a NUL here. */
int gguf_get_strings(const struct gguf *gguf, const char *key, char ***strings, size_t *count)
{
    const struct gguf_pair *pair = find_wanted(gguf, key);
    const unsigned char *data;
    const char *text;
    size_t length;
    char **block, *to;

    if (!pair)
        return -1;
    if (!pair->is_array || pair->type != GGUF_STRING)
        return wrong_kind(gguf, pair, "an array of strings");
    block = memory_new(size_product(pair->count, sizeof *block) + pair->bytes - pair->count * (sizeof(uint64_t) - 1), 1);
    to = (char *)(block + pair->count);
    data = pair->data;
    for (size_t i = 0; i < pair->count; i++) {
        data = load_string(data, &text, &length);
        if (memchr(text, '\0', length)) {
            free(block);
            return error("%s: key '%s': string %zu contains a NUL byte", gguf->path, key, i + 1);
        }
        block[i] = to;
        memcpy(to, text, length);
        to += length + 1; /* the block is zeroed, which supplies the NUL */
    }
    *strings = block;
    *count = pair->count;
    return 0;
}

/* ---- printing ---- */

/* The shortest of %.6g to %.9g for a float, of %.15g to %.17g for a double, that reads back as the same number. */
static void add_real(struct text *out, enum gguf_value_type type, double value)
{
    int single = type == GGUF_F32, precision = single ? 6 : 15, most = single ? 9 : 17;
    char digits[40];

    for (; precision < most; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (single ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value)
            break;
    }
    json_number(out, value, precision);
}

/* Adds the element at `data`; returns where the next one starts. */
static const unsigned char *add_element(struct text *out, enum gguf_value_type type, const unsigned char *data, int quoted)
{
    const char *text;
    size_t length;

    if (type == GGUF_STRING) {
        data = load_string(data, &text, &length);
        json_escape(out, text, length, quoted);
        return data;
    }
    if (is_real(type))
        add_real(out, type, load_real(type, data));
    else if (type == GGUF_BOOL)
        text_add_string(out, *data ? "true" : "false");
    else if (is_signed(type))
        text_format(out, "%" PRId64, (int64_t)load_integer(type, data));
    else
        text_format(out, "%" PRIu64, load_integer(type, data));
    return data + gguf_value_bytes(type);
}

static void add_array(struct text *out, const struct gguf_pair *pair, size_t most)
{
    const unsigned char *data = pair->data;

    text_add_string(out, "[");
    for (size_t i = 0; i < pair->count && i < most; i++) {
        text_add_string(out, i ? ", " : "");
        data = add_element(out, pair->type, data, 1);
    }
    if (pair->count > most)
        text_format(out, "%s… %zu in all", most ? ", " : "", pair->count);
    text_add_string(out, "]");
}

void gguf_pair_json(const struct gguf_pair *pair, struct text *out)
{
    if (pair->is_array)
        add_array(out, pair, pair->count);
    else
        add_element(out, pair->type, pair->data, 1);
}

void gguf_pair_text(const struct gguf_pair *pair, size_t most, struct text *out)
{
    if (pair->is_array)
        add_array(out, pair, most);
    else
        add_element(out, pair->type, pair->data, 0);
}
