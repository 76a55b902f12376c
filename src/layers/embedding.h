/* embedding: x = E[id], the row of a table. Its backward is gradient_rows (layers/gradient.h). */
#ifndef NMT_LAYERS_EMBEDDING_H
#define NMT_LAYERS_EMBEDDING_H

#include "math/matmul.h"

#include <stdint.h>

/* X [rows, E]: row i = row ids[i] of the table ∘ mask[i] (one pointer per row to E numbers; NULL: no mask at all). An id of -1 is the zero
 * vector: y_0, the word before the first, and words dropped in training. */
void embedding_forward(struct matrix X, const struct weight *table, const int32_t *ids, const real *const *mask);

#endif
