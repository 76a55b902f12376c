/* bleu: corpus BLEU (Papineni et al. 2002) with one reference, equal to that of sacreBLEU 2.6 in value and format.
 *
 *   BLEU = 100 · BP · exp(1/4 Σ_{n=1..4} ln p_n)      BP = min(1, exp(1 − r/c)), c words in the hypotheses, r in the references
 *   p_n  = matching n-grams (each at most as often as the reference has it) / n-grams of the hypotheses, over the whole corpus
 *
 * Exponential smoothing: the k-th order without a match counts as 1/2^k matches (k = 1, 2, …). BLEU is 0 where no word
 * matches, and where an order has no n-grams. */
#ifndef NMT_EVAL_BLEU_H
#define NMT_EVAL_BLEU_H

#include "eval/tokenize.h"

#include <stddef.h>

enum { BLEU_ORDER = 4, BLEU_STATISTICS = 2 + 2 * BLEU_ORDER };

struct bleu {
    double score; /* 0..100, as are the precisions */
    double precision[BLEU_ORDER];
    double brevity;                           /* BP, 0..1 */
    double ratio;                             /* c / r; 0 when r is 0 */
    long hypothesis_length, reference_length; /* in words */
};

/* The counts for BLEU in each sentence: statistics[lines, BLEU_STATISTICS], set: length of the hypothesis and of the reference,
 * matches of order 1..4, n-grams of order 1..4. The statistics of a corpus are their sums. `lowercase`: ignore case. */
void bleu_statistics(char *const *hypotheses, char *const *references, size_t lines, enum bleu_tokenizer tokenizer, int lowercase,
                     long *statistics);

/* BLEU of (summed) statistics. */
void bleu_score(const long *statistics, struct bleu *bleu);

/* Both at once, for a corpus of `lines` sentences in UTF-8. */
void bleu_corpus(char *const *hypotheses, char *const *references, size_t lines, enum bleu_tokenizer tokenizer, int lowercase,
                 struct bleu *bleu);

#endif
