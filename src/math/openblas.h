/* openblas: properties of the library behind cblas.h, other than its functions. */
#ifndef NMT_MATH_OPENBLAS_H
#define NMT_MATH_OPENBLAS_H

#include <stddef.h>

/* Address space that OpenBLAS maps for each thread that computes at the same time, as measured (0.3.21). If it is not available,
 * a product ends with die(); a command may check in advance (memory_probe, base/memory.h). */
#define OPENBLAS_BYTES ((size_t)128 << 20)

#endif
