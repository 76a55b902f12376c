#include "model/decoder.h"

#include "layers/attention.h"
#include "layers/embedding.h"
#include "layers/gru.h"
#include "layers/readout.h"
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

void decoder_bind(struct decoder *decoder, const struct batch *batch, const struct config *config, const struct masks *masks,
                  struct arena *arena)
{
    int B = batch->sentences, rows, H = config->H;
    size_t alphas = 0;

    sequence_make(&decoder->sequence, batch->target_length, B, arena);
    rows = decoder->rows = decoder->sequence.rows;
    decoder->ids = arena_take(arena, (size_t)rows * sizeof(int32_t));
    decoder->labels = arena_take(arena, (size_t)rows * sizeof(int32_t));
    decoder->embedding_mask = masks->rates.embedding > 0 ? arena_take(arena, (size_t)rows * sizeof(real *)) : NULL;
    decoder->readout_mask = masks->rates.readout > 0 ? arena_take(arena, (size_t)rows * sizeof(real *)) : NULL;
    decoder->alpha_start = arena_take(arena, (size_t)B * sizeof(size_t));
    for (int b = 0; b < B; b++)
        alphas += at(batch->source_length[b], batch->target_length[b]);
    decoder->alpha = arena_take(arena, alphas * sizeof(real));
    decoder->Y = reals(arena, rows, config->E);
    decoder->g = reals(arena, rows, config->A + 3 * H);
    decoder->rs = reals(arena, rows, H);
    decoder->s_in = reals(arena, rows, H);
    decoder->s = reals(arena, rows, H);
    decoder->c = reals(arena, rows, 2 * H);
    decoder->s0 = reals(arena, B, H);
    decoder->first = reals(arena, B, H);
    decoder->t = reals(arena, rows, 2 * config->L);
    decoder->m = reals(arena, rows, config->L);
    decoder->logits = reals(arena, rows < CROSS_ENTROPY_CHUNK ? rows : CROSS_ENTROPY_CHUNK, config->Vy);
    if (!arena->base)
        return;
    alphas = 0;
    for (int k = 0; k < B; k++) {
        decoder->alpha_start[k] = alphas;
        alphas += at(batch->source_length[decoder->sequence.order[k]], decoder->sequence.length[k]);
    }
    for (int t = 0, row = 0; t < decoder->sequence.steps; t++)
        for (int k = 0; k < decoder->sequence.active[t]; k++, row++) {
            int b = decoder->sequence.order[k];

            decoder->ids[row] = t ? batch->target[b][t - 1] : -1;
            decoder->labels[row] = batch->target[b][t];
            if (decoder->embedding_mask)
                decoder->embedding_mask[row] = mask_of(masks->target_embedding, b, config->E);
            if (decoder->readout_mask)
                decoder->readout_mask[row] = mask_of(masks->readout, b, config->L);
        }
    if (masks->target_word) {
        const unsigned char *dropped = masks->target_word;

        for (int b = 0; b < B; b++) {
            int rank = 0;

            while (decoder->sequence.order[rank] != b)
                rank++;
            for (int t = 1; t < batch->target_length[b]; t++)
                if (dropped[t - 1])
                    decoder->ids[decoder->sequence.first[t] + rank] = -1;
            dropped += batch->target_length[b];
        }
    }
}

void decoder_backward_bind(struct decoder_backward *back, const struct decoder *decoder, const struct batch *batch,
                           const struct config *config, struct arena *arena)
{
    int rows = decoder->rows, B = batch->sentences, H = config->H, longest = 0;

    for (int b = 0; b < B; b++)
        longest = batch->source_length[b] > longest ? batch->source_length[b] : longest;
    back->ds_out = reals(arena, rows, H);
    back->dc = reals(arena, rows, 2 * H);
    back->dY = reals(arena, rows, config->E);
    back->dg = reals(arena, rows, config->A + 3 * H);
    back->dt = reals(arena, rows, 2 * config->L);
    back->dm = reals(arena, rows, config->L);
    back->dnext = reals(arena, B, H);
    back->ds = reals(arena, B, H);
    back->ds_in = reals(arena, B, H);
    back->drs = reals(arena, B, H);
    back->dfirst = reals(arena, B, H);
    back->scratch = reals(arena, 2, longest);
}

static struct readout readout_of(const struct model *model)
{
    return (struct readout){ model->weights[READOUT_U], model->weights[READOUT_V], model->weights[READOUT_C], model->params.bo };
}

static void start_forward(struct matmul *matmul, struct decoder *decoder, const struct encoder *encoder, const struct model *model)
{
    int B = decoder->sequence.sentences, H = model->config.H;

    for (int k = 0; k < B; k++) {
        int start = encoder->start[decoder->sequence.order[k]];

        memcpy(decoder->first + at(k, H), encoder->annotations + at(start, 2 * H) + H, (size_t)H * sizeof(real));
        memcpy(decoder->s0 + at(k, H), model->params.start_b, (size_t)H * sizeof(real));
    }
    matmul_forward(matmul, decoder->s0, H, decoder->first, H, &model->weights[START], B, 1);
    vec_tanh(decoder->s0, B * H);
}

