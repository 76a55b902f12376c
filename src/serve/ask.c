#define _POSIX_C_SOURCE 200809L
#include "serve/ask.h"

#include "base/memory.h"
#include "text/sentences.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct asked *asked;
    const struct offer *offer;
    struct json_object *fields;
    struct refusal *refusal;
    size_t characters;
};

int refuse(struct refusal *refusal, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(refusal->text, sizeof refusal->text, format, arguments);
    va_end(arguments);
    refusal->code = code;
    return -1;
}

/* ---- values ---- */

/* A string without NUL. 0, or -1 after refusing. */
static int read_string(struct reading *reading, const char *name, struct json_object *value, const char **out)
{
    if (!json_object_is_type(value, json_type_string))
        return refuse(reading->refusal, 400, "%s: expected a string", name);
    *out = json_object_get_string(value);
    if (strlen(*out) != (size_t)json_object_get_string_len(value))
        return refuse(reading->refusal, 400, "%s: a string with a NUL", name);
    return 0;
}

/* The member, if there is one that is not null. */
static struct json_object *member(const struct reading *reading, const char *name)
{
    return json_object_object_get(reading->fields, name);
}

static int read_optional(struct reading *reading, const char *name, const char **out)
{
    struct json_object *value = member(reading, name);

    *out = NULL;
    return value ? read_string(reading, name, value, out) : 0;
}

/* An integer, which may be a string in a form. */
static int read_integer(struct reading *reading, const char *name, int low, int high, int *out)
{
    struct json_object *value = member(reading, name);
    char *end = NULL;
    long number = 0;

    if (!value)
        return 0;
    if (json_object_is_type(value, json_type_int))
        number = (long)json_object_get_int64(value);
    else if (json_object_is_type(value, json_type_string) && json_object_get_string_len(value))
        number = strtol(json_object_get_string(value), &end, 10);
    else
        return refuse(reading->refusal, 400, "%s: expected an integer", name);
    if (end && *end)
        return refuse(reading->refusal, 400, "%s: expected an integer", name);
    if (number < low || number > high)
        return refuse(reading->refusal, 400, "%s: out of range (%d to %d)", name, low, high);
    *out = (int)number;
    return 0;
}

static int read_flag(struct reading *reading, const char *name, int *out)
{
    struct json_object *value = member(reading, name);

    if (value && !json_object_is_type(value, json_type_boolean))
        return refuse(reading->refusal, 400, "%s: expected true or false", name);
    if (value)
        *out = json_object_get_boolean(value);
    return 0;
}

/* ---- texts ---- */

static void add_unit(struct asked *asked, const char *before, size_t space, const char *text, size_t length)
{
    memory_reserve_one(&asked->units, asked->job.count, &asked->unit_room);
    memory_reserve_one(&asked->job.texts, asked->job.count, &asked->text_room);
    asked->units[asked->job.count] = (struct unit){ memory_copy_text(before, space), asked->text_count };
    asked->job.texts[asked->job.count++] = memory_copy_text(text, length);
}

/* The sentences of a text, line by line; white space stands before them, and at the end before an empty one. */
static void add_sentences(struct asked *asked, const char *text)
{
    static const char space[] = " \t\r\n";

    do {
        const char *start = text + strspn(text, space);
        size_t line = strcspn(start, "\n"), length = line ? sentence_length(start, line) : 0, end = length;

        while (end > 0 && strchr(space, start[end - 1]))
            end--;
        add_unit(asked, text, (size_t)(start - text), start, end);
        text = start + end;
    } while (*text);
}

static int add_text(struct reading *reading, const char *name, struct json_object *value)
{
    struct asked *asked = reading->asked;
    const char *text;

    if (read_string(reading, name, value, &text))
        return -1;
    for (const char *c = text; *c; c++)
        reading->characters += ((unsigned char)*c & 0xC0) != 0x80;
    if (reading->characters > reading->offer->limits.characters)
        return refuse(reading->refusal, 413, "the texts have more than %zu characters", reading->offer->limits.characters);
    if (asked->split)
        add_sentences(asked, text);
    else
        add_unit(asked, "", 0, text, strlen(text));
    asked->text_count++;
    return 0;
}

