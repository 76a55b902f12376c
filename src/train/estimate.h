/* estimate: what training on a corpus will take, before it is begun: memory as nmt train predicts it (train/forecast.h), and time by some
 * updates that are really made, of a model that is then thrown away. */
#ifndef NMT_TRAIN_ESTIMATE_H
#define NMT_TRAIN_ESTIMATE_H

#include "train/settings.h"

struct estimate {
    size_t memory;        /* bytes */
    size_t parameters;    /* of the model */
    size_t updates;       /* per epoch */
    double epoch_seconds; /* without validation, if no other program needs the processors */
    int threads;
};

/* Prepares training with these settings, which get their `auto` values, and measures. 0, or -1 after reporting why it cannot be
 * trained. */
int estimate_training(struct estimate *estimate, struct train_settings *settings);

#endif
