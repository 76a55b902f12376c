#include "layers/attention.h"

#include "math/vec.h"

#include <math.h>
#include <stddef.h>

const char *const attention_names[] = { "additive", "dot", "scaled-dot", "none", NULL };
const char *const query_names[] = { "state", "word", NULL };

/* What the scores of the two multiplicative kinds are times. */
static real scale_of(enum attention_kind kind, int A)
{
    return kind == ATTENTION_SCALED_DOT ? (real)(1 / sqrt(A)) : 1;
}

void attention_weights(enum attention_kind kind, real *alpha, const real *q, const real *K, const real *va, int T, int A)
{
    if (kind == ATTENTION_ADDITIVE) {
        vec_energy(alpha, q, K, va, T, A);
    } else {
        real scale = scale_of(kind, A);

        vec_dots(alpha, q, K, T, A);
        for (int j = 0; j < T; j++)
            alpha[j] *= scale;
    }
    vec_softmax(alpha, T);
}

void attention_forward(enum attention_kind kind, real *c, real *alpha, const real *q, const real *K, const real *va, const real *H,
                       int T, int A, int n)
{
    attention_weights(kind, alpha, q, K, va, T, A);
    vec_weighted_sum(c, alpha, H, T, n);
}

void attention_backward(enum attention_kind kind, real *dq, real *dK, real *dva, const real *dc, const real *alpha, const real *q,
                        const real *K, const real *va, const real *H, real *scratch, int T, int A, int n)
{
    real *dalpha = scratch, *de = scratch + T;

    vec_dots(dalpha, dc, H, T, n);
    vec_softmax_backward(de, alpha, dalpha, T);
    if (kind == ATTENTION_ADDITIVE) {
        vec_energy_backward(dq, dK, dva, de, q, K, va, T, A);
    } else {
        real scale = scale_of(kind, A);

        for (int j = 0; j < T; j++) {
            de[j] *= scale;
            vec_add_outer(dq, de + j, K + (size_t)j * (size_t)A, 1, A);
        }
        vec_add_outer(dK, de, q, T, A);
    }
}

void attention_backward_annotations(real *dH, const real *alpha, const real *dc, int T, int n)
{
    vec_add_outer(dH, alpha, dc, T, n);
}
