/* lexical: a second way from the source to the output layer, for the word that is being translated alone, without its context
 * (Nguyen and Chiang 2018, "Improving lexical choice in neural machine translation", section 4):
 *
 *     l_t = tanh(Σ_j α_tj x_j)            x_j: the embedding of source word j
 *     h_t = tanh(Wl l_t + bl) + l_t       the output layer reads [top_t ; h_t]
 *
 * It belongs to the decoder, which gives it the attention weights. */
#ifndef NMT_MODEL_LEXICAL_H
#define NMT_MODEL_LEXICAL_H

#include "model/kinds.h"

struct lexical_blocks {
    int W, b; /* Wl [E, E], bl [E] */
};

struct lexical {
    const struct model *model;
    const struct lexical_blocks *blocks;
    int on; /* whether the configuration has a lexical output; if not, all functions below do nothing */
    const struct encoded *encoded;
    int32_t *ids;                /* [source rows] -1: dropped */
    const real **mask;           /* [source rows] of the embedding, or NULL */
    const real **out_mask;       /* [rows] of h, or NULL */
    struct matrix words, dwords; /* [source rows, E] */
    struct matrix l, z, dl, dz;  /* [rows, E]; z = tanh(Wl l + bl); d…: in training only */
    real *dalpha;                /* [longest source] */
};

void lexical_declare(struct lexical_blocks *blocks, struct layout *layout, const struct config *config);

/* Takes memory for `rows` target words. order [rows]: the target sentence of each row, for the masks. */
void lexical_bind(struct lexical *lexical, const struct binding *binding, const struct encoded *encoded, int rows,
                  const int *order);

/* Reads the source words. */
void lexical_read(struct lexical *lexical);

/* The sum over source sentence b for target row `row`, with weights alpha [length of b]. */
void lexical_sum(const struct lexical *lexical, int row, const real *alpha, int b);

/* h of the first top.rows rows, after their sums: the last E columns of `top`. */
void lexical_forward(struct worker *worker, const struct lexical *lexical, struct matrix top);

/* From dtop, whose last E columns are multiplied by the mask in place, to the gradient of the sums. Then, for each row: adds the words'
 * part, and returns that of alpha [length of b], which is valid until the next call (NULL without lexical output). Then the gradient of
 * the source embedding. */
void lexical_backward(struct worker *worker, struct gradient *gradient, const struct lexical *lexical, struct matrix dtop);
const real *lexical_sum_backward(const struct lexical *lexical, int row, const real *alpha, int b);
void lexical_read_backward(struct gradient *gradient, const struct lexical *lexical);

double lexical_operations(const struct config *config, const struct work *work);

#endif
