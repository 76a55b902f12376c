#include "cli/matrices.h"

#include "base/report.h"

#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdio.h>
#include <string.h>

/* A file's JSON value; NULL with the reason. */
static struct json_object *parse(FILE *file, const char **problem)
{
    struct json_tokener *parser = json_tokener_new();
    struct json_object *value = NULL;
    char part[1 << 16];
    size_t length;

    json_tokener_set_flags(parser, JSON_TOKENER_VALIDATE_UTF8);
    while (!value && (length = fread(part, 1, sizeof part, file)) > 0) {
        value = json_tokener_parse_ex(parser, part, (int)length);
        if (json_tokener_get_error(parser) > json_tokener_continue)
            break;
    }
    *problem = ferror(file) ? strerror(errno) : json_tokener_error_desc(json_tokener_get_error(parser));
    json_tokener_free(parser);
    return value;
}

/* Whether a value is an array of values of a type; -1: of any length. */
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

static int is_matrix(struct json_object *one)
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

int matrices_read(struct matrices *matrices, const char *name, size_t count)
{
    FILE *file = fopen(name, "r");
    const char *problem;

    if (!file)
        return error("%s: cannot be read: %s", name, strerror(errno));
    matrices->all = parse(file, &problem);
    fclose(file);
    if (!matrices->all)
        return error("%s: is not JSON: %s; expected alignments of nmt translate --alignment FILE.json", name, problem);
    if (!json_object_is_type(matrices->all, json_type_array) || length_of(matrices->all) != count)
        return error("%s: has the alignments of %zu sentences, but there are %zu", name, length_of(matrices->all), count);
    for (size_t i = 0; i < count; i++)
        if (!is_matrix(json_object_array_get_idx(matrices->all, i)))
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

void matrices_add(const struct matrices *matrices, size_t i, struct json *json)
{
    struct json_object *one = json_object_array_get_idx(matrices->all, i), *weights = json_object_object_get(one, "weights");

    json_open(json, NULL, '{');
    add_strings(json, "source", json_object_object_get(one, "source"));
    add_strings(json, "target", json_object_object_get(one, "target"));
    json_open(json, "weights", '[');
    for (size_t row = 0; row < json_object_array_length(weights); row++) {
        struct json_object *numbers = json_object_array_get_idx(weights, row);

        json_open(json, NULL, '[');
        for (size_t k = 0; k < json_object_array_length(numbers); k++)
            json_real(json, NULL, json_object_get_double(json_object_array_get_idx(numbers, k)), 2);
        json_close(json, ']');
    }
    json_close(json, ']');
    json_close(json, '}');
}
