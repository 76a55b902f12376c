/* update: one update of the model on one batch, by all workers, in three steps with barriers between them:
 *
 *     gradient    each worker runs its part of the batch forward and backward into its own gradient
 *     reduce      each worker sums its slice of all workers' gradients, in a fixed order (train/exchange.h)
 *     step        each worker updates its slice of the weights, and repacks its share of the matrices
 *
 * Equal seed and equal number of workers give equal bits, for any number of threads (math/team.h) and any number of processes. */
#ifndef NMT_TRAIN_UPDATE_H
#define NMT_TRAIN_UPDATE_H

#include "train/learner.h"

struct update {
    struct loss loss;
    double norm;                      /* of the gradient before clipping */
    const struct process_time *times; /* of each process so far; the learner's */
};

/* What an update learns from: one batch, or several whose gradients are added up before the weights change (--accumulate). */
struct lesson {
    const struct pairs *batches;
    int count, most; /* most: in any update of the training; 1 or more */
};

/* Update number `number` (from 1). 0, or -1 when loss or gradient is not a finite number: then nothing was changed. */
int learner_update(struct learner *learner, struct update *update, const struct lesson *lesson, double rate, long number);

#endif
