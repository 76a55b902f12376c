#include "model/step.h"

#include "base/memory.h"

#include <stdlib.h>

static const struct encoder_kind *encoder_of(const struct step *step)
{
    return encoder_kinds[step->model->config.encoder.type];
}

static const struct decoder_kind *decoder_of(const struct step *step)
{
    return decoder_kinds[step->model->config.decoder.type];
}

static void bind(struct step *step, const struct batch *batch, int room, struct arena *arena)
{
    static const struct dropping nothing_dropped = { .numbers = NULL };
    const struct config *config = &step->model->config;
    const struct binding binding = { .model = step->model, .batch = batch, .dropping = &nothing_dropped, .arena = arena };

    if (!step->encoder)
        step->encoder = memory_new(1, encoder_of(step)->state(config));
    if (!step->decoder)
        step->decoder = memory_new(1, decoder_of(step)->state(config));
    encoded_bind(&step->encoded, &binding);
    encoder_of(step)->bind(step->encoder, &step->encoded, &binding);
    decoder_of(step)->search_bind(step->decoder, &step->encoded, &binding, room);
    if (step->words.words)
        output_words_bind(&step->words, step->model, arena);
    step->logits = matrix_take(arena, room < STEP_CHUNK ? room : STEP_CHUNK, step->words.words ? step->words.count : config->Vy);
}

size_t step_measure(struct step *step, const struct batch *batch, int room)
{
    struct arena arena = { 0 };

    bind(step, batch, room, &arena);
    return arena.used;
}

void step_start(struct step *step, const struct batch *batch, int room)
{
    bind(step, batch, room, &step->worker->arena);
    encoder_of(step)->forward(step->worker, step->encoder);
    decoder_of(step)->start(step->worker, step->decoder);
    if (step->words.words)
        output_words_gather(&step->words, step->model);
}

void step_run(struct step *step, const int32_t *previous, const int *sentence, int rows)
{
    step->top = decoder_of(step)->step(step->worker, step->decoder, previous, sentence, rows);
}

void step_logits(struct step *step, int first, int rows)
{
    struct matrix logits = matrix_rows(step->logits, 0, rows), top = matrix_rows(step->top, first, rows);

    if (step->words.words)
        output_words_logits(step->worker, &step->words, logits, top);
    else
        output_logits(step->worker, step->model, logits, top);
}

void step_select(struct step *step, const int *parents, int rows)
{
    decoder_of(step)->select(step->decoder, parents, rows);
}

void step_release(struct step *step)
{
    if (step->decoder && decoder_of(step)->release)
        decoder_of(step)->release(step->decoder);
    free(step->encoder);
    free(step->decoder);
    *step = (struct step){ 0 };
}
