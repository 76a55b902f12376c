#include "model/encoder.h"

#include "layers/embedding.h"
#include "layers/gru.h"
#include "math/vec.h"

#include <string.h>

static real *reals(struct arena *arena, int rows, int columns)
{
    return arena_take(arena, size_product((size_t)rows, (size_t)columns) * sizeof(real));
}

static size_t at(int row, int columns)
{
    return (size_t)row * (size_t)columns;
}

/* Position in its sentence of what direction d reads at step t: →h from the left, ←h from the right. */
static int position(int d, int t, int length)
{
    return d == 0 ? t : length - 1 - t;
}

void encoder_bind(struct encoder *encoder, const struct batch *batch, const struct config *config, const struct masks *masks,
                  struct arena *arena)
{
    int B = batch->sentences, rows, E = config->E, H = config->H;

    sequence_make(&encoder->sequence, batch->source_length, B, arena);
    rows = encoder->rows = encoder->sequence.rows;
    encoder->start = arena_take(arena, (size_t)B * sizeof(int));
    encoder->zero = reals(arena, B, H);
    encoder->annotations = reals(arena, rows, 2 * H);
    encoder->keys = reals(arena, rows, config->A);
    for (int d = 0; d < 2; d++) {
        struct direction *direction = &encoder->directions[d];

        direction->ids = arena_take(arena, (size_t)rows * sizeof(int32_t));
        direction->mask = masks->rates.embedding > 0 ? arena_take(arena, (size_t)rows * sizeof(real *)) : NULL;
        direction->X = reals(arena, rows, E);
        direction->g = reals(arena, rows, 3 * H);
        direction->rs = reals(arena, rows, H);
        direction->s_in = reals(arena, rows, H);
        direction->s = reals(arena, rows, H);
        direction->norm = reals(arena, rows, config_norm_columns(config));
    }
    if (!arena->base)
        return;
    memset(encoder->zero, 0, at(B, H) * sizeof(real));
    for (int b = 0, row = 0; b < B; row += batch->source_length[b++])
        encoder->start[b] = row;
    for (int d = 0; d < 2; d++) {
        struct direction *direction = &encoder->directions[d];
        const struct sequence *sequence = &encoder->sequence;

        for (int t = 0, row = 0; t < sequence->steps; t++) {
            for (int k = 0; k < sequence->active[t]; k++, row++) {
                int b = sequence->order[k], j = position(d, t, sequence->length[k]);
                int dropped = masks->source_word && masks->source_word[encoder->start[b] + j];

                direction->ids[row] = dropped ? -1 : batch->source[b][j];
                if (direction->mask)
                    direction->mask[row] = mask_of(masks->source_embedding, b, E);
            }
        }
    }
}

void encoder_backward_bind(struct encoder_backward *back, const struct encoder *encoder, const struct config *config,
                           struct arena *arena)
{
    int rows = encoder->rows, B = encoder->sequence.sentences, H = config->H;

    back->dannotations = reals(arena, rows, 2 * H);
    back->dkeys = reals(arena, rows, config->A);
    back->dg = reals(arena, rows, 3 * H);
    back->dX = reals(arena, rows, config->E);
    back->ds_out = reals(arena, rows, H);
    back->dnext = reals(arena, B, H);
    back->ds = reals(arena, B, H);
    back->ds_in = reals(arena, B, H);
    back->drs = reals(arena, B, H);
    if (!arena->base)
        return;
    memset(back->dannotations, 0, at(rows, 2 * H) * sizeof(real));
    memset(back->dkeys, 0, at(rows, config->A) * sizeof(real));
}

static const real *state_masks(const struct masks *masks, int d)
{
    return d == 0 ? masks->forward_state : masks->backward_state;
}

/* s_in [rows of step t, H] = mask ∘ s before it; the state before the first step is zero. */
static void read_state(real *s_in, const real *s, const real *masks, const struct sequence *sequence, int t, int H)
{
    for (int k = 0; k < sequence->active[t]; k++) {
        if (masks)
            vec_product(s_in + at(k, H), s + at(k, H), mask_of(masks, sequence->order[k], H), H);
        else
            memcpy(s_in + at(k, H), s + at(k, H), (size_t)H * sizeof *s);
    }
}

