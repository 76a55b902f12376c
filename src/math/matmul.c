#include "math/matmul.h"

#include "base/memory.h"
#include "base/report.h"
#include "math/matmul_backend.h"

#include <assert.h>
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

const char *const backend_names[] = { "auto", "openblas", "onednn", NULL };
const char *const precision_names[] = { "auto", "f32", "bf16", "int8", NULL };

enum { WRITTEN_MOST = 64 };

struct matmul {
    struct onednn *onednn; /* NULL: OpenBLAS */
    enum precision precision;
    struct meter meter;
    const real *stale, *stale_end;     /* where gradients are set before they add */
    const real *written[WRITTEN_MOST]; /* and where they have been */
    int written_count;
};

int matmul_available(enum backend backend, enum precision precision)
{
    if (backend == BACKEND_OPENBLAS)
        return precision == PRECISION_F32;
    return onednn_available() && sizeof(real) == sizeof(float) && onednn_fast(precision);
}

int matmul_choose(enum backend *backend, enum precision *precision)
{
    int onednn = matmul_available(BACKEND_ONEDNN, PRECISION_F32);

    if (*backend == BACKEND_ONEDNN && !onednn)
        return error("this nmt was built without oneDNN; install libdnnl-dev and build again, or use --backend openblas");
    if (*backend == BACKEND_AUTO)
        *backend = onednn ? BACKEND_ONEDNN : BACKEND_OPENBLAS;
    if (*precision == PRECISION_AUTO)
        *precision = matmul_available(*backend, PRECISION_BF16) ? PRECISION_BF16 : PRECISION_F32;
    if (*precision != PRECISION_F32 && *backend != BACKEND_ONEDNN)
        return error("%s products need oneDNN; use --backend onednn, or --precision f32", precision_names[*precision]);
    if (!matmul_available(*backend, *precision))
        return error("this processor has no %s products (%s); use --precision f32 or auto", precision_names[*precision],
                     *precision == PRECISION_BF16 ? "AMX or AVX512-BF16" : "VNNI");
    return 0;
}

struct matmul *matmul_new(enum backend backend, enum precision precision)
{
    struct matmul *matmul = memory_new(1, sizeof *matmul);

    assert(backend != BACKEND_AUTO && precision != PRECISION_AUTO);
    openblas_set_num_threads(1);
    meter_reset(&matmul->meter);
    if (backend == BACKEND_ONEDNN)
        matmul->onednn = onednn_new(precision);
    matmul->precision = precision;
    return matmul;
}

void matmul_free(struct matmul *matmul)
{
    if (matmul && matmul->onednn)
        onednn_free(matmul->onednn);
    free(matmul);
}

struct meter *matmul_meter(struct matmul *matmul)
{
    return &matmul->meter;
}

int matmul_packs(const struct matmul *matmul)
{
    return matmul->onednn != NULL;
}

void matmul_pack(struct matmul *matmul, struct weight *weight, enum pass_direction direction)
{
    if (!matmul->onednn)
        return;
    if (direction == FORWARD)
        onednn_pack(matmul->onednn, weight->w, weight->in, weight->out, 1, &weight->packed[FORWARD]);
    else
        onednn_pack(matmul->onednn, weight->w, weight->out, weight->in, 0, &weight->packed[BACKWARD]);
}

void matmul_unpack(struct weight *weight)
{
    for (int i = 0; i < 2; i++) {
        onednn_unpack(weight->packed[i]);
        weight->packed[i] = NULL;
    }
}

/* One row times a weight as a matrix-vector product: five times as fast in OpenBLAS 0.3.21 as the general one, at 1 x 1536 x 512. */
static int openblas_row(const struct product *p)
{
    real beta = p->add ? 1 : 0;

    if (p->m != 1 || p->a_transposed || !p->b_transposed)
        return 0;
#ifdef NMT_DOUBLE
    cblas_dgemv(CblasRowMajor, CblasNoTrans, p->n, p->k, 1, p->b, p->ldb, p->a, 1, beta, p->c, 1);
#else
    cblas_sgemv(CblasRowMajor, CblasNoTrans, p->n, p->k, 1, p->b, p->ldb, p->a, 1, beta, p->c, 1);
#endif
    return 1;
}

