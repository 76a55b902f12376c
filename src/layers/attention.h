/* attention: the alignment model and the context vector of one target position (paper, section 3.1 and appendix A.1.2):
 *
 *     α = softmax over j of e      c = Σ_j α_j h_j
 *
 *     additive     e_j = va · tanh(q + k_j)      the paper's
 *     dot          e_j = q · k_j                 Luong, Pham and Manning 2015, "general", with a matrix on both sides
 *     scaled-dot   e_j = q · k_j / √A            Vaswani et al. 2017, section 3.2.1
 *     none         one fixed vector at every step: the RNN encoder-decoder that the paper compares with; no α
 *
 * Several heads (Vaswani et al. 2017, section 3.2.2): head i of n reads the i-th of n equal parts of q, k_j, va and h_j (scaled-dot
 * then divides by √(A/n)), has its own weights, and makes the i-th part of c.
 *
 * q is a query and k_j are keys, which the decoder computes (model/decoder_gru.c). */
#ifndef NMT_LAYERS_ATTENTION_H
#define NMT_LAYERS_ATTENTION_H

#include "math/matrix.h"

enum attention_kind { ATTENTION_ADDITIVE, ATTENTION_DOT, ATTENTION_SCALED_DOT, ATTENTION_NONE };

/* What attention is conditioned on: the decoder state, or the state and the previous word. */
enum query_kind { QUERY_STATE, QUERY_WORD };

/* Names in the order of the enums, NULL-terminated. */
extern const char *const attention_names[];
extern const char *const query_names[];

struct attention {
    enum attention_kind kind; /* not ATTENTION_NONE */
    int heads;
    const real *va; /* [A], read only by the additive kind */
};

/* The source, one row per position. */
struct attention_source {
    struct matrix keys;   /* [T, A] */
    struct matrix values; /* [T, n] */
    size_t apart;         /* numbers from one head's weights to the next head's */
};

/* The gradients that attention_backward adds to. If there is a guide A [T] (each A_j ≥ 0, their sum at most 1), so is that of
 * guide_scale · Σ_j −A_j log α_j, which teaches attention to look where A does (Chen, Matusov, Khadivi and Peter 2016, section 4). */
struct attention_gradient {
    real *dq;              /* [A] */
    real *dva;             /* [A], additive only */
    struct matrix dkeys;   /* [T, A] as keys */
    struct matrix dvalues; /* [T, n] as values */
    real *scratch;         /* [2T] */
    const real *dalpha;    /* [T] gradient from elsewhere of the mean of the heads' weights, or NULL */
    const real *guide;     /* [T] for head 0, or NULL */
    real guide_scale;
};

/* alpha [heads][T] and the context c [n] of one query q [A]. */
void attention_forward(const struct attention *attention, real *c, real *alpha, const real *q,
                       const struct attention_source *source);

/* −Σ_j A_j log α_j in nats, for one guide A [T]. */
double attention_guided_loss(const real *alpha, const real *guide, int T);

/* Adds to de [T] the gradient of scale · Σ_j −A_j log α_j, with α = softmax(e). */
void attention_follow(real *de, const real *alpha, const real *guide, real scale, int T);

/* From dc [n]. */
void attention_backward(const struct attention *attention, const struct attention_gradient *back, const real *dc, const real *alpha,
                        const real *q, const struct attention_source *source);

#endif
