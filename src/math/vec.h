/* vec: elementwise kernels, fused as the layers need them.
 *
 * Only vec.c is compiled with -O3 -ffast-math; each kernel exists for AVX-512, AVX2 and the baseline in one binary, and the
 * loader chooses by the processor. Vectors are dense; lengths are in elements; outputs come first and do not overlap inputs
 * unless stated. Because of -ffast-math, nothing here may test for NaN or infinity. exp and tanh are accurate to 5e-6 (float;
 * 1e-6 on processors with fused multiply-add) and to the library's last digits (double build); tests/unit/test_vec.c compares
 * every kernel with a plain loop. */
#ifndef NMT_MATH_VEC_H
#define NMT_MATH_VEC_H

#include "math/real.h"

#include <stddef.h>
#include <stdint.h>

void vec_add(real *y, const real *x, int n);                               /* y += x */
void vec_add_product(real *y, const real *a, const real *b, int n);        /* y += a ∘ b */
void vec_product(real *y, const real *a, const real *b, int n);            /* y = a ∘ b; y may be a or b */
void vec_tanh(real *y, size_t n);                                          /* y = tanh(y) */
void vec_tanh_backward(real *dx, const real *y, const real *dy, size_t n); /* dx = dy (1 − y²); dx may be dy */
void vec_sum_rows(real *y, const real *X, int ldx, int rows, int n);       /* y += Σ over the rows of X [rows, n], stride ldx */

/* GRU (layers/gru.h). g = [r | z | s~], 3n. */
void vec_gru_gates(real *g, real *rs, const real *s, int n);   /* r, z = σ in place; rs = r ∘ s */
void vec_gru_state(real *next, real *g, const real *s, int n); /* s~ = tanh in place; next = (1−z) ∘ s + z ∘ s~ */
void vec_gru_state_backward(real *dg, real *ds, const real *dnext, const real *g, const real *s, int n);
/*   dg_z, dg_s~ = gradients of the gates' inputs; ds = dnext ∘ (1−z) */
void vec_gru_gates_backward(real *dg, real *ds, const real *drs, const real *g, const real *s, int n);
/*   dg_r = gradient of the reset gate's input; ds = drs ∘ r */

/* Attention of one query over T positions (layers/attention.h). K [T, A] keys and H [T, n] annotations, with the stride ld, as
 * their gradients. */
void vec_energy(real *e, const real *q, const real *K, int ld, const real *v, int T, int A); /* e_j = Σ_a v_a tanh(q_a + K_ja) */
void vec_energy_backward(real *dq, real *dK, real *dv, const real *de, const real *q, const real *K, int ld, const real *v, int T,
                         int A);
/*   adds to dq [A], dK [T, A], dv [A] */
void vec_softmax(real *p, int n);                                                         /* in place */
void vec_softmax_backward(real *de, const real *p, const real *dp, int n);                /* de_j = p_j (dp_j − Σ p dp) */
void vec_weighted_sum(real *c, const real *weights, const real *H, int ld, int T, int n); /* c = Σ_j weights_j H_j */
void vec_dots(real *d, const real *c, const real *H, int ld, int T, int n);               /* d_j = c · H_j */
void vec_add_outer(real *dH, const real *weights, const real *dc, int ld, int T, int n);  /* dH_j += weights_j dc */

/* Layer normalisation of a row (layers/norm.h): stats = {mean, 1 / √(variance + epsilon)}; y may be x. Backward sets or adds to dx, which
 * may be dy if it is set, and adds to dgain and dbias. */
void vec_norm(real *y, real *stats, const real *x, const real *gain, const real *bias, int n, double epsilon);
void vec_norm_backward(real *dx, real *dgain, real *dbias, const real *dy, const real *stats, const real *x, const real *gain,
                       int n, int add);

void vec_relu(real *y, size_t n);                                /* y = max(0, y) */
void vec_relu_backward(real *dx, const real *y, size_t n);       /* dx = 0 where y is 0 */
void vec_scale(real *y, real factor, size_t n);                  /* y *= factor */
void vec_scale_add(real *y, real factor, const real *x, int n);  /* y = factor y + x */
void vec_add_scaled(real *y, real factor, const real *x, int n); /* y += factor x */

