#define _POSIX_C_SOURCE 200809L
#include "cli/inference.h"

#include "base/cluster.h"
#include "base/report.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int same_strings(char *const *a, int a_count, char *const *b, int b_count)
{
    if (a_count != b_count)
        return 0;
    for (int i = 0; i < a_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return 0;
    return 1;
}

static int same_tokens(const struct tokenizer *a, const struct tokenizer *b)
{
    for (int side = SOURCE; side <= TARGET; side++)
        if (!same_strings(a->sides[side].pieces, a->sides[side].count, b->sides[side].pieces, b->sides[side].count))
            return 0;
    return memcmp(&a->options, &b->options, sizeof a->options) == 0 && copies_equal(&a->copies, &b->copies) &&
           same_strings(a->merges, 2 * a->merge_count, b->merges, 2 * b->merge_count);
}

/* Sets which weights the model's alignments are made of. 0, or -1 after reporting. */
static int choose_alignment(struct model *model, const char *name, const struct inference_settings *settings)
{
    int layers = attention_layers(&model->config, PLACE_SOURCE), heads = model->config.decoder.heads, head = model->alignment.head;
    char *end;

    if (settings->alignment_layer >= layers)
        return error("%s: --alignment-layer is %d, but the model's layers are 0 to %d", name, settings->alignment_layer,
                     layers - 1);
    if (settings->alignment_layer >= 0 && settings->alignment_layer != model->alignment.layer) {
        model->alignment.layer = settings->alignment_layer;
        head = -1;
    }
    if (strcmp(settings->alignment_head, "mean") == 0) {
        head = -1;
    } else if (strcmp(settings->alignment_head, "auto") != 0) {
        long number = strtol(settings->alignment_head, &end, 10);

        if (*end || end == settings->alignment_head || number < 0 || number >= heads)
            return error("%s: --alignment-head is '%s'; give mean, auto or one of the model's heads, 0 to %d", name,
                         settings->alignment_head, heads - 1);
        head = (int)number;
    }
    model->alignment.head = head;
    return 0;
}

/* Checks that the models have the same tokens and support the requested output. 0, or -1 after reporting. */
static int check_models(const struct inference *inference, const struct inference_settings *settings)
{
    const char *const *names = settings->models.items;

    for (int i = 0; i < inference->count; i++) {
        if (!same_tokens(inference->tokenizer, &inference->saved[i].tokenizer))
            return error(
                "%s and %s have different vocabularies; the models of an ensemble must be trained on the same corpus with the "
                "same text settings",
                names[0], names[i]);
        if (settings->alignment && inference->saved[i].model.config.decoder.attention == ATTENTION_NONE)
            return error("%s was trained with --attention none: it has no alignments to write", names[i]);
        if (choose_alignment(inference->models[i], names[i], settings))
            return -1;
    }
    return 0;
}

void inference_claim(const struct inference_settings *settings, struct claims *claims)
{
    for (int i = 0; i < settings->models.count; i++)
        claims_input(claims, "--model", settings->models.items[i]);
}

/* Bytes of the models' packed weights. */
static size_t packed_bytes(const struct inference *inference)
{
    size_t bytes = 0;

    for (int i = 0; i < inference->count; i++)
        bytes += inference->saved[i].model.layout.length * sizeof(real);
    return bytes;
}

/* Whether there are the resources for one thread; and, as several processes end together, for all of them. 0, or -1 after reporting. */
static int check_resources(struct inference *inference)
{
    inference->tried = cluster_count() > 1;
    return inference->tried ? team_probe(&inference->team, packed_bytes(inference))
                            : team_probe_one(&inference->team, packed_bytes(inference));
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
    if (check_models(inference, settings) || check_resources(inference))
        goto fail;
    return OPTIONS_GO;
fail:
    inference_close(inference);
    return EXIT_FAILED;
}

/* So many lines are translated faster than the weights are packed: unpacked, a line takes a tenth longer (SPEED.md). Products of the other
 * precisions need packed weights. */
enum { LINES_TO_PACK = 16 };

int inference_ready(struct inference *inference, long lines)
{
    struct team *team = &inference->team;
    long enough = team->precision == PRECISION_F32 ? LINES_TO_PACK : 3;

    if (!inference->tried && team_probe(team, packed_bytes(inference)))
        return -1;
    inference->tried = 1;
    if (lines < enough || inference->packed)
        return 0;
    inference->packed = 1;
#pragma omp parallel num_threads(team->count) if (team->count > 1)
    TEAM_EACH (team, worker)
        for (int i = 0; i < inference->count; i++)
            model_pack(inference->models[i], worker, team->count, PACK_FORWARD);
    return 0;
}

void inference_close(struct inference *inference)
{
    for (int i = 0; i < inference->count; i++)
        model_file_release(&inference->saved[i]);
    free(inference->saved);
    free(inference->models);
    team_release(&inference->team);
}

int inference_colours(void)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(refused && *refused) && terminal && strcmp(terminal, "dumb") != 0;
}
