/* The kernels of math/vec.h that only the Transformer uses, against plain loops in double (tests/vectors.h). */
#include "../vectors.h"

static void check_simple(int n, enum kind kind)
{
    size_t length = (size_t)n;
    real *y = fill(0, length, kind), *x = fill(1, length, kind);
    const real *old = copy(2, 0), *kept;

    vec_relu(y, length);
    for (size_t i = 0; i < length; i++)
        assert_true(y[i] == (old[i] > 0 ? old[i] : 0));
    kept = copy(3, 1);
    vec_relu_backward(x, y, length);
    for (size_t i = 0; i < length; i++)
        assert_true(x[i] == (old[i] > 0 ? kept[i] : 0));
    copy(0, 2);
    vec_scale(y, (real)0.75, length);
    for (size_t i = 0; i < length; i++)
        near("scale", i, (double)y[i], 0.75 * (double)old[i], fabs((double)old[i]));
    copy(0, 2);
    vec_scale_add(y, (real)0.75, kept, n);
    for (size_t i = 0; i < length; i++)
        near("scale_add", i, (double)y[i], 0.75 * (double)old[i] + (double)kept[i], fabs((double)old[i]) + fabs((double)kept[i]));
}

/* Means and inverse deviation of x in double. */
static void moments(const real *x, size_t n, double *mean, double *inverse)
{
    double variance = 0;

    *mean = 0;
    for (size_t i = 0; i < n; i++)
        *mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += ((double)x[i] - *mean) * ((double)x[i] - *mean) / (double)n;
    *inverse = 1 / sqrt(variance + 1e-6);
}

static void check_norm(int n, enum kind kind)
{
    size_t length = (size_t)n;
    real *y = fill(0, length, ORDINARY), *x = fill(1, length, kind), *gain = fill(2, length, ORDINARY);
    real *bias = fill(3, length, ORDINARY), stats[2];
    double mean, inverse;

    moments(x, length, &mean, &inverse);
    vec_norm(y, stats, x, gain, bias, n, 1e-6);
    near("mean", 0, (double)stats[0], mean, 300);
    near("deviation", 0, (double)stats[1], inverse, 5 * inverse);
    for (size_t i = 0; i < length; i++)
        near("norm", i, (double)y[i], (double)gain[i] * ((double)x[i] - mean) * inverse + (double)bias[i], 3 + 20 * (double)length);
    copy(4, 1);
    vec_norm(x, stats, x, gain, bias, n, 1e-6);
    for (size_t i = 0; i < length; i++)
        assert_true(x[i] == y[i]); /* in place */
}

/* dx = (du − mean(du) − u mean(du ∘ u)) / deviation, du = gain ∘ dy, set or added, in place or not. */
static void check_norm_backward(int n, enum kind kind)
{
    size_t length = (size_t)n;
    real *dx = fill(0, length, ORDINARY), *dgain = fill(1, length, ORDINARY), *dbias = fill(2, length, ORDINARY);
    real *dy = fill(3, length, ORDINARY), *x = fill(4, length, ORDINARY), *gain = fill(5, length, ORDINARY), stats[2];
    const real *old_dx = copy(6, 0), *old_dgain = copy(7, 1);
    double mean, inverse, sum = 0, dot = 0;

    if (kind != ORDINARY)
        return;
    moments(x, length, &mean, &inverse);
    stats[0] = (real)mean;
    stats[1] = (real)inverse;
    for (size_t i = 0; i < length; i++) {
        sum += (double)gain[i] * (double)dy[i] / (double)length;
        dot += (double)gain[i] * (double)dy[i] * ((double)x[i] - mean) * inverse / (double)length;
    }
    vec_norm_backward(dx, dgain, dbias, dy, stats, x, gain, n, 1);
    for (size_t i = 0; i < length; i++) {
        double u = ((double)x[i] - mean) * inverse;

        near("dgain", i, (double)dgain[i], (double)old_dgain[i] + (double)dy[i] * u, 20);
        near("dx added", i, (double)dx[i], (double)old_dx[i] + ((double)gain[i] * (double)dy[i] - sum - u * dot) * inverse,
             3 + 100 * inverse);
    }
    copy(0, 6);
    vec_norm_backward(dx, dgain, dbias, dy, stats, x, gain, n, 0);
    vec_norm_backward(dy, dgain, dbias, dy, stats, x, gain, n, 0);
    for (size_t i = 0; i < length; i++)
        assert_true(dx[i] == dy[i]); /* in place */
}

static void simple(void **state)
{
    (void)state;
    every(check_simple);
}

static void norm(void **state)
{
    (void)state;
    every(check_norm);
}

static void norm_backward(void **state)
{
    (void)state;
    every(check_norm_backward);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(simple), cmocka_unit_test(norm), cmocka_unit_test(norm_backward) };

    return cmocka_run_group_tests_name("vec_norm", tests, NULL, NULL);
}
