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

void attention_weights(const struct attention *attention, real *alpha, const real *q, struct matrix keys)
{
    int T = keys.rows, A = keys.columns;

    if (attention->kind == ATTENTION_ADDITIVE) {
        vec_energy(alpha, q, keys.at, attention->va, T, A);
    } else {
        real scale = scale_of(attention->kind, A);

        vec_dots(alpha, q, keys.at, T, A);
        for (int j = 0; j < T; j++)
            alpha[j] *= scale;
    }
    vec_softmax(alpha, T);
}

void attention_forward(const struct attention *attention, real *c, real *alpha, const real *q,
                       const struct attention_source *source)
{
    attention_weights(attention, alpha, q, source->keys);
    vec_weighted_sum(c, alpha, source->values.at, source->values.rows, source->values.columns);
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

void attention_backward(const struct attention *attention, const struct attention_gradient *back, const real *dc, const real *alpha,
                        const real *q, const struct attention_source *source)
{
    const real *K = source->keys.at;
    int T = source->keys.rows, A = source->keys.columns, n = source->values.columns;
    real *dalpha = back->scratch, *de = back->scratch + T;

    vec_dots(dalpha, dc, source->values.at, T, n);
    if (back->dalpha)
        vec_add(dalpha, back->dalpha, T);
    vec_softmax_backward(de, alpha, dalpha, T);
    if (back->guide)
        attention_follow(de, alpha, back->guide, back->guide_scale, T);
    if (attention->kind == ATTENTION_ADDITIVE) {
        vec_energy_backward(back->dq, back->dkeys.at, back->dva, de, q, K, attention->va, T, A);
    } else {
        real scale = scale_of(attention->kind, A);

        for (int j = 0; j < T; j++) {
            de[j] *= scale;
            vec_add_outer(back->dq, de + j, K + (size_t)j * (size_t)A, 1, A);
        }
        vec_add_outer(back->dkeys.at, de, q, T, A);
    }
    vec_add_outer(back->dvalues.at, alpha, dc, T, n);
}
