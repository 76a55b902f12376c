#include "math/matrix.h"

#include <string.h>

struct matrix matrix_take(struct arena *arena, int rows, int columns)
{
    return matrix_view(arena_take(arena, size_product(size_product((size_t)rows, (size_t)columns), sizeof(real))), rows, columns);
}

void matrix_fill(struct matrix m, const real *row)
{
    for (int i = 0; i < m.rows; i++)
        memcpy(matrix_row(m, i), row, (size_t)m.columns * sizeof *row);
}

void matrix_zero(struct matrix m)
{
    for (int i = 0; i < m.rows; i++)
        memset(matrix_row(m, i), 0, (size_t)m.columns * sizeof *m.at);
}

void matrix_copy(struct matrix out, struct matrix in)
{
    for (int i = 0; i < out.rows; i++)
        memcpy(matrix_row(out, i), matrix_row(in, i), (size_t)out.columns * sizeof *out.at);
}
