#include "layers/norm.h"

#include "math/vec.h"

#include <stddef.h>

const char *const norm_names[] = { "pre", "post", NULL };

#define EPSILON 1e-6

struct norm norm_declare(struct layout *layout, int n, const char *name)
{
    struct norm norm;

    norm.gain = layout_add(layout, TENSOR_GAIN, n, 1, "%s.gain", name);
    norm.bias = layout_add(layout, TENSOR_VECTOR, n, 1, "%s.bias", name);
    return norm;
}

void norm_forward(const struct weight *weights, const struct norm *norm, struct matrix y, real *stats, struct matrix x)
{
    for (int i = 0; i < x.rows; i++)
        vec_norm(matrix_row(y, i), stats + 2 * (size_t)i, matrix_row(x, i), weights[norm->gain].w, weights[norm->bias].w, x.columns,
                 EPSILON);
}

/* parameters: one per operand. */
void norm_backward(struct gradient *gradient, const struct weight *weights, const struct norm *norm, struct matrix dx,
                   struct matrix dy, const real *stats, struct matrix x, enum result result)
{
    real *dgain = gradient_dense(gradient, norm->gain), *dbias = gradient_dense(gradient, norm->bias);

    for (int i = 0; i < x.rows; i++)
        vec_norm_backward(matrix_row(dx, i), dgain, dbias, matrix_row(dy, i), stats + 2 * (size_t)i, matrix_row(x, i),
                          weights[norm->gain].w, x.columns, result == ADD);
}
