/* check: what several tests share: random numbers, comparisons that name what differs, and the central difference. */
#ifndef NMT_TESTS_CHECK_H
#define NMT_TESTS_CHECK_H

#include "base/rng.h"
#include "math/real.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* x [count]: uniform in ± most. */
static inline void check_fill(real *x, size_t count, double most, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        x[i] = (real)(most * (2 * rng_uniform(rng) - 1));
}

/* |got − wanted| <= tolerance; fails on a NaN too. */
static inline void check_near(const char *what, size_t index, double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%s [%zu]: got %.12g, wanted %.12g, off by %.3g, allowed %.3g", what, index, got, wanted, fabs(got - wanted),
                 tolerance);
}

/* Where a numerical and a given derivative may differ: by 1e-6 of the larger, or of CHECK_SMALL for what is smaller still (the
 * differences themselves are good to some 1e-12). */
#define CHECK_STEP 1e-3
#define CHECK_RELATIVE 1e-6
#define CHECK_SMALL 1e-5

/* The derivative of loss(context) by *x: central differences at two distances, so that the error falls with the step's fourth
 * power. */
static inline double check_derivative(real *x, double step, double (*loss)(void *), void *context)
{
    const real kept = *x;
    double at[5];

    for (int i = -2; i <= 2; i++) {
        if (i == 0)
            continue;
        *x = kept + (real)(i * step);
        at[i + 2] = loss(context);
    }
    *x = kept;
    return (8 * (at[3] - at[1]) - (at[4] - at[0])) / (12 * step);
}

static inline int check_agree(double a, double b)
{
    return fabs(a - b) <= CHECK_RELATIVE * fmax(CHECK_SMALL, fmax(fabs(a), fabs(b)));
}

/* Holds every entry of d [rows, columns] against the derivative of the loss by x, both with row stride ld; fails with the
 * tensor's name and index, and when no entry of d differs from zero. Where maxout changes from one of its pair to the other within a
 * step, or a rectifier from zero to more, the differences are no derivative: a shorter step does not reach that far, and a wrong gradient is wrong there too. */
static inline void check_gradient(const char *name, real *x, const real *d, int rows, int columns, int ld, double (*loss)(void *),
                                  void *context)
{
    double largest = 0;

    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            size_t i = (size_t)row * (size_t)ld + (size_t)column;
            double numeric = check_derivative(&x[i], CHECK_STEP, loss, context), given = (double)d[i];

            for (int shorter = 16; shorter <= 256 && !check_agree(numeric, given); shorter *= 16)
                numeric = check_derivative(&x[i], CHECK_STEP / shorter, loss, context);
            if (!check_agree(numeric, given))
                fail_msg("d%s [%d, %d]: backward has %.12g, the central difference %.12g", name, row, column, given, numeric);
            largest = fmax(largest, fabs(given));
        }
    if (!(largest > 0))
        fail_msg("d%s is all zero", name);
}

#endif
