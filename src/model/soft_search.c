#include "model/soft_search.h"

#include "math/vec.h"
#include "model/model.h"

#include <string.h>

static int width(const struct config *config)
{
    return encoder_kinds[config->encoder.type]->width(config);
}

void soft_search_declare(struct soft_search_blocks *blocks, struct layout *layout, const struct config *config)
{
    const struct decoder_config *d = &config->decoder;
    int n = width(config);

    blocks->keys = layout_add(layout, TENSOR_ALIGNMENT, d->alignment, n, "attention.Ua");
    blocks->va = layout_add(layout, TENSOR_SCORE, d->attention == ATTENTION_ADDITIVE ? d->alignment : 0, 1, "attention.va");
    blocks->values = layout_add(layout, TENSOR_MATRIX, d->heads > 1 ? n : 0, n, "attention.V");
}

/* ---- laying out a batch ---- */

static void bind_alphas(struct soft_search *x, const struct binding *binding)
{
    const struct batch *batch = binding->batch;
    const struct extent extent = { batch->targets, x->attention.heads, batch->target_length, batch->source_length,
                                   batch->source_of };
    size_t alphas = 0;

    x->alpha_start = arena_take(binding->arena, (size_t)batch->targets * sizeof(size_t));
    for (int b = 0; b < batch->targets; b++)
        alphas += extent_of(&extent, b);
    x->alpha = arena_take(binding->arena, size_product(alphas, sizeof(real)));
    x->mean = matrix_take(binding->arena, x->attention.heads > 1 ? batch_longest(batch->target_length, batch->targets) : 0,
                          batch_longest(batch->source_length, batch->sentences))
                  .at;
    alphas = 0;
    for (int k = 0; binding->arena->base && k < batch->targets; k++) {
        x->alpha_start[k] = alphas;
        alphas += extent_of(&extent, x->sequence->order[k]);
    }
}

/* Without attention, all source words have equal weight. */
static void weigh_equally(struct soft_search *x)
{
    for (int k = 0; k < x->sequence->sentences; k++) {
        int Tx = x->encoded->length[x->source[k]];

        for (size_t i = 0; i < (size_t)x->sequence->length[k] * (size_t)Tx; i++)
            x->alpha[x->alpha_start[k] + i] = (real)1 / (real)Tx;
    }
}

/* parameters: a batch's two sides, and how the target side is laid out. */
void soft_search_bind(struct soft_search *x, struct encoded *encoded, const struct binding *binding,
                      const struct sequence *sequence, const int *source)
{
    const struct config *config = &binding->model->config;
    struct arena *arena = binding->arena;
    int longest = batch_longest(binding->batch->source_length, encoded->sentences);

    x->model = binding->model;
    x->encoded = encoded;
    x->attention = (struct attention){ config->decoder.attention, config->decoder.heads, model_block(x->model, x->blocks->va) };
    x->keys = matrix_take(arena, encoded->rows, config->decoder.alignment);
    x->row_mean = matrix_take(arena, 1, longest).at;
    x->sequence = sequence;
    x->source = source;
    if (!sequence) {
        x->alpha = matrix_take(arena, config->decoder.heads, longest).at;
        return;
    }
    bind_alphas(x, binding);
    x->values = config->decoder.heads > 1 ? matrix_take(arena, encoded->rows, encoded->h.columns) : encoded->h;
    if (binding->training) {
        x->dkeys = matrix_take(arena, encoded->rows, config->decoder.alignment);
        x->dvalues = config->decoder.heads > 1 ? matrix_take(arena, encoded->rows, encoded->h.columns) : encoded->dh;
        x->scratch = arena_take(arena, 2 * (size_t)longest * sizeof(real));
        x->guide = binding->guide;
        x->guide_scale = x->guide ? (real)(x->guide->strength * binding->scale) : 0;
    }
    if (arena->base && x->attention.kind == ATTENTION_NONE)
        weigh_equally(x);
}

/* ---- forward ---- */

void soft_search_read(struct worker *worker, struct soft_search *x)
{
    const struct weight *weights = x->model->weights;

    matmul_forward(worker, x->keys, x->encoded->h, &weights[x->blocks->keys], SET);
    if (x->attention.heads > 1)
        matmul_forward(worker, x->values, x->encoded->h, &weights[x->blocks->values], SET);
}

static struct attention_source source_of(const struct soft_search *x, const struct look *look)
{
    int start = x->encoded->start[look->source], T = x->encoded->length[look->source];
    size_t steps = look->step < 0 ? 1 : (size_t)x->sequence->length[look->rank];

    return (struct attention_source){ matrix_rows(x->keys, start, T), matrix_rows(x->values, start, T), steps * (size_t)T };
}

