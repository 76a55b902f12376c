/* openblas: what is to be known of the library behind cblas.h beside its functions. */
#ifndef NMT_MATH_OPENBLAS_H
#define NMT_MATH_OPENBLAS_H

#include <stddef.h>

/* Address space that OpenBLAS maps for each thread that computes with it, as measured (0.3.21). It never gives up asking for it, so a
 * command that may not have it looks first: memory_probe (base/memory.h). */
#define OPENBLAS_BYTES ((size_t)128 << 20)

#endif
