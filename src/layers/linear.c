#include "layers/linear.h"

void linear_forward(struct worker *worker, const struct weight *weights, const struct linear *linear, struct matrix out,
                    struct matrix in)
{
    matrix_fill(out, weights[linear->b].w);
    matmul_forward(worker, out, in, &weights[linear->W], ADD);
}

void linear_gradient(struct worker *worker, struct gradient *gradient, const struct linear *linear, struct matrix dout,
                     struct matrix in)
{
    gradient_product(worker, gradient, linear->W, dout, in);
    gradient_sum(gradient, linear->b, dout);
}

void linear_backward(struct worker *worker, const struct weight *weights, const struct linear *linear, struct matrix din,
                     struct matrix dout, enum result result)
{
    matmul_backward(worker, din, dout, &weights[linear->W], result);
}
