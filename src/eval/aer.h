/* aer: alignment error rate (Och and Ney 2003) of word alignments A against a gold standard of sure links S and possible
 * links P ⊇ S.
 *
 *   precision = |A ∩ P| / |A|     recall = |A ∩ S| / |S|     AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)
 *
 * Pharaoh format: a line per sentence, links parted by white space, "i-j" source word i with target word j (sure), in the gold
 * standard also "i?j" (possible). Counting starts at the same number on both sides, mostly 0. Given twice, a link counts once. */
#ifndef NMT_EVAL_AER_H
#define NMT_EVAL_AER_H

#include <stddef.h>

/* Counts over a corpus; zero-initialise. */
struct aer {
    long links, sure, possible;      /* |A|, |S|, |P| */
    long sure_found, possible_found; /* |A ∩ S|, |A ∩ P| */
};

/* Adds one sentence. `where_links` and `where_gold` ("FILE:LINE") are named where a line is not in Pharaoh format. 0, or -1 after
 * reporting. */
int aer_add(struct aer *aer, const char *links, const char *where_links, const char *gold, const char *where_gold);

/* 0..1. What is asked of nothing is fulfilled: precision is 1 without links, recall 1 without sure links, the rate 0
 * without both. */
double aer_precision(const struct aer *aer);
double aer_recall(const struct aer *aer);
double aer_rate(const struct aer *aer);

#endif
