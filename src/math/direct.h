/* direct: the product of some rows with a weight as it is in memory or in a file (math/stored.h): nothing is packed, compiled or loaded
 * before, so that a single sentence is translated at once. For a few rows, it is limited by reading the weight.
 *
 * Every number of the result is the same sum in the same order, however many rows and columns are computed together; and the same
 * for stored numbers as for the reals that they stand for. */
#ifndef NMT_MATH_DIRECT_H
#define NMT_MATH_DIRECT_H

#include "math/matmul_backend.h"

/* C (+)= A Bᵀ, with a_transposed = 0 and b_transposed = 1. */
void direct_product(const struct product *product);

/* C (+)= A B, both not transposed. */
void direct_product_plain(const struct product *product);

#endif
