/* part: what one worker computes of a batch. */
#ifndef NMT_TRAIN_PART_H
#define NMT_TRAIN_PART_H

#include "corpus/plan.h"
#include "model/batch.h"

/* A worker's sentences, and their numbers in the batch. Zero-initialise; part_release. */
struct part {
    struct batch batch;
    const int32_t **source, **target;
    int *source_length, *target_length, *numbers;
    int room; /* sentences that fit; kept from update to update */
};

/* Takes worker `worker`'s share: all workers get a pair in turn, there and back, the longest first, so that the parts are of equal work. */
void part_make(struct part *part, const struct pairs *pairs, int worker, int workers);
void part_release(struct part *part);

#endif