static int read_texts(struct reading *reading, const char *name, struct json_object *value)
{
    size_t count;

    reading->asked->list = json_object_is_type(value, json_type_array);
    if (!reading->asked->list)
        return add_text(reading, name, value);
    count = json_object_array_length(value);
    if (count == 0)
        return refuse(reading->refusal, 400, "%s: no text", name);
    if (count > reading->offer->limits.texts)
        return refuse(reading->refusal, 413, "%s: more than %zu texts", name, reading->offer->limits.texts);
    for (size_t i = 0; i < count; i++)
        if (add_text(reading, name, json_object_array_get_idx(value, i)))
            return -1;
    return 0;
}

/* ---- models ---- */

static int speaks(const char *have, const char *wanted)
{
    return !have || !wanted || !*wanted || strcasecmp(wanted, "auto") == 0 || strcasecmp(have, wanted) == 0;
}

static int choose_model(struct reading *reading)
{
    const struct offer *offer = reading->offer;
    const char *name = NULL, *source, *target;

    if ((!reading->asked->libre && read_optional(reading, "model", &name)) || read_optional(reading, "source", &source) ||
        read_optional(reading, "target", &target))
        return -1;
    for (int i = 0; i < offer->model_count; i++) {
        const struct served *model = &offer->models[i];

        if ((name && strcmp(name, model->name) != 0) || !speaks(model->source, source) || !speaks(model->target, target))
            continue;
        reading->asked->model = model;
        reading->asked->job.model = model->nmt;
        return 0;
    }
    if (name)
        return refuse(reading->refusal, 400, "model: there is no such model for these languages; see /v1/models");
    return refuse(reading->refusal, 400, "translation from this source to this target is not offered; see /languages");
}

/* ---- requests ---- */

static int begin(struct reading *reading, int libre)
{
    struct asked *asked = reading->asked;

    asked->libre = libre;
    asked->job.options.beam = reading->offer->beam;
    asked->job.options.shortlist = reading->offer->shortlist;
    asked->job.options.n_best = 1;
    asked->job.options.max_length = reading->offer->limits.max_length;
    asked->job.options.length_penalty = 1;
    if (!json_object_is_type(reading->fields, json_type_object))
        return refuse(reading->refusal, 400, "expected a JSON object");
    return choose_model(reading);
}

/* A list of n wants a beam of as many hypotheses. */
static void set_n_best(struct asked *asked, int n_best)
{
    asked->n_best = asked->job.options.n_best = n_best;
    if (asked->job.options.beam < n_best)
        asked->job.options.beam = n_best;
}

int ask_libre(struct asked *asked, const struct offer *offer, struct json_object *fields, struct refusal *refusal)
{
    struct reading reading = { asked, offer, fields, refusal, 0 };
    const char *format;
    int alternatives = 0;

    asked->split = 1;
    if (begin(&reading, 1) || read_optional(&reading, "format", &format) ||
        read_integer(&reading, "alternatives", 0, offer->limits.beam - 1, &alternatives))
        return -1;
    if (format && *format && strcmp(format, "text") != 0)
        return refuse(refusal, 400, "format: only text is offered");
    if (!member(&reading, "q"))
        return refuse(refusal, 400, "q: no text");
    if (alternatives)
        set_n_best(asked, alternatives + 1);
    return read_texts(&reading, "q", member(&reading, "q"));
}

static int check_names(const struct reading *reading)
{
    static const char *const names[] = { "text",   "texts", "model",  "source", "target",         "beam", "n_best",    "alignment",
                                         "scores", "split", "stream", "prefix", "length_penalty", "tree", "shortlist", "api_key" };

    json_object_object_foreach(reading->fields, name, value)
    {
        size_t k = 0;

        (void)value;
        while (k < sizeof names / sizeof *names && strcmp(name, names[k]) != 0)
            k++;
        if (k == sizeof names / sizeof *names)
            return refuse(reading->refusal, 400, "%.60s: there is no such field", name);
    }
    return 0;
}

