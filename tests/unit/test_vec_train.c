/* The kernels of math/vec.h for the loss, the optimisers and the conversions, against plain loops in double and known values. */
#include "../vectors.h"

#include <string.h>
#if defined(__SSE__)
#include <immintrin.h>
#endif

static void check_cross_entropy(int n, enum kind kind)
{
    const double smoothing = 0.1, scale = 0.25;
    real *x = fill(0, (size_t)n, kind);
    const real *old = copy(1, 0);
    double maximum = -INFINITY, sum = 0, mean = 0, uniform, uniform_too, nll, most = 0;
    int y = n / 3;

    for (int i = 0; i < n; i++) {
        maximum = fmax(maximum, (double)old[i]);
        most = fmax(most, fabs((double)old[i]));
        mean += (double)old[i] / n;
    }
    for (int i = 0; i < n; i++)
        sum += exp((double)old[i] - maximum);
    nll = vec_nll(x, n, y, &uniform);
    near("nll", 0, nll, maximum + log(sum) - (double)old[y], 1 + most);
    near("nll's uniform", 0, uniform, maximum + log(sum) - mean, 1 + most);
    assert_memory_equal(x, old, (size_t)n * sizeof *x);
    near("cross_entropy", 0, vec_cross_entropy(x, n, y, smoothing, scale, &uniform_too), nll, 1e-3);
    near("cross_entropy's uniform", 0, uniform_too, uniform, 1e-3);
    for (int i = 0; i < n; i++) {
        double p = exp((double)old[i] - maximum) / sum, even = smoothing / n, right = i == y ? 1 - smoothing : 0;

        /* The sum is a float, and its logarithm is rounded to one before it is taken off: ± 4e-6 at 100. */
        near("cross_entropy's gradient", (size_t)i, (double)x[i], scale * (p - right - even),
             scale * (p * (1 + most / 10 + n / 1e4) + right + even));
    }
}

/* Also as long as a vocabulary. */
static void cross_entropy(void **state)
{
    (void)state;
    every(check_cross_entropy);
    check_cross_entropy(30001, ORDINARY);
    ends_kept();
}

/* Two updates of each optimiser, from what the first left. The rates of decay are exact in float. */
static void optimisers(void **state)
{
    enum { N = 517 };
    const double clip = 0.5, rate = 0.03, beta1 = 0.875, beta2 = 0.96875, epsilon = 1e-6;
    real *w = fill(0, N, ORDINARY), *m = fill(1, N, ORDINARY), *v = fill_gates(2, N), *g = fill(3, N, ORDINARY);

    (void)state;
    for (int update = 0; update < 2; update++) {
        const real *old_w = copy(4, 0), *old_m = copy(5, 1), *old_v = copy(6, 2);

        vec_adam(w, m, v, g, N, clip, rate, beta1, beta2, epsilon);
        for (size_t i = 0; i < N; i++) {
            double d = clip * (double)g[i], first = beta1 * (double)old_m[i] + (1 - beta1) * d;
            double second = beta2 * (double)old_v[i] + (1 - beta2) * d * d, step = rate * first / (sqrt(second) + epsilon);

            near("adam m", i, (double)m[i], first, 3);
            near("adam v", i, (double)v[i], second, second);
            near("adam w", i, (double)w[i], (double)old_w[i] - step, 3 + fabs(step));
        }
    }
    m = fill_gates(1, N);
    for (int update = 0; update < 2; update++) {
        const real *old_w = copy(4, 0), *old_m = copy(5, 1), *old_v = copy(6, 2);

        vec_adadelta(w, m, v, g, N, clip, rate, beta2, epsilon);
        for (size_t i = 0; i < N; i++) {
            double d = clip * (double)g[i], g2 = beta2 * (double)old_m[i] + (1 - beta2) * d * d;
            double step = sqrt(((double)old_v[i] + epsilon) / (g2 + epsilon)) * d;
            double d2 = beta2 * (double)old_v[i] + (1 - beta2) * step * step;

            near("adadelta g2", i, (double)m[i], g2, g2);
            near("adadelta d2", i, (double)v[i], d2, 2 * d2);
            near("adadelta w", i, (double)w[i], (double)old_w[i] - rate * step, 3 + fabs(step));
        }
    }
    copy(4, 0);
    vec_sgd(w, g, N, clip, rate);
    for (size_t i = 0; i < N; i++)
        near("sgd", i, (double)w[i], (double)vectors[4].at[i] - rate * clip * (double)g[i], 3);
    copy(4, 0);
    vec_average(w, g, N, 0.999);
    for (size_t i = 0; i < N; i++)
        near("average", i, (double)w[i], 0.999 * (double)vectors[4].at[i] + 0.001 * (double)g[i], 3);
    ends_kept();
}

static void sum_squares(void **state)
{
    static const size_t lengths[] = { 1, 3, 17, 4095, 4096, 4097, 30001 };

    (void)state;
    assert_true(vec_sum_squares(fill(0, 0, ORDINARY), 0) == 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const real *x = fill(0, lengths[i], ORDINARY);
        double sum = 0;

        for (size_t k = 0; k < lengths[i]; k++)
            sum += (double)x[k] * (double)x[k];
        near("sum_squares", lengths[i], vec_sum_squares(x, lengths[i]), sum, sum);
    }
}

