/* norm: layer normalisation (Ba, Kiros and Hinton 2016, "Layer normalization", section 3), row by row:
 *
 *     y = gain ∘ (x − mean) / √(variance + 1e-6) + bias
 *
 * with the mean and the biased variance of the row's own numbers. */
#ifndef NMT_LAYERS_NORM_H
#define NMT_LAYERS_NORM_H

#include "layers/gradient.h"

/* Where a sub-layer f is normalised: x + f(norm(x)), or the paper's norm(x + f(x)) (Vaswani et al. 2017, section 3.1). */
enum norm_place { NORM_PRE, NORM_POST };

/* Names in the order of the enum, NULL-terminated. */
extern const char *const norm_names[];

/* Block numbers: gain [n], bias [n]. */
struct norm {
    int gain, bias;
};

/* Declares NAME.gain and NAME.bias. */
struct norm norm_declare(struct layout *layout, int n, const char *name);

/* y [rows, n]; y may be x. stats [rows][2] gets each row's mean and 1 / √(variance + 1e-6), for the backward pass. */
void norm_forward(const struct weight *weights, const struct norm *norm, struct matrix y, real *stats, struct matrix x);

/* dx [rows, n] = or += the gradient from dy, and that of gain and bias. dx may be dy if it is set. */
void norm_backward(struct gradient *gradient, const struct weight *weights, const struct norm *norm, struct matrix dx,
                   struct matrix dy, const real *stats, struct matrix x, enum result result);

#endif
