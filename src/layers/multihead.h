/* multihead: attention with several heads as a layer: projections of the queries, keys and values, the heads (layers/heads.h), and
 * the output projection (Vaswani et al. 2017, section 3.2.2):
 *
 *     Q = x Wqᵀ + bq     K = y Wkᵀ + bk     V = y Wvᵀ + bv     out = heads(Q, K, V) Woᵀ + bo
 *
 * Self-attention: y = x, and one product with [Wq; Wk; Wv] makes all three. Cross-attention: y are the rows of another matrix, the
 * encoder's. Sentences stand one after another, in any order and without padding. */
#ifndef NMT_LAYERS_MULTIHEAD_H
#define NMT_LAYERS_MULTIHEAD_H

#include "layers/heads.h"
#include "layers/linear.h"

struct multihead {
    struct linear in;     /* self: [Wq; Wk; Wv] [3E, E]; cross: Wq [E, E] */
    struct linear source; /* cross: [Wk; Wv] [2E, width] */
    struct linear out;    /* Wo [E, E] */
};

/* Declares NAME.Wq, .Wk, .Wv, .Wo and their biases. width: columns of y in cross-attention; 0: self-attention. */
struct multihead multihead_declare(struct layout *layout, int E, int width, const char *name);

/* A sentence's rows. */
struct span {
    int first, rows;
};

/* The arrays of one layer. Self-attention has no source: its matrix is empty, and keys and values are columns of `in`. */
struct multihead_rows {
    struct heads heads;
    int sentences;
    const struct span *queries, *keys; /* [sentences] rows of `in`; of `source`, or in self-attention of `in` again */
    struct matrix in;                  /* [rows, 3E] = [Q | K | V]; cross: [rows, E] = Q */
    struct matrix source;              /* cross: [source rows, 2E] = [K | V] */
    struct matrix mixed;               /* [rows, E] the heads' output */
    real *weights;                     /* for each sentence [heads, Tq, Tk] */
    const size_t *start;               /* [sentences] where each of them begins */
    const real *mask;                  /* of the weights, or NULL */
    real *scratch;                     /* [2 · the largest Tq · Tk] */
};

/* Cross-attention: the keys and values of y [source rows, width]. */
void multihead_read(struct worker *worker, const struct weight *weights, const struct multihead *multihead,
                    const struct multihead_rows *x, struct matrix y);

/* out [rows, E] from input [rows, E], after multihead_read. */
void multihead_forward(struct worker *worker, const struct weight *weights, const struct multihead *multihead,
                       const struct multihead_rows *x, struct matrix out, struct matrix input);

/* The weights [Tq, Tk] of sentence b, of one head or (-1) the mean of all, which is put into mean [Tq · Tk]. */
const real *multihead_weights(const struct multihead_rows *x, int b, int head, real *mean);

/* The arrays of the backward pass. */
struct multihead_gradient {
    struct matrix din, dsource;  /* as `in` and `source`: scratch */
    struct matrix dmixed;        /* [rows, E] scratch */
    struct matrix dout, dinput;  /* [rows, E]; dinput is set */
    struct matrix input;         /* of the forward pass */
    const real *const *dweights; /* [sentences] [Tq, Tk] of head 0 (layers/heads.h), or NULL */
    const real *const *guide;    /* [sentences] [Tq, Tk] guided attention of head 0, or NULL */
    real guide_scale;
};

/* From dout to dinput and the gradient of the weights, but for [Wk; Wv] of cross-attention, for which it leaves dsource. */
void multihead_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                        const struct multihead *multihead, const struct multihead_gradient *back, const struct multihead_rows *x);

/* Then, in cross-attention, from dsource: the gradient of [Wk; Wv], and dy [source rows, width], which is added to. */
void multihead_read_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                             const struct multihead *multihead, struct matrix dsource, struct matrix dy, struct matrix y);

#endif