static int read_penalty(struct reading *reading)
{
    struct json_object *value = member(reading, "length_penalty");
    double *penalty = &reading->asked->job.options.length_penalty;

    if (!value)
        return 0;
    if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
        return refuse(reading->refusal, 400, "length_penalty: expected a number");
    *penalty = json_object_get_double(value);
    if (!(*penalty > 0 && *penalty <= 10))
        return refuse(reading->refusal, 400, "length_penalty: out of range (above 0, at most 10)");
    return 0;
}

static int read_search(struct reading *reading)
{
    struct asked *asked = reading->asked;
    struct nmt_options *options = &asked->job.options;
    int most = reading->offer->limits.beam, n_best = 0;

    if (read_integer(reading, "beam", 1, most, &options->beam) || read_integer(reading, "n_best", 1, most, &n_best) ||
        read_flag(reading, "alignment", &options->alignment) || read_flag(reading, "scores", &options->scores) ||
        read_flag(reading, "tree", &options->tree) || read_flag(reading, "stream", &asked->stream) ||
        read_flag(reading, "shortlist", &options->shortlist) || read_penalty(reading))
        return -1;
    asked->split = asked->stream;
    if (read_flag(reading, "split", &asked->split))
        return -1;
    if (n_best)
        set_n_best(asked, n_best);
    if (options->alignment && !asked->model->aligns)
        return refuse(reading->refusal, 400, "alignment: the model was trained without attention");
    if (options->shortlist && !asked->model->lists)
        return refuse(reading->refusal, 400, "shortlist: the model has none");
    return 0;
}

/* One prefix for all texts, or one for each. */
static int read_prefixes(struct reading *reading)
{
    struct asked *asked = reading->asked;
    struct json_object *value = member(reading, "prefix");
    int list = json_object_is_type(value, json_type_array);

    if (!value)
        return 0;
    if (asked->split)
        return refuse(reading->refusal, 400, "prefix: has no meaning for a text that is split into sentences");
    if (list && json_object_array_length(value) != asked->job.count)
        return refuse(reading->refusal, 400, "prefix: give one string, or one for each text");
    asked->job.prefixes = memory_new(asked->job.count, sizeof *asked->job.prefixes);
    for (size_t i = 0; i < asked->job.count; i++) {
        const char *prefix;

        if (read_string(reading, "prefix", list ? json_object_array_get_idx(value, i) : value, &prefix))
            return -1;
        reading->characters += strlen(prefix);
        if (reading->characters > reading->offer->limits.characters)
            return refuse(reading->refusal, 413, "the texts have more than %zu characters", reading->offer->limits.characters);
        asked->job.prefixes[i] = memory_copy_string(prefix);
    }
    return 0;
}

int ask_ours(struct asked *asked, const struct offer *offer, struct json_object *fields, struct refusal *refusal)
{
    struct reading reading = { asked, offer, fields, refusal, 0 };
    struct json_object *text, *texts;

    if (begin(&reading, 0) || check_names(&reading) || read_search(&reading))
        return -1;
    text = member(&reading, "text");
    texts = member(&reading, "texts");
    if (!text == !texts)
        return refuse(refusal, 400, "give either text, a string, or texts, an array of strings");
    if (text && !json_object_is_type(text, json_type_string))
        return refuse(refusal, 400, "text: expected a string");
    if (texts && !json_object_is_type(texts, json_type_array))
        return refuse(refusal, 400, "texts: expected an array of strings");
    asked->job.gradual = asked->stream;
    return read_texts(&reading, text ? "text" : "texts", text ? text : texts) || read_prefixes(&reading) ? -1 : 0;
}

void asked_release(struct asked *asked)
{
    for (size_t i = 0; i < asked->job.count; i++) {
        free(asked->job.texts[i]);
        free(asked->units[i].before);
        if (asked->job.prefixes)
            free(asked->job.prefixes[i]);
    }
    free(asked->job.texts);
    free(asked->job.prefixes);
    free(asked->units);
}
