/* best: the weights of the best validations of a training, and their average (Vaswani et al. 2017, section 6.1, average
 * checkpoints in the same way). */
#ifndef NMT_TRAIN_BEST_H
#define NMT_TRAIN_BEST_H

#include "math/real.h"

#include <stddef.h>

enum { BEST_MOST = 100 };

struct kept {
    double score; /* of the metric, higher is better */
    long update;
    real *values; /* [length] */
};

struct best {
    size_t length;
    int most, count;
    struct kept *items; /* [most], best first; of equal ones, the earlier first */
    real *average;      /* [length] used in place of the best one because it validates better, or NULL */
};

void best_init(struct best *best, int most, size_t length);
void best_release(struct best *best);

/* Keeps a copy of the values [length] if they are among the best. Whether they are the best one. */
int best_add(struct best *best, double score, long update, const real *values);

/* The mean of those kept, at least one [length]; heap. */
real *best_mean(const struct best *best);

#endif
