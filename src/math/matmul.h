/* matmul: the only door to BLAS. Three products, two backends, packed weights.
 *
 * A weight is stored as in the paper, W [out, in] row-major, and acts on rows: y = W x. The layers need three products of it:
 *
 *     forward    Y [rows, out]  = X [rows, in] Wᵀ
 *     backward   dX [rows, in]  = dY [rows, out] W
 *     gradient   dW [out, in]  += dYᵀ X
 *
 * Backends: OpenBLAS (always there, float and double) and oneDNN (where it was found when nmt was built; float only). With
 * PRECISION_BF16 (oneDNN) the inputs of a product are rounded to bfloat16 and summed in float; weights stay float outside. With
 * PRECISION_INT8 (oneDNN, forward products with packed weights only) they are rounded to whole numbers, each row by its own scale.
 * A struct matmul belongs to one thread; every product runs on that thread alone. */
#ifndef NMT_MATH_MATMUL_H
#define NMT_MATH_MATMUL_H

#include "base/meter.h"
#include "math/real.h"

#include <stddef.h>

enum backend { BACKEND_AUTO, BACKEND_OPENBLAS, BACKEND_ONEDNN };
enum precision { PRECISION_AUTO, PRECISION_F32, PRECISION_BF16, PRECISION_INT8 };
enum pass_direction { FORWARD, BACKWARD };

/* Names in the order of the enums, closed by NULL, for options and for what is printed. */
extern const char *const backend_names[];
extern const char *const precision_names[];

/* A weight, or several stacked ones that act on the same input, with the backend's own copies of it (packed), or NULL. */
struct weight {
    const real *w; /* [out, in] */
    int out, in;
    void *packed[2]; /* by enum pass_direction */
};

struct matmul;

/* Replaces BACKEND_AUTO and PRECISION_AUTO by what this build and processor do best: oneDNN where it is there; bf16 where the
 * processor has AMX or AVX512-BF16 (never int8, which cannot train). 0, or -1 after reporting that a choice cannot be had. */
int matmul_choose(enum backend *backend, enum precision *precision);

/* Whether this build and processor have both. */
int matmul_available(enum backend backend, enum precision precision);

/* A door for the calling thread; backend and precision as matmul_choose left them. Never NULL. */
struct matmul *matmul_new(enum backend backend, enum precision precision);
void matmul_free(struct matmul *matmul);

/* The meter of the thread that owns this door. */
struct meter *matmul_meter(struct matmul *matmul);

/* Whether products with weights used again and again gain by packing; if not, matmul_pack does nothing. */
int matmul_packs(const struct matmul *matmul);

/* (Re)makes the backend's copy of a weight whose numbers changed, for one direction; allocates it at first. Different weights may be
 * packed by different threads at once. */
void matmul_pack(struct matmul *matmul, struct weight *weight, enum pass_direction direction);
void matmul_unpack(struct weight *weight); /* releases both copies */

/* Y [rows, out] (row stride ldy) = X [rows, in] (row stride ldx) Wᵀ, added to what is there if `add`. Y and X must not overlap. */
void matmul_forward(struct matmul *matmul, real *Y, int ldy, const real *X, int ldx, const struct weight *weight, int rows,
                    int add);

/* dX [rows, in] = dY [rows, out] W, added to what is there if `add`. */
void matmul_backward(struct matmul *matmul, real *dX, int lddx, const real *dY, int lddy, const struct weight *weight, int rows,
                     int add);

/* dW [out, in] += dYᵀ X for dY [rows, out] (stride lddy), X [rows, in] (stride ldx): the gradient adds. */
void matmul_gradient(struct matmul *matmul, real *dW, const real *dY, int lddy, const real *X, int ldx, int rows, int out, int in);

/* From now on, the first matmul_gradient into a place within array [count] sets it, whatever was there, and only the next ones add. So
 * nobody has to empty the gradients of weights, which would go through all of memory twice more. NULL, 0: all of them add. */
void matmul_overwrite(struct matmul *matmul, const real *array, size_t count);

/* The best GFLOP/s of products [m, k] · [k, n] with a packed weight, repeated for some seconds. */
double matmul_peak(struct matmul *matmul, int m, int n, int k, double seconds);

#endif