/* alpha of head 0. */
static real *alpha_of(const struct soft_search *x, const struct look *look)
{
    if (look->step < 0)
        return x->alpha;
    return x->alpha + x->alpha_start[look->rank] + (size_t)look->step * (size_t)x->encoded->length[look->source];
}

/* The mean weights [T] of the heads. */
static const real *mean_of(const struct soft_search *x, const real *alpha, const struct attention_source *source)
{
    int T = source->keys.rows;
    real share = 1 / (real)x->attention.heads;

    if (x->attention.heads == 1)
        return alpha;
    memset(x->row_mean, 0, (size_t)T * sizeof *x->row_mean);
    for (int i = 0; i < x->attention.heads; i++)
        vec_add_outer(x->row_mean, &share, alpha + (size_t)i * source->apart, 0, 1, T);
    return x->row_mean;
}

void soft_search_fixed(const struct soft_search *x, real *c, int b)
{
    int half = x->encoded->h.columns / 2, start = x->encoded->start[b];

    memcpy(c, matrix_row(x->encoded->h, start + x->encoded->length[b] - 1), (size_t)half * sizeof *c);
    memcpy(c + half, matrix_row(x->encoded->h, start) + half, (size_t)(x->encoded->h.columns - half) * sizeof *c);
}

void soft_search_look(const struct soft_search *x, const struct look *look, real *c, const real *q)
{
    struct attention_source source;
    real *alpha;

    if (x->attention.kind == ATTENTION_NONE) {
        if (look->step < 0)
            memcpy(c, matrix_row(x->values, look->source), (size_t)x->values.columns * sizeof *c);
        else
            soft_search_fixed(x, c, look->source);
        return;
    }
    source = source_of(x, look);
    alpha = alpha_of(x, look);
    attention_forward(&x->attention, c, alpha, q, &source);
    lexical_sum(x->lexical, look->row, mean_of(x, alpha, &source), look->source);
}

/* ---- backward ---- */

void soft_search_begin_backward(const struct soft_search *x)
{
    matrix_zero(x->dkeys);
    if (x->attention.heads > 1)
        matrix_zero(x->dvalues);
}

void soft_search_look_backward(struct gradient *gradient, const struct soft_search *x, const struct look *look, real *dq,
                               const real *dc, const real *q)
{
    int b = look->source, start = x->encoded->start[b], T = x->encoded->length[b], half = x->values.columns / 2;

    if (x->attention.kind == ATTENTION_NONE) {
        vec_add(matrix_row(x->dvalues, start + T - 1), dc, half);
        vec_add(matrix_row(x->dvalues, start) + half, dc + half, x->values.columns - half);
    } else {
        const struct attention_source source = source_of(x, look);
        const real *alpha = alpha_of(x, look), *guide = NULL;
        struct attention_gradient back;

        if (x->guide)
            guide = x->guide->weights[x->sequence->order[look->rank]] + (size_t)look->step * (size_t)T;
        back = (struct attention_gradient){ dq,
                                            gradient_dense(gradient, x->blocks->va),
                                            matrix_rows(x->dkeys, start, T),
                                            matrix_rows(x->dvalues, start, T),
                                            x->scratch,
                                            lexical_sum_backward(x->lexical, look->row, mean_of(x, alpha, &source), b),
                                            guide,
                                            x->guide_scale };
        memset(dq, 0, (size_t)x->keys.columns * sizeof *dq);
        attention_backward(&x->attention, &back, dc, alpha, q, &source);
    }
}

void soft_search_read_backward(struct worker *worker, struct gradient *gradient, const struct soft_search *x)
{
    const struct weight *weights = x->model->weights;

    gradient_product(worker, gradient, x->blocks->keys, x->dkeys, x->encoded->h);
    matmul_backward(worker, x->encoded->dh, x->dkeys, &weights[x->blocks->keys], ADD);
    if (x->attention.heads > 1) {
        gradient_product(worker, gradient, x->blocks->values, x->dvalues, x->encoded->h);
        matmul_backward(worker, x->encoded->dh, x->dvalues, &weights[x->blocks->values], ADD);
    }
}

const real *soft_search_alignment(const struct soft_search *x, int rank, int head)
{
    int heads = x->attention.heads, count = x->sequence->length[rank] * x->encoded->length[x->source[rank]];
    const real *alpha = x->alpha + x->alpha_start[rank];
    real share = 1 / (real)heads;

    if (heads == 1 || head >= 0)
        return heads == 1 ? alpha : alpha + (size_t)head * (size_t)count;
    memset(x->mean, 0, (size_t)count * sizeof *x->mean);
    for (int i = 0; i < heads; i++)
        vec_add_outer(x->mean, &share, alpha + (size_t)i * (size_t)count, 0, 1, count);
    return x->mean;
}
