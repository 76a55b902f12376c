/* aer: alignment error rate (Och and Ney 2003) of word alignments A against a gold standard of sure links S and possible
 * links P ⊇ S.
 *
 *   precision = |A ∩ P| / |A|     recall = |A ∩ S| / |S|     AER = 1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)
 *
 * Both files are in Pharaoh format (pharaoh.h) and number words from the same start. */
#ifndef NMT_EVAL_AER_H
#define NMT_EVAL_AER_H

#include <stddef.h>

/* Counts over a corpus; zero-initialise. */
struct aer {
    long links, sure, possible;      /* |A|, |S|, |P| */
    long sure_found, possible_found; /* |A ∩ S|, |A ∩ P| */
};

/* Adds one sentence. `where_links` and `where_gold` ("FILE:LINE") say in messages which line is not in Pharaoh format. 0, or -1
 * after reporting. */
int aer_add(struct aer *aer, const char *links, const char *where_links, const char *gold, const char *where_gold);

/* 0..1. Without links, precision is 1; without sure links, recall is 1; without either, the rate is 0. */
double aer_precision(const struct aer *aer);
double aer_recall(const struct aer *aer);
double aer_rate(const struct aer *aer);

#endif