static void start_backward(struct matmul *matmul, const struct params *gradient, struct decoder_backward *back,
                           struct encoder_backward *encoder_back, const struct decoder *decoder, const struct encoder *encoder,
                           const struct model *model)
{
    int B = decoder->sequence.sentences, H = model->config.H;
    real *ds0 = back->dnext;

    vec_tanh_backward(ds0, decoder->s0, ds0, B * H);
    matmul_gradient(matmul, gradient->start_W, ds0, H, decoder->first, H, B, H, H);
    vec_sum_rows(gradient->start_b, ds0, H, B, H);
    matmul_backward(matmul, back->dfirst, H, ds0, H, &model->weights[START], B, 0);
    for (int k = 0; k < B; k++) {
        int start = encoder->start[decoder->sequence.order[k]];

        vec_add(encoder_back->dannotations + at(start, 2 * H) + H, back->dfirst + at(k, H), H);
    }
}

/* Without attention all source words count alike. */
static void look_everywhere(struct decoder *decoder, const struct batch *batch)
{
    for (int k = 0; k < decoder->sequence.sentences; k++) {
        int Tx = batch->source_length[decoder->sequence.order[k]];
        real *alpha = decoder->alpha + decoder->alpha_start[k];

        for (size_t i = 0; i < at(decoder->sequence.length[k], Tx); i++)
            alpha[i] = (real)1 / (real)Tx;
    }
}

void decoder_forward(struct matmul *matmul, struct decoder *decoder, const struct encoder *encoder, const struct batch *batch,
                     const struct model *model, const struct masks *masks)
{
    const struct sequence *sequence = &decoder->sequence;
    const struct weight *weights = model->weights;
    const struct params *params = &model->params;
    const struct readout readout = readout_of(model);
    int rows = decoder->rows, E = model->config.E, H = model->config.H, A = model->config.A, G = A + 3 * H;
    int Q = config_word_query(&model->config);
    enum meter_part part;

    start_forward(matmul, decoder, encoder, model);
    if (model->config.attention == ATTENTION_NONE)
        look_everywhere(decoder, batch);
    embedding_forward(decoder->Y, params->target_embedding, decoder->ids, decoder->embedding_mask, rows, E);
    for (int row = 0; row < rows; row++)
        memcpy(decoder->g + at(row, G), params->ba, (size_t)G * sizeof(real));
    matmul_forward(matmul, decoder->g + A - Q, G, decoder->Y, E, &weights[DECODER_W], rows, 1);
    for (int t = 0; t < sequence->steps; t++) {
        int first = sequence->first[t], active = sequence->active[t];
        const real *before = t ? decoder->s + at(sequence->first[t - 1], H) : decoder->s0;
        real *g = decoder->g + at(first, G), *s_in = decoder->s_in + at(first, H), *c = decoder->c + at(first, 2 * H);

        for (int k = 0; k < active; k++) {
            if (masks->decoder_state)
                vec_product(s_in + at(k, H), before + at(k, H), mask_of(masks->decoder_state, sequence->order[k], H), H);
            else
                memcpy(s_in + at(k, H), before + at(k, H), (size_t)H * sizeof(real));
        }
        matmul_forward(matmul, g, G, s_in, H, &weights[QUERY], active, 1);
        part = meter_enter(matmul_meter(matmul), METER_ATTENTION);
        for (int k = 0; k < active; k++) {
            int b = sequence->order[k], Tx = batch->source_length[b], start = encoder->start[b];

            if (model->config.attention == ATTENTION_NONE)
                encoder_fixed_context(c + at(k, 2 * H), encoder, b, Tx, H);
            else
                attention_forward(model->config.attention, c + at(k, 2 * H), decoder->alpha + decoder->alpha_start[k] + at(t, Tx),
                                  g + at(k, G), encoder->keys + at(start, A), params->va, encoder->annotations + at(start, 2 * H),
                                  Tx, A, 2 * H);
        }
        meter_enter(matmul_meter(matmul), part);
        matmul_forward(matmul, g + A, G, c, 2 * H, &weights[DECODER_C], active, 1);
        gru_forward(matmul, decoder->s + at(first, H), g + A, G, decoder->rs + at(first, H), before, s_in, &weights[DECODER_U],
                    active, H);
    }
    readout_forward(matmul, decoder->m, decoder->t, decoder->s, decoder->Y, decoder->c, &readout, decoder->readout_mask, rows);
}

