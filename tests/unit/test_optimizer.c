/* The optimizers alone, held against loops in double over several updates: the formulas of Kingma and Ba (2015), algorithm 1, with
 * the bias of both moments corrected; of Zeiler (2012), algorithm 1; and of plain stochastic gradient descent. */
#include "../check.h"

#include "train/optimizer.h"

#include <string.h>

enum { LENGTH = 301, UPDATES = 12 };

/* The plain version: w, the two moments, and the largest gradient so far. */
struct reference {
    double w[LENGTH], first[LENGTH], second[LENGTH], largest[LENGTH];
};

static void reference_step(struct reference *r, enum optimizer_kind kind, const real *gradient, double clip, double rate,
                           int update)
{
    const double beta1 = 0.9, beta2 = 0.999, rho = 0.95;

    for (int i = 0; i < LENGTH; i++) {
        double g = clip * (double)gradient[i], step = g;

        r->largest[i] = fmax(r->largest[i], fabs(g));
        if (kind == OPTIMIZER_ADAM) {
            double scale = sqrt(1 - pow(beta2, update));

            r->first[i] = beta1 * r->first[i] + (1 - beta1) * g;
            r->second[i] = beta2 * r->second[i] + (1 - beta2) * g * g;
            /* m^ / (√v^ + ε^) with ε^ = ε / √(1 − β2^t), as the end of the paper's section 2 has it */
            step = r->first[i] / (1 - pow(beta1, update)) / (sqrt(r->second[i]) / scale + 1e-8 / scale);
        } else if (kind == OPTIMIZER_ADADELTA) {
            r->first[i] = rho * r->first[i] + (1 - rho) * g * g;
            step = sqrt(r->second[i] + 1e-6) / sqrt(r->first[i] + 1e-6) * g;
            r->second[i] = rho * r->second[i] + (1 - rho) * step * step;
        }
        r->w[i] -= rate * step;
    }
}

/* Gradients of all sizes, some zero; another for each update. */
static void make_gradient(real *gradient, int update)
{
    struct rng rng = rng_make(5, (uint64_t)update, 0, 0);

    check_fill(gradient, LENGTH, 2, &rng);
    for (int i = 0; i < LENGTH; i++)
        gradient[i] *= (real)(i % 7 == 0 ? 0 : i % 7 == 1 ? 1e-4 : i % 7 == 2 ? 1e3 : 1);
}

static void make_values(real *values)
{
    struct rng rng = rng_make(6, 0, 0, 0);

    check_fill(values, LENGTH, 1, &rng);
}

/* Every update, clipped by another factor at another rate, equals the plain loop. */
static void check_steps(enum optimizer_kind kind, double rate)
{
    struct optimizer optimizer;
    struct reference reference = { { 0 }, { 0 }, { 0 }, { 0 } };
    real values[LENGTH], gradient[LENGTH];

    optimizer_init(&optimizer, kind, LENGTH);
    assert_int_equal(optimizer.moments, kind == OPTIMIZER_SGD ? 0 : 2);
    make_values(values);
    for (int i = 0; i < LENGTH; i++)
        reference.w[i] = (double)values[i];
    for (int update = 1; update <= UPDATES; update++) {
        double clip = update % 3 ? 1 : 0.25, now = rate / update;

        make_gradient(gradient, update);
        optimizer_step(&optimizer, values, gradient, (struct optimizer_range){ 0, LENGTH },
                       &(struct optimizer_step){ clip, now, update });
        reference_step(&reference, kind, gradient, clip, now, update);
        for (size_t i = 0; i < LENGTH; i++) {
            check_near("value", i, (double)values[i], reference.w[i], 2e-6 * (fabs(reference.w[i]) + 1));
            if (optimizer.moments) {
                check_near("first moment", i, (double)optimizer.moment[0][i], reference.first[i],
                           kind == OPTIMIZER_ADAM ? 1e-6 * reference.largest[i] : 1e-5 * reference.first[i]);
                check_near("second moment", i, (double)optimizer.moment[1][i], reference.second[i],
                           3e-6 * fabs(reference.second[i]) + 1e-12);
            }
        }
    }
    optimizer_release(&optimizer);
}

static void adam_equals_the_paper(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_ADAM, 0.01);
}

static void adadelta_equals_the_paper(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_ADADELTA, 1);
}

static void sgd_is_the_gradient(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_SGD, 1e-3);
}

/* Without bias correction Adam's first step would be √(1 − β2) / (1 − β1) = 0.316 of the rate; with it, it is the rate, whatever the
 * gradient's size. A gradient of zero moves nothing. */
