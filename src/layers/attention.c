#include "layers/attention.h"

#include "math/vec.h"

void attention_forward(real *c, real *alpha, const real *q, const real *K, const real *va, const real *H, int T, int A, int n)
{
    vec_energy(alpha, q, K, va, T, A);
    vec_softmax(alpha, T);
    vec_weighted_sum(c, alpha, H, T, n);
}

void attention_backward(real *dq, real *dK, real *dva, const real *dc, const real *alpha, const real *q, const real *K, const real *va,
                        const real *H, real *scratch, int T, int A, int n)
{
    real *dalpha = scratch, *de = scratch + T;

    vec_dots(dalpha, dc, H, T, n);
    vec_softmax_backward(de, alpha, dalpha, T);
    vec_energy_backward(dq, dK, dva, de, q, K, va, T, A);
}

void attention_backward_annotations(real *dH, const real *alpha, const real *dc, int T, int n)
{
    vec_add_outer(dH, alpha, dc, T, n);
}
