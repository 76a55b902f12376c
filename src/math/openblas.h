/* openblas: what is to be known of the library behind cblas.h beside its functions. */
#ifndef NMT_MATH_OPENBLAS_H
#define NMT_MATH_OPENBLAS_H

#include <stddef.h>

/* Address space that OpenBLAS maps for each thread that computes at the same time, as measured (0.3.21). Where there is no room for it
 * the program ends in one line; a command may look before (memory_probe, base/memory.h). */
#define OPENBLAS_BYTES ((size_t)128 << 20)

#endif
