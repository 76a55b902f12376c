/* matmul_backend: the interface of a backend to matmul.c and worker.c. Private to math/. */
#ifndef NMT_MATH_MATMUL_BACKEND_H
#define NMT_MATH_MATMUL_BACKEND_H

#include "math/matmul.h"

/* One product C [m, n] (+)= A B, where each operand may be transposed. */
struct product {
    int m, n, k;
    const real *a; /* [m, k], or [k, m] if a_transposed */
    int lda, a_transposed;
    const real *b; /* [k, n], or [n, k] if b_transposed */
    int ldb, b_transposed;
    const void *stored; /* instead of b, which is NULL: numbers of another type, dense and b_transposed; math/direct only */
    enum stored type;
    const void *packed; /* b as packed by onednn_pack, or NULL */
    real *c;            /* [m, n] */
    int ldc, add;
};

struct onednn;

int onednn_available(void);                                /* whether nmt was built with it */
int onednn_fast(enum precision precision);                 /* whether this processor multiplies such numbers natively */
const char *onednn_instructions(enum precision precision); /* those it multiplies such numbers with: "AVX2", "none", … */
struct onednn *onednn_new(enum precision precision);
void onednn_free(struct onednn *onednn);
int onednn_compiles(struct onednn *onednn); /* whether it keeps a compiled product per shape */

/* With PRECISION_INT8: forward products of packed weights only. */
void onednn_product(struct onednn *onednn, const struct product *product);

/* The weight as the second operand of products in one direction, into *packed (allocated the first time). */
void onednn_pack(struct onednn *onednn, const struct weight *weight, enum pass_direction direction, void **packed);
void onednn_unpack(void *packed);

#endif
