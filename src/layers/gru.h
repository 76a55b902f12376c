/* gru: one step of the gated recurrent unit, and its backward (paper, appendix A.1.1; the reset gate acts on the state before the
 * recurrent product):
 *
 *     r  = σ(g_r)      z = σ(g_z)      s~ = tanh(g_s~ + U (r ∘ s))      s' = (1 − z) ∘ s + z ∘ s~
 *
 * where the caller has put into g = [g_r | g_z | g_s~] the parts of the input, the context, the biases and Ur s, Uz s: all of it but
 * the one product that needs r. The caller also owns the products over all steps (input weights and every weight gradient).
 *
 * With dropout the unit sees its state before through a mask: `s_in` = mask ∘ s wherever s is multiplied by U, Ur, Uz; the carried
 * state (1 − z) ∘ s stays whole (Gal and Ghahramani 2016, section 4). Without, s_in = s. */
#ifndef NMT_LAYERS_GRU_H
#define NMT_LAYERS_GRU_H

#include "math/matmul.h"

/* next [rows, H] from s [rows, H], s_in [rows, H], and g [rows, 3H] with row stride ldg, which becomes [r | z | s~]; rs [rows, H]
 * becomes r ∘ s_in. U NULL: the state before is zero and needs no product. */
void gru_forward(struct matmul *matmul, real *next, real *g, int ldg, real *rs, const real *s, const real *s_in,
                 const struct weight *U, int rows, int H);

/* From dnext [rows, H] and what forward left (g, s, s_in): sets dg [rows, 3H] (stride lddg), the gradient of the sums in g; ds
 * [rows, H], the part that reaches s by the carried state; ds_in [rows, H], the part that reaches s_in through r ∘ s_in. What
 * reaches s_in through Ur, Uz is for the caller to add (dg_r Ur + dg_z Uz). drs [rows, H] is scratch. */
void gru_backward(struct matmul *matmul, real *dg, int lddg, real *ds, real *ds_in, real *drs, const real *dnext, const real *g,
                  int ldg, const real *s, const real *s_in, const struct weight *U, int rows, int H);

#endif
