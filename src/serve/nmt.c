#define _POSIX_C_SOURCE 200809L
#include "serve/nmt.h"

#include "base/report.h"
#include "base/signals.h"
#include "model/model_file.h"
#include "search/translate.h"
#include "serve/guard.h"

#include <omp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BEAM = 5, LENGTH = 150, BATCH = 64 };

/* What the libraries may need during a call, which they would not survive without. */
enum { LIBRARIES = 32 << 20 };

/* What one call needs for itself: a worker, the calling thread. Kept for the next call. */
struct desk {
    struct team team;
    struct desk *next;
};

struct nmt {
    struct saved_model saved;
    void *copy; /* of nmt_open_memory */
    pthread_mutex_t lock;
    struct desk *idle;
};

/* ---- errors ---- */

/* guard, by the calling thread alone: libraries of matrix products would start threads of their own in it. Without signals (base/signals.h). */
static int guarded(struct report_capture *capture, int (*work)(void *call), void *call)
{
    int threads = omp_get_max_threads(), result;
    sigset_t before;

    signals_block(&before);
    omp_set_num_threads(1);
    result = guard(capture, work, call);
    omp_set_num_threads(threads);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* The text, in plain malloc: this may be all that is left to do when memory is short. */
static void give(char **error, const struct report_capture *capture)
{
    size_t length = strlen(capture->text);

    if (!error)
        return;
    *error = malloc(length + 1);
    if (*error)
        memcpy(*error, capture->text, length + 1);
}

void nmt_free_text(char *text)
{
    free(text);
}

const char *nmt_version(void)
{
    return NMT_VERSION;
}

/* ---- desks ---- */

static void desk_free(struct desk *desk)
{
    team_release(&desk->team);
    free(desk);
}

/* NULL after an error. */
static struct desk *desk_new(void)
{
    struct desk *desk = memory_new(1, sizeof *desk);

    if (team_init(&desk->team, 1, BACKEND_AUTO, PRECISION_F32)) {
        free(desk);
        return NULL;
    }
    return desk;
}

static struct desk *desk_take(struct nmt *model)
{
    struct desk *desk;

    pthread_mutex_lock(&model->lock);
    desk = model->idle;
    if (desk)
        model->idle = desk->next;
    pthread_mutex_unlock(&model->lock);
    return desk ? desk : desk_new();
}

static void desk_return(struct nmt *model, struct desk *desk)
{
    pthread_mutex_lock(&model->lock);
    desk->next = model->idle;
    model->idle = desk;
    pthread_mutex_unlock(&model->lock);
}

/* ---- open, close ---- */

/* The first desk's worker packs the weights, which all desks then read. 0, or -1 after an error. */
static int prepare(struct nmt *model)
{
    struct desk *desk = desk_new();

    if (!desk)
        return -1;
    if (team_probe(&desk->team, model->saved.model.layout.length * sizeof(real))) {
        desk_free(desk);
        return -1;
    }
    if (!model_file_is_small(&model->saved)) /* it is to stay small in memory, too */
        model_pack(&model->saved.model, desk->team.workers, 1, PACK_FORWARD);
    desk_return(model, desk);
    return 0;
}

/* A copy that starts where the reader wants it; NULL if there is no memory. */
static void *copy_of(const void *bytes, size_t length)
{
    void *copy = aligned_alloc(64, (length + 64) / 64 * 64);

    if (!copy) {
        error("out of memory (%zu bytes needed)", length);
        return NULL;
    }
    return memcpy(copy, bytes, length);
}

struct opening {
    struct nmt *model;
    const char *path;
    const void *bytes; /* NULL: of the file */
    size_t length;
};

/* 0, or GUARD_FAILED after an error; nmt_close in either case. */
static int open_into(void *call)
{
    const struct opening *opening = call;
    struct nmt *model = opening->model;
    int failed;

    if (opening->bytes) {
        model->copy = copy_of(opening->bytes, opening->length);
        if (!model->copy)
            return GUARD_FAILED;
    }
    failed = opening->bytes ? model_file_load_bytes(&model->saved, opening->path, model->copy, opening->length)
                            : model_file_load(&model->saved, opening->path);
    return failed || prepare(model) ? GUARD_FAILED : 0;
}

static struct nmt *open_any(struct opening *opening, char **error)
{
    struct report_capture capture = { .text = "out of memory" };
    int result = GUARD_FAILED;

    opening->model = calloc(1, sizeof *opening->model);
    if (opening->model) {
        pthread_mutex_init(&opening->model->lock, NULL);
        result = guarded(&capture, open_into, opening);
    }
    if (result == 0)
        return opening->model;
    give(error, &capture);
    if (result == GUARD_FAILED) /* after GUARD_NO_MEMORY, it is half built, and what it holds is lost */
        nmt_close(opening->model);
    return NULL;
}

struct nmt *nmt_open(const char *path, char **error)
{
    return open_any(&(struct opening){ .path = path }, error);
}

struct nmt *nmt_open_memory(const void *bytes, size_t length, char **error)
{
    return open_any(&(struct opening){ .path = "the model in memory", .bytes = bytes, .length = length }, error);
}

void nmt_close(struct nmt *model)
{
    if (!model)
        return;
    for (struct desk *desk = model->idle, *next; desk; desk = next) {
        next = desk->next;
        desk_free(desk);
    }
    model_file_release(&model->saved);
    pthread_mutex_destroy(&model->lock);
    free(model->copy);
    free(model);
}

/* ---- translate ---- */

/* 0, or -1 after an error. */
static int complete(struct nmt_options *options, const struct nmt_options *given)
{
    *options = given ? *given : (struct nmt_options){ 0 };
    options->beam = options->beam ? options->beam : BEAM;
    options->n_best = options->n_best ? options->n_best : 1;
    options->max_length = options->max_length ? options->max_length : LENGTH;
    options->length_penalty = options->length_penalty != 0 ? options->length_penalty : 1;
    if (options->beam < 1 || options->beam > BEAM_MOST || options->n_best < 1 || options->n_best > options->beam)
        return error("beam is %d and n_best %d; expected 1 <= n_best <= beam <= %d", options->beam, options->n_best, BEAM_MOST);
    if (options->max_length < 1 || !(options->length_penalty >= 0 && options->length_penalty <= 10))
        return error("max_length is %d and length_penalty %g; expected at least 1, and 0 to 10", options->max_length,
                     options->length_penalty);
    return 0;
}

static void fill_alignment(struct nmt_result *result, struct alignment *alignment)
{
    result->weights = memory_new((size_t)alignment->rows * (size_t)alignment->columns, sizeof(double));
    for (int k = 0; k < alignment->block_count; k++)
        for (int i = 0; i < alignment->blocks[k].rows; i++)
            for (int j = 0; j < alignment->columns; j++)
                result->weights[(size_t)(alignment->blocks[k].first_row + i) * (size_t)alignment->columns + (size_t)j] =
                    alignment_weight(alignment, &alignment->blocks[k], i, j);
    result->rows = alignment->rows;
    result->columns = alignment->columns;
    result->target = alignment->target;
    result->source = alignment->source;
    result->word_log_probability = alignment->log_probability;
    alignment->target = alignment->source = NULL;
    alignment->log_probability = NULL;
    alignment->rows = alignment->columns = 0;
}

/* Takes over the texts. */
static void fill(struct nmt_result *result, struct translation *line, const struct nmt_options *options)
{
    result->count = line->count;
    result->texts = line->texts;
    line->texts = NULL;
    if (options->scores || options->n_best > 1) {
        result->log_probability = line->log_probability;
        line->log_probability = NULL;
    }
    line->count = 0;
    if (options->alignment)
        fill_alignment(result, &line->alignment);
}

static void fill_tree(struct nmt_result *result, const struct beam_tree *tree, const struct vocab *vocab)
{
    result->nodes = memory_new((size_t)tree->count, sizeof *result->nodes);
    result->node_count = tree->count;
    for (int i = 0; i < tree->count; i++) {
        const struct beam_node *node = &tree->nodes[i];
        int end = node->id == VOCAB_END;

        result->nodes[i] = (struct nmt_node){ node->before, end, node->log_probability, end ? "" : vocab->pieces[node->id] };
    }
}

struct call {
    struct nmt *model;
    const char *const *texts;
    size_t count;
    const struct nmt_options *given;
    struct nmt_result *results; /* out */
};

static struct nmt_result *translate(const struct call *call, const struct nmt_options *options, struct desk *desk)
{
    const struct tokenizer *tokenizer = &call->model->saved.tokenizer;
    const struct translate_options how = { .beam = { .shortlist = options->shortlist,
                                                     .beam = options->beam,
                                                     .n_best = options->n_best,
                                                     .length_penalty = options->length_penalty,
                                                     .repeats = TRANSLATE_REPEATS,
                                                     .length_ratio = 3,
                                                     .forbidden = tokenizer->options.units == UNITS_WORD ? -1 : VOCAB_UNKNOWN },
                                           .batch = BATCH,
                                           .longest = options->max_length,
                                           .want_scores = options->scores || options->n_best > 1,
                                           .want_alignment = options->alignment,
                                           .want_tree = options->tree,
                                           .level = ALIGNMENT_WORD };
    struct model *const models[] = { &call->model->saved.model };
    struct translation *lines = memory_new(call->count, sizeof *lines);
    struct nmt_result *results = memory_new(call->count, sizeof *results);
    struct translator translator;
    size_t bad;

    for (size_t i = 0; i < call->count; i++)
        (options->split ? translation_read_sentences : translation_read)(&lines[i], tokenizer, call->texts[i],
                                                                         strlen(call->texts[i]), &bad);
    for (size_t i = 0; options->prefixes && i < call->count; i++)
        if (options->prefixes[i])
            translation_set_prefix(&lines[i], tokenizer, options->prefixes[i], strlen(options->prefixes[i]));
    translator_init(&translator, tokenizer, models, 1, &desk->team, &how);
    translator_run(&translator, lines, call->count);
    translator_release(&translator);
    for (size_t i = 0; i < call->count; i++) {
        fill(&results[i], &lines[i], options);
        if (options->tree)
            fill_tree(&results[i], &lines[i].tree, &tokenizer->sides[TARGET]);
        translation_release(&lines[i]);
    }
    free(lines);
    return results;
}

/* 0, or GUARD_FAILED after an error. */
static int translate_call(void *context)
{
    struct call *call = context;
    struct nmt_options options;
    struct desk *desk;

    if (complete(&options, call->given))
        return GUARD_FAILED;
    if (options.alignment && call->model->saved.model.config.decoder.attention == ATTENTION_NONE)
        return error("the model was trained with --attention none: it has no alignments");
    if (options.shortlist && !call->model->saved.model.shortlist.sources)
        return error("the model has no shortlist, which nmt train makes where it learns a lexicon for guided attention");
    if (memory_probe(LIBRARIES))
        return GUARD_FAILED;
    desk = desk_take(call->model);
    if (!desk)
        return GUARD_FAILED;
    call->results = translate(call, &options, desk);
    desk_return(call->model, desk);
    return 0;
}

struct nmt_result *nmt_translate(struct nmt *model, const char *const *texts, size_t count, const struct nmt_options *options,
                                 char **error)
{
    struct call call = { model, texts, count, options, NULL };
    struct report_capture capture = { .text = "" };

    if (guarded(&capture, translate_call, &call) == 0)
        return call.results;
    give(error, &capture);
    return NULL;
}

static void free_strings(char **strings, int count)
{
    for (int i = 0; strings && i < count; i++)
        free(strings[i]);
    free(strings);
}

void nmt_free(struct nmt_result *results, size_t count)
{
    for (size_t i = 0; results && i < count; i++) {
        free_strings(results[i].texts, results[i].count);
        free_strings(results[i].target, results[i].rows);
        free_strings(results[i].source, results[i].columns);
        free(results[i].log_probability);
        free(results[i].weights);
        free(results[i].word_log_probability);
        free(results[i].nodes);
    }
    free(results);
}