/* Known values; halves go to the even neighbour. Two rows with a stride. */
static void bf16(void **state)
{
    static const float from[] = {
        1,  -2,         0,         -0.0f,           77,     0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, 0x1.00fffep0f,
        77, -0x1.01p0f, 3.140625f, 0x1.fffffep127f, 1e-40f, 77
    };
    static const uint16_t wanted[] = { 0x3f80, 0xc000, 0x0000, 0x8000, 0x3f80, 0x3f82,
                                       0x3f81, 0x3f80, 0xbf80, 0x4049, 0x7f80, 0x0001 };
    uint16_t to[13];

    (void)state;
    to[12] = 77;
    vec_to_bf16(to, from, 5, 3, 4);
    for (int i = 0; i < 12; i++)
        if (to[i] != wanted[i])
            fail_msg("bfloat16 of %a is %04x, wanted %04x", (double)from[i / 4 * 5 + i % 4], to[i], wanted[i]);
    assert_int_equal(to[12], 77);
}

/* Known values, two rows with a stride, each with its scale; and back, setting and adding. A row of zeros stays one. */
static void int8(void **state)
{
    static const float from[] = { 1, -2, 0.5f, 0.004f, 77, 127e3f, 1400, -126.4e3f, 600, 77, 0, 0, -0.0f, 0, 77 };
    static const int8_t wanted[] = { 64, -127, 32, 0, 127, 1, -126, 1, 0, 0, 0, 0 };
    static const int32_t sums[] = { 3, -4 };
    static const float scales[] = { 0.5f, 2 };
    float scale[3], y[] = { NAN, NAN };
    int8_t to[13];

    (void)state;
    to[12] = 77;
    vec_to_int8(to, scale, from, 5, 3, 4);
    for (int i = 0; i < 12; i++)
        assert_int_equal(to[i], wanted[i]);
    assert_int_equal(to[12], 77);
    assert_true(fabsf(scale[0] - 2.0f / 127) < 1e-7f && fabsf(scale[1] - 1000) < 1e-3f && isfinite(scale[2]));
    vec_from_int8(y, sums, scales, 10, 2, 0);
    assert_true(y[0] == 15 && y[1] == -80);
    vec_from_int8(y, sums, scales, 10, 2, 1);
    assert_true(y[0] == 30 && y[1] == -160);
}

static void denormals(void **state)
{
    (void)state;
#if defined(__SSE__)
    volatile float small = 1e-30f, smaller = 1e-10f, product;
    unsigned before = _mm_getcsr();

    product = small * smaller;
    assert_true(product > 0);
    vec_flush_denormals();
    product = small * smaller;
    assert_true(product == 0);
    _mm_setcsr(before);
#else
    print_message("skipped: only x86 with SSE flushes denormals\n");
    skip();
#endif
}

/* What is lost in rounding is not lost for good: after many numbers, the sums agree to one rounding error; a number that is none
 * stays none. */
static void rounding_errors_are_carried_over(void **state)
{
    real x[3] = { (real)1.001, (real)-0.3333333, (real)1e-6 }, error[3] = { 0 }, sum[3] = { 0 };
    uint16_t sent[3];

    (void)state;
    for (int round = 1; round <= 1000; round++) {
        vec_round_bf16(sent, error, x, 3);
        vec_add_bf16(sum, sent, 3);
        for (int i = 0; i < 3; i++)
            check_near("sum", (size_t)i, (double)sum[i], round * (double)x[i], fabs((double)x[i]) * (0.005 + 1e-4 * round));
    }
    x[0] = (real)NAN;
    vec_round_bf16(sent, error, x, 1);
    assert_int_equal(sent[0] & 0x7fff, 0x7fc0);
}

static void differences_are_rounded(void **state)
{
    const real a[3] = { 1, 2, 3 }, b[3] = { (real)0.5, 2, (real)3.25 };
    real sum[3] = { 0 };
    uint16_t sent[3];

    (void)state;
    vec_difference_bf16(sent, a, b, 3);
    vec_add_bf16(sum, sent, 3);
    assert_true(sum[0] == (real)0.5 && sum[1] == 0 && sum[2] == (real)-0.25);
}

/* Odd sizes, and strides that are larger. */
static void transposing(void **state)
{
    enum { ROWS = 19, COLUMNS = 37, FROM = 40, TO = 23 };
    real from[ROWS * FROM], to[COLUMNS * TO];

    (void)state;
    for (int i = 0; i < ROWS * FROM; i++)
        from[i] = (real)i;
    for (int i = 0; i < COLUMNS * TO; i++)
        to[i] = -1;
    vec_transpose(to, TO, from, FROM, ROWS, COLUMNS);
    for (int j = 0; j < COLUMNS; j++)
        for (int i = 0; i < TO; i++)
            assert_true(to[j * TO + i] == (i < ROWS ? from[i * FROM + j] : -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_errors_are_carried_over),
        cmocka_unit_test(differences_are_rounded),
        cmocka_unit_test(transposing),
        cmocka_unit_test(cross_entropy),
        cmocka_unit_test(optimisers),
        cmocka_unit_test(sum_squares),
        cmocka_unit_test(bf16),
        cmocka_unit_test(int8),
        cmocka_unit_test(denormals),
    };

    return cmocka_run_group_tests_name("vec for training", tests, NULL, NULL);
}
