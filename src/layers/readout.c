#include "layers/readout.h"

#include "math/vec.h"

#include <string.h>

void readout_forward(struct matmul *matmul, real *m, real *t, const real *s, const real *y, const real *c,
                     const struct readout *readout, const real *const *mask, int rows)
{
    int L2 = readout->Uo.out, L = L2 / 2;

    for (int i = 0; i < rows; i++)
        memcpy(t + (size_t)i * (size_t)L2, readout->bo, (size_t)L2 * sizeof *t);
    matmul_forward(matmul, t, L2, s, readout->Uo.in, &readout->Uo, rows, 1);
    matmul_forward(matmul, t, L2, y, readout->Vo.in, &readout->Vo, rows, 1);
    matmul_forward(matmul, t, L2, c, readout->Co.in, &readout->Co, rows, 1);
    for (int i = 0; i < rows; i++) {
        real *row = m + (size_t)i * (size_t)L;

        vec_maxout(row, t + (size_t)i * (size_t)L2, L);
        if (mask)
            vec_product(row, row, mask[i], L);
    }
}

void readout_backward(struct matmul *matmul, real *ds, real *dy, real *dc, const struct readout_gradient *gradient, real *dt,
                      real *dm, const real *t, const real *s, const real *y, const real *c, const struct readout *readout,
                      const real *const *mask, int rows)
{
    int L2 = readout->Uo.out, L = L2 / 2, H = readout->Uo.in, E = readout->Vo.in, C = readout->Co.in;

    for (int i = 0; i < rows; i++) {
        real *row = dm + (size_t)i * (size_t)L;

        if (mask)
            vec_product(row, row, mask[i], L);
        vec_maxout_backward(dt + (size_t)i * (size_t)L2, row, t + (size_t)i * (size_t)L2, L);
    }
    matmul_backward(matmul, ds, H, dt, L2, &readout->Uo, rows, 0);
    matmul_backward(matmul, dy, E, dt, L2, &readout->Vo, rows, 1);
    matmul_backward(matmul, dc, C, dt, L2, &readout->Co, rows, 0);
    matmul_gradient(matmul, gradient->Uo, dt, L2, s, H, rows, L2, H);
    matmul_gradient(matmul, gradient->Vo, dt, L2, y, E, rows, L2, E);
    matmul_gradient(matmul, gradient->Co, dt, L2, c, C, rows, L2, C);
    vec_sum_rows(gradient->bo, dt, L2, rows, L2);
}
