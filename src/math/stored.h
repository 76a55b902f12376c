/* stored: the types in which a file stores the numbers of a weight, and the way between them and reals. The types are GGUF's
 * own (file/gguf.h):
 *
 *     STORED_REAL   as they are computed with
 *     STORED_BF16   the upper 16 bits of a float, rounded to nearest even
 *     STORED_Q8_0   blocks of 32 numbers of a row: a scale d as a 16-bit float, then 32 integers q from -127 to 127, each of
 *                   which stands for d q. |x - d q| <= d / 2, where d is the block's largest magnitude / 127, rounded.
 *
 * d q is exact in float: 11 bits times 7. So a product with stored numbers is, bit for bit, the product with the reals that they
 * stand for. */
#ifndef NMT_MATH_STORED_H
#define NMT_MATH_STORED_H

#include "math/real.h"

#include <stddef.h>
#include <stdint.h>

enum stored { STORED_REAL, STORED_BF16, STORED_Q8_0 };

enum { Q8_0_NUMBERS = 32, Q8_0_BYTES = 2 + Q8_0_NUMBERS };

/* Whether rows of `columns` numbers can be of this type. */
int stored_fits(enum stored type, int columns);

/* Bytes of `count` numbers, whole blocks. */
size_t stored_bytes(enum stored type, size_t count);

/* to [count] = the numbers from number `first` on, which begins a block; any type, `count` any number up to the end. */
void stored_read(real *to, const void *from, enum stored type, size_t first, size_t count);

/* The reverse, of whole blocks from the first one on. 0, or -1 if a number is too large for the type. */
int stored_write(void *to, enum stored type, const real *from, size_t count);

/* Whether every number is finite and below 2^64 in magnitude (as vec_sound). */
int stored_sound(const void *from, enum stored type, size_t count);

#endif
