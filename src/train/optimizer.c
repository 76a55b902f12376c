#include "train/optimizer.h"

#include "base/memory.h"
#include "math/vec.h"

#include <math.h>
#include <stdlib.h>

const char *const optimizer_names[] = { "adam", "adadelta", "sgd", NULL };

void optimizer_init(struct optimizer *optimizer, enum optimizer_kind kind, size_t length)
{
    *optimizer = (struct optimizer){ .kind = kind, .beta1 = 0.9, .beta2 = 0.999, .rho = 0.95, .length = length };
    optimizer->epsilon = kind == OPTIMIZER_ADADELTA ? 1e-6 : 1e-8;
    optimizer->moments = kind == OPTIMIZER_SGD ? 0 : 2;
    for (int i = 0; i < optimizer->moments; i++)
        optimizer->moment[i] = memory_new(length, sizeof(real));
}

void optimizer_release(struct optimizer *optimizer)
{
    for (int i = 0; i < optimizer->moments; i++)
        free(optimizer->moment[i]);
    *optimizer = (struct optimizer){ 0 };
}

void optimizer_step(struct optimizer *optimizer, real *values, const real *gradient, struct optimizer_range range,
                    const struct optimizer_step *step)
{
    real *moment[2] = { NULL, NULL };
    size_t n = range.to - range.from;

    for (int i = 0; i < optimizer->moments; i++)
        moment[i] = optimizer->moment[i] + range.from;
    if (optimizer->kind == OPTIMIZER_ADAM) {
        double corrected =
            step->rate * sqrt(1 - pow(optimizer->beta2, (double)step->update)) / (1 - pow(optimizer->beta1, (double)step->update));

        vec_adam(values, moment[0], moment[1], gradient, n, step->clip, corrected, optimizer->beta1, optimizer->beta2,
                 optimizer->epsilon);
    } else if (optimizer->kind == OPTIMIZER_ADADELTA) {
        vec_adadelta(values, moment[0], moment[1], gradient, n, step->clip, step->rate, optimizer->rho, optimizer->epsilon);
    } else {
        vec_sgd(values, gradient, n, step->clip, step->rate);
    }
}
