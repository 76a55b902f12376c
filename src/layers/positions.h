/* positions: the input of a Transformer's first layer, √E · word vector + PE(position) (Vaswani et al. 2017, sections 3.4 and 3.5):
 *
 *     PE(j, 2i) = sin(j / 10000^(2i/E))      PE(j, 2i + 1) = cos(j / 10000^(2i/E))      j from 0 */
#ifndef NMT_LAYERS_POSITIONS_H
#define NMT_LAYERS_POSITIONS_H

#include "math/matrix.h"

/* table [positions, E] = PE(from), PE(from + 1), … */
void positions_fill(struct matrix table, int from);

/* X's row of a word vector becomes √E x + PE, a row of the table [E]. */
void positions_add(real *x, const real *position, int E);

/* dX, the gradient of these sums, becomes that of the word vectors. */
void positions_backward(struct matrix dX);

#endif
