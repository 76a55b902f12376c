/* learner: a model in training: its weights, the optimiser's moments, the average of the weights, and each worker's memory for a
 * gradient. train/update.h has one update. */
#ifndef NMT_TRAIN_LEARNER_H
#define NMT_TRAIN_LEARNER_H

#include "math/team.h"
#include "model/pass.h"
#include "train/exchange.h"
#include "train/guide.h"
#include "train/optimizer.h"
#include "train/softmax_sample.h"

/* One worker's state. */
struct apprentice {
    struct gradient gradient;
    struct pass pass;
    struct part part;
    struct guide_part guide;
    struct softmax_sampler sampler;
};

/* What the workers of all processes tell of an update. */
struct told {
    struct loss loss; /* of the worker's part of the batch */
    double squares;   /* of its slice of the summed gradient */
};

struct learner {
    struct team *team;  /* not owned */
    struct model model; /* owned */
    struct optimizer optimizer;
    double clip;        /* the gradient norm is clipped to this; 0: no clipping */
    double smoothing;   /* label smoothing ε */
    double r_drop;      /* weight of the divergence of two passes; 0: one pass */
    int softmax_sample; /* target words besides the batch's own in an update's softmax (train/softmax_sample.h); 0: all */
    struct dropout dropout;
    double average_keep; /* decay of the exponential moving average of the weights; 0: no average */
    real *average;       /* [layout.length], or NULL */
    uint64_t seed;
    const struct guidance *guidance; /* of attention, not owned; or NULL */
    double guide_strength;           /* of the next update */
    struct apprentice *apprentices;  /* [team->count] */
    struct exchange exchange;        /* with the other processes */
    struct told *told;               /* [exchange.workers] */
};

/* Takes over a model (its values are the starting point). The learner must not be moved. */
void learner_init(struct learner *learner, struct team *team, const struct model *model, enum optimizer_kind optimizer);
void learner_release(struct learner *learner);

/* With several processes: completes the average in all of them, for validation and files; and the optimiser's moments in process 0, for
 * checkpoints. All processes call them. */
void learner_complete_average(struct learner *learner);
void learner_collect_moments(struct learner *learner);

/* Starts (or stops, keep 0) averaging with the weights as they are. */
void learner_average(struct learner *learner, double keep);

/* Starts to train with the weights as they are: packs them all. */
void learner_begin(struct learner *learner, enum exchange_precision exchange);

/* The model computes with these values, packed, from now on, if it does not do so already: with its own (model.values) again before the
 * next update. (Updates with a softmax sample do not pack the output layer.) */
void learner_point(struct learner *learner, const real *values);

/* The words of the softmax for a batch of these pairs, the number-th of the training; NULL: all of them. */
const struct softmax_sample *learner_sample(const struct learner *learner, struct softmax_sampler *sampler,
                                            const struct pairs *pairs, uint64_t number);

/* Bytes of the activations for a batch of these pairs, summed over the workers. */
size_t learner_measure(const struct learner *learner, const struct pairs *pairs);

#endif
