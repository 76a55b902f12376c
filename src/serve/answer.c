#include "serve/answer.h"

#include <string.h>
#include <strings.h>

/* Digits of scores and weights, as in other files of alignments. */
enum { DIGITS = 7 };

/* The k-th best translation of a text: that of each of its units from … on, or the last one that a unit has. Sentences between which the source
 * has no space get one where their translation ends with an ASCII character. Returns the first unit that is not the text's. */
static size_t join(const struct asked *asked, size_t from, int k, struct text *out)
{
    size_t i = from;

    text_clear(out);
    for (; i < asked->job.count && asked->units[i].of == asked->units[from].of; i++) {
        const struct nmt_result *result = &asked->job.results[i];
        const char *text = result->texts[k < result->count ? k : result->count - 1], *before = asked->units[i].before;

        if (i > from && !*before && *text && out->length && !((unsigned char)out->data[out->length - 1] & 0x80))
            before = " ";
        text_add_string(out, before);
        text_add_string(out, text);
    }
    return i;
}

/* The largest number of translations that one of the text's units has. */
static int most_of(const struct asked *asked, size_t from)
{
    int most = 0;

    for (size_t i = from; i < asked->job.count && asked->units[i].of == asked->units[from].of; i++)
        if (asked->job.results[i].count > most)
            most = asked->job.results[i].count;
    return most;
}

static size_t next_text(const struct asked *asked, size_t from)
{
    size_t i = from;

    while (i < asked->job.count && asked->units[i].of == asked->units[from].of)
        i++;
    return i;
}

static void add_alternatives(const struct asked *asked, size_t from, const char *name, struct json *json)
{
    struct text text = { 0 };

    json_open(json, name, '[');
    for (int k = 1; k < most_of(asked, from); k++) {
        join(asked, from, k, &text);
        json_string(json, NULL, text.data);
    }
    json_close(json, ']');
    text_release(&text);
}

void answer_libre(const struct asked *asked, struct json *json)
{
    struct text text = { 0 };

    json_open(json, NULL, '{');
    if (asked->n_best && asked->list)
        json_open(json, "alternatives", '[');
    for (size_t from = 0; asked->n_best && from < asked->job.count; from = next_text(asked, from))
        add_alternatives(asked, from, asked->list ? NULL : "alternatives", json);
    if (asked->n_best && asked->list)
        json_close(json, ']');
    if (asked->list)
        json_open(json, "translatedText", '[');
    for (size_t from = 0; from < asked->job.count;) {
        from = join(asked, from, 0, &text);
        json_string(json, asked->list ? NULL : "translatedText", text.data);
    }
    if (asked->list)
        json_close(json, ']');
    json_close(json, '}');
    text_release(&text);
}

static void add_strings(struct json *json, const char *name, char *const *strings, int count)
{
    json_open(json, name, '[');
    for (int i = 0; i < count; i++)
        json_string(json, NULL, strings[i]);
    json_close(json, ']');
}

static void add_alignment(const struct nmt_result *result, struct json *json)
{
    json_open(json, "alignment", '{');
    add_strings(json, "source", result->source, result->columns);
    add_strings(json, "target", result->target, result->rows);
    json_open(json, "weights", '[');
    for (int i = 0; i < result->rows; i++) {
        json_open(json, NULL, '[');
        for (int j = 0; j < result->columns; j++)
            json_real(json, NULL, result->weights[(size_t)i * (size_t)result->columns + (size_t)j], DIGITS);
        json_close(json, ']');
    }
    json_close(json, ']');
    json_open(json, "log_probability", '[');
    for (int i = 0; i < result->rows; i++)
        json_real(json, NULL, result->word_log_probability[i], DIGITS);
    json_close(json, ']');
    json_close(json, '}');
}

/* The search as [parent, text, log-probability, end], parents first. */
static void add_tree(const struct nmt_result *result, struct json *json)
{
    json_open(json, "tree", '[');
    for (int i = 0; i < result->node_count; i++) {
        const struct nmt_node *node = &result->nodes[i];

        json_open(json, NULL, '[');
        json_integer(json, NULL, node->parent);
        json_string(json, NULL, node->text);
        json_real(json, NULL, node->log_probability, DIGITS);
        json_boolean(json, NULL, node->end);
        json_close(json, ']');
    }
    json_close(json, ']');
}

