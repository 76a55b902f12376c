/* linear: y = W x + b, for many rows at once. */
#ifndef NMT_LAYERS_LINEAR_H
#define NMT_LAYERS_LINEAR_H

#include "layers/gradient.h"

/* Block numbers: W [out, in], b [out]. */
struct linear {
    int W, b;
};

/* out [rows, out] from in [rows, in]. weights [layout->block_count] are the model's blocks. */
void linear_forward(struct worker *worker, const struct weight *weights, const struct linear *linear, struct matrix out,
                    struct matrix in);

/* The gradient of W and b from dout [rows, out] and the input. */
void linear_gradient(struct worker *worker, struct gradient *gradient, const struct linear *linear, struct matrix dout,
                     struct matrix in);

/* din [rows, in] = or += dout W. */
void linear_backward(struct worker *worker, const struct weight *weights, const struct linear *linear, struct matrix din,
                     struct matrix dout, enum result result);

#endif
