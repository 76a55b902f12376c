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

void optimizer_step(struct optimizer *optimizer, real *values, const real *gradient, size_t from, size_t to, double clip,
                    double rate, long update)
{
    real *first = optimizer->moment[0], *second = optimizer->moment[1];
    size_t n = to - from;

    if (optimizer->kind == OPTIMIZER_ADAM) {
        double corrected = rate * sqrt(1 - pow(optimizer->beta2, (double)update)) / (1 - pow(optimizer->beta1, (double)update));

        vec_adam(values + from, first + from, second + from, gradient + from, n, clip, corrected, optimizer->beta1,
                 optimizer->beta2, optimizer->epsilon);
    } else if (optimizer->kind == OPTIMIZER_ADADELTA) {
        vec_adadelta(values + from, first + from, second + from, gradient + from, n, clip, rate, optimizer->rho,
                     optimizer->epsilon);
    } else {
        vec_sgd(values + from, gradient + from, n, clip, rate);
    }
}
