/* soft_search: the GRU decoder's attention to the source (paper, section 3.1): keys and values of the source rows, and for each
 * query the weights α and the context c (layers/attention.h).
 *
 *     k_j = Ua h_j       v_j = h_j, with several heads V h_j       c_t = Σ_j α_tj v_j
 *
 * Without attention, c is the same at every step: [→h_Tx ; ←h_1], or of an encoder without directions the first and the last row's
 * halves. */
#ifndef NMT_MODEL_SOFT_SEARCH_H
#define NMT_MODEL_SOFT_SEARCH_H

#include "layers/sequence.h"
#include "model/lexical.h"

struct soft_search_blocks {
    int keys, va; /* Ua [A, width], va [A] */
    int values;   /* V [width, width] with several heads, else without numbers */
};

struct soft_search {
    const struct model *model;
    const struct soft_search_blocks *blocks;
    struct encoded *encoded;
    struct attention attention;
    struct matrix keys, dkeys; /* [source rows, A] */
    /* The terms of the context [source rows, n]: h or V h_j; in search whatever else the decoder sums, and without attention one row per
     * sentence. */
    struct matrix values, dvalues;
    const struct sequence *sequence; /* given words: of the target side */
    const int *source;               /* [targets] by rank: the source sentence */
    size_t *alpha_start;             /* [targets] by rank: start of its [heads, Ty, Tx] block of alpha */
    real *alpha;                     /* Σ heads·Ty·Tx; in search [heads, longest source] of the current row */
    real *mean;                      /* [longest Ty · longest Tx] of the heads' weights */
    real *row_mean;                  /* [longest source] the same of one row */
    real *scratch;                   /* [2 · longest source] */
    struct lexical *lexical;
    const struct guide *guide; /* or NULL */
    real guide_scale;
};

/* One query. */
struct look {
    int rank, step; /* the target's rank and the step, which give the place of alpha; step -1: search, which keeps no alpha */
    int row;        /* the number of the target word, for lexical output */
    int source;     /* the source sentence */
};

/* Declares Ua, va and V. */
void soft_search_declare(struct soft_search_blocks *blocks, struct layout *layout, const struct config *config);

/* Memory for given words, in ranks of `sequence`, or with sequence NULL for search (then the caller sets `values`). */
void soft_search_bind(struct soft_search *search, struct encoded *encoded, const struct binding *binding,
                      const struct sequence *sequence, const int *source);

/* Computes keys, and the values of given words. */
void soft_search_read(struct worker *worker, struct soft_search *search);

/* The context c [values.columns] of the query q [A]. */
void soft_search_look(const struct soft_search *search, const struct look *look, real *c, const real *q);

/* Before the first look backward. */
void soft_search_begin_backward(const struct soft_search *search);

/* From dc: sets dq, and adds to dkeys, dvalues and the gradient of va. */
void soft_search_look_backward(struct gradient *gradient, const struct soft_search *search, const struct look *look, real *dq,
                               const real *dc, const real *q);

/* After all looks: the gradient of Ua and V, and encoded's dh, which is added to. */
void soft_search_read_backward(struct worker *worker, struct gradient *gradient, const struct soft_search *search);

/* c [width] of source sentence b without attention. */
void soft_search_fixed(const struct soft_search *search, real *c, int b);

/* The weights [Ty, Tx] of the target with this rank; head -1: the mean, valid until the next call. */
const real *soft_search_alignment(const struct soft_search *search, int rank, int head);

#endif
