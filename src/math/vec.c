#include "math/vec.h"

#include "math/clones.h"

#include <math.h>
#include <string.h>
#if defined(__SSE__)
#include <immintrin.h>
#endif

#ifdef NMT_DOUBLE

INLINE real exponential(real x)
{
    return exp(x);
}

INLINE real hyperbolic(real x)
{
    return tanh(x);
}

INLINE real logarithm(real x)
{
    return log(x);
}

INLINE real square_root(real x)
{
    return sqrt(x);
}

#else

/* e^x = 2^k e^r with k the integer nearest to x / ln 2, |r| <= ln 2 / 2, e^r by a polynomial of degree 6 (Taylor's, relative error
 * 2e-7); written without branches or calls so that the compiler turns loops over it into vector code. */
INLINE real exponential(real x)
{
    float r, p, power;
    int k, bits;

    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    k = (int)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
    r = x - (float)k * 0.69314718056f;
    p = 1.0f + r * (1.0f + r * (0.5f + r * (0.16666667f + r * (0.041666668f + r * (0.0083333338f + r * 0.0013888889f)))));
    bits = (k + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

INLINE real hyperbolic(real x)
{
    return 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
}

/* Of a normal number: x = 2^k m with m from 1/√2 to √2, and ln m = 2 artanh s with s = (m − 1) / (m + 1), |s| <= 0.172, by its series up to
 * s^9 (error 1e-9). */
INLINE real logarithm(real x)
{
    const int32_t middle = 0x3f3504f3; /* the bits of 1/√2 */
    int32_t bits, k;
    float m, s, q;

    memcpy(&bits, &x, sizeof bits);
    k = (bits - middle) >> 23;
    bits -= k * (1 << 23);
    memcpy(&m, &bits, sizeof m);
    s = (m - 1.0f) / (m + 1.0f);
    q = s * s;
    return (float)k * 0.69314718056f + 2.0f * s * (1.0f + q * (0.33333333f + q * (0.2f + q * (0.14285714f + q * 0.11111111f))));
}

INLINE real square_root(real x)
{
    return sqrtf(x);
}

#endif

INLINE real logistic(real x)
{
    return 1 / (1 + exponential(-x));
}

CLONES void vec_add(real *y, const real *x, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += x[i];
}

CLONES void vec_add_product(real *y, const real *a, const real *b, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += a[i] * b[i];
}

CLONES void vec_product(real *y, const real *a, const real *b, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

CLONES void vec_tanh(real *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = hyperbolic(y[i]);
}

CLONES void vec_tanh_backward(real *dx, const real *y, const real *dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
}

CLONES void vec_sum_rows(real *y, const real *X, int ldx, int rows, int n)
{
    for (int row = 0; row < rows; row++) {
        const real *x = X + (size_t)row * (size_t)ldx;

        for (int i = 0; i < n; i++)
            y[i] += x[i];
    }
}

CLONES void vec_gru_gates(real *restrict g, real *restrict rs, const real *restrict s, int n)
{
    for (int i = 0; i < n; i++) {
        g[i] = logistic(g[i]);
        rs[i] = g[i] * s[i];
    }
    for (int i = n; i < 2 * n; i++)
        g[i] = logistic(g[i]);
}

CLONES void vec_gru_state(real *restrict next, real *restrict g, const real *restrict s, int n)
{
    const real *z = g + n;
    real *candidate = g + 2 * n;

    for (int i = 0; i < n; i++) {
        candidate[i] = hyperbolic(candidate[i]);
        next[i] = s[i] + z[i] * (candidate[i] - s[i]);
    }
}

CLONES void vec_gru_state_backward(real *restrict dg, real *restrict ds, const real *restrict dnext, const real *restrict g,
                                   const real *restrict s, int n)
{
    const real *z = g + n, *candidate = g + 2 * n;

    for (int i = 0; i < n; i++) {
        dg[n + i] = dnext[i] * (candidate[i] - s[i]) * z[i] * (1 - z[i]);
        dg[2 * n + i] = dnext[i] * z[i] * (1 - candidate[i] * candidate[i]);
        ds[i] = dnext[i] * (1 - z[i]);
    }
}

CLONES void vec_gru_gates_backward(real *restrict dg, real *restrict ds, const real *restrict drs, const real *restrict g,
                                   const real *restrict s, int n)
{
    for (int i = 0; i < n; i++) {
        dg[i] = drs[i] * s[i] * g[i] * (1 - g[i]);
        ds[i] = drs[i] * g[i];
    }
}

/* parameters: one per operand, as in all kernels. */
CLONES void vec_energy(real *restrict e, const real *restrict q, const real *restrict K, int ld, const real *restrict v, int T,
                       int A)
{
    for (int j = 0; j < T; j++) {
        const real *k = K + (size_t)j * (size_t)ld;
        real sum = 0;

        for (int a = 0; a < A; a++)
            sum += v[a] * hyperbolic(q[a] + k[a]);
        e[j] = sum;
    }
}

/* parameters: one per operand, as in all kernels. */
CLONES void vec_energy_backward(real *restrict dq, real *restrict dK, real *restrict dv, const real *restrict de,
                                const real *restrict q, const real *restrict K, int ld, const real *restrict v, int T, int A)
{
    for (int j = 0; j < T; j++) {
        const real *k = K + (size_t)j * (size_t)ld;
        real *dk = dK + (size_t)j * (size_t)ld, d = de[j];

        for (int a = 0; a < A; a++) {
            real t = hyperbolic(q[a] + k[a]), dt = d * v[a] * (1 - t * t);

            dv[a] += d * t;
            dq[a] += dt;
            dk[a] += dt;
        }
    }
}

CLONES real vec_maximum(const real *x, int n)
{
    real maximum = x[0];

    for (int i = 1; i < n; i++)
        maximum = x[i] > maximum ? x[i] : maximum;
    return maximum;
}

CLONES void vec_softmax(real *p, int n)
{
    real maximum = p[0], sum = 0;

    for (int i = 1; i < n; i++)
        maximum = p[i] > maximum ? p[i] : maximum;
    for (int i = 0; i < n; i++) {
        p[i] = exponential(p[i] - maximum);
        sum += p[i];
    }
    sum = 1 / sum;
    for (int i = 0; i < n; i++)
        p[i] *= sum;
}

CLONES void vec_softmax_backward(real *de, const real *p, const real *dp, int n)
{
    real mean = 0;

    for (int i = 0; i < n; i++)
        mean += p[i] * dp[i];
    for (int i = 0; i < n; i++)
        de[i] = p[i] * (dp[i] - mean);
}

CLONES void vec_weighted_sum(real *restrict c, const real *restrict weights, const real *restrict H, int ld, int T, int n)
{
    for (int i = 0; i < n; i++)
        c[i] = weights[0] * H[i];
    for (int j = 1; j < T; j++) {
        const real *h = H + (size_t)j * (size_t)ld;
        real weight = weights[j];

        for (int i = 0; i < n; i++)
            c[i] += weight * h[i];
    }
}

CLONES void vec_dots(real *restrict d, const real *restrict c, const real *restrict H, int ld, int T, int n)
{
    for (int j = 0; j < T; j++) {
        const real *h = H + (size_t)j * (size_t)ld;
        real sum = 0;

        for (int i = 0; i < n; i++)
            sum += c[i] * h[i];
        d[j] = sum;
    }
}

CLONES void vec_add_outer(real *restrict dH, const real *restrict weights, const real *restrict dc, int ld, int T, int n)
{
    for (int j = 0; j < T; j++) {
        real *dh = dH + (size_t)j * (size_t)ld, weight = weights[j];

        for (int i = 0; i < n; i++)
            dh[i] += weight * dc[i];
    }
}

/* parameters: one per operand, as in all kernels. */
CLONES void vec_norm(real *y, real *stats, const real *x, const real *gain, const real *bias, int n, double epsilon)
{
    real mean = 0, variance = 0, inverse;

    for (int i = 0; i < n; i++)
        mean += x[i];
    mean /= (real)n;
    for (int i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    inverse = 1 / square_root(variance / (real)n + (real)epsilon);
    for (int i = 0; i < n; i++)
        y[i] = gain[i] * (x[i] - mean) * inverse + bias[i];
    stats[0] = mean;
    stats[1] = inverse;
}

/* With u = (x − mean) / deviation and du = gain ∘ dy: dx = (du − mean(du) − u mean(du ∘ u)) / deviation.
 * parameters: one per operand, as in all kernels. */
CLONES void vec_norm_backward(real *dx, real *restrict dgain, real *restrict dbias, const real *dy, const real *stats,
                              const real *restrict x, const real *restrict gain, int n, int add)
{
    real mean = stats[0], inverse = stats[1], sum = 0, dot = 0;

    for (int i = 0; i < n; i++) {
        real u = (x[i] - mean) * inverse, du = gain[i] * dy[i];

        dgain[i] += dy[i] * u;
        dbias[i] += dy[i];
        sum += du;
        dot += du * u;
    }
    sum /= (real)n;
    dot /= (real)n;
    for (int i = 0; i < n; i++)
        dx[i] = (add ? dx[i] : 0) + (gain[i] * dy[i] - sum - (x[i] - mean) * inverse * dot) * inverse;
}

CLONES void vec_relu(real *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = y[i] > 0 ? y[i] : 0;
}

CLONES void vec_relu_backward(real *restrict dx, const real *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dx[i] : 0;
}

CLONES void vec_scale(real *y, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= factor;
}

CLONES void vec_scale_add(real *restrict y, real factor, const real *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = factor * y[i] + x[i];
}

CLONES void vec_add_scaled(real *restrict y, real factor, const real *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += factor * x[i];
}

CLONES void vec_maxout(real *restrict m, const real *restrict t, int n)
{
    for (int i = 0; i < n; i++)
        m[i] = t[2 * i] >= t[2 * i + 1] ? t[2 * i] : t[2 * i + 1];
}

CLONES void vec_maxout_backward(real *restrict dt, const real *restrict dm, const real *restrict t, int n)
{
    for (int i = 0; i < n; i++) {
        int first = t[2 * i] >= t[2 * i + 1];

        dt[2 * i] = first ? dm[i] : 0;
        dt[2 * i + 1] = first ? 0 : dm[i];
    }
}

/* log Σ exp(x_i), with the maximum taken out first; *sum_x = Σ x_i. */
INLINE double log_sum_exp(const real *x, int n, double *sum_x)
{
    real maximum = x[0], sum = 0, total = 0;

    for (int i = 1; i < n; i++)
        maximum = x[i] > maximum ? x[i] : maximum;
    for (int i = 0; i < n; i++) {
        sum += exponential(x[i] - maximum);
        total += x[i];
    }
    *sum_x = (double)total;
    return (double)maximum + log((double)sum);
}

CLONES double vec_log_sum_exp(const real *x, int n)
{
    double sum_x;

    return log_sum_exp(x, n, &sum_x);
}

CLONES void vec_exponentials(real *p, const real *x, double shift, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = exponential(x[i] - (real)shift);
}

CLONES void vec_add_exponentials(real *restrict p, const real *restrict x, double shift, int n)
{
    for (int i = 0; i < n; i++)
        p[i] += exponential(x[i] - (real)shift);
}

CLONES void vec_logarithms(real *p, double factor, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = logarithm(p[i] * (real)factor + (real)1e-37);
}

CLONES double vec_nll(const real *x, int n, int y, double *uniform)
{
    double sum_x, log_sum = log_sum_exp(x, n, &sum_x);

    *uniform = log_sum - sum_x / n;
    return log_sum - (double)x[y];
}

CLONES double vec_cross_entropy(real *x, int n, int y, double smoothing, double scale, double *uniform)
{
    double sum_x, log_sum = log_sum_exp(x, n, &sum_x), nll = log_sum - (double)x[y];
    real shift = (real)log_sum, factor = (real)scale, even = (real)(smoothing / n);

    *uniform = log_sum - sum_x / n;
    for (int i = 0; i < n; i++)
        x[i] = factor * (exponential(x[i] - shift) - even);
    x[y] -= (real)(scale * (1 - smoothing));
    return nll;
}

/* KL(p‖q) has the gradient p (log p − log q − KL(p‖q)) for a, and q − p for b.
 * parameters: one per operand, as in all kernels. */
CLONES void vec_cross_entropy_twins(real *restrict a, real *restrict b, int n, int y, double smoothing, double weight, double scale,
                                    double told[3])
{
    double sum_a, sum_b, log_sum_a = log_sum_exp(a, n, &sum_a), log_sum_b = log_sum_exp(b, n, &sum_b);
    real log_a = (real)log_sum_a, log_b = (real)log_sum_b, pq = 0, qp = 0;
    real half = (real)(scale / 2), apart = (real)(scale * weight / 4), even = (real)(smoothing / n);

    told[0] = (log_sum_a - (double)a[y] + log_sum_b - (double)b[y]) / 2;
    told[1] = (log_sum_a - sum_a / n + log_sum_b - sum_b / n) / 2;
    for (int i = 0; i < n; i++) {
        real ratio = (a[i] - log_a) - (b[i] - log_b);

        pq += exponential(a[i] - log_a) * ratio;
        qp -= exponential(b[i] - log_b) * ratio;
    }
    for (int i = 0; i < n; i++) {
        real ratio = (a[i] - log_a) - (b[i] - log_b), p = exponential(a[i] - log_a), q = exponential(b[i] - log_b);

        a[i] = half * (p - even) + apart * (p * (ratio - pq) + p - q);
        b[i] = half * (q - even) + apart * (q * (-ratio - qp) + q - p);
    }
    a[y] -= (real)(scale / 2 * (1 - smoothing));
    b[y] -= (real)(scale / 2 * (1 - smoothing));
    told[2] = ((double)pq + (double)qp) / 2;
}

CLONES double vec_sum_squares(const real *x, size_t n)
{
    double total = 0;

    for (size_t from = 0; from < n; from += 4096) {
        size_t to = from + 4096 < n ? from + 4096 : n;
        real sum = 0;

        for (size_t i = from; i < to; i++)
            sum += x[i] * x[i];
        total += (double)sum;
    }
    return total;
}

/* By the bits: the compiler may assume that numbers are finite. */
CLONES int vec_sound(const real *x, size_t n)
{
    uint64_t most = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t exponent;
#ifdef NMT_DOUBLE
        memcpy(&exponent, x + i, sizeof exponent);
        exponent = exponent >> 52 & 0x7ff;
#else
        uint32_t bits;

        memcpy(&bits, x + i, sizeof bits);
        exponent = bits >> 23 & 0xff;
#endif
        most = exponent > most ? exponent : most;
    }
    return most < (sizeof(real) == sizeof(float) ? 127 + 64 : 1023 + 64);
}

CLONES void vec_accumulate(real *restrict sum, const real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

/* parameters: one per operand, as in all kernels. */
CLONES void vec_adam(real *restrict w, real *restrict m, real *restrict v, const real *restrict g, size_t n, double clip,
                     double rate, double beta1, double beta2, double epsilon)
{
    real c = (real)clip, a = (real)rate, b1 = (real)beta1, b2 = (real)beta2, e = (real)epsilon;
    real r1 = (real)(1 - beta1), r2 = (real)(1 - beta2); /* of the doubles: 1 - .999f is off by 1e-5 */

    for (size_t i = 0; i < n; i++) {
        real d = c * g[i];

        m[i] = b1 * m[i] + r1 * d;
        v[i] = b2 * v[i] + r2 * d * d;
        w[i] -= a * m[i] / (square_root(v[i]) + e);
    }
}

/* parameters: one per operand, as in all kernels. */
CLONES void vec_adadelta(real *restrict w, real *restrict g2, real *restrict d2, const real *restrict g, size_t n, double clip,
                         double rate, double rho, double epsilon)
{
    real c = (real)clip, a = (real)rate, p = (real)rho, r = (real)(1 - rho), e = (real)epsilon;

    for (size_t i = 0; i < n; i++) {
        real d = c * g[i], step;

        g2[i] = p * g2[i] + r * d * d;
        step = square_root((d2[i] + e) / (g2[i] + e)) * d;
        d2[i] = p * d2[i] + r * step * step;
        w[i] -= a * step;
    }
}

CLONES void vec_sgd(real *restrict w, const real *restrict g, size_t n, double clip, double rate)
{
    real step = (real)(clip * rate);

    for (size_t i = 0; i < n; i++)
        w[i] -= step * g[i];
}

CLONES void vec_average(real *restrict mean, const real *restrict w, size_t n, double keep)
{
    real share = (real)(1 - keep);

    for (size_t i = 0; i < n; i++)
        mean[i] += share * (w[i] - mean[i]);
}

/* Rounded to nearest even. */
static inline uint16_t to_bf16(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

static inline float from_bf16(uint16_t x)
{
    uint32_t bits = (uint32_t)x << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

CLONES void vec_to_bf16(uint16_t *restrict to, const float *restrict from, int ld, int rows, int n)
{
    for (int row = 0; row < rows; row++) {
        const float *x = from + (size_t)row * (size_t)ld;
        uint16_t *y = to + (size_t)row * (size_t)n;

        for (int i = 0; i < n; i++)
            y[i] = to_bf16(x[i]);
    }
}

/* In blocks of few rows: numbers of a column whose distance is a power of two share a few places of the cache.
 * parameters: two matrices and a size. */
CLONES void vec_transpose(real *restrict to, int ld, const real *restrict from, int from_ld, int rows, int n)
{
    enum { ROWS = 8, COLUMNS = 16 };

    for (int i0 = 0; i0 < rows; i0 += ROWS)
        for (int j0 = 0; j0 < n; j0 += COLUMNS) {
            int i1 = i0 + ROWS < rows ? i0 + ROWS : rows, j1 = j0 + COLUMNS < n ? j0 + COLUMNS : n;

            for (int j = j0; j < j1; j++)
                for (int i = i0; i < i1; i++)
                    to[(size_t)j * (size_t)ld + (size_t)i] = from[(size_t)i * (size_t)from_ld + (size_t)j];
        }
}

/* By its bits, because the compiler assumes that there are none; rounding could carry such bits into a zero. */
static inline int not_a_number(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7fffffffu) > 0x7f800000u;
}

CLONES void vec_round_bf16(uint16_t *restrict to, real *restrict error, const real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        real exact = x[i] + error[i];

        to[i] = not_a_number((float)exact) ? 0x7fc0 : to_bf16((float)exact);
        error[i] = exact - (real)from_bf16(to[i]);
    }
}

CLONES void vec_difference_bf16(uint16_t *restrict to, const real *restrict a, const real *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = to_bf16((float)(a[i] - b[i]));
}

CLONES void vec_add_bf16(real *restrict x, const uint16_t *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += (real)from_bf16(from[i]);
}

CLONES void vec_to_int8(int8_t *restrict to, float *restrict scale, const float *restrict from, int ld, int rows, int n)
{
    for (int row = 0; row < rows; row++) {
        const float *x = from + (size_t)row * (size_t)ld;
        int8_t *y = to + (size_t)row * (size_t)n;
        float most = 1e-30f, inverse;

        for (int i = 0; i < n; i++)
            most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
        scale[row] = most / 127;
        inverse = 127 / most;
        for (int i = 0; i < n; i++)
            y[i] = (int8_t)(int32_t)rintf(x[i] * inverse);
    }
}

CLONES void vec_from_int8(float *restrict y, const int32_t *restrict sums, const float *restrict scales, float scale, int n,
                          int add)
{
    if (!add)
        memset(y, 0, (size_t)n * sizeof *y);
    for (int i = 0; i < n; i++)
        y[i] += scale * scales[i] * (float)sums[i];
}

void vec_flush_denormals(void)
{
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040u);
#endif
}
