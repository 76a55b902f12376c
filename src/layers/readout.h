/* readout: t = Uo s + Vo y + Co c + bo (2L), maxout over adjacent pairs (L), for all target positions of a batch at once (paper,
 * appendix A.2.2). */
#ifndef NMT_LAYERS_READOUT_H
#define NMT_LAYERS_READOUT_H

#include "math/matmul.h"

struct readout {
    struct weight Uo, Vo, Co; /* [2L, H], [2L, E], [2L, 2H] */
    const real *bo;           /* [2L] */
};

struct readout_gradient {
    real *Uo, *Vo, *Co, *bo;
};

/* t [rows, 2L] and m [rows, L] from s [rows, H], y [rows, E], c [rows, 2H]; mask: one pointer a row to L numbers, or NULL. */
void readout_forward(struct matmul *matmul, real *m, real *t, const real *s, const real *y, const real *c,
                     const struct readout *readout, const real *const *mask, int rows);

/* From dm [rows, L] (which is multiplied by the mask in place): sets ds [rows, H] and dc [rows, 2H], adds to dy [rows, E] and to the
 * gradient; dt [rows, 2L] is scratch. */
void readout_backward(struct matmul *matmul, real *ds, real *dy, real *dc, const struct readout_gradient *gradient, real *dt,
                      real *dm, const real *t, const real *s, const real *y, const real *c, const struct readout *readout,
                      const real *const *mask, int rows);

#endif
