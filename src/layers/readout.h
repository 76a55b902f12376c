/* readout: t = Uo s + Vo y + Co c + bo (2L), maxout over adjacent pairs (L), for many target positions at once (paper, appendix
 * A.2.2). */
#ifndef NMT_LAYERS_READOUT_H
#define NMT_LAYERS_READOUT_H

#include "layers/gradient.h"

struct readout {
    const struct weight *Uo, *Vo, *Co; /* [2L, H], [2L, E], [2L, context]; Co NULL: t already contains Co c */
    int blocks[4];                     /* of Uo, Vo, Co, bo in the gradient */
};

/* The rows of some positions. */
struct readout_rows {
    struct matrix s, y, c;   /* [rows, H | E | context] */
    struct matrix t;         /* [rows, 2L]: on input, bo in every row (+ Co c) */
    struct matrix m;         /* [rows, L]: the output */
    const real *const *mask; /* of m: one pointer per row to L numbers, or NULL */
};

void readout_forward(struct worker *worker, const struct readout_rows *x, const struct readout *readout);

/* From dm [rows, L] (which is multiplied by the mask in place): sets ds [rows, H], dy [rows, E] and dc [rows, context]; dt
 * [rows, 2L] is scratch. */
struct readout_gradient {
    struct matrix dm, ds, dy, dc, dt;
};

void readout_backward(struct worker *worker, struct gradient *gradient, const struct readout_gradient *back,
                      const struct readout_rows *x, const struct readout *readout);

#endif
