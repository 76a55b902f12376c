#include "layers/attention.h"

#include "math/vec.h"

#include <math.h>
#include <stddef.h>

const char *const attention_names[] = { "additive", "dot", "scaled-dot", "none", NULL };
const char *const query_names[] = { "state", "word", NULL };

/* A weight that has become 0 in single precision still has a finite logarithm. */
#define LEAST_WEIGHT ((real)1e-30)

/* The factor of the scores of the two multiplicative kinds. */
static real scale_of(enum attention_kind kind, int A)
{
    return kind == ATTENTION_SCALED_DOT ? (real)(1 / sqrt(A)) : 1;
}

/* The parts of head i. */
static struct matrix part(const struct attention *attention, struct matrix m, int i)
{
    int n = m.columns / attention->heads;

    return matrix_columns(m, i * n, n);
}

/* The weights [T] of one head; va is its part. */
static void weigh(const struct attention *attention, real *alpha, const real *q, const real *va, struct matrix keys)
{
    int T = keys.rows, A = keys.columns;

    if (attention->kind == ATTENTION_ADDITIVE) {
        vec_energy(alpha, q, keys.at, keys.stride, va, T, A);
    } else {
        vec_dots(alpha, q, keys.at, keys.stride, T, A);
        vec_scale(alpha, scale_of(attention->kind, A), (size_t)T);
    }
    vec_softmax(alpha, T);
}

void attention_forward(const struct attention *attention, real *c, real *alpha, const real *q,
                       const struct attention_source *source)
{
    for (int i = 0; i < attention->heads; i++, alpha += source->apart) {
        struct matrix keys = part(attention, source->keys, i), values = part(attention, source->values, i);
        int from = i * keys.columns;

        weigh(attention, alpha, q + from, attention->va + from, keys);
        vec_weighted_sum(c + i * values.columns, alpha, values.at, values.stride, values.rows, values.columns);
    }
}

double attention_guided_loss(const real *alpha, const real *guide, int T)
{
    double loss = 0;

    for (int j = 0; j < T; j++)
        if (guide[j] > 0)
            loss -= (double)guide[j] * log((double)(alpha[j] > LEAST_WEIGHT ? alpha[j] : LEAST_WEIGHT));
    return loss;
}

/* The gradient is scale · (α_j Σ A − A_j). */
void attention_follow(real *de, const real *alpha, const real *guide, real scale, int T)
{
    real sum = 0;

    for (int j = 0; j < T; j++)
        sum += guide[j];
    for (int j = 0; j < T; j++)
        de[j] += scale * (alpha[j] * sum - guide[j]);
}

/* From the gradient de [T] of one head's scores to dq, dkeys and dva. */
static void scores_backward(const struct attention *attention, const struct attention_gradient *back, real *de, const real *q,
                            struct matrix keys, int i)
{
    int T = keys.rows, A = keys.columns, from = i * A;
    struct matrix dkeys = part(attention, back->dkeys, i);

    if (attention->kind == ATTENTION_ADDITIVE) {
        vec_energy_backward(back->dq + from, dkeys.at, back->dva + from, de, q + from, keys.at, keys.stride, attention->va + from,
                            T, A);
    } else {
        vec_scale(de, scale_of(attention->kind, A), (size_t)T);
        for (int j = 0; j < T; j++)
            vec_add_outer(back->dq + from, de + j, matrix_row(keys, j), 0, 1, A);
        vec_add_outer(dkeys.at, de, q + from, dkeys.stride, T, A);
    }
}

void attention_backward(const struct attention *attention, const struct attention_gradient *back, const real *dc, const real *alpha,
                        const real *q, const struct attention_source *source)
{
    int T = source->keys.rows;
    real *dalpha = back->scratch, *de = back->scratch + T, share = 1 / (real)attention->heads;

    for (int i = 0; i < attention->heads; i++, alpha += source->apart) {
        struct matrix values = part(attention, source->values, i), dvalues = part(attention, back->dvalues, i);
        const real *dpart = dc + i * values.columns;

        vec_dots(dalpha, dpart, values.at, values.stride, T, values.columns);
        if (back->dalpha)
            vec_add_outer(dalpha, &share, back->dalpha, 0, 1, T);
        vec_softmax_backward(de, alpha, dalpha, T);
        if (back->guide && i == 0)
            attention_follow(de, alpha, back->guide, back->guide_scale, T);
        scores_backward(attention, back, de, q, part(attention, source->keys, i), i);
        vec_add_outer(dvalues.at, alpha, dpart, dvalues.stride, T, values.columns);
    }
}
