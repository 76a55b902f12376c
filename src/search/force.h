/* force: forced decoding: the log-probability and the alignment of given translations, by the same forward pass as in training. All
 * printed scores and matrices are computed here. */
#ifndef NMT_SEARCH_FORCE_H
#define NMT_SEARCH_FORCE_H

#include "model/pass.h"

struct forced {
    double log_probability; /* nats, of the target words and </s> */
    real *alignment;        /* [target_length, source_length], heap, the caller's; each row sums to 1. Behind it, the
                               log-probability of each target word [target_length] */
};

/* Fills forced [batch->targets]. Several models are an ensemble: probabilities and alignments are means over them. */
void force_batch(struct worker *worker, struct pass *pass, struct model *const *models, int model_count, const struct batch *batch,
                 struct forced *forced);

#endif
