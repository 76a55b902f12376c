/* embedding: x = E[id], the row of a table. */
#ifndef NMT_LAYERS_EMBEDDING_H
#define NMT_LAYERS_EMBEDDING_H

#include "math/real.h"

#include <stdint.h>

/* X [rows, E]: row i = table[ids[i]] ∘ mask[i] (masks of E numbers; NULL: no mask at all). An id of -1 is the zero vector: y_0, the
 * word before the first, and words dropped in training. */
void embedding_forward(real *X, const real *table, const int32_t *ids, const real *const *mask, int rows, int E);

/* Adds to dtable the gradient from dX [rows, E]. */
void embedding_backward(real *dtable, const real *dX, const int32_t *ids, const real *const *mask, int rows, int E);

#endif