/* Score, list, alignment and tree of one unit. */
static void add_details(const struct asked *asked, const struct nmt_result *result, struct json *json)
{
    if (asked->job.options.scores && result->log_probability)
        json_real(json, "score", result->log_probability[0], DIGITS);
    if (asked->n_best) {
        json_open(json, "n_best", '[');
        for (int k = 0; k < result->count; k++) {
            json_open(json, NULL, '{');
            json_string(json, "text", result->texts[k]);
            if (result->log_probability)
                json_real(json, "score", result->log_probability[k], DIGITS);
            json_close(json, '}');
        }
        json_close(json, ']');
    }
    if (asked->job.options.alignment)
        add_alignment(result, json);
    if (asked->job.options.tree)
        add_tree(result, json);
}

static void add_sentence(const struct asked *asked, size_t i, struct json *json)
{
    json_string(json, "source", asked->job.texts[i]);
    json_string(json, "text", asked->job.results[i].texts[0]);
    add_details(asked, &asked->job.results[i], json);
}

static size_t add_text(const struct asked *asked, size_t from, struct json *json)
{
    struct text text = { 0 };
    size_t end = join(asked, from, 0, &text);

    json_open(json, NULL, '{');
    json_string(json, "text", text.data);
    if (asked->split) {
        json_open(json, "sentences", '[');
        for (size_t i = from; i < end; i++)
            if (*asked->job.texts[i]) {
                json_open(json, NULL, '{');
                add_sentence(asked, i, json);
                json_close(json, '}');
            }
        json_close(json, ']');
    } else {
        add_details(asked, &asked->job.results[from], json);
    }
    json_close(json, '}');
    text_release(&text);
    return end;
}

void answer_ours(const struct asked *asked, struct json *json)
{
    json_open(json, NULL, '{');
    json_string(json, "model", asked->model->name);
    json_open(json, "translations", '[');
    for (size_t from = 0; from < asked->job.count;)
        from = add_text(asked, from, json);
    json_close(json, ']');
    json_close(json, '}');
}

void answer_line(const struct asked *asked, size_t i, struct json *json)
{
    json_open(json, NULL, '{');
    json_integer(json, "index", (long)asked->units[i].of);
    json_string(json, "before", asked->units[i].before);
    add_sentence(asked, i, json);
    json_close(json, '}');
}

void answer_end(const struct asked *asked, struct json *json)
{
    json_open(json, NULL, '{');
    if (asked->job.state == JOB_GOOD)
        json_integer(json, "done", (long)asked->job.count);
    else
        json_string(json, "error", asked->job.problem);
    json_close(json, '}');
}

/* Whether an earlier model has the same source language. */
static int repeats_source(const struct offer *offer, int k)
{
    for (int i = 0; i < k; i++)
        if (offer->models[i].source && strcasecmp(offer->models[i].source, offer->models[k].source) == 0)
            return 1;
    return 0;
}

void answer_languages(const struct offer *offer, struct json *json)
{
    json_open(json, NULL, '[');
    for (int k = 0; k < offer->model_count; k++) {
        const char *source = offer->models[k].source;

        if (!source || repeats_source(offer, k))
            continue;
        json_open(json, NULL, '{');
        json_string(json, "code", source);
        json_string(json, "name", source);
        json_open(json, "targets", '[');
        for (int i = k; i < offer->model_count; i++)
            if (offer->models[i].source && strcasecmp(offer->models[i].source, source) == 0)
                json_string(json, NULL, offer->models[i].target);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

void answer_models(const struct offer *offer, struct json *json)
{
    json_open(json, NULL, '{');
    json_open(json, "models", '[');
    for (int k = 0; k < offer->model_count; k++) {
        const struct served *model = &offer->models[k];

        json_open(json, NULL, '{');
        json_string(json, "name", model->name);
        if (model->source) {
            json_string(json, "source", model->source);
            json_string(json, "target", model->target);
        }
        json_boolean(json, "alignment", model->aligns);
        json_boolean(json, "shortlist", model->lists);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_open(json, "limits", '{');
    json_integer(json, "characters", (long)offer->limits.characters);
    json_integer(json, "texts", (long)offer->limits.texts);
    json_integer(json, "beam", offer->limits.beam);
    json_close(json, '}');
    json_close(json, '}');
}
