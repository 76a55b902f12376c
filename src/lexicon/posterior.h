/* posterior: who produced a word, given both sentences: the E-step of one pair; private to lexicon/.
 *
 * Cells are a matrix of Ty rows, one per target word, and 1 + Tx columns: NULL, then the source words. */
#ifndef NMT_LEXICON_POSTERIOR_H
#define NMT_LEXICON_POSTERIOR_H

#include "lexicon/lexicon.h"

/* Sums over target words, for the next tension; d = −|i/Tx − j/Ty| is the distance of a link. */
struct distances {
    double found;    /* of the links, as the posteriors have it: Σ_j Σ_i p(a_j = i | …) d */
    double expected; /* of as many links, as the prior has it: Σ_j p(a_j ≠ NULL | …) E[d] */
    double variance; /* Σ_j p(a_j ≠ NULL | …) Var[d]: the derivative of `expected` by the tension */
};

/* Fills cells with t(y_j | x_i). Words that never met, or are not in the vocabulary, get a little. */
void posterior_begin(const struct lexicon *lexicon, const struct lexicon_sentences *pair, float *cells);

/* In place: t(y_j | x_i) becomes p(a_j = i | both sentences). Adds to `distances`, unless it is NULL. `prior` is scratch, [Tx]. */
void posterior_finish(const struct lexicon *lexicon, int Tx, int Ty, float *cells, float *prior, struct distances *distances);

#endif