static void direction_forward(struct matmul *matmul, struct encoder *encoder, int d, const struct model *model,
                              const struct masks *masks)
{
    const struct sequence *sequence = &encoder->sequence;
    const struct weight *weights = model->weights + ENCODER_W + 3 * d;
    const struct gru_params *params = d == 0 ? &model->params.forward : &model->params.backward;
    struct direction *x = &encoder->directions[d];
    int rows = encoder->rows, E = model->config.E, H = model->config.H, N = config_norm_columns(&model->config);

    embedding_forward(x->X, model->params.source_embedding, x->ids, x->mask, rows, E);
    for (int row = 0; row < rows; row++)
        memcpy(x->g + at(row, 3 * H), params->br, 3 * (size_t)H * sizeof(real));
    matmul_forward(matmul, x->g, 3 * H, x->X, E, &weights[0], rows, 1);
    for (int t = 0; t < sequence->steps; t++) {
        int first = sequence->first[t], active = sequence->active[t];
        const real *before = t ? x->s + at(sequence->first[t - 1], H) : encoder->zero;
        const struct gru_norm norm = { .gain = params->gain, .shift = params->shift, .cache = x->norm + at(first, N) };
        real *g = x->g + at(first, 3 * H), *s_in = x->s_in + at(first, H);

        read_state(s_in, before, state_masks(masks, d), sequence, t, H);
        if (t)
            matmul_forward(matmul, g, 3 * H, s_in, H, &weights[1], active, 1);
        gru_forward(matmul, x->s + at(first, H), g, 3 * H, x->rs + at(first, H), before, s_in, t ? &weights[2] : NULL, &norm, active,
                    H);
    }
}

/* Copies the states of direction d between time-major s [rows, H] and their half of the sentence-major annotations. */
static void states_to_annotations(const struct encoder *encoder, const real *s, int d, real *annotations, int H)
{
    const struct sequence *sequence = &encoder->sequence;

    for (int t = 0, row = 0; t < sequence->steps; t++)
        for (int k = 0; k < sequence->active[t]; k++, row++) {
            int j = encoder->start[sequence->order[k]] + position(d, t, sequence->length[k]);

            memcpy(annotations + at(j, 2 * H) + at(d, H), s + at(row, H), (size_t)H * sizeof *s);
        }
}

static void annotations_to_states(const struct encoder *encoder, real *s, int d, const real *annotations, int H)
{
    const struct sequence *sequence = &encoder->sequence;

    for (int t = 0, row = 0; t < sequence->steps; t++)
        for (int k = 0; k < sequence->active[t]; k++, row++) {
            int j = encoder->start[sequence->order[k]] + position(d, t, sequence->length[k]);

            memcpy(s + at(row, H), annotations + at(j, 2 * H) + at(d, H), (size_t)H * sizeof *s);
        }
}

static void mask_annotations(const struct encoder *encoder, real *annotations, const real *masks, int H)
{
    const struct sequence *sequence = &encoder->sequence;

    if (!masks)
        return;
    for (int k = 0; k < sequence->sentences; k++)
        for (int j = 0, b = sequence->order[k]; j < sequence->length[k]; j++) {
            real *row = annotations + at(encoder->start[b] + j, 2 * H);

            vec_product(row, row, mask_of(masks, b, 2 * H), 2 * H);
        }
}

void encoder_forward(struct matmul *matmul, struct encoder *encoder, const struct model *model, const struct masks *masks)
{
    int H = model->config.H;

    for (int d = 0; d < 2; d++) {
        direction_forward(matmul, encoder, d, model, masks);
        states_to_annotations(encoder, encoder->directions[d].s, d, encoder->annotations, H);
    }
    mask_annotations(encoder, encoder->annotations, masks->annotation, H);
    matmul_forward(matmul, encoder->keys, model->config.A, encoder->annotations, 2 * H, &model->weights[KEYS], encoder->rows, 0);
}

