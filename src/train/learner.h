/* learner: a model in training: its weights, the optimiser's moments, the average of the weights, and each worker's memory for a
 * gradient. train/update.h has one update. */
#ifndef NMT_TRAIN_LEARNER_H
#define NMT_TRAIN_LEARNER_H

#include "math/team.h"
#include "model/pass.h"
#include "train/guide.h"
#include "train/optimizer.h"

/* One worker's state. */
struct apprentice {
    struct gradient gradient;
    struct pass pass;
    struct part part;
    struct guide_part guide;
    struct loss loss;
    double squares; /* of its slice of the summed gradient */
};

struct learner {
    struct team *team;  /* not owned */
    struct model model; /* owned */
    struct optimizer optimizer;
    double clip;      /* the gradient norm is clipped to this; 0: no clipping */
    double smoothing; /* label smoothing ε */
    struct dropout dropout;
    double average_keep; /* decay of the exponential moving average of the weights; 0: no average */
    real *average;       /* [layout.length], or NULL */
    uint64_t seed;
    const struct guidance *guidance; /* of attention, not owned; or NULL */
    double guide_strength;           /* of the next update */
    struct apprentice *apprentices;  /* [team->count] */
};

/* Takes over a model (its values are the starting point). The learner must not be moved. */
void learner_init(struct learner *learner, struct team *team, const struct model *model, enum optimizer_kind optimizer);
void learner_release(struct learner *learner);

/* Starts (or stops, keep 0) averaging with the weights as they are. */
void learner_average(struct learner *learner, double keep);

/* Packs all weights; needed after they were changed by other modules. */
void learner_pack(struct learner *learner);

/* Bytes of the activations for a batch of these pairs, summed over the workers. */
size_t learner_measure(const struct learner *learner, const struct pairs *pairs);

#endif
