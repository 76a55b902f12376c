/* gradient: one worker's gradient of all tensors; it alone decides which blocks are set, added to or cleared.
 *
 * A backward pass fills a gradient between gradient_begin and gradient_end. The first contribution to a block sets it, and later
 * ones add, so that a block which a matrix product writes is not cleared first: that would pass through all of its memory twice
 * more. Rows of an embedding are added one by one; gradient_begin clears those of the previous pass, and no others. */
#ifndef NMT_LAYERS_GRADIENT_H
#define NMT_LAYERS_GRADIENT_H

#include "layers/layout.h"
#include "math/matmul.h"

#include <stdint.h>

struct gradient {
    const struct layout *layout;
    real *values;       /* [layout->length] */
    unsigned char *now; /* [layout->block_count]: state of each block (gradient.c) */
    size_t *rows;       /* offsets of the embedding rows that were added to */
    int row_count, row_room;
};

void gradient_init(struct gradient *gradient, const struct layout *layout);
void gradient_release(struct gradient *gradient);

/* Starts a pass: the old contents are discarded. */
void gradient_begin(struct gradient *gradient);

/* Ends it: blocks without a contribution become zero. */
void gradient_end(struct gradient *gradient);

/* The block's [rows, columns] += doutᵀ in. */
void gradient_product(struct worker *worker, struct gradient *gradient, int block, struct matrix dout, struct matrix in);

/* The vector block += the sum of dout's rows. */
void gradient_sum(struct gradient *gradient, int block, struct matrix dout);

/* The block's numbers, for the caller to add to; NULL for a block without numbers. */
real *gradient_dense(struct gradient *gradient, int block);

/* Row ids[i] of an embedding block += dX's row i ∘ mask[i] (mask NULL: none); ids of -1 are skipped. */
void gradient_rows(struct gradient *gradient, int block, struct matrix dX, const int32_t *ids, const real *const *mask);

/* Adds another worker's numbers from … to − 1. gradient_adopt then takes over the other's state of blocks and rows. Different
 * ranges may be added by different threads; only one of them calls gradient_adopt. */
void gradient_add(struct gradient *gradient, const struct gradient *other, size_t from, size_t to);
void gradient_adopt(struct gradient *gradient, const struct gradient *other);

#endif
