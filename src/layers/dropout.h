/* dropout: masks drawn once per sentence and used at every step of it (variational dropout, Gal and Ghahramani 2016). */
#ifndef NMT_LAYERS_DROPOUT_H
#define NMT_LAYERS_DROPOUT_H

#include "base/rng.h"
#include "math/real.h"

/* mask [n]: 0 with probability `rate`, else 1 / (1 − rate), so that the expectation stays. */
void dropout_mask(real *mask, int n, double rate, struct rng *rng);

#endif
