/* params: the one table of the model's tensors. Their order, names, shapes and initial values stand here and nowhere else; layout,
 * initialisation, model file, `nmt info` and the tests all walk this table.
 *
 * Values, gradients and optimiser moments are arrays of equal length and layout; struct params is a view of any of them. Tensors that
 * act on the same input stand one after the other, so that they are also one stacked matrix: [Wr; Wz; W], [Ur; Uz], [Cr; Cz; C],
 * [Wa; Ur; Uz] and [Ya; Wr; Wz; W] of the decoder, and their biases [ba; br; bz; b]. */
#ifndef NMT_MODEL_PARAMS_H
#define NMT_MODEL_PARAMS_H

#include "base/rng.h"
#include "math/matmul.h"
#include "model/config.h"

#include <stddef.h>

/* A GRU's own tensors; the stacked ones begin at Wr, Ur, br, Cr. */
struct gru_params {
    real *Wr, *Wz, *W; /* [H, E] each; [H, 2H] in the encoder's layers above the first */
    real *Ur, *Uz, *U; /* [H, H] */
    real *br, *bz, *b; /* [H] */
    real *Cr, *Cz, *C; /* [H, 2H], decoder only */
};

/* A view of all tensors in an array of params_layout's length. */
struct params {
    real *source_embedding;                            /* [Vx, E] */
    real *target_embedding;                            /* [Vy, E] */
    struct gru_params encoder[ENCODER_LAYERS_MOST][2]; /* by layer; →h, ←h. None from encoder_layers on */
    real *start_W, *start_b;                           /* [H, H], [H]: s_0 = tanh(Ws ←h_1 + bs) */
    real *Wa, *Ua, *ba, *va; /* [A, H], [A, 2H], [A], [A]; va with additive attention, none of them with none */
    real *Ya;                /* [A, E] with query word */
    struct gru_params decoder;
    real *Uo, *Vo, *Co, *bo;   /* [2L, H], [2L, E], [2L, 2H], [2L] */
    real *output_W, *output_b; /* [Vy, L], [Vy] */
};

enum { TENSOR_MAXIMUM = 128 };

/* How a pass makes a tensor's gradient: adds to all of it; sets it with a first product (matmul_overwrite); or adds to the rows of the
 * words that occur. */
enum gradient { GRADIENT_ADDED, GRADIENT_PRODUCT, GRADIENT_ROWS };

struct tensor {
    const char *name;     /* as in the model file, "decoder.Wz" */
    int rows, columns;    /* a bias has one column */
    size_t offset, count; /* in the arrays, in numbers */
    enum gradient gradient;
};

struct layout {
    struct tensor tensors[TENSOR_MAXIMUM];
    int count;
    size_t length;     /* of an array that holds all tensors, with the gaps that align the stacks */
    size_t parameters; /* numbers without the gaps */
};

/* Walks the table for these sizes. Tied tensors appear once. */
void params_layout(struct layout *layout, const struct config *config);

/* Points `params` into `array`, laid out by `layout`; tied tensors point to the same place. */
void params_view(struct params *params, const struct layout *layout, const struct config *config, real *array);

/* Sets every number to its initial value, a function of the seed and the tensor's name and shape alone (paper, appendix B.1, or Glorot
 * and Bengio 2010). */
void params_initialize(real *array, const struct layout *layout, enum initial initial, unsigned long seed);

/* Index of the named tensor, or -1. */
int params_find(const struct layout *layout, const char *name);

#endif