/* Maxout over adjacent pairs: m_i = max(t_2i, t_2i+1), n = length of m; the gradient goes to the larger of the two (the first of
 * equals). Backward sets dt. */
void vec_maxout(real *m, const real *t, int n);
void vec_maxout_backward(real *dt, const real *dm, const real *t, int n);

/* One row of logits x [n] with label y: returns −log p_y and sets *uniform = mean over v of −log p_v. vec_cross_entropy also
 * turns x into scale × gradient of (1−ε) nll + ε uniform: scale (p_v − (1−ε)[v = y] − ε/n). */
double vec_cross_entropy(real *x, int n, int y, double smoothing, double scale, double *uniform);
double vec_nll(const real *x, int n, int y, double *uniform);

/* Two rows of logits a, b [n] of the same word, p = softmax(a), q = softmax(b) (R-Drop, Liang et al. 2021, equation 4, halved). Both become
 * `scale` times the gradient of
 *
 *     ½ (loss(a) + loss(b)) + weight/2 · ½ (KL(p‖q) + KL(q‖p))     loss = (1−ε) nll + ε uniform
 *
 * told = {mean nll, mean uniform, ½ (KL(p‖q) + KL(q‖p))}. */
void vec_cross_entropy_twins(real *restrict a, real *restrict b, int n, int y, double smoothing, double weight, double scale,
                             double told[3]);
double vec_log_sum_exp(const real *x, int n);
real vec_maximum(const real *x, int n);

/* Ensembles: p (+)= e^(x − shift); p may be x where it is set. p = ln(factor p + 1e-37), for p >= 0, good to 1e-6 of itself or 1e-7. */
void vec_exponentials(real *p, const real *x, double shift, int n);
void vec_add_exponentials(real *p, const real *x, double shift, int n);
void vec_logarithms(real *p, double factor, int n);

/* Whether every number is finite and below 2^64 in magnitude, as all numbers of a model are. */
int vec_sound(const real *x, size_t n);

/* Optimisers (train/optimizer.h), n elements; g is the gradient, already times clip. */
double vec_sum_squares(const real *x, size_t n);
void vec_accumulate(real *sum, const real *x, size_t n); /* sum += x */
void vec_adam(real *w, real *m, real *v, const real *g, size_t n, double clip, double rate, double beta1, double beta2,
              double epsilon);
void vec_adadelta(real *w, real *g2, real *d2, const real *g, size_t n, double clip, double rate, double rho, double epsilon);
void vec_sgd(real *w, const real *g, size_t n, double clip, double rate);
void vec_average(real *mean, const real *w, size_t n, double keep); /* mean = keep mean + (1−keep) w */

/* to [rows, n] dense = bfloat16 of from [rows, n] with stride ld, rounded to nearest even. */
void vec_to_bf16(uint16_t *to, const float *from, int ld, int rows, int n);

/* to [n, rows] with stride ld = the transpose of from [rows, n] with stride from_ld. */
void vec_transpose(real *to, int ld, const real *from, int from_ld, int rows, int n);

/* Numbers on the way between processes (train/exchange.h): to = bfloat16 of x + error, and error = what that lost; to = bfloat16 of
 * a − b; x += from. */
void vec_round_bf16(uint16_t *to, real *error, const real *x, size_t n);
void vec_difference_bf16(uint16_t *to, const real *a, const real *b, size_t n);
void vec_add_bf16(real *x, const uint16_t *from, size_t n);

/* to [rows, n] dense = from [rows, n] with stride ld, each row divided by its scale [rows], the row's largest magnitude / 127,
 * and rounded; vec_from_int8 converts a row of sums of products back: y_i (+)= scale × scales_i × sums_i. */
void vec_to_int8(int8_t *to, float *scale, const float *from, int ld, int rows, int n);
void vec_from_int8(float *y, const int32_t *sums, const float *scales, float scale, int n, int add);

/* Makes the processor treat numbers below 1e-38 as zero in the calling thread (they cost a hundred times more and do not
 * matter). */
void vec_flush_denormals(void);

#endif
