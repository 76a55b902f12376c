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

#include "layers/dropout.h"
#include "math/matmul.h"

/* The rows of one step. s and s_in go in; g goes in as above and becomes [r | z | s~]; rs becomes r ∘ s_in. */
struct gru_step {
    struct matrix g;           /* [rows, 3H] */
    struct matrix s, s_in, rs; /* [rows, H] */
    struct matrix next;        /* [rows, H] s' */
};

/* What gru_backward sets from dnext [rows, H]. */
struct gru_step_gradient {
    struct matrix dnext;
    struct matrix dg; /* [rows, 3H] of the sums in g */
    struct matrix ds; /* [rows, H] what reaches s by the carried state */
    struct matrix
        ds_in; /* [rows, H] what reaches s_in through r ∘ s_in; through Ur, Uz is for the caller to add (dg_r Ur + dg_z Uz) */
    struct matrix drs; /* [rows, H] scratch */
};

/* s_in = mask ∘ s: row k by the mask of sentence order[k] in masks [sentences, H]; NULL: s_in = s. */
void gru_read(const struct gru_step *step, const real *masks, const int *order);

/* Adds to dnext what reaches its first rows from the step after them, through ds and mask ∘ ds_in [rows, H]. */
void gru_carry(struct matrix dnext, struct matrix ds, struct matrix ds_in, const real *masks, const int *order);

/* U NULL: the state before is zero and needs no product. */
void gru_forward(struct worker *worker, const struct gru_step *step, const struct weight *U);
void gru_backward(struct worker *worker, const struct gru_step_gradient *back, const struct gru_step *step, const struct weight *U);

#endif
