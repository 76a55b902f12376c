#include "cli/jsonl.h"

#include "base/report.h"
#include "base/json_read.h"

#include <json-c/json.h>
#include <string.h>

static int refuse(struct request *request, long number, const char *problem)
{
    warning("line %ld: %s; give a JSON object with a \"text\" in each line", number, problem);
    request->text = "";
    request->length = 0;
    request->failed = 1;
    if (!json_object_is_type(request->object, json_type_object)) {
        json_object_put(request->object);
        request->object = json_object_new_object();
    }
    json_object_object_add(request->object, "error", json_object_new_string(problem));
    return -1;
}

int request_read(struct request *request, const char *line, size_t length, long number)
{
    const char *problem;
    struct json_object *text, *prefix, *split;

    *request = (struct request){ .object = json_read(line, length, &problem), .split = -1 };
    if (!request->object)
        return refuse(request, number, problem);
    if (json_object_is_type(request->object, json_type_string)) {
        struct json_object *object = json_object_new_object();

        json_object_object_add(object, "text", request->object);
        request->object = object;
    }
    prefix = json_object_object_get(request->object, "prefix");
    if (json_object_is_type(prefix, json_type_string))
        request->prefix = json_object_get_string(prefix);
    else if (prefix)
        return refuse(request, number, "a prefix that is no text");
    split = json_object_object_get(request->object, "split");
    if (json_object_is_type(split, json_type_boolean))
        request->split = json_object_get_boolean(split);
    else if (split)
        return refuse(request, number, "a split that is neither true nor false");
    text = json_object_object_get(request->object, "text");
    if (!json_object_is_type(text, json_type_string))
        return refuse(request, number, "no text");
    request->text = json_object_get_string(text);
    request->length = (size_t)json_object_get_string_len(text);
    return 0;
}

void request_release(struct request *request)
{
    json_object_put(request->object);
    *request = (struct request){ 0 };
}

/* Seven digits, as in other files of alignments. */
static struct json_object *real_of(double value)
{
    char digits[32];

    snprintf(digits, sizeof digits, "%.7g", value);
    return json_object_new_double_s(value, digits);
}

static struct json_object *labels(char *const *strings, int count)
{
    struct json_object *array = json_object_new_array();

    for (int i = 0; i < count; i++)
        json_object_array_add(array, json_object_new_string(strings[i]));
    return array;
}

static struct json_object *matrix(const struct alignment *alignment)
{
    struct json_object *object = json_object_new_object(), *weights = json_object_new_array();

    for (int k = 0; k < alignment->block_count; k++)
        for (int i = 0; i < alignment->blocks[k].rows; i++) {
            struct json_object *row = json_object_new_array();

            for (int column = 0; column < alignment->columns; column++)
                json_object_array_add(row, real_of(alignment_weight(alignment, &alignment->blocks[k], i, column)));
            json_object_array_add(weights, row);
        }
    json_object_object_add(object, "source", labels(alignment->source, alignment->columns));
    json_object_object_add(object, "target", labels(alignment->target, alignment->rows));
    json_object_object_add(object, "weights", weights);
    return object;
}

static struct json_object *list_of(const struct translation *translation)
{
    struct json_object *list = json_object_new_array();

    for (int k = 0; k < translation->count; k++) {
        struct json_object *one = json_object_new_object();

        json_object_object_add(one, "text", json_object_new_string(translation->texts[k]));
        json_object_object_add(one, "score", real_of(translation->log_probability[k]));
        json_object_array_add(list, one);
    }
    return list;
}

void request_answer(struct request *request, const struct translation *translation, const struct answering *answering, FILE *stream)
{
    struct json_object *object = request->object;

    if (!request->failed) {
        json_object_object_add(object, "translation", json_object_new_string(translation->texts[0]));
        if (answering->score)
            json_object_object_add(object, "score", real_of(translation->log_probability[0]));
        if (answering->n_best)
            json_object_object_add(object, "n_best", list_of(translation));
        if (answering->alignment)
            json_object_object_add(object, "alignment", matrix(&translation->alignment));
    }
    fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), stream);
    putc('\n', stream);
}
