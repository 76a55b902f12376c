#include "cli/matrices.h"

#include "base/io.h"
#include "base/report.h"
#include "base/json_read.h"

#include <json-c/json_object.h>

/* Whether a value is an array of `length` values of a type. */
static int is_array(struct json_object *value, json_type type, size_t length)
{
    if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) != length)
        return 0;
    for (size_t i = 0; i < length; i++) {
        struct json_object *item = json_object_array_get_idx(value, i);

        if (!json_object_is_type(item, type) && !(type == json_type_double && json_object_is_type(item, json_type_int)))
            return 0;
    }
    return 1;
}

static size_t length_of(struct json_object *value)
{
    return json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
}

int matrix_check(struct json_object *one)
{
    struct json_object *source, *target, *weights;

    if (!json_object_is_type(one, json_type_object))
        return 0;
    source = json_object_object_get(one, "source");
    target = json_object_object_get(one, "target");
    weights = json_object_object_get(one, "weights");
    if (!is_array(source, json_type_string, length_of(source)) || !is_array(target, json_type_string, length_of(target)) ||
        !is_array(weights, json_type_array, length_of(target)))
        return 0;
    for (size_t i = 0; i < length_of(weights); i++)
        if (!is_array(json_object_array_get_idx(weights, i), json_type_double, length_of(source)))
            return 0;
    return 1;
}

/* All of a file. 0, or -1 after reporting. */
static int read_text(struct text *text, const char *name)
{
    struct reader reader;
    char *line;
    size_t length;
    int got;

    if (reader_open(&reader, name))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) > 0) {
        text_add(text, line, length);
        text_add_string(text, "\n");
    }
    reader_close(&reader);
    return got;
}

int matrices_read(struct matrices *matrices, const char *name, size_t count)
{
    struct text text = { 0 };
    const char *problem;

    text_add_string(&text, "");
    if (read_text(&text, name)) {
        text_release(&text);
        return -1;
    }
    matrices->all = json_read(text.data, text.length, &problem);
    text_release(&text);
    if (!matrices->all)
        return error("%s: %s; expected alignments of nmt translate --alignment FILE.json", name, problem);
    if (!json_object_is_type(matrices->all, json_type_array) || length_of(matrices->all) != count)
        return error("%s: has the alignments of %zu sentences, but there are %zu", name, length_of(matrices->all), count);
    for (size_t i = 0; i < count; i++)
        if (!matrix_check(json_object_array_get_idx(matrices->all, i)))
            return error("%s: value %zu is no alignment; expected those of nmt translate --alignment FILE.json", name, i + 1);
    return 0;
}

void matrices_release(struct matrices *matrices)
{
    json_object_put(matrices->all);
    matrices->all = NULL;
}

static void add_strings(struct json *json, const char *name, struct json_object *strings)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < json_object_array_length(strings); i++)
        json_string(json, NULL, json_object_get_string(json_object_array_get_idx(strings, i)));
    json_close(json, ']');
}

void matrix_add(struct json *json, struct json_object *matrix)
{
    struct json_object *weights = json_object_object_get(matrix, "weights");

    add_strings(json, "source", json_object_object_get(matrix, "source"));
    add_strings(json, "target", json_object_object_get(matrix, "target"));
    json_open(json, "weights", '[');
    for (size_t row = 0; row < json_object_array_length(weights); row++) {
        struct json_object *numbers = json_object_array_get_idx(weights, row);

        json_open(json, NULL, '[');
        for (size_t k = 0; k < json_object_array_length(numbers); k++)
            json_real(json, NULL, json_object_get_double(json_object_array_get_idx(numbers, k)), 2);
        json_close(json, ']');
    }
    json_close(json, ']');
}

void matrices_add(const struct matrices *matrices, size_t i, struct json *json)
{
    json_open(json, NULL, '{');
    matrix_add(json, json_object_array_get_idx(matrices->all, i));
    json_close(json, '}');
}
