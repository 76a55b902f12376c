#include "layers/gru.h"

#include "math/vec.h"

#include <string.h>

void gru_forward(struct matmul *matmul, real *next, real *g, int ldg, real *rs, const real *s, const real *s_in,
                 const struct weight *U, int rows, int H)
{
    size_t h = (size_t)H, ld = (size_t)ldg;

    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_gates(g + i * ld, rs + i * h, s_in + i * h, H);
    if (U)
        matmul_forward(matmul, g + 2 * h, ldg, rs, H, U, rows, 1);
    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_state(next + i * h, g + i * ld, s + i * h, H);
}

void gru_backward(struct matmul *matmul, real *dg, int lddg, real *ds, real *ds_in, real *drs, const real *dnext, const real *g,
                  int ldg, const real *s, const real *s_in, const struct weight *U, int rows, int H)
{
    size_t h = (size_t)H, ld = (size_t)ldg, ldd = (size_t)lddg;

    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_state_backward(dg + i * ldd, ds + i * h, dnext + i * h, g + i * ld, s + i * h, H);
    if (U)
        matmul_backward(matmul, drs, H, dg + 2 * h, lddg, U, rows, 0);
    else
        memset(drs, 0, (size_t)rows * h * sizeof *drs);
    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_gates_backward(dg + i * ldd, ds_in + i * h, drs + i * h, g + i * ld, s_in + i * h, H);
}
