/* feed_forward: W2 max(0, W1 x + b1) + b2 for every position (Vaswani et al. 2017, section 3.3). */
#ifndef NMT_LAYERS_FEED_FORWARD_H
#define NMT_LAYERS_FEED_FORWARD_H

#include "layers/linear.h"

struct feed_forward {
    struct linear first, second; /* [F, E], [E, F] */
};

/* Declares NAME.W1, .b1, .W2, .b2. */
struct feed_forward feed_forward_declare(struct layout *layout, int E, int F, const char *name);

/* out [rows, E] from in [rows, E]. hidden [rows, F] keeps the values after the nonlinearity, and after `mask` [rows, F] (dense), if
 * any, for the backward pass. */
void feed_forward_forward(struct worker *worker, const struct weight *weights, const struct feed_forward *feed, struct matrix out,
                          struct matrix hidden, struct matrix in, const real *mask);

/* The arrays of feed_forward_backward. */
struct feed_forward_gradient {
    struct matrix din, dout; /* [rows, E]; din is set */
    struct matrix dhidden;   /* [rows, F] scratch */
    struct matrix hidden, in;
    const real *mask;
};

void feed_forward_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                           const struct feed_forward *feed, const struct feed_forward_gradient *back);

#endif
