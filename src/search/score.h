/* score: log-probabilities and alignments of given translations, by forced decoding (search/force.h), in bounded memory: few
 * rows go through the model at a time, for any number of texts. */
#ifndef NMT_SEARCH_SCORE_H
#define NMT_SEARCH_SCORE_H

#include "search/force.h"

/* A pair of sentences, each terminated by </s>, and its results. Pairs that share a source (the same pointer) should be
 * adjacent: the source is then encoded once for those that go through the model together. */
struct scored {
    const int32_t *source, *target; /* [source_length], [target_length], the caller's */
    int source_length, target_length;
    int want_alignment;
    double log_probability; /* out: nats */
    real *alignment;        /* out, if requested: as in struct forced, heap, the caller's */
};

void score(struct worker *worker, struct pass *pass, struct model *const *models, int model_count, struct scored *pairs, int count);

#endif
