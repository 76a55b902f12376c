#include "cli/inference.h"

#include "base/processors.h"
#include "base/report.h"
#include "math/openblas.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

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
    *inference = (struct inference){ .format = (enum alignment_format)settings->alignment_format,
                                     .level = (enum alignment_level)settings->alignment_level };
    if (settings->models.count == 0) {
        error("%s: --model is missing; see nmt %s --help", options->command->name, options->command->name);
        return EXIT_USAGE;
    }
    if (team_init(&inference->team, settings->threads, (enum backend)settings->backend, (enum precision)settings->precision))
        return EXIT_FAILED;
    inference->saved = memory_new((size_t)settings->models.count, sizeof *inference->saved);
    inference->models = memory_new((size_t)settings->models.count, sizeof *inference->models);
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
    free(inference->saved);
    free(inference->models);
    team_release(&inference->team);
}
