#include "layers/gru.h"

#include "math/vec.h"

#include <string.h>

/* Normalises the sums of the gates first … last of every row (0 r, 1 z, 2 s~), if they are to be normalised. */
static void normalize(real *g, int ldg, const struct gru_norm *norm, size_t first, size_t last, int rows, int H)
{
    size_t h = (size_t)H, columns = (size_t)gru_norm_columns(H);

    for (size_t i = 0; norm->gain && i < (size_t)rows; i++) {
        real *unit = norm->cache + i * columns, *scale = unit + 3 * h, *x = g + i * (size_t)ldg;

        for (size_t k = first; k <= last; k++)
            scale[k] = vec_normalize(x + k * h, unit + k * h, norm->gain + k * h, norm->shift + k * h, H);
    }
}

/* dg of these gates: what was the gradient of LN's output becomes that of the sums. */
static void normalize_backward(real *dg, int lddg, const struct gru_norm *norm, size_t first, size_t last, int rows, int H)
{
    size_t h = (size_t)H, columns = (size_t)gru_norm_columns(H);

    for (size_t i = 0; norm->gain && i < (size_t)rows; i++) {
        const real *unit = norm->cache + i * columns, *scale = unit + 3 * h;
        real *dx = dg + i * (size_t)lddg;

        for (size_t k = first; k <= last; k++)
            vec_normalize_backward(dx + k * h, norm->dgain + k * h, norm->dshift + k * h, unit + k * h, norm->gain + k * h, scale[k], H);
    }
}

void gru_forward(struct matmul *matmul, real *next, real *g, int ldg, real *rs, const real *s, const real *s_in, const struct weight *U,
                 const struct gru_norm *norm, int rows, int H)
{
    size_t h = (size_t)H, ld = (size_t)ldg;

    normalize(g, ldg, norm, 0, 1, rows, H);
    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_gates(g + i * ld, rs + i * h, s_in + i * h, H);
    if (U)
        matmul_forward(matmul, g + 2 * h, ldg, rs, H, U, rows, 1);
    normalize(g, ldg, norm, 2, 2, rows, H);
    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_state(next + i * h, g + i * ld, s + i * h, H);
}

void gru_backward(struct matmul *matmul, real *dg, int lddg, real *ds, real *ds_in, real *drs, const real *dnext, const real *g,
                  int ldg, const real *s, const real *s_in, const struct weight *U, const struct gru_norm *norm, int rows, int H)
{
    size_t h = (size_t)H, ld = (size_t)ldg, ldd = (size_t)lddg;

    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_state_backward(dg + i * ldd, ds + i * h, dnext + i * h, g + i * ld, s + i * h, H);
    normalize_backward(dg, lddg, norm, 1, 2, rows, H);
    if (U)
        matmul_backward(matmul, drs, H, dg + 2 * h, lddg, U, rows, 0);
    else
        memset(drs, 0, (size_t)rows * h * sizeof *drs);
    for (size_t i = 0; i < (size_t)rows; i++)
        vec_gru_gates_backward(dg + i * ldd, ds_in + i * h, drs + i * h, g + i * ld, s_in + i * h, H);
    normalize_backward(dg, lddg, norm, 0, 0, rows, H);
}
