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

/* The source words in the order in which direction d reads them. */
static void lay_out_words(struct encoder *encoder, int d, const struct batch *batch, const struct masks *masks, int E)
{
    const struct sequence *sequence = &encoder->sequence;

    for (int t = 0, row = 0; t < sequence->steps; t++)
        for (int k = 0; k < sequence->active[t]; k++, row++) {
            int b = sequence->order[k], j = position(d, t, sequence->length[k]);
            int dropped = masks->source_word && masks->source_word[encoder->start[b] + j];

            encoder->ids[d][row] = dropped ? -1 : batch->source[b][j];
            if (encoder->mask[d])
                encoder->mask[d][row] = mask_of(masks->source_embedding, b, E);
        }
}

void encoder_bind(struct encoder *encoder, const struct batch *batch, const struct config *config, const struct masks *masks,
                  struct arena *arena)
{
    int B = batch->sentences, rows, H = config->H;

    sequence_make(&encoder->sequence, batch->source_length, B, arena);
    rows = encoder->rows = encoder->sequence.rows;
    encoder->start = arena_take(arena, (size_t)B * sizeof(int));
    encoder->zero = reals(arena, B, H);
    encoder->annotations = reals(arena, rows, 2 * H);
    encoder->keys = reals(arena, rows, config->A);
    for (int d = 0; d < 2; d++) {
        encoder->ids[d] = arena_take(arena, (size_t)rows * sizeof(int32_t));
        encoder->mask[d] = masks->rates.embedding > 0 ? arena_take(arena, (size_t)rows * sizeof(real *)) : NULL;
    }
    for (int i = 0; i < 2 * config->encoder_layers; i++) {
        struct direction *direction = &encoder->directions[i / 2][i % 2];

        direction->X = reals(arena, rows, i < 2 ? config->E : 2 * H);
        direction->g = reals(arena, rows, 3 * H);
        direction->rs = reals(arena, rows, H);
        direction->s_in = reals(arena, rows, H);
        direction->s = reals(arena, rows, H);
    }
    if (!arena->base)
        return;
    memset(encoder->zero, 0, at(B, H) * sizeof(real));
    for (int b = 0, row = 0; b < B; row += batch->source_length[b++])
        encoder->start[b] = row;
    for (int d = 0; d < 2; d++)
        lay_out_words(encoder, d, batch, masks, config->E);
}

void encoder_backward_bind(struct encoder_backward *back, const struct encoder *encoder, const struct config *config,
                           struct arena *arena)
{
    int rows = encoder->rows, B = encoder->sequence.sentences, H = config->H, upper = config->encoder_layers > 1;

