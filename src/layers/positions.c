#include "layers/positions.h"

#include "math/vec.h"

#include <math.h>

void positions_fill(struct matrix table, int from)
{
    int E = table.columns;

    for (int i = 0; i < E; i++) {
        double rate = pow(10000, -(double)(i - i % 2) / E);

        for (int j = 0; j < table.rows; j++) {
            double angle = (from + j) * rate;

            matrix_row(table, j)[i] = (real)(i % 2 ? cos(angle) : sin(angle));
        }
    }
}

void positions_add(real *x, const real *position, int E)
{
    vec_scale_add(x, (real)sqrt(E), position, E);
}

void positions_backward(struct matrix dX)
{
    for (int i = 0; i < dX.rows; i++)
        vec_scale(matrix_row(dX, i), (real)sqrt(dX.columns), (size_t)dX.columns);
}
