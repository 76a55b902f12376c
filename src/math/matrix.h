/* matrix: a view of numbers, which it does not own.
 *
 *     at → |x x x . . |      rows = 3, columns = 3, stride = 5: row i begins at at + i · stride
 *          |x x x . . |
 *          |x x x . . |
 *
 * Views are passed by value. A range of rows or columns is again a view. */
#ifndef NMT_MATH_MATRIX_H
#define NMT_MATH_MATRIX_H

#include "base/memory.h"
#include "math/real.h"

struct matrix {
    real *at;
    int rows, columns, stride;
};

static inline struct matrix matrix_view(real *at, int rows, int columns)
{
    return (struct matrix){ at, rows, columns, columns };
}

static inline real *matrix_row(struct matrix m, int row)
{
    return m.at + (size_t)row * (size_t)m.stride;
}

/* Rows first … first + rows − 1. */
static inline struct matrix matrix_rows(struct matrix m, int first, int rows)
{
    return (struct matrix){ matrix_row(m, first), rows, m.columns, m.stride };
}

/* Columns first … first + columns − 1. */
static inline struct matrix matrix_columns(struct matrix m, int first, int columns)
{
    return (struct matrix){ m.at + first, m.rows, columns, m.stride };
}

/* A dense matrix in the arena, not zeroed; `at` is NULL while the arena measures. */
struct matrix matrix_take(struct arena *arena, int rows, int columns);

/* Every row = `row` [columns]. */
void matrix_fill(struct matrix m, const real *row);
void matrix_zero(struct matrix m);

/* out = in, of the same shape. */
void matrix_copy(struct matrix out, struct matrix in);

#endif
