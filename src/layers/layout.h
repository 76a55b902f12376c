/* layout: the table of a model's tensors. Every module declares its own, in order. Initial values, model file, `nmt info` and the
 * tests all use this table.
 *
 * Tensors that act on the same input are adjacent in memory and form one block, which is one matrix to the matrix products:
 *
 *     int query = layout_add(layout, TENSOR_ALIGNMENT, A, H, "attention.Wa");      block `query` = [Wa; Ur; Uz]  [A + 2H, H]
 *     layout_join(layout, TENSOR_RECURRENT, H, H, "decoder.Ur");
 *     layout_join(layout, TENSOR_RECURRENT, H, H, "decoder.Uz");
 *
 * A tensor without rows is left out; its block may contain others, or none at all. Values, gradients and the optimiser's moments
 * are arrays of this one layout. */
#ifndef NMT_LAYERS_LAYOUT_H
#define NMT_LAYERS_LAYOUT_H

#include "math/real.h"

#include <stddef.h>

/* The kind of a tensor determines its initial value. All but vectors, gains and scores are operands of matrix products. */
enum tensor_kind {
    TENSOR_VECTOR,    /* a bias: zero */
    TENSOR_GAIN,      /* of a normalisation: one */
    TENSOR_MATRIX,    /* input weights */
    TENSOR_RECURRENT, /* orthogonal */
    TENSOR_ALIGNMENT, /* Wa, Ua: smaller in the paper */
    TENSOR_SCORE,     /* va */
    TENSOR_EMBEDDING, /* one row per word */
    TENSOR_SCALED     /* the same, read times √columns (layers/positions.h) */
};

/* How weights are initialised: Glorot and Bengio's uniform distribution, or the paper's appendix B.1. */
enum initial { INITIAL_GLOROT, INITIAL_PAPER };

/* Names in the order of the enum, NULL-terminated. */
extern const char *const initial_names[];

struct tensor {
    char *name;           /* as in the model file, "decoder.Wz" */
    int rows, columns;    /* a vector has one column */
    size_t offset, count; /* in the arrays, in numbers */
    enum tensor_kind kind;
};

struct block {
    int first, tensors; /* range of the layout's tensors */
    int rows, columns;  /* of all of them as one matrix */
    size_t offset, count;
    int product; /* whether matrix products read it */
};

/* Zero-initialise; layout_release. */
struct layout {
    struct tensor *tensors;
    struct block *blocks;
    int count, room, block_count, block_room;
    size_t length;     /* of an array of all tensors, with the gaps that align the blocks */
    size_t parameters; /* numbers without the gaps */
};

/* Starts a block with this tensor, or without it where it has no rows. The name is a format. Returns the block. */
int layout_add(struct layout *layout, enum tensor_kind kind, int rows, int columns, const char *name, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds a tensor with the same number of columns to the block that was started last. */
void layout_join(struct layout *layout, enum tensor_kind kind, int rows, int columns, const char *name, ...)
    __attribute__((format(printf, 5, 6)));
void layout_release(struct layout *layout);

/* Index of the named tensor, or -1. */
int layout_find(const struct layout *layout, const char *name);

/* A new zeroed array of the layout's length, aligned to 64 bytes. Release with free(). */
real *layout_array(const struct layout *layout);

/* Sets every number of `array` to its initial value, a function only of the seed and the tensor's name and shape (paper,
 * appendix B.1, or Glorot and Bengio 2010). */
void layout_initialize(const struct layout *layout, real *array, enum initial initial, unsigned long seed);

#endif
