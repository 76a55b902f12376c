/* posterior: the E-step of one sentence pair; private to lexicon/.
 *
 * A matrix of cells has Ty rows and 1 + Tx columns, NULL first. */
#ifndef NMT_LEXICON_POSTERIOR_H
#define NMT_LEXICON_POSTERIOR_H

#include "lexicon/lexicon.h"

/* Sums over sentences that an iteration needs besides the counts of words. */
struct statistics {
    double log_likelihood;  /* of the target words */
    double words;           /* target words */
    double expected, prior; /* Σ of −|i/Tx − j/Ty| under the posteriors, and under the prior where there is a link */
    double variance;        /* of the latter */
};

/* In place: t(y_j | x_i) becomes p(a_j = i | both sentences). Adds to `statistics`, unless it is NULL. */
void posterior_from_translations(const struct lexicon *lexicon, int Tx, int Ty, float *cells, struct statistics *statistics);

/* Fills cells with t(y_j | x_i). */
void posterior_translations(const struct lexicon *lexicon, const struct lexicon_sentences *pair, float *cells);

#endif
