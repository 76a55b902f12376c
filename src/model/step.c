#include "model/step.h"

#include "layers/attention.h"
#include "layers/embedding.h"
#include "layers/gru.h"
#include "math/vec.h"

#include <string.h>

static size_t at(int row, int columns)
{
    return (size_t)row * (size_t)columns;
}

static real *reals(struct arena *arena, int rows, int columns)
{
    return arena_take(arena, size_product((size_t)rows, (size_t)columns) * sizeof(real));
}

static void bind(struct step *step, const struct batch *batch)
{
    const struct config *config = &step->model->config;
    const struct masks none = { 0 };
    struct arena *arena = &step->arena;
    int rows = step->room, longest = 0;

    arena->used = 0;
    encoder_bind(&step->encoder, batch, config, &none, arena);
    for (int b = 0; b < batch->sentences; b++)
        longest = batch->source_length[b] > longest ? batch->source_length[b] : longest;
    step->projected = reals(arena, step->encoder.rows, 3 * config->H + 2 * config->L);
    step->fixed = config->attention == ATTENTION_NONE ? reals(arena, batch->sentences, 2 * config->H) : NULL;
    step->s = reals(arena, rows, config->H);
    step->next = reals(arena, rows, config->H);
    step->Y = reals(arena, rows, config->E);
    step->g = reals(arena, rows, config->A + 3 * config->H);
    step->rs = reals(arena, rows, config->H);
    step->context = reals(arena, rows, 3 * config->H + 2 * config->L);
    step->t = reals(arena, rows, 2 * config->L);
    step->m = reals(arena, rows, config->L);
    step->logits = reals(arena, STEP_CHUNK, config->Vy);
    step->alpha = reals(arena, 1, longest);
}

void step_start(struct step *step, struct matmul *matmul, const struct model *model, const struct batch *batch, int room)
{
    const struct masks none = { 0 };
    int B = batch->sentences, H = model->config.H, columns = 3 * H + 2 * model->config.L;
    struct encoder *encoder = &step->encoder;
    struct arena measure = { 0 }, real_arena = step->arena;
    const real *seen; /* what the decoder sees of the source: all annotations, or one vector a sentence */
    int seen_rows;

    step->matmul = matmul;
    step->model = model;
    step->room = room < B ? B : room;
    step->source_length = batch->source_length;
    step->arena = measure;
    bind(step, batch);
    measure = step->arena;
    step->arena = real_arena;
    if (measure.used > step->arena.size) {
        arena_release(&step->arena);
        step->arena.used = measure.used;
        arena_allocate(&step->arena);
    }
    bind(step, batch);
    encoder_forward(matmul, encoder, model, &none);
    seen = encoder->annotations;
    seen_rows = encoder->rows;
    if (model->config.attention == ATTENTION_NONE) {
        seen = step->fixed;
        seen_rows = B;
        for (int b = 0; b < B; b++)
            encoder_fixed_context(step->fixed + at(b, 2 * H), encoder, b, batch->source_length[b], H);
    }
    matmul_forward(matmul, step->projected, columns, seen, 2 * H, &model->weights[DECODER_C], seen_rows, 0);
    matmul_forward(matmul, step->projected + 3 * H, columns, seen, 2 * H, &model->weights[READOUT_C], seen_rows, 0);
    for (int b = 0; b < B; b++) {
        memcpy(step->next + at(b, H), encoder->annotations + at(encoder->start[b], 2 * H) + H, (size_t)H * sizeof(real));
        memcpy(step->s + at(b, H), model->params.start_b, (size_t)H * sizeof(real));
    }
    matmul_forward(matmul, step->s, H, step->next, H, &model->weights[START], B, 1);
    vec_tanh(step->s, B * H);
}

void step_run(struct step *step, const int32_t *previous, const int *sentence, int rows)
{
    const struct model *model = step->model;
    const struct weight *weights = model->weights;
    const struct params *params = &model->params;
    const struct encoder *encoder = &step->encoder;
    int E = model->config.E, H = model->config.H, A = model->config.A, L = model->config.L;
    int G = A + 3 * H, Q = config_word_query(&model->config), columns = 3 * H + 2 * L;
    enum meter_part part;

    embedding_forward(step->Y, params->target_embedding, previous, NULL, rows, E);
    for (int i = 0; i < rows; i++)
        memcpy(step->g + at(i, G), params->ba, (size_t)G * sizeof(real));
    matmul_forward(step->matmul, step->g + A - Q, G, step->Y, E, &weights[DECODER_W], rows, 1);
    matmul_forward(step->matmul, step->g, G, step->s, H, &weights[QUERY], rows, 1);
    part = meter_enter(matmul_meter(step->matmul), METER_ATTENTION);
    for (int i = 0; i < rows; i++) {
        int b = sentence[i], Tx = step->source_length[b], start = encoder->start[b];
        real *context = step->context + at(i, columns);

        if (model->config.attention == ATTENTION_NONE) {
            memcpy(context, step->projected + at(b, columns), (size_t)columns * sizeof(real));
        } else {
            attention_weights(model->config.attention, step->alpha, step->g + at(i, G), encoder->keys + at(start, A), params->va,
                              Tx, A);
            vec_weighted_sum(context, step->alpha, step->projected + at(start, columns), Tx, columns);
        }
        vec_add(step->g + at(i, G) + A, context, 3 * H);
        memcpy(step->t + at(i, 2 * L), params->bo, 2 * (size_t)L * sizeof(real));
        vec_add(step->t + at(i, 2 * L), context + 3 * H, 2 * L);
    }
    meter_enter(matmul_meter(step->matmul), part);
    gru_forward(step->matmul, step->next, step->g + A, G, step->rs, step->s, step->s, &weights[DECODER_U], rows, H);
    matmul_forward(step->matmul, step->t, 2 * L, step->next, H, &weights[READOUT_U], rows, 1);
    matmul_forward(step->matmul, step->t, 2 * L, step->Y, E, &weights[READOUT_V], rows, 1);
    for (int i = 0; i < rows; i++)
        vec_maxout(step->m + at(i, L), step->t + at(i, 2 * L), L);
}

void step_logits(struct step *step, int first, int rows)
{
    const struct model *model = step->model;
    int L = model->config.L, V = model->config.Vy;

    for (int i = 0; i < rows; i++)
        memcpy(step->logits + at(i, V), model->params.output_b, (size_t)V * sizeof(real));
    matmul_forward(step->matmul, step->logits, V, step->m + at(first, L), L, &model->weights[OUTPUT], rows, 1);
}

void step_select(struct step *step, const int *parents, int rows)
{
    int H = step->model->config.H;

    for (int i = 0; i < rows; i++)
        memcpy(step->s + at(i, H), step->next + at(parents[i], H), (size_t)H * sizeof(real));
}

void step_release(struct step *step)
{
    arena_release(&step->arena);
}
