#include "layers/residual.h"

#include "layers/dropout.h"
#include "math/vec.h"

void residual_take(struct residual *residual, struct arena *arena, int rows, int E, enum norm_place place)
{
    residual->place = place;
    residual->in = matrix_take(arena, place == NORM_PRE ? rows : 0, E);
    residual->y = matrix_take(arena, rows, E);
    residual->sum = place == NORM_PRE ? residual->y : matrix_take(arena, rows, E);
    residual->stats = arena_take(arena, 2 * (size_t)rows * sizeof(real));
}

struct matrix residual_open(const struct weight *weights, struct residual *residual, struct matrix x)
{
    struct matrix in;

    residual->x = x;
    if (residual->place == NORM_POST)
        return x;
    in = matrix_rows(residual->in, 0, x.rows);
    norm_forward(weights, &residual->norm, in, residual->stats, x);
    return in;
}

struct matrix residual_close(const struct weight *weights, const struct residual *residual, struct matrix out)
{
    struct matrix sum = matrix_rows(residual->sum, 0, out.rows), y = matrix_rows(residual->y, 0, out.rows);

    dropout_apply(out, residual->mask);
    matrix_copy(sum, residual->x);
    for (int i = 0; i < out.rows; i++)
        vec_add(matrix_row(sum, i), matrix_row(out, i), out.columns);
    if (residual->place == NORM_POST)
        norm_forward(weights, &residual->norm, y, residual->stats, sum);
    return y;
}

void residual_close_backward(struct gradient *gradient, const struct weight *weights, const struct residual *residual,
                             struct matrix dout, struct matrix dy)
{
    if (residual->place == NORM_POST)
        norm_backward(gradient, weights, &residual->norm, dy, dy, residual->stats, residual->sum, SET);
    matrix_copy(dout, dy);
    dropout_apply(dout, residual->mask);
}

void residual_open_backward(struct gradient *gradient, const struct weight *weights, const struct residual *residual,
                            struct matrix dy, struct matrix din)
{
    if (residual->place == NORM_PRE) {
        norm_backward(gradient, weights, &residual->norm, dy, din, residual->stats, residual->x, ADD);
    } else {
        for (int i = 0; i < dy.rows; i++)
            vec_add(matrix_row(dy, i), matrix_row(din, i), dy.columns);
    }
}
