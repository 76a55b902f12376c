/* attention: the alignment model and the context vector of one target position (paper, section 3.1 and appendix A.1.2):
 *
 *     α = softmax over j of e      c = Σ_j α_j h_j
 *
 *     additive     e_j = va · tanh(q + k_j)      the paper's
 *     dot          e_j = q · k_j                 Luong, Pham and Manning 2015, "general", with a matrix on both sides
 *     scaled-dot   e_j = q · k_j / √A            Vaswani et al. 2017, section 3.2.1
 *     none         c = [→h_Tx ; ←h_1] at every step: the RNN encoder-decoder that the paper compares with; no α
 *
 * with the query q = Wa s_{t−1} + ba and the keys k_j = Ua h_j, which are computed once per sentence. The query may also see the word
 * before: q = Wa s_{t−1} + Ya y_{t−1} + ba. The paper's alignment model does not (s_{t−1} was made before y_{t−1} was chosen); Nematus'
 * (Sennrich et al. 2017) does, through a second GRU. */
#ifndef NMT_LAYERS_ATTENTION_H
#define NMT_LAYERS_ATTENTION_H

#include "math/real.h"

enum attention_kind { ATTENTION_ADDITIVE, ATTENTION_DOT, ATTENTION_SCALED_DOT, ATTENTION_NONE };

enum query_kind { QUERY_STATE, QUERY_WORD };

/* Names in the order of the enums, closed by NULL. */
extern const char *const attention_names[];
extern const char *const query_names[];

/* The weights alpha [T] of one query; not for ATTENTION_NONE. va is read by the additive kind alone. */
void attention_weights(enum attention_kind kind, real *alpha, const real *q, const real *K, const real *va, int T, int A);

/* alpha [T] and c [n] for one query q [A], keys K [T, A], annotations H [T, n]. */
void attention_forward(enum attention_kind kind, real *c, real *alpha, const real *q, const real *K, const real *va, const real *H,
                       int T, int A, int n);

/* From dc [n]: adds to dq [A], dK [T, A], and dva [A] (additive). The gradient of H through the weighted sum, Σ_t α_tj dc_t, is left to
 * attention_backward_annotations. scratch [2T]. */
void attention_backward(enum attention_kind kind, real *dq, real *dK, real *dva, const real *dc, const real *alpha, const real *q,
                        const real *K, const real *va, const real *H, real *scratch, int T, int A, int n);

/* Adds α_j dc to dH [T, n]. */
void attention_backward_annotations(real *dH, const real *alpha, const real *dc, int T, int n);

#endif
