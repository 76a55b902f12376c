/* attention: the alignment model and the context vector of one target position (paper, section 3.1 and appendix A.1.2):
 *
 *     e_j = va · tanh(q + k_j)      α = softmax over j of e      c = Σ_j α_j h_j
 *
 * with the query q = Wa s_{t−1} + ba and the keys k_j = Ua h_j, which are computed once per sentence. */
#ifndef NMT_LAYERS_ATTENTION_H
#define NMT_LAYERS_ATTENTION_H

#include "math/real.h"

/* alpha [T] and c [n] for one query q [A], keys K [T, A], annotations H [T, n]. */
void attention_forward(real *c, real *alpha, const real *q, const real *K, const real *va, const real *H, int T, int A, int n);

/* From dc [n]: adds to dq [A], dK [T, A], dva [A]. The gradient of H through the weighted sum, Σ_t α_tj dc_t, is left to
 * attention_backward_annotations. scratch [2T]. */
void attention_backward(real *dq, real *dK, real *dva, const real *dc, const real *alpha, const real *q, const real *K, const real *va,
                        const real *H, real *scratch, int T, int A, int n);

/* Adds α_j dc to dH [T, n]. */
void attention_backward_annotations(real *dH, const real *alpha, const real *dc, int T, int n);

#endif
