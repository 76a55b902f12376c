/* gru: one step of the gated recurrent unit, and its backward (paper, appendix A.1.1; the reset gate acts on the state before the
 * recurrent product):
 *
 *     r  = σ(g_r)      z = σ(g_z)      s~ = tanh(g_s~ + U (r ∘ s))      s' = (1 − z) ∘ s + z ∘ s~
 *
 * where the caller has put into g = [g_r | g_z | g_s~] the parts of the input, the context, the biases and Ur s, Uz s: all of it but
 * the one product that needs r. The caller also owns the products over all steps (input weights and every weight gradient).
 *
 * With dropout the unit sees its state before through a mask: `s_in` = mask ∘ s wherever s is multiplied by U, Ur, Uz; the carried
 * state (1 − z) ∘ s stays whole (Gal and Ghahramani 2016, section 4). Without, s_in = s.
 *
 * With layer normalisation (Ba, Kiros and Hinton 2016, section 3.1) each gate's H sums, complete, go through
 *
 *     LN(x) = gain ∘ x̂ + shift      x̂ = (x − mean) / √(variance + 1e-5)
 *
 * on their way into σ or tanh: r = σ(LN(g_r)), z = σ(LN(g_z)), s~ = tanh(LN(g_s~ + U (r ∘ s))), each with its own gain and shift.
 * The biases remain among the sums. */
#ifndef NMT_LAYERS_GRU_H
#define NMT_LAYERS_GRU_H

#include "math/matmul.h"

struct gru_norm {
    const real *gain, *shift; /* [3H] in g's order; gain NULL: no normalisation, and nothing else is looked at */
    real *cache;              /* [rows, gru_norm_columns]: the three x̂ and their 1 / √(variance + 1e-5), from forward to backward */
    real *dgain, *dshift;     /* [3H]: backward adds to them; forward has no use for them */
};

static inline int gru_norm_columns(int H)
{
    return 3 * H + 3;
}

/* next [rows, H] from s [rows, H], s_in [rows, H], and g [rows, 3H] with row stride ldg, which becomes [r | z | s~]; rs [rows, H]
 * becomes r ∘ s_in. U NULL: the state before is zero and needs no product. */
void gru_forward(struct matmul *matmul, real *next, real *g, int ldg, real *rs, const real *s, const real *s_in, const struct weight *U,
                 const struct gru_norm *norm, int rows, int H);

/* From dnext [rows, H] and what forward left (g, s, s_in, norm->cache): sets dg [rows, 3H] (stride lddg), the gradient of the sums in
 * g; ds [rows, H], the part that reaches s by the carried state; ds_in [rows, H], the part that reaches s_in through r ∘ s_in. What
 * reaches s_in through Ur, Uz is for the caller to add (dg_r Ur + dg_z Uz). drs [rows, H] is scratch. */
void gru_backward(struct matmul *matmul, real *dg, int lddg, real *ds, real *ds_in, real *drs, const real *dnext, const real *g,
                  int ldg, const real *s, const real *s_in, const struct weight *U, const struct gru_norm *norm, int rows, int H);

#endif
