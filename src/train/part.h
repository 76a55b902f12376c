/* part: one worker's part of a batch. */
#ifndef NMT_TRAIN_PART_H
#define NMT_TRAIN_PART_H

#include "corpus/plan.h"
#include "model/batch.h"

/* A worker's sentences, and their positions in the batch. Zero-initialise; part_release. */
struct part {
    struct batch batch;
    const int32_t **source, **target;
    int *source_length, *target_length, *numbers;
    int room; /* sentences that fit; kept from update to update */
};

/* Takes the share of worker `worker`: pairs are assigned to the workers in alternating order (0 1 2 2 1 0 …), longest first, so
 * that the parts are of equal work. With `twins`, all of them follow once more, as further positions of the batch. */
void part_make(struct part *part, const struct pairs *pairs, int worker, int workers, int twins);
void part_release(struct part *part);

#endif