/* One step back: back->dnext [active, H] is complete; leaves the step's dg and adds to the encoder's gradients. */
static void step_backward(struct matmul *matmul, const struct params *gradient, struct decoder_backward *back,
                          struct encoder_backward *encoder_back, const struct decoder *decoder, const struct encoder *encoder,
                          const struct batch *batch, const struct model *model, int t)
{
    const struct sequence *sequence = &decoder->sequence;
    const struct weight *weights = model->weights;
    int first = sequence->first[t], active = sequence->active[t], H = model->config.H, A = model->config.A, G = A + 3 * H;
    const real *before = t ? decoder->s + at(sequence->first[t - 1], H) : decoder->s0, *g = decoder->g + at(first, G);
    real *dg = back->dg + at(first, G), *dc = back->dc + at(first, 2 * H);
    enum meter_part part;

    gru_backward(matmul, dg + A, G, back->ds, back->ds_in, back->drs, back->dnext, g + A, G, before, decoder->s_in + at(first, H),
                 &weights[DECODER_U], active, H);
    matmul_backward(matmul, dc, 2 * H, dg + A, G, &weights[DECODER_C], active, 1);
    part = meter_enter(matmul_meter(matmul), METER_ATTENTION);
    for (int k = 0; k < active; k++) {
        int b = sequence->order[k], Tx = batch->source_length[b], start = encoder->start[b];
        const real *alpha = decoder->alpha + decoder->alpha_start[k] + at(t, Tx);

        if (model->config.attention == ATTENTION_NONE) {
            encoder_fixed_context_backward(encoder_back, dc + at(k, 2 * H), encoder, b, Tx, H);
            continue;
        }
        memset(dg + at(k, G), 0, (size_t)A * sizeof(real));
        attention_backward(model->config.attention, dg + at(k, G), encoder_back->dkeys + at(start, A), gradient->va,
                           dc + at(k, 2 * H), alpha, g + at(k, G), encoder->keys + at(start, A), model->params.va,
                           encoder->annotations + at(start, 2 * H), back->scratch, Tx, A, 2 * H);
        attention_backward_annotations(encoder_back->dannotations + at(start, 2 * H), alpha, dc + at(k, 2 * H), Tx, 2 * H);
    }
    meter_enter(matmul_meter(matmul), part);
    matmul_backward(matmul, back->ds_in, H, dg, G, &weights[QUERY], active, 1);
}

void decoder_backward(struct matmul *matmul, struct loss *loss, const struct params *gradient, struct decoder_backward *back,
                      struct encoder_backward *encoder_back, struct decoder *decoder, const struct encoder *encoder,
                      const struct batch *batch, const struct model *model, const struct masks *masks, double smoothing,
                      double scale)
{
    const struct sequence *sequence = &decoder->sequence;
    const struct weight *weights = model->weights;
    const struct readout readout = readout_of(model);
    const struct readout_gradient readout_gradient = { gradient->Uo, gradient->Vo, gradient->Co, gradient->bo };
    int rows = decoder->rows, E = model->config.E, H = model->config.H, A = model->config.A, G = A + 3 * H, carried = 0;
    int Q = config_word_query(&model->config);

    cross_entropy_forward_backward(matmul, loss, back->dm, gradient->output_W, gradient->output_b, decoder->logits, decoder->m,
                                   decoder->labels, &weights[OUTPUT], model->params.output_b, smoothing, scale, rows);
    memset(back->dY, 0, at(rows, E) * sizeof(real));
    readout_backward(matmul, back->ds_out, back->dY, back->dc, &readout_gradient, back->dt, back->dm, decoder->t, decoder->s,
                     decoder->Y, decoder->c, &readout, decoder->readout_mask, rows);
    for (int t = sequence->steps - 1; t >= -1; t--) {
        int first = t >= 0 ? sequence->first[t] : 0, active = t >= 0 ? sequence->active[t] : sequence->sentences;

        if (t >= 0)
            memcpy(back->dnext, back->ds_out + at(first, H), at(active, H) * sizeof(real));
        else
            memset(back->dnext, 0, at(active, H) * sizeof(real));
        for (int k = 0; k < carried; k++) {
            vec_add(back->dnext + at(k, H), back->ds + at(k, H), H);
            if (masks->decoder_state)
                vec_add_product(back->dnext + at(k, H), back->ds_in + at(k, H),
                                mask_of(masks->decoder_state, sequence->order[k], H), H);
            else
                vec_add(back->dnext + at(k, H), back->ds_in + at(k, H), H);
        }
        if (t >= 0)
            step_backward(matmul, gradient, back, encoder_back, decoder, encoder, batch, model, t);
        carried = active;
    }
    start_backward(matmul, gradient, back, encoder_back, decoder, encoder, model); /* from dnext, now the gradient of s_0 */
    matmul_gradient(matmul, gradient->Wa, back->dg, G, decoder->s_in, H, rows, A + 2 * H, H);
    matmul_gradient(matmul, gradient->decoder.U, back->dg + A + 2 * H, G, decoder->rs, H, rows, H, H);
    matmul_gradient(matmul, gradient->decoder.Cr, back->dg + A, G, decoder->c, 2 * H, rows, 3 * H, 2 * H);
    matmul_gradient(matmul, gradient->Ya, back->dg + A - Q, G, decoder->Y, E, rows, Q + 3 * H, E);
    vec_sum_rows(gradient->ba, back->dg, G, rows, G);
    matmul_backward(matmul, back->dY, E, back->dg + A - Q, G, &weights[DECODER_W], rows, 1);
    embedding_backward(gradient->target_embedding, back->dY, decoder->ids, decoder->embedding_mask, rows, E);
}
