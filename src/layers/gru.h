/* gru: one step of the gated recurrent unit, and its backward (paper, appendix A.1.1; the reset gate acts on the state before the
 * recurrent product):
 *
 *     r  = σ(g_r)      z = σ(g_z)      s~ = tanh(g_s~ + U (r ∘ s))      s' = (1 − z) ∘ s + z ∘ s~
 *
 * where the caller has put into g = [g_r | g_z | g_s~] the contributions of the input, the context, the biases and Ur s, Uz s:
 * everything except the one product that needs r. The caller also computes the products over all steps (input weights and all
 * weight gradients).
 *
 * With dropout, the unit reads its previous state through a mask: `s_in` = mask ∘ s wherever s is multiplied by U, Ur, Uz; the
 * carried state (1 − z) ∘ s is not masked (Gal and Ghahramani 2016, section 4). Without dropout, s_in = s. */
#ifndef NMT_LAYERS_GRU_H
#define NMT_LAYERS_GRU_H

#include "layers/dropout.h"
#include "math/matmul.h"

/* The rows of one step. s and s_in are inputs; g is the input described above and becomes [r | z | s~]; rs becomes r ∘ s_in. */
struct gru_step {
    struct matrix g;           /* [rows, 3H] */
    struct matrix s, s_in, rs; /* [rows, H] */
    struct matrix next;        /* [rows, H] s' */
};

/* The results of gru_backward, from dnext [rows, H]. */
struct gru_step_gradient {
    struct matrix dnext;
    struct matrix dg; /* [rows, 3H] of the sums in g */
    struct matrix ds; /* [rows, H] gradient of s through the carried state */
    struct matrix
        ds_in; /* [rows, H] gradient of s_in through r ∘ s_in; the caller adds the one through Ur, Uz (dg_r Ur + dg_z Uz) */
    struct matrix drs; /* [rows, H] scratch */
};

/* s_in = mask ∘ s: row k with the mask of sentence order[k] in masks [sentences, H]; NULL: s_in = s. */
void gru_read(const struct gru_step *step, const real *masks, const int *order);

/* Adds to dnext the gradient that its first rows get from the following step: ds and mask ∘ ds_in [rows, H]. */
void gru_carry(struct matrix dnext, struct matrix ds, struct matrix ds_in, const real *masks, const int *order);

/* U NULL: the previous state is zero and needs no product. */
void gru_forward(struct worker *worker, const struct gru_step *step, const struct weight *U);
void gru_backward(struct worker *worker, const struct gru_step_gradient *back, const struct gru_step *step, const struct weight *U);

#endif
