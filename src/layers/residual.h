/* residual: what stands around every sub-layer f of a Transformer: the residual connection, dropout of f's output, and layer
 * normalisation (layers/norm.h) before f or after the sum:
 *
 *     pre     y = x + mask ∘ f(norm(x))
 *     post    y = norm(x + mask ∘ f(x))        Vaswani et al. 2017, sections 3.1 and 5.4
 *
 *     f's input = residual_open(x)     …f…     y = residual_close(f's output)
 *     d(f's output) = residual_close_backward(dy)     …f…     dx = residual_open_backward(d(f's input)) */
#ifndef NMT_LAYERS_RESIDUAL_H
#define NMT_LAYERS_RESIDUAL_H

#include "layers/norm.h"

/* One sub-layer's rows. */
struct residual {
    enum norm_place place;
    struct norm norm;
    struct matrix x;      /* [rows, E], set by residual_open */
    struct matrix in;     /* pre: norm(x) */
    struct matrix sum, y; /* x + mask ∘ f; the output. pre: they are the same */
    real *stats;          /* [rows][2] */
    const real *mask;     /* [rows, E], or NULL */
};

/* Takes memory for `rows` rows. */
void residual_take(struct residual *residual, struct arena *arena, int rows, int E, enum norm_place place);

/* Returns f's input. */
struct matrix residual_open(const struct weight *weights, struct residual *residual, struct matrix x);

/* Returns y; out, f's output [rows, E], is overwritten. */
struct matrix residual_close(const struct weight *weights, const struct residual *residual, struct matrix out);

/* From dy [rows, E] to dout [rows, E], the gradient of f's output; afterwards dy is the gradient of x along the residual
 * connection. */
void residual_close_backward(struct gradient *gradient, const struct weight *weights, const struct residual *residual,
                             struct matrix dout, struct matrix dy);

/* dy becomes the gradient of x, from din [rows, E], the gradient of f's input. */
void residual_open_backward(struct gradient *gradient, const struct weight *weights, const struct residual *residual,
                            struct matrix dy, struct matrix din);

#endif
