/* matmul: the only module that calls BLAS. Three products, two backends, packed weights.
 *
 * A weight is stored as in the paper, W [out, in] row-major, and acts on rows: y = W x. The layers need three products of it:
 *
 *     forward    Y [rows, out]  = X [rows, in] Wᵀ
 *     backward   dX [rows, in]  = dY [rows, out] W
 *     gradient   dW [out, in]   = dYᵀ X
 *
 * A few rows times a weight as it is in memory, as in translating a single sentence, and weights that are not stored as reals
 * (math/stored.h) unless they are packed, are computed by math/direct, which starts at once. Else there are two backends: OpenBLAS
 * (always available, float and double) and oneDNN (where it was found when nmt was built; float only). With
 * PRECISION_BF16 (oneDNN) the inputs of a product are rounded to bfloat16 and accumulated in float; weights stay float outside.
 * With PRECISION_INT8 (oneDNN, forward products with packed weights only) they are rounded to integers, each row with its own
 * scale. Every product runs on the calling worker's thread alone. */
#ifndef NMT_MATH_MATMUL_H
#define NMT_MATH_MATMUL_H

#include "math/matrix.h"
#include "math/stored.h"
#include "math/worker.h"

enum pass_direction { FORWARD, BACKWARD };

/* Whether a result replaces the old value or is added to it. */
enum result { SET, ADD };

/* A weight, or several stacked ones that act on the same input, with the backend's own copies of it (packed), or NULL. */
struct weight {
    const real *w;      /* [out, in]; NULL where they are stored in another type */
    const void *stored; /* [out, in] of `type`: the same as w, or without it */
    enum stored type;
    int out, in;
    void *packed[2]; /* by enum pass_direction */
};

/* The numbers of `rows` rows from row `first` on, [rows, in]: where they are, or converted in `room`. */
const real *weight_rows(const struct weight *weight, int first, int rows, real *room);

/* Whether packing speeds up products with weights that are used repeatedly; if not, matmul_pack does nothing. */
int matmul_packs(const struct worker *worker);

/* Bytes that the compiled products of all weights of one size take, as measured with oneDNN; 0 where none are compiled. */
size_t matmul_compiled(const struct worker *worker);

/* Updates the backend's copy of a weight whose numbers changed, for one direction; allocates it the first time. Different
 * weights may be packed by different threads at once. */
void matmul_pack(struct worker *worker, struct weight *weight, enum pass_direction direction);
void matmul_unpack(struct weight *weight); /* releases both copies */

/* out [rows, W.out] = in [rows, W.in] Wᵀ. The two must not overlap. */
void matmul_forward(struct worker *worker, struct matrix out, struct matrix in, const struct weight *weight, enum result result);

/* din [rows, W.in] = dout [rows, W.out] W. */
void matmul_backward(struct worker *worker, struct matrix din, struct matrix dout, const struct weight *weight, enum result result);

/* dW [out, in], dense, = doutᵀ in for dout [rows, out] and in [rows, in]. */
void matmul_gradient(struct worker *worker, real *dW, struct matrix dout, struct matrix in, enum result result);

/* Products of activations, whose shapes differ from sentence to sentence: always by OpenBLAS, which starts at once. C [a, b] = or += A Bᵀ,
 * A B and Aᵀ B. */
void matmul_abt(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result);
void matmul_ab(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result);
void matmul_atb(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result);

/* The best GFLOP/s of products [m, k] · [k, n] with a packed weight, repeated for some seconds. */
double matmul_peak(struct worker *worker, int m, int n, int k, double seconds);

#endif
