#include "math/matmul.h"

#include "base/memory.h"
#include "math/direct.h"
#include "math/matmul_backend.h"

#include <assert.h>
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

const real *weight_rows(const struct weight *weight, int first, int rows, real *room)
{
    size_t from = (size_t)first * (size_t)weight->in;

    if (weight->w)
        return weight->w + from;
    stored_read(room, weight->stored, weight->type, from, (size_t)rows * (size_t)weight->in);
    return room;
}

int matmul_packs(const struct worker *worker)
{
    return worker->onednn != NULL;
}

size_t matmul_compiled(const struct worker *worker)
{
    return worker->onednn && onednn_compiles(worker->onednn) ? 4500000 : 0;
}

void matmul_pack(struct worker *worker, struct weight *weight, enum pass_direction direction)
{
    if (!worker->onednn)
        return;
    onednn_pack(worker->onednn, weight, direction, &weight->packed[direction]);
}

void matmul_unpack(struct weight *weight)
{
    for (int i = 0; i < 2; i++) {
        onednn_unpack(weight->packed[i]);
        weight->packed[i] = NULL;
    }
}

static void openblas_product(const struct product *p)
{
    enum CBLAS_TRANSPOSE ta = p->a_transposed ? CblasTrans : CblasNoTrans, tb = p->b_transposed ? CblasTrans : CblasNoTrans;
    real beta = p->add ? 1 : 0;

#ifdef NMT_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, beta, p->c, p->ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, beta, p->c, p->ldc);
#endif
}

/* A few rows times a weight that is not packed, as in translating a single sentence: at once. OpenBLAS would first copy the
 * weight, and oneDNN compile. In int8, which would first have to convert the whole weight, for any number of rows. */
enum { FEW_ROWS = 64 };

/* Up to so many rows are also faster at once than from a weight packed for AVX2: such a product copies the weight, which rarely is in the
 * cache (beam 5, one sentence at a time: 1.8 times as fast; four at a time: 1.3). */
enum { FEW_PACKED_ROWS = 24 };

static int better_at_once(const struct worker *worker, const struct product *product)
{
    if (product->a_transposed || !product->b_transposed)
        return 0;
    if (product->packed)
        return product->m > 1 && product->m <= FEW_PACKED_ROWS && !onednn_compiles(worker->onednn);
    return !product->b || worker->precision == PRECISION_INT8 || (worker->precision == PRECISION_F32 && product->m <= FEW_ROWS);
}

static void run(struct worker *worker, const struct product *product)
{
    const char *before;

    if (product->m == 0 || product->n == 0 || product->k == 0)
        return;
    before = worker_enter(worker, METER_PRODUCTS);
    if (better_at_once(worker, product))
        direct_product(product);
    else if (worker->onednn)
        onednn_product(worker->onednn, product);
    else
        openblas_product(product);
    worker_enter(worker, before);
}

void matmul_forward(struct worker *worker, struct matrix out, struct matrix in, const struct weight *weight, enum result result)
{
    struct product product = { .m = in.rows,
                               .n = weight->out,
                               .k = weight->in,
                               .a = in.at,
                               .lda = in.stride,
                               .b = weight->w,
                               .ldb = weight->in,
                               .b_transposed = 1,
                               .stored = weight->stored,
                               .type = weight->type,
                               .packed = weight->packed[FORWARD],
                               .c = out.at,
                               .ldc = out.stride,
                               .add = result == ADD };

    assert(in.columns == weight->in && out.columns == weight->out && in.rows == out.rows);
    run(worker, &product);
}

void matmul_backward(struct worker *worker, struct matrix din, struct matrix dout, const struct weight *weight, enum result result)
{
    struct product product = { .m = dout.rows,
                               .n = weight->in,
                               .k = weight->out,
                               .a = dout.at,
                               .lda = dout.stride,
                               .b = weight->w,
                               .ldb = weight->in,
                               .packed = weight->packed[BACKWARD],
                               .c = din.at,
                               .ldc = din.stride,
                               .add = result == ADD };

    assert(din.columns == weight->in && dout.columns == weight->out && din.rows == dout.rows);
    run(worker, &product);
}

void matmul_gradient(struct worker *worker, real *dW, struct matrix dout, struct matrix in, enum result result)
{
    struct product product = { .m = dout.columns,
                               .n = in.columns,
                               .k = in.rows,
                               .a = dout.at,
                               .lda = dout.stride,
                               .a_transposed = 1,
                               .b = in.at,
                               .ldb = in.stride,
                               .c = dW,
                               .ldc = in.columns,
                               .add = result == ADD };

    assert(dout.rows == in.rows);
    if (in.rows == 0 && result == SET)
        memset(dW, 0, (size_t)dout.columns * (size_t)in.columns * sizeof *dW);
    run(worker, &product);
}

/* Up to this many multiplications, a product is done before OpenBLAS has begun. */
#define SMALL 65536

/* parameters: a product's own. */
static void small(struct worker *worker, struct matrix C, struct matrix A, int a_transposed, struct matrix B, int b_transposed,
                  enum result result)
{
    struct product product = { .m = C.rows,
                               .n = C.columns,
                               .k = a_transposed ? A.rows : A.columns,
                               .a = A.at,
                               .lda = A.stride,
                               .a_transposed = a_transposed,
                               .b = B.at,
                               .ldb = B.stride,
                               .b_transposed = b_transposed,
                               .c = C.at,
                               .ldc = C.stride,
                               .add = result == ADD };
    const char *before = worker_enter(worker, METER_PRODUCTS);

    if (a_transposed || (double)product.m * product.n * product.k > SMALL)
        openblas_product(&product);
    else if (b_transposed)
        direct_product(&product);
    else
        direct_product_plain(&product);
    worker_enter(worker, before);
}

void matmul_abt(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result)
{
    assert(A.rows == C.rows && B.rows == C.columns && A.columns == B.columns);
    small(worker, C, A, 0, B, 1, result);
}

void matmul_ab(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result)
{
    assert(A.rows == C.rows && B.columns == C.columns && A.columns == B.rows);
    small(worker, C, A, 0, B, 0, result);
}

void matmul_atb(struct worker *worker, struct matrix C, struct matrix A, struct matrix B, enum result result)
{
    assert(A.columns == C.rows && B.columns == C.columns && A.rows == B.rows);
    small(worker, C, A, 1, B, 0, result);
}

double matmul_peak(struct worker *worker, int m, int n, int k, double seconds)
{
    size_t x = size_product((size_t)m, (size_t)k), w = size_product((size_t)n, (size_t)k), y = size_product((size_t)m, (size_t)n);
    real *X = memory_new(x, sizeof *X), *W = memory_new(w, sizeof *W), *Y = memory_new(y, sizeof *Y);
    struct weight weight = { .w = W, .out = n, .in = k };
    double spent = 0, best = 0;

    for (size_t i = 0; i < x; i++)
        X[i] = (real)(i % 7) / 8;
    for (size_t i = 0; i < w; i++)
        W[i] = (real)(i % 5) / 8;
    matmul_pack(worker, &weight, FORWARD);
    for (int runs = 0; runs < 3 || spent < seconds; runs++) {
        double from = meter_clock(), took;

        matmul_forward(worker, matrix_view(Y, m, n), matrix_view(X, m, k), &weight, SET);
        took = meter_clock() - from;
        spent += took;
        if (took > 0 && 2e-9 * m * n * k / took > best)
            best = 2e-9 * m * n * k / took;
    }
    matmul_unpack(&weight);
    free(X);
    free(W);
    free(Y);
    return best;
}
