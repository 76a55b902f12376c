#include "layers/embedding.h"

#include "math/vec.h"

#include <string.h>

void embedding_forward(real *X, const real *table, const int32_t *ids, const real *const *mask, int rows, int E)
{
    for (int i = 0; i < rows; i++) {
        real *x = X + (size_t)i * (size_t)E;
        const real *row = table + (size_t)(ids[i] < 0 ? 0 : ids[i]) * (size_t)E;

        if (ids[i] < 0)
            memset(x, 0, (size_t)E * sizeof *x);
        else if (mask)
            vec_product(x, row, mask[i], E);
        else
            memcpy(x, row, (size_t)E * sizeof *x);
    }
}

void embedding_backward(real *dtable, const real *dX, const int32_t *ids, const real *const *mask, int rows, int E)
{
    for (int i = 0; i < rows; i++) {
        const real *dx = dX + (size_t)i * (size_t)E;
        real *row = dtable + (size_t)(ids[i] < 0 ? 0 : ids[i]) * (size_t)E;

        if (ids[i] < 0)
            continue;
        if (mask)
            vec_add_product(row, dx, mask[i], E);
        else
            vec_add(row, dx, E);
    }
}
