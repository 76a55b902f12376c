#include "cli/inference.h"

#include "base/processors.h"
#include "base/report.h"
#include "math/openblas.h"

#include <limits.h>
#include <omp.h>
#include <string.h>

const struct inference_settings inference_defaults = {
    .backend = "auto", .precision = "f32", .alignment_format = "matrix", .alignment_level = "word", .batch = 64
};

static int same_vocabulary(const struct vocab *a, const struct vocab *b)
{
    if (a->count != b->count)
        return 0;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->pieces[i], b->pieces[i]) != 0)
            return 0;
    return 1;
}

/* An ensemble's models read and write the same tokens. */
static int check_ensemble(const struct inference *inference, const struct inference_settings *settings)
{
    const struct tokenizer *first = inference->tokenizer;

    for (int i = 1; i < inference->count; i++) {
        const struct tokenizer *other = &inference->saved[i].tokenizer;

        if (memcmp(&first->options, &other->options, sizeof first->options) != 0 || first->merge_count != other->merge_count ||
            !same_vocabulary(&first->sides[SOURCE], &other->sides[SOURCE]) ||
            !same_vocabulary(&first->sides[TARGET], &other->sides[TARGET]))
            return error(
                "%s and %s have different vocabularies; an ensemble's models must be trained on the same corpus with the same "
                "text settings",
                settings->models.items[0], settings->models.items[i]);
    }
    return 0;
}

void inference_claim(const struct inference_settings *settings, struct claims *claims)
{
    for (int i = 0; i < settings->models.count; i++)
        claims_input(claims, "--model", settings->models.items[i]);
}

/* Address space that a worker takes for its stack and oneDNN's compiled products, as measured. */
#define WORKER_BYTES ((size_t)24 << 20)

/* Whether there is memory for the libraries: they do not report that there is none, but crash, or try for ever. 0, or -1 after
 * reporting. */
static int check_resources(const struct inference *inference)
{
    size_t threads = (size_t)inference->team.count, bytes = size_product(threads, WORKER_BYTES);

    /* With oneDNN, OpenBLAS computes what a lone line needs. */
    bytes += size_product(inference->team.backend == BACKEND_OPENBLAS ? threads : 1, OPENBLAS_BYTES);
    for (int i = 0; i < inference->count; i++)
        bytes += inference->saved[i].gguf.size; /* packed weights */
    return processors_try(inference->team.count) || memory_probe(bytes) ? -1 : 0;
}

int inference_open(struct inference *inference, const struct inference_settings *settings, const struct options *options)
{
    int backend, precision, format, level;

    *inference = (struct inference){ 0 };
    if (settings->models.count == 0)
        error("%s: --model is missing; see nmt %s --help", options->command, options->command);
    if (settings->models.count == 0 || options_range(options, "threads", settings->threads, 0, TEAM_MOST) ||
        options_range(options, "batch", settings->batch, 1, 100000) ||
        (backend = options_choice(options, "backend", settings->backend, backend_names)) < 0 ||
        (precision = options_choice(options, "precision", settings->precision, precision_names)) < 0 ||
        (format = options_choice(options, "alignment-format", settings->alignment_format, alignment_format_names)) < 0 ||
        (level = options_choice(options, "alignment-level", settings->alignment_level, alignment_level_names)) < 0)
        return EXIT_USAGE;
    inference->format = (enum alignment_format)format;
    inference->level = (enum alignment_level)level;
    if (team_init(&inference->team, settings->threads, (enum backend)backend, (enum precision)precision))
        return EXIT_FAILED;
    for (; inference->count < settings->models.count; inference->count++) {
        struct saved_model *saved = &inference->saved[inference->count];

        if (model_file_load(saved, settings->models.items[inference->count]))
            goto fail;
        inference->models[inference->count] = &saved->model;
    }
    inference->tokenizer = &inference->saved[0].tokenizer;
    if (settings->alignment && inference->saved[0].model.config.decoder.attention == ATTENTION_NONE) {
        error("%s: was trained with --attention none, so there is no alignment to write", settings->models.items[0]);
        goto fail;
    }
    if (check_ensemble(inference, settings) || check_resources(inference))
        goto fail;
    return OPTIONS_GO;
fail:
    inference_close(inference);
    return EXIT_FAILED;
}

void inference_pack(struct inference *inference)
{
    struct team *team = &inference->team;

    if (inference->packed)
        return;
    inference->packed = 1;
#pragma omp parallel num_threads(team->count) if (team->count > 1)
    TEAM_EACH(team, worker)
    for (int i = 0; i < inference->count; i++)
        model_pack(inference->models[i], worker, team->count, 0);
}

void inference_close(struct inference *inference)
{
    for (int i = 0; i < inference->count; i++)
        model_file_release(&inference->saved[i]);
    team_release(&inference->team);
}
