/* learner: one update of the model on one batch by all workers.
 *
 * The batch is dealt out longest sentence first, to the workers there and back, so that the parts are of equal work. Each worker runs
 * its part forwards and backwards into a gradient array of its own; then each worker takes a slice of all numbers: sums the gradients
 * in a fixed order, steps the optimiser, and packs its share of the weights anew. Equal seed and equal number of workers give equal
 * bits. */
#ifndef NMT_TRAIN_LEARNER_H
#define NMT_TRAIN_LEARNER_H

#include "corpus/corpus.h"
#include "math/team.h"
#include "model/pass.h"
#include "train/optimizer.h"

/* A worker's part of a batch: its sentences, and their numbers in the batch. */
struct part {
    struct batch batch;
    const int32_t **source, **target;
    int *source_length, *target_length, *numbers;
    int room; /* sentences that fit; kept from update to update */
};

struct learner {
    struct team *team;  /* not owned */
    struct model model; /* owned */
    struct optimizer optimizer;
    double clip;      /* the gradient's norm is at most this; 0: as it is */
    double smoothing; /* label smoothing ε */
    struct dropout dropout;
    double average_keep; /* exponential moving average of the weights: how much of it a step keeps; 0: none */
    real *average;       /* [layout.length], or NULL */
    uint64_t seed;
    real *gradient[TEAM_MOST]; /* [layout.length] each; between updates, embeddings are zero and the rest is stale */
    struct params view[TEAM_MOST];
    struct pass pass[TEAM_MOST];
    struct part part[TEAM_MOST];
};

struct update {
    struct loss loss;
    double norm; /* of the gradient before clipping */
};

/* Takes over a model (its values are the starting point). */
void learner_init(struct learner *learner, struct team *team, const struct model *model, enum optimizer_kind optimizer);
void learner_release(struct learner *learner);

/* Starts (or stops, keep 0) averaging with the weights as they are. */
void learner_average(struct learner *learner, double keep);

/* Packs all weights; needed after they were changed from outside. */
void learner_pack(struct learner *learner);

/* Bytes of the activations that a batch of these pairs will take, summed over the workers. */
size_t learner_measure(const struct learner *learner, const struct corpus *corpus, const int32_t *pairs, int count);

/* Update number `number` (from 1) on the batch of these pairs. 0, or -1 when loss or gradient is not a finite number: then nothing was
 * changed. */
int learner_update(struct learner *learner, struct update *update, const struct corpus *corpus, const int32_t *pairs, int count,
                   double rate, long number);

#endif