    back->dannotations = reals(arena, rows, 2 * H);
    back->dkeys = reals(arena, rows, config->A);
    back->dg = reals(arena, rows, 3 * H);
    back->dX = reals(arena, rows, upper && 2 * H > config->E ? 2 * H : config->E);
    back->dinput = upper ? reals(arena, rows, 2 * H) : NULL;
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

/* From X, the input of every step, to s: its product with the input weights, then through time. */
static void direction_forward(struct matmul *matmul, struct encoder *encoder, int layer, int d, const struct model *model,
                              const struct masks *masks)
{
    const struct sequence *sequence = &encoder->sequence;
    const struct weight *weights = model->weights + encoder_weight(layer, d);
    const struct gru_params *params = &model->params.encoder[layer][d];
    struct direction *x = &encoder->directions[layer][d];
    int rows = encoder->rows, H = model->config.H;

    for (int row = 0; row < rows; row++)
        memcpy(x->g + at(row, 3 * H), params->br, 3 * (size_t)H * sizeof(real));
    matmul_forward(matmul, x->g, 3 * H, x->X, weights[0].in, &weights[0], rows, 1);
    for (int t = 0; t < sequence->steps; t++) {
        int first = sequence->first[t], active = sequence->active[t];
        const real *before = t ? x->s + at(sequence->first[t - 1], H) : encoder->zero;
        real *g = x->g + at(first, 3 * H), *s_in = x->s_in + at(first, H);

        read_state(s_in, before, masks->encoder_state[layer][d], sequence, t, H);
        if (t)
            matmul_forward(matmul, g, 3 * H, s_in, H, &weights[1], active, 1);
        gru_forward(matmul, x->s + at(first, H), g, 3 * H, x->rs + at(first, H), before, s_in, t ? &weights[2] : NULL, active, H);
    }
}

/* Row of the sentence-major annotations where direction d stands at step t of the sentence with rank k. */
static int place(const struct encoder *encoder, int d, int t, int k)
{
    return encoder->start[encoder->sequence.order[k]] + position(d, t, encoder->sequence.length[k]);
}

/* x [rows, n], in direction d's time-major order, from the annotations' columns [column, column + n); through the sentences' masks
 * [sentences, n], if any. */
static void gather(real *x, int n, const struct encoder *encoder, int d, const real *annotations, int column, const real *masks,
                   int H)
{
    const struct sequence *sequence = &encoder->sequence;

    for (int t = 0, row = 0; t < sequence->steps; t++)
        for (int k = 0; k < sequence->active[t]; k++, row++) {
            const real *from = annotations + at(place(encoder, d, t, k), 2 * H) + column;

            if (masks)
                vec_product(x + at(row, n), from, mask_of(masks, sequence->order[k], n), n);
            else
                memcpy(x + at(row, n), from, (size_t)n * sizeof *x);
        }
}

/* The way back, without masks: x into the annotations, or added to them. */
static void scatter(real *annotations, int column, const struct encoder *encoder, int d, const real *x, int n, int add, int H)
{
    const struct sequence *sequence = &encoder->sequence;

    for (int t = 0, row = 0; t < sequence->steps; t++)
        for (int k = 0; k < sequence->active[t]; k++, row++) {
            real *to = annotations + at(place(encoder, d, t, k), 2 * H) + column;

            if (add)
                vec_add(to, x + at(row, n), n);
            else
                memcpy(to, x + at(row, n), (size_t)n * sizeof *x);
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

/* Both directions read before either writes: above the first layer the annotations are what they read. */
static void layer_forward(struct matmul *matmul, struct encoder *encoder, int layer, const struct model *model,
                          const struct masks *masks)
{
    int E = model->config.E, H = model->config.H;

    for (int d = 0; d < 2; d++) {
        real *X = encoder->directions[layer][d].X;

        if (layer == 0)
            embedding_forward(X, model->params.source_embedding, encoder->ids[d], encoder->mask[d], encoder->rows, E);
        else
            gather(X, 2 * H, encoder, d, encoder->annotations, 0, masks->annotation, H);
        direction_forward(matmul, encoder, layer, d, model, masks);
    }
    for (int d = 0; d < 2; d++)
        scatter(encoder->annotations, d * H, encoder, d, encoder->directions[layer][d].s, H, layer > 0, H);
}

void encoder_forward(struct matmul *matmul, struct encoder *encoder, const struct model *model, const struct masks *masks)
{
    int H = model->config.H;

    for (int layer = 0; layer < model->config.encoder_layers; layer++)
        layer_forward(matmul, encoder, layer, model, masks);
    mask_annotations(encoder, encoder->annotations, masks->annotation, H);
    matmul_forward(matmul, encoder->keys, model->config.A, encoder->annotations, 2 * H, &model->weights[KEYS], encoder->rows, 0);
}

void encoder_fixed_context(real *c, const struct encoder *encoder, int b, int Tx, int H)
{
    memcpy(c, encoder->annotations + at(encoder->start[b] + Tx - 1, 2 * H), (size_t)H * sizeof *c);
    memcpy(c + H, encoder->annotations + at(encoder->start[b], 2 * H) + H, (size_t)H * sizeof *c);
}

void encoder_fixed_context_backward(struct encoder_backward *back, const real *dc, const struct encoder *encoder, int b, int Tx,
                                    int H)
{
    vec_add(back->dannotations + at(encoder->start[b] + Tx - 1, 2 * H), dc, H);
    vec_add(back->dannotations + at(encoder->start[b], 2 * H) + H, dc + H, H);
}

/* From the gradient of every state in back->ds_out: through time, then all weight gradients in one product each, and back->dX. */
static void direction_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                               const struct encoder *encoder, int layer, int d, const struct model *model,
                               const struct masks *masks)
{
    const struct sequence *sequence = &encoder->sequence;
    const struct weight *weights = model->weights + encoder_weight(layer, d);
    const struct gru_params *out = &gradient->encoder[layer][d];
    const struct direction *x = &encoder->directions[layer][d];
    const real *state = masks->encoder_state[layer][d];
    int rows = encoder->rows, width = weights[0].in, H = model->config.H, carried = 0;

    for (int t = sequence->steps - 1; t >= 0; t--) {
        int first = sequence->first[t], active = sequence->active[t];
        const real *before = t ? x->s + at(sequence->first[t - 1], H) : encoder->zero;
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
                     x->s_in + at(first, H), t ? &weights[2] : NULL, active, H);
        if (t)
            matmul_backward(matmul, back->ds_in, H, dg, 3 * H, &weights[1], active, 1);
        carried = active;
    }
    matmul_gradient(matmul, out->Ur, back->dg, 3 * H, x->s_in, H, rows, 2 * H, H);
    matmul_gradient(matmul, out->U, back->dg + 2 * H, 3 * H, x->rs, H, rows, H, H);
    matmul_gradient(matmul, out->Wr, back->dg, 3 * H, x->X, width, rows, 3 * H, width);
    vec_sum_rows(out->br, back->dg, 3 * H, rows, 3 * H);
    matmul_backward(matmul, back->dX, width, back->dg, 3 * H, &weights[0], rows, 0);
}

/* From the gradient of the annotations above the layer to that of those below, both in back->dannotations. */
static void layer_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                           const struct encoder *encoder, int layer, const struct model *model, const struct masks *masks)
{
    int E = model->config.E, H = model->config.H;

    for (int d = 0; d < 2; d++) {
        gather(back->ds_out, H, encoder, d, back->dannotations, d * H, NULL, H);
        direction_backward(matmul, gradient, back, encoder, layer, d, model, masks);
        if (layer == 0)
            embedding_backward(gradient->source_embedding, back->dX, encoder->ids[d], encoder->mask[d], encoder->rows, E);
        else
            scatter(back->dinput, 0, encoder, d, back->dX, 2 * H, d > 0, H);
    }
    if (layer == 0)
        return;
    mask_annotations(encoder, back->dinput, masks->annotation, H);
    for (int row = 0; row < encoder->rows; row++)
        vec_add(back->dannotations + at(row, 2 * H), back->dinput + at(row, 2 * H), 2 * H);
}

void encoder_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                      const struct encoder *encoder, const struct model *model, const struct masks *masks)
{
    int H = model->config.H, A = model->config.A;

    matmul_backward(matmul, back->dannotations, 2 * H, back->dkeys, A, &model->weights[KEYS], encoder->rows, 1);
    matmul_gradient(matmul, gradient->Ua, back->dkeys, A, encoder->annotations, 2 * H, encoder->rows, A, 2 * H);
    mask_annotations(encoder, back->dannotations, masks->annotation, H);
    for (int layer = model->config.encoder_layers - 1; layer >= 0; layer--)
        layer_backward(matmul, gradient, back, encoder, layer, model, masks);
}
