/* optimizer: one step from a gradient, in one pass over the numbers.
 *
 *     adam      m = β1 m + (1−β1) g   v = β2 v + (1−β2) g²   w −= rate √(1−β2^t)/(1−β1^t) m / (√v + ε)    Kingma and Ba 2015
 *     adadelta  G = ρ G + (1−ρ) g²   d = √((D+ε)/(G+ε)) g   D = ρ D + (1−ρ) d²   w −= rate d              Zeiler 2012
 *     sgd       w −= rate g
 */
#ifndef NMT_TRAIN_OPTIMIZER_H
#define NMT_TRAIN_OPTIMIZER_H

#include "math/real.h"

#include <stddef.h>

enum optimizer_kind { OPTIMIZER_ADAM, OPTIMIZER_ADADELTA, OPTIMIZER_SGD };

/* Names in the order of the enum, NULL-terminated. */
extern const char *const optimizer_names[];

struct optimizer {
    enum optimizer_kind kind;
    double beta1, beta2, epsilon, rho;
    int moments;     /* arrays in use: 2, or 0 for sgd */
    real *moment[2]; /* [length] each: m and v, or G and D */
    size_t length;
};

/* The usual constants of the kind: Adam β1 .9, β2 .999, ε 1e-8, which the caller may change; Adadelta ρ .95, ε 1e-6 (the paper's).
 * Moments are zero. */
void optimizer_init(struct optimizer *optimizer, enum optimizer_kind kind, size_t length);
void optimizer_release(struct optimizer *optimizer);

/* The numbers from … to − 1. */
struct optimizer_range {
    size_t from, to;
};

struct optimizer_step {
    double clip; /* a factor of the gradient */
    double rate;
    long update; /* from 1 */
};

/* Updates the numbers of the range: values and gradient are theirs alone [to - from]. Different ranges may be updated by different
 * threads. */
void optimizer_step(struct optimizer *optimizer, real *values, const real *gradient, struct optimizer_range range,
                    const struct optimizer_step *step);

#endif