static void openblas_product(const struct product *p)
{
    enum CBLAS_TRANSPOSE ta = p->a_transposed ? CblasTrans : CblasNoTrans, tb = p->b_transposed ? CblasTrans : CblasNoTrans;
    real beta = p->add ? 1 : 0;

    if (openblas_row(p))
        return;
#ifdef NMT_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, beta, p->c, p->ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, beta, p->c, p->ldc);
#endif
}

/* A few rows times a weight that is not packed, as when a lone sentence is translated: OpenBLAS starts at once, while oneDNN would
 * first compile. In int8, which would have to look at the whole weight first, any rows. */
enum { FEW_ROWS = 64 };

static int better_at_once(const struct matmul *matmul, const struct product *product)
{
    if (product->packed || product->a_transposed)
        return 0;
    return matmul->precision == PRECISION_INT8 || (matmul->precision == PRECISION_F32 && product->m <= FEW_ROWS);
}

static void run(struct matmul *matmul, const struct product *product)
{
    enum meter_part before;

    if (product->m == 0 || product->n == 0 || product->k == 0)
        return;
    before = meter_enter(&matmul->meter, METER_PRODUCTS);
    if (matmul->onednn && !better_at_once(matmul, product))
        onednn_product(matmul->onednn, product);
    else
        openblas_product(product);
    meter_enter(&matmul->meter, before);
}

void matmul_forward(struct matmul *matmul, real *Y, int ldy, const real *X, int ldx, const struct weight *weight, int rows, int add)
{
    struct product product = { .m = rows,
                               .n = weight->out,
                               .k = weight->in,
                               .a = X,
                               .lda = ldx,
                               .b = weight->w,
                               .ldb = weight->in,
                               .b_transposed = 1,
                               .packed = weight->packed[FORWARD],
                               .c = Y,
                               .ldc = ldy,
                               .add = add };

    run(matmul, &product);
}

void matmul_backward(struct matmul *matmul, real *dX, int lddx, const real *dY, int lddy, const struct weight *weight, int rows,
                     int add)
{
    struct product product = { .m = rows,
                               .n = weight->in,
                               .k = weight->out,
                               .a = dY,
                               .lda = lddy,
                               .b = weight->w,
                               .ldb = weight->in,
                               .packed = weight->packed[BACKWARD],
                               .c = dX,
                               .ldc = lddx,
                               .add = add };

    run(matmul, &product);
}

void matmul_overwrite(struct matmul *matmul, const real *array, size_t count)
{
    matmul->stale = array;
    matmul->stale_end = array + count;
    matmul->written_count = 0;
}

/* Whether dW holds nothing that counts yet. */
static int stale(struct matmul *matmul, const real *dW)
{
    if (dW < matmul->stale || dW >= matmul->stale_end)
        return 0;
    for (int i = 0; i < matmul->written_count; i++)
        if (matmul->written[i] == dW)
            return 0;
    assert(matmul->written_count < WRITTEN_MOST);
    matmul->written[matmul->written_count++] = dW;
    return 1;
}

void matmul_gradient(struct matmul *matmul, real *dW, const real *dY, int lddy, const real *X, int ldx, int rows, int out, int in)
{
    struct product product = { .m = out,
                               .n = in,
                               .k = rows,
                               .a = dY,
                               .lda = lddy,
                               .a_transposed = 1,
                               .b = X,
                               .ldb = ldx,
                               .c = dW,
                               .ldc = in,
                               .add = !stale(matmul, dW) };

    if (rows == 0 && !product.add)
        memset(dW, 0, (size_t)out * (size_t)in * sizeof *dW);
    run(matmul, &product);
}

double matmul_peak(struct matmul *matmul, int m, int n, int k, double seconds)
{
    real *X = memory_new(size_product((size_t)m, (size_t)k), sizeof *X),
         *W = memory_new(size_product((size_t)n, (size_t)k), sizeof *W);
    real *Y = memory_new(size_product((size_t)m, (size_t)n), sizeof *Y);
    struct weight weight = { .w = W, .out = n, .in = k };
    double spent = 0, best = 0;

    for (int i = 0; i < m * k; i++)
        X[i] = (real)(i % 7) / 8;
    for (int i = 0; i < n * k; i++)
        W[i] = (real)(i % 5) / 8;
    matmul_pack(matmul, &weight, FORWARD);
    for (int runs = 0; runs < 3 || spent < seconds; runs++) {
        double from = meter_clock(), took;

        matmul_forward(matmul, Y, n, X, k, &weight, m, 0);
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
