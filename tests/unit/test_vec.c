/* The kernels of math/vec.h that the layers use, against plain loops in double, over odd lengths and over ordinary, extreme and
 * tiny numbers; what stands after the end of each output must stay. (Loss, optimisers and conversions: test_vec_train.c.) */
#include "../vectors.h"

enum { MOST_T = 7 };

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static void check_plain(int n, enum kind kind)
{
    real *y = fill(0, (size_t)n, kind), *a = fill(1, (size_t)n, kind), *b = fill(2, (size_t)n, ORDINARY);
    const real *old = copy(3, 0);

    vec_add(y, a, n);
    for (int i = 0; i < n; i++)
        near("add", (size_t)i, (double)y[i], (double)old[i] + (double)a[i], fabs((double)old[i]) + fabs((double)a[i]));
    copy(0, 3);
    vec_add_product(y, a, b, n);
    for (int i = 0; i < n; i++)
        near("add_product", (size_t)i, (double)y[i], (double)old[i] + (double)a[i] * (double)b[i],
             fabs((double)old[i]) + fabs((double)a[i] * (double)b[i]));
    vec_product(y, a, b, n);
    for (int i = 0; i < n; i++)
        near("product", (size_t)i, (double)y[i], (double)a[i] * (double)b[i], fabs((double)a[i] * (double)b[i]));
    copy(0, 1);
    vec_product(y, y, b, n);
    vec_product(b, a, b, n);
    for (int i = 0; i < n; i++)
        assert_true(y[i] == b[i]); /* in place, either way */
    copy(0, 3);
    vec_add_scaled(y, (real)-0.75, a, n);
    for (int i = 0; i < n; i++)
        near("add_scaled", (size_t)i, (double)y[i], (double)old[i] - 0.75 * (double)a[i],
             fabs((double)old[i]) + fabs((double)a[i]));
    copy(0, 3);
    vec_accumulate(y, a, (size_t)n);
    for (int i = 0; i < n; i++)
        near("accumulate", (size_t)i, (double)y[i], (double)old[i] + (double)a[i], fabs((double)old[i]) + fabs((double)a[i]));
}

/* The mean of two distributions, as an ensemble takes it, and its logarithm. */
static void check_ensemble(int n, enum kind kind)
{
    real *y = fill(0, (size_t)n, ORDINARY), *x = fill(1, (size_t)n, ORDINARY);
    const real *old;

    (void)kind;
    x[0] = -200;
    y[0] = -150; /* nothing of either */
    old = copy(3, 0);
    vec_exponentials(y, y, 1.5, n);
    for (int i = 1; i < n; i++)
        near("exponentials", (size_t)i, (double)y[i], exp((double)old[i] - 1.5), exp((double)old[i] - 1.5));
    vec_add_exponentials(y, x, 2.5, n);
    vec_logarithms(y, 0.5, n);
    assert_true(y[0] <= -85 && (double)y[0] >= log(1e-37) - 1e-3);
    for (int i = 1; i < n; i++)
        near("logarithms", (size_t)i, (double)y[i], log(0.5 * (exp((double)old[i] - 1.5) + exp((double)x[i] - 2.5)) + 1e-37),
             1 + fabs((double)y[i]));
}

static void check_tanh(int n, enum kind kind)
{
    real *y = fill(0, (size_t)n, kind), *dy = fill(2, (size_t)n, ORDINARY), *dx = fill(3, (size_t)n, ORDINARY);
    const real *x = copy(1, 0);

    vec_tanh(y, n);
    for (int i = 0; i < n; i++)
        near("tanh", (size_t)i, (double)y[i], tanh((double)x[i]), 1);
    vec_tanh_backward(dx, y, dy, n);
    for (int i = 0; i < n; i++)
        near("tanh_backward", (size_t)i, (double)dx[i], (double)dy[i] * (1 - (double)y[i] * (double)y[i]), fabs((double)dy[i]));
    vec_tanh_backward(dy, y, dy, n);
    for (int i = 0; i < n; i++)
        assert_true(dx[i] == dy[i]);
}

static void check_gru(int n, enum kind kind)
{
    size_t h = (size_t)n;
    real *g = fill(0, 3 * h, kind), *rs = fill(2, h, ORDINARY), *s = fill(3, h, kind), *next = fill(4, h, ORDINARY);
    const real *x = copy(1, 0);

    vec_gru_gates(g, rs, s, n);
    for (size_t i = 0; i < 2 * h; i++)
        near("gru_gates", i, (double)g[i], logistic((double)x[i]), 1);
    for (size_t i = 0; i < h; i++) {
        near("gru_gates r s", i, (double)rs[i], logistic((double)x[i]) * (double)s[i], fabs((double)s[i]));
        assert_true(g[2 * h + i] == x[2 * h + i]);
    }
    vec_gru_state(next, g, s, n);
    for (size_t i = 0; i < h; i++) {
        double z = logistic((double)x[h + i]), candidate = tanh((double)x[2 * h + i]);

        near("gru_state s~", i, (double)g[2 * h + i], candidate, 1);
        near("gru_state", i, (double)next[i], (1 - z) * (double)s[i] + z * candidate, 1 + 2 * fabs((double)s[i]));
    }
}

