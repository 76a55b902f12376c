/* update: one update of the model on one batch, by all workers, in three steps with barriers between them:
 *
 *     gradient    each worker runs its part of the batch forward and backward into its own gradient
 *     reduce      each worker sums its slice of all workers' gradients, in a fixed order
 *     step        each worker updates its slice of the weights, and repacks its share of the matrices
 *
 * Equal seed and equal number of workers give equal bits, for any number of threads (math/team.h). */
#ifndef NMT_TRAIN_UPDATE_H
#define NMT_TRAIN_UPDATE_H

#include "train/learner.h"

struct update {
    struct loss loss;
    double norm; /* of the gradient before clipping */
};

/* Update number `number` (from 1) on the batch of these pairs. 0, or -1 when loss or gradient is not a finite number: then
 * nothing was changed. */
int learner_update(struct learner *learner, struct update *update, const struct pairs *pairs, double rate, long number);

#endif