void encoder_fixed_context(real *c, const struct encoder *encoder, int b, int Tx, int H)
{
    memcpy(c, encoder->annotations + at(encoder->start[b] + Tx - 1, 2 * H), (size_t)H * sizeof *c);
    memcpy(c + H, encoder->annotations + at(encoder->start[b], 2 * H) + H, (size_t)H * sizeof *c);
}

void encoder_fixed_context_backward(struct encoder_backward *back, const real *dc, const struct encoder *encoder, int b, int Tx, int H)
{
    vec_add(back->dannotations + at(encoder->start[b] + Tx - 1, 2 * H), dc, H);
    vec_add(back->dannotations + at(encoder->start[b], 2 * H) + H, dc + H, H);
}

/* From the gradient of every state in back->ds_out: through time, then all weight gradients in one product each. */
static void direction_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                               const struct encoder *encoder, int d, const struct model *model, const struct masks *masks)
{
    const struct sequence *sequence = &encoder->sequence;
    const struct weight *weights = model->weights + ENCODER_W + 3 * d;
    const struct gru_params *params = d == 0 ? &model->params.forward : &model->params.backward;
    const struct gru_params *out = d == 0 ? &gradient->forward : &gradient->backward;
    const struct direction *x = &encoder->directions[d];
    const real *state = state_masks(masks, d);
    int rows = encoder->rows, E = model->config.E, H = model->config.H, N = config_norm_columns(&model->config), carried = 0;

    for (int t = sequence->steps - 1; t >= 0; t--) {
        int first = sequence->first[t], active = sequence->active[t];
        const real *before = t ? x->s + at(sequence->first[t - 1], H) : encoder->zero;
        const struct gru_norm norm = { params->gain, params->shift, x->norm + at(first, N), out->gain, out->shift };
        real *dg = back->dg + at(first, 3 * H);

        /* What reaches the state of this step: from above, and from the step after by the sentences that have one. */
        memcpy(back->dnext, back->ds_out + at(first, H), at(active, H) * sizeof(real));
        for (int k = 0; k < carried; k++) {
            vec_add(back->dnext + at(k, H), back->ds + at(k, H), H);
            if (state)
                vec_add_product(back->dnext + at(k, H), back->ds_in + at(k, H), mask_of(state, sequence->order[k], H), H);
            else
                vec_add(back->dnext + at(k, H), back->ds_in + at(k, H), H);
        }
        gru_backward(matmul, dg, 3 * H, back->ds, back->ds_in, back->drs, back->dnext, x->g + at(first, 3 * H), 3 * H, before,
                     x->s_in + at(first, H), t ? &weights[2] : NULL, &norm, active, H);
        if (t)
            matmul_backward(matmul, back->ds_in, H, dg, 3 * H, &weights[1], active, 1);
        carried = active;
    }
    matmul_gradient(matmul, out->Ur, back->dg, 3 * H, x->s_in, H, rows, 2 * H, H);
    matmul_gradient(matmul, out->U, back->dg + 2 * H, 3 * H, x->rs, H, rows, H, H);
    matmul_gradient(matmul, out->Wr, back->dg, 3 * H, x->X, E, rows, 3 * H, E);
    vec_sum_rows(out->br, back->dg, 3 * H, rows, 3 * H);
    matmul_backward(matmul, back->dX, E, back->dg, 3 * H, &weights[0], rows, 0);
    embedding_backward(gradient->source_embedding, back->dX, x->ids, x->mask, rows, E);
}

void encoder_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                      const struct encoder *encoder, const struct model *model, const struct masks *masks)
{
    int H = model->config.H, A = model->config.A;

    matmul_backward(matmul, back->dannotations, 2 * H, back->dkeys, A, &model->weights[KEYS], encoder->rows, 1);
    matmul_gradient(matmul, gradient->Ua, back->dkeys, A, encoder->annotations, 2 * H, encoder->rows, A, 2 * H);
    mask_annotations(encoder, back->dannotations, masks->annotation, H);
    for (int d = 0; d < 2; d++) {
        annotations_to_states(encoder, back->ds_out, d, back->dannotations, H);
        direction_backward(matmul, gradient, back, encoder, d, model, masks);
    }
}