static void check_gru_backward(int n, enum kind kind)
{
    size_t h = (size_t)n;
    real *g = fill_gates(0, 3 * h), *dg = fill(1, 3 * h, ORDINARY), *ds = fill(2, h, ORDINARY), *dnext = fill(3, h, kind);
    real *s = fill(4, h, kind), *drs = fill(5, h, kind);

    vec_gru_state_backward(dg, ds, dnext, g, s, n);
    for (size_t i = 0; i < h; i++) {
        double z = (double)g[h + i], candidate = (double)g[2 * h + i], d = (double)dnext[i];

        near("gru_state_backward z", i, (double)dg[h + i], d * (candidate - (double)s[i]) * z * (1 - z),
             fabs(d) * (1 + fabs((double)s[i])));
        near("gru_state_backward s~", i, (double)dg[2 * h + i], d * z * (1 - candidate * candidate), fabs(d));
        near("gru_state_backward s", i, (double)ds[i], d * (1 - z), fabs(d));
    }
    vec_gru_gates_backward(dg, ds, drs, g, s, n);
    for (size_t i = 0; i < h; i++) {
        double r = (double)g[i], d = (double)drs[i];

        near("gru_gates_backward r", i, (double)dg[i], d * (double)s[i] * r * (1 - r), fabs(d * (double)s[i]));
        near("gru_gates_backward s", i, (double)ds[i], d * r, fabs(d));
    }
}

static void check_energy(int A, enum kind kind)
{
    int T = MOST_T;
    size_t a_count = (size_t)A, count = a_count * MOST_T;
    real *e = fill(0, MOST_T, ORDINARY), *q = fill(1, a_count, kind), *K = fill(2, count, kind), *v = fill(3, a_count, ORDINARY);
    real *dq = fill(4, a_count, ORDINARY), *dK = fill(5, count, ORDINARY), *dv = fill(6, a_count, ORDINARY);
    const real *de = fill(7, MOST_T, ORDINARY);
    static double wanted_dq[512], wanted_dv[512], size_q[512], size_v[512];

    for (size_t i = 0; i < count; i++)
        dK[i] = (real)0.5;
    for (int a = 0; a < A; a++) {
        wanted_dq[a] = (double)dq[a];
        wanted_dv[a] = (double)dv[a];
        size_q[a] = size_v[a] = 3;
    }
    vec_energy(e, q, K, A, v, T, A);
    for (size_t j = 0; j < MOST_T; j++) {
        double sum = 0, size = 0;

        for (size_t a = 0; a < a_count; a++) {
            double t = tanh((double)q[a] + (double)K[j * a_count + a]), d = (double)de[j];

            sum += (double)v[a] * t;
            size += fabs((double)v[a]);
            wanted_dq[a] += d * (double)v[a] * (1 - t * t);
            wanted_dv[a] += d * t;
            size_q[a] += 2 * fabs(d * (double)v[a]);
            size_v[a] += fabs(d);
        }
        near("energy", j, (double)e[j], sum, size);
    }
    vec_energy_backward(dq, dK, dv, de, q, K, A, v, T, A);
    for (size_t a = 0; a < a_count; a++) {
        near("energy_backward q", a, (double)dq[a], wanted_dq[a], size_q[a]);
        near("energy_backward v", a, (double)dv[a], wanted_dv[a], size_v[a]);
    }
    for (size_t i = 0; i < count; i++) {
        double t = tanh((double)q[i % a_count] + (double)K[i]), dv_a = (double)de[i / a_count] * (double)v[i % a_count];

        near("energy_backward K", i, (double)dK[i], 0.5 + dv_a * (1 - t * t), 0.5 + 2 * fabs(dv_a));
    }
}

static void check_softmax(int n, enum kind kind)
{
    real *p = fill(0, (size_t)n, kind), *dp = fill(2, (size_t)n, ORDINARY), *de = fill(3, (size_t)n, ORDINARY);
    const real *x = copy(1, 0);
    double maximum = -INFINITY, sum = 0, mean = 0, size = 0;

    for (int i = 0; i < n; i++)
        maximum = fmax(maximum, (double)x[i]);
    for (int i = 0; i < n; i++)
        sum += exp((double)x[i] - maximum);
    assert_true((double)vec_maximum(x, n) == maximum);
    near("log_sum_exp", 0, vec_log_sum_exp(x, n), maximum + log(sum), 1 + fabs(maximum));
    vec_softmax(p, n);
    for (int i = 0; i < n; i++) {
        double wanted = exp((double)x[i] - maximum) / sum;

        near("softmax", (size_t)i, (double)p[i], wanted, wanted * (1 + (double)n / 1e4)); /* the sum is a float */
        mean += wanted * (double)dp[i];
        size += wanted * fabs((double)dp[i]);
    }
    vec_softmax_backward(de, p, dp, n);
    for (int i = 0; i < n; i++) {
        double wanted = exp((double)x[i] - maximum) / sum;

        near("softmax_backward", (size_t)i, (double)de[i], wanted * ((double)dp[i] - mean),
             2 * wanted * (fabs((double)dp[i]) + size));
    }
}

