/* heads: scaled dot-product attention with several heads, of one sentence's queries over one sentence's keys (Vaswani et al. 2017,
 * section 3.2):
 *
 *     head i:  P_i = softmax(Q_i K_iᵀ / √d)     out_i = P_i V_i          d = n / heads
 *
 * where Q_i, K_i, V_i and out_i are the columns i·d … (i + 1)·d − 1 of Q, K, V and out. Masked (`causal`): query t reads the
 * positions 0 … t only. With dropout, the weights P_i pass through a mask on the way to the sum. */
#ifndef NMT_LAYERS_HEADS_H
#define NMT_LAYERS_HEADS_H

#include "math/matmul.h"

struct heads {
    int count;
    int causal; /* then there are as many queries as keys */
};

/* One sentence. */
struct heads_rows {
    struct matrix q;    /* [Tq, n] */
    struct matrix k, v; /* [Tk, n] */
    real *weights;      /* [heads, Tq, Tk] P, before dropout */
    const real *mask;   /* [heads, Tq, Tk], or NULL */
    real *scratch;      /* [2 · Tq · Tk] */
};

/* out [Tq, n] and the weights. */
void heads_forward(struct worker *worker, const struct heads *heads, const struct heads_rows *x, struct matrix out);

/* One query q [n] over `count` keys and values in different places: kv[t] [2n] = [k | v]. out [n]; scratch [count]. For search. */
void heads_gather(const struct heads *heads, real *out, const real *q, const real *const *kv, int count, real *scratch, int n);

/* The results of heads_backward. */
struct heads_gradient {
    struct matrix dq;     /* [Tq, n] is set */
    struct matrix dk, dv; /* [Tk, n] are added to */
    const real *dweights; /* [Tq, Tk] gradient of head 0's weights from elsewhere, or NULL */
    const real *guide;    /* [Tq, Tk] guided attention (layers/attention.h) of head 0, or NULL */
    real guide_scale;
};

/* From dout [Tq, n]. */
void heads_backward(struct worker *worker, const struct heads *heads, const struct heads_gradient *back, struct matrix dout,
                    const struct heads_rows *x);

#endif