static void adams_first_step_is_the_rate(void **state)
{
    struct optimizer optimizer;
    real values[4] = { 0 };
    const real gradient[4] = { (real)1e-3, -5, 1000, 0 };

    (void)state;
    optimizer_init(&optimizer, OPTIMIZER_ADAM, 4);
    optimizer_step(&optimizer, values, gradient, (struct optimizer_range){ 0, 4 }, &(struct optimizer_step){ 1, 0.5, 1 });
    check_near("value", 0, (double)values[0], -0.5, 2e-4); /* ε is seen: 1e-8 / √(1 − β2) against 1e-3 */
    check_near("value", 1, (double)values[1], 0.5, 5e-6);
    check_near("value", 2, (double)values[2], -0.5, 5e-6);
    check_near("value", 3, (double)values[3], 0, 0);
    optimizer_release(&optimizer);
}

/* A step on g with a clip factor is a step on factor · g. */
static void clipping_scales_the_gradient(void **state)
{
    (void)state;
    for (int kind = OPTIMIZER_ADAM; kind <= OPTIMIZER_SGD; kind++) {
        struct optimizer clipped, scaled;
        real a[LENGTH], b[LENGTH], gradient[LENGTH], part[LENGTH];

        optimizer_init(&clipped, (enum optimizer_kind)kind, LENGTH);
        optimizer_init(&scaled, (enum optimizer_kind)kind, LENGTH);
        make_values(a);
        make_values(b);
        for (int update = 1; update <= 3; update++) {
            make_gradient(gradient, update);
            for (int i = 0; i < LENGTH; i++)
                part[i] = gradient[i] / 8; /* exact: a power of two */
            optimizer_step(&clipped, a, gradient, (struct optimizer_range){ 0, LENGTH },
                           &(struct optimizer_step){ 0.125, 0.1, update });
            optimizer_step(&scaled, b, part, (struct optimizer_range){ 0, LENGTH }, &(struct optimizer_step){ 1, 0.1, update });
        }
        assert_memory_equal(a, b, sizeof a);
        optimizer_release(&clipped);
        optimizer_release(&scaled);
    }
}

/* Steps all ranges between the cuts apart, the last one first; what lies outside a range is not touched. */
static void step_ranges(struct optimizer *optimizer, real *values, const real *gradient, const size_t *cuts, int update)
{
    real before[LENGTH];
    size_t last = 0;

    while (cuts[last] < LENGTH)
        last++;
    for (size_t k = last; k > 0; k--) {
        memcpy(before, values, sizeof before);
        optimizer_step(optimizer, values + cuts[k - 1], gradient + cuts[k - 1], (struct optimizer_range){ cuts[k - 1], cuts[k] },
                       &(struct optimizer_step){ 0.5, 0.01, update });
        assert_memory_equal(values, before, cuts[k - 1] * sizeof *values);
        if (cuts[k] < LENGTH)
            assert_memory_equal(values + cuts[k], before + cuts[k], (LENGTH - cuts[k]) * sizeof *values);
    }
}

/* Ranges stepped apart give what one step over all gives: to the bit where vectors of numbers are not cut, as training's slices do not;
 * else to rounding. */
static void ranges_equal_the_whole(void **state)
{
    static const size_t even[] = { 0, 64, 128, 256, LENGTH }, odd[] = { 0, 1, 17, 64, 65, 200, LENGTH };

    (void)state;
    for (int kind = OPTIMIZER_ADAM; kind <= OPTIMIZER_SGD; kind++) {
        struct optimizer whole, slices, pieces;
        real a[LENGTH], b[LENGTH], c[LENGTH], gradient[LENGTH];

        optimizer_init(&whole, (enum optimizer_kind)kind, LENGTH);
        optimizer_init(&slices, (enum optimizer_kind)kind, LENGTH);
        optimizer_init(&pieces, (enum optimizer_kind)kind, LENGTH);
        make_values(a);
        make_values(b);
        make_values(c);
        for (int update = 1; update <= 4; update++) {
            make_gradient(gradient, update);
            optimizer_step(&whole, a, gradient, (struct optimizer_range){ 0, LENGTH },
                           &(struct optimizer_step){ 0.5, 0.01, update });
            step_ranges(&slices, b, gradient, even, update);
            step_ranges(&pieces, c, gradient, odd, update);
            optimizer_step(&slices, b + 5, gradient + 5, (struct optimizer_range){ 5, 5 },
                           &(struct optimizer_step){ 0.5, 0.01, update }); /* an empty range */
            assert_memory_equal(a, b, sizeof a);
            for (int m = 0; m < whole.moments; m++)
                assert_memory_equal(whole.moment[m], slices.moment[m], sizeof a);
            for (size_t i = 0; i < LENGTH; i++)
                check_near("value", i, (double)c[i], (double)a[i], 1e-6 * (fabs((double)a[i]) + 1));
        }
        optimizer_release(&whole);
        optimizer_release(&slices);
        optimizer_release(&pieces);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_equals_the_paper),        cmocka_unit_test(adadelta_equals_the_paper),
        cmocka_unit_test(sgd_is_the_gradient),          cmocka_unit_test(adams_first_step_is_the_rate),
        cmocka_unit_test(clipping_scales_the_gradient), cmocka_unit_test(ranges_equal_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