/* The kernels of matrices with MOST_T rows: H [T, n], and the sum over rows with a stride. */
static void check_rows(int n, enum kind kind)
{
    size_t length = (size_t)n, stride = length + 2;
    real *c = fill(0, length, ORDINARY), *weights = fill_gates(1, MOST_T), *H = fill(2, length * MOST_T, kind);
    real *d = fill(3, MOST_T, ORDINARY), *dH = fill(4, length * MOST_T, ORDINARY), *X = fill(6, stride * MOST_T, kind);
    const real *old_dH = copy(5, 4), *old_c;

    vec_weighted_sum(c, weights, H, n, MOST_T, n);
    vec_dots(d, c, H, n, MOST_T, n);
    vec_add_outer(dH, weights, c, n, MOST_T, n);
    for (size_t j = 0; j < MOST_T; j++) {
        double sum = 0, size = 0;

        for (size_t i = 0; i < length; i++) {
            double dot = (double)c[i] * (double)H[j * length + i], outer = (double)weights[j] * (double)c[i];

            sum += dot;
            size += fabs(dot);
            near("add_outer", j * length + i, (double)dH[j * length + i], (double)old_dH[j * length + i] + outer, 3 + fabs(outer));
        }
        near("dots", j, (double)d[j], sum, 5 * size); /* a plain sum of floats, hundreds of times as large as its terms */
    }
    old_c = copy(7, 0);
    vec_sum_rows(c, X, (int)stride, MOST_T, n);
    for (size_t i = 0; i < length; i++) {
        double sum = 0, size = 0, total = (double)old_c[i], total_size = fabs(total);

        for (size_t j = 0; j < MOST_T; j++) {
            sum += (double)weights[j] * (double)H[j * length + i];
            size += fabs((double)weights[j] * (double)H[j * length + i]);
            total += (double)X[j * stride + i];
            total_size += fabs((double)X[j * stride + i]);
        }
        near("weighted_sum", i, (double)old_c[i], sum, size);
        near("sum_rows", i, (double)c[i], total, total_size);
    }
}

static void check_maxout(int n, enum kind kind)
{
    size_t length = (size_t)n;
    real *m = fill(0, length, ORDINARY), *t = fill(1, 2 * length, kind), *dt = fill(2, 2 * length, ORDINARY);
    const real *dm = fill(3, length, ORDINARY);

    t[1] = t[0]; /* of equals the first gets the gradient */
    vec_maxout(m, t, n);
    vec_maxout_backward(dt, dm, t, n);
    assert_true(dt[0] == dm[0] && dt[1] == 0);
    for (size_t i = 0; i < length; i++) {
        int second = t[2 * i + 1] > t[2 * i];

        assert_true(m[i] == t[2 * i + (size_t)second]);
        assert_true(dt[2 * i + (size_t)second] == dm[i] && dt[2 * i + (size_t)!second] == 0);
    }
}

static void plain(void **state)
{
    (void)state;
    every(check_plain);
}

static void tanhs(void **state)
{
    (void)state;
    every(check_tanh);
}

static void ensembles(void **state)
{
    (void)state;
    every(check_ensemble);
}

static void gru(void **state)
{
    (void)state;
    every(check_gru);
    every(check_gru_backward);
}

static void energy(void **state)
{
    (void)state;
    every(check_energy);
}

/* Also as long as a vocabulary, and over all of exp's range. */
static void softmax(void **state)
{
    real *x;

    (void)state;
    every(check_softmax);
    check_softmax(30001, ORDINARY);
    ends_kept();
    x = fill(0, 801, ORDINARY);
    for (int i = 0; i < 801; i++)
        x[i] = (real)-0.1 * (real)i;
    copy(1, 0);
    vec_softmax(x, 801);
    for (size_t i = 0; i < 801; i++) {
        double wanted = exp((double)vectors[1].at[i]) * -expm1(-0.1) / -expm1(-80.1);

        /* The last digit of x = -80 is worth 4e-6 of e^x, and processors without fused products lose it. */
        near("softmax of -0.1 i", i, (double)x[i], wanted, wanted * (1 + 0.1 * (double)i / 16));
    }
    ends_kept();
}

static void rows(void **state)
{
    (void)state;
    every(check_rows);
}

static void maxout(void **state)
{
    (void)state;
    every(check_maxout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),  cmocka_unit_test(tanhs),   cmocka_unit_test(ensembles), cmocka_unit_test(gru),
        cmocka_unit_test(energy), cmocka_unit_test(softmax), cmocka_unit_test(rows),      cmocka_unit_test(maxout),
    };

    return cmocka_run_group_tests_name("vec", tests, NULL, NULL);
}
