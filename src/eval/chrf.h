/* chrf: the character n-gram F score of a corpus (Popović 2015, 2017), equal to chrF2 and chrF2++ of sacreBLEU 2.6.
 *
 *   chrF2 = 100 · 5 P R / (4 P + R)      P, R: precision and recall, averaged over the orders of which both sides have n-grams
 *
 * The n-grams are of characters, n = 1..6, white space left out; chrF2++ adds n-grams of words, n = 1..2, with punctuation marks
 * split off their ends. */
#ifndef NMT_EVAL_CHRF_H
#define NMT_EVAL_CHRF_H

#include <stddef.h>

enum { CHRF_LETTERS = 6, CHRF_WORDS = 2, CHRF_STATISTICS = 3 * (CHRF_LETTERS + CHRF_WORDS) };

struct chrf {
    double score;             /* 0..100, as are the next two */
    double precision, recall; /* the averages P and R */
};

/* The counts for chrF in each sentence: statistics[lines, CHRF_STATISTICS], set: per order, n-grams of the hypothesis (0 where the
 * reference has none), n-grams of the reference, matches. The statistics of a corpus are their sums. `word_order`: 0, or 2 for
 * chrF2++. */
void chrf_statistics(char *const *hypotheses, char *const *references, size_t lines, int word_order, int lowercase,
                     long *statistics);

/* chrF2 of (summed) statistics. */
void chrf_score(const long *statistics, struct chrf *chrf);

#endif
