/* The three products of math/matmul against naive loops in double: each backend and precision, packed and not, with row strides,
 * added and set, at numbers of rows around every border at which a backend changes its ways. A backend that this build or
 * processor lacks is skipped aloud. */
#include "base/memory.h"
#include "math/matmul.h"
#include "math/meter.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static const int many_rows[] = { 0, 1, 5, 63, 64, 65, 130, 513, 1100 };
static const int sizes[][2] = { { 1, 1 }, { 3, 5 }, { 17, 33 }, { 65, 31 }, { 48, 64 } }; /* out, in */
enum { ROWS = sizeof many_rows / sizeof *many_rows, SIZES = sizeof sizes / sizeof *sizes, GAP = 3 };
static const real mark = 77; /* what stands between the rows of a strided matrix */

/* A matrix with `gap` more numbers after each row; all random, on the heap. */
static struct matrix matrix_make(int rows, int columns, int gap, struct rng *rng)
{
    struct matrix matrix = { .rows = rows, .columns = columns, .stride = columns + gap };
    size_t count = (size_t)rows * (size_t)matrix.stride;

    matrix.at = memory_new(count, sizeof(real));
    check_fill(matrix.at, count, 1, rng);
    for (int row = 0; row < rows; row++)
        for (int i = columns; i < matrix.stride; i++)
            matrix_row(matrix, row)[i] = mark;
    return matrix;
}

static double value(struct matrix matrix, int row, int column)
{
    return (double)matrix_row(matrix, row)[column];
}

/* A copy of all numbers, marks and all, on the heap. */
static real *numbers_of(struct matrix matrix)
{
    size_t count = (size_t)matrix.rows * (size_t)matrix.stride;
    real *copy = memory_new(count, sizeof *copy);

    if (count)
        memcpy(copy, matrix.at, count * sizeof *copy);
    return copy;
}

/* Nothing but NaN, for what a product is to set. */
static void spoil(struct matrix matrix)
{
    for (int row = 0; row < matrix.rows; row++)
        for (int i = 0; i < matrix.columns; i++)
            matrix_row(matrix, row)[i] = NAN;
}

/* Which product: an entry of the right answer, without what was there, is a sum of `terms` products. */
enum which { Y_OF, DX_OF, DW_OF };

static double term(enum which which, struct matrix a, struct matrix b, int row, int column, int i)
{
    switch (which) {
    case Y_OF: return value(a, row, i) * value(b, column, i);  /* X Wᵀ */
    case DX_OF: return value(a, row, i) * value(b, i, column); /* dY W */
    case DW_OF: break;
    }
    return value(a, i, row) * value(b, i, column); /* dYᵀ X */
}

/* Holds got against before (NULL: nothing) + the product of a and b. In f32 every entry is good to 1e-6 of the size of its terms;
 * in bf16 and int8 the whole is good to 1 % of the norm of all terms, which is the product's norm but where its terms cancel. */
static void check_product(const char *what, enum which which, struct matrix got, const real *before, struct matrix a,
                          struct matrix b, int terms, enum precision precision)
{
    double off = 0, norm = 0;

    for (int row = 0; row < got.rows; row++) {
        for (int column = 0; column < got.columns; column++) {
            double was = before ? (double)before[row * got.stride + column] : 0, sum = 0, size = fabs(was), difference;

            for (int i = 0; i < terms; i++) {
                double one = term(which, a, b, row, column, i);

                sum += one;
                size += fabs(one);
                norm += one * one;
            }
            difference = value(got, row, column) - was - sum;
            off += difference * difference;
            if (precision == PRECISION_F32 && !(fabs(difference) <= 1e-6 * size))
                fail_msg("%s [%d, %d] of %d x %d, %d terms: off by %.3g of %.3g", what, row, column, got.rows, got.columns, terms,
                         difference, size);
        }
        for (int i = got.columns; i < got.stride; i++)
            if (got.at[row * got.stride + i] != mark)
                fail_msg("%s wrote beyond its row %d", what, row);
    }
    if (!(off <= 1e-4 * norm))
        fail_msg("%s of %d x %d, %d terms: off by %.3g of its norm", what, got.rows, got.columns, terms, sqrt(off / norm));
}

/* A product into `out`, and what it must be. Where it is to set, NaN stands there before. */
#define CHECK_PRODUCT(what, which, out, a, b, terms, precision, result, call)                                                      \
    do {                                                                                                                           \
        real *before_;                                                                                                             \
                                                                                                                                   \
        if ((result) == SET)                                                                                                       \
            spoil(out);                                                                                                            \
        before_ = numbers_of(out);                                                                                                 \
        call;                                                                                                                      \
        check_product(what, which, out, (result) == ADD ? before_ : NULL, a, b, terms, precision);                                 \
        free(before_);                                                                                                             \
    } while (0)

/* How a product is asked for. */
struct choice {
    int gap, packed;
    enum result result;
};

static struct choice choice_of(int number)
{
    return (struct choice){ number & 1 ? GAP : 0, number >> 1 & 1, number >> 2 ? ADD : SET };
}

static void check_one(struct worker *worker, int rows, int out, int in, struct choice choice)
{
    struct rng rng = rng_make((uint64_t)rows, (uint64_t)out, (uint64_t)in, 0);
    int gap = choice.gap;
    struct matrix X = matrix_make(rows, in, gap, &rng), Y = matrix_make(rows, out, gap + 1, &rng);
    struct matrix dX = matrix_make(rows, in, gap, &rng), dY = matrix_make(rows, out, gap, &rng);
    struct matrix W = matrix_make(out, in, 0, &rng), dW = matrix_make(out, in, 0, &rng);
    struct weight weight = { .w = W.at, .out = out, .in = in };

    if (choice.packed) {
        matmul_pack(worker, &weight, FORWARD);
        matmul_pack(worker, &weight, BACKWARD);
        assert_true(!matmul_packs(worker) == !weight.packed[FORWARD] && !matmul_packs(worker) == !weight.packed[BACKWARD]);
    }
    CHECK_PRODUCT("forward", Y_OF, Y, X, W, in, worker->precision, choice.result,
                  matmul_forward(worker, Y, X, &weight, choice.result));
    CHECK_PRODUCT("backward", DX_OF, dX, dY, W, out, worker->precision, choice.result,
                  matmul_backward(worker, dX, dY, &weight, choice.result));
    CHECK_PRODUCT("gradient that adds", DW_OF, dW, dY, X, rows, worker->precision, ADD, matmul_gradient(worker, dW.at, dY, X, ADD));
    CHECK_PRODUCT("gradient that sets", DW_OF, dW, dY, X, rows, worker->precision, SET, matmul_gradient(worker, dW.at, dY, X, SET));
    CHECK_PRODUCT("gradient that adds after one that set", DW_OF, dW, dY, X, rows, worker->precision, ADD,
                  matmul_gradient(worker, dW.at, dY, X, ADD));
    matmul_unpack(&weight);
    assert_true(!weight.packed[FORWARD] && !weight.packed[BACKWARD]);
    free(X.at);
    free(Y.at);
    free(dX.at);
    free(dY.at);
    free(W.at);
    free(dW.at);
}

/* Makes a worker, or says why not and returns -1. bf16 and int8 are only wanted where the processor multiplies them. */
static int worker_make(struct worker *worker, enum backend backend, enum precision precision)
{
    if (!worker_available(backend, precision)) {
        print_message("skipped: no %s with %s here\n", precision_names[precision], backend_names[backend]);
        return -1;
    }
    worker_init(worker, 0, backend, precision);
    return 0;
}

/* Every combination by the same worker, as the layers use it. */
static void check_products(enum backend backend, enum precision precision)
{
    struct worker worker;

    if (worker_make(&worker, backend, precision))
        skip();
    for (int size = 0; size < SIZES; size++)
        for (int rows = 0; rows < ROWS; rows++)
            for (int choice = 0; choice < 8; choice++)
                check_one(&worker, many_rows[rows], sizes[size][0], sizes[size][1], choice_of(choice));
    worker_release(&worker);
}

/* A weight whose numbers changed: packed again it multiplies with the new ones. */
static void check_repacking(enum backend backend, enum precision precision)
{
    struct worker worker;
    struct rng rng = rng_make(5, 0, 0, 0);
    struct matrix X, Y, W;
    struct weight weight;

    if (worker_make(&worker, backend, precision))
        skip();
    X = matrix_make(7, 40, 0, &rng);
    Y = matrix_make(7, 40, 0, &rng);
    W = matrix_make(40, 40, 0, &rng);
    weight = (struct weight){ .w = W.at, .out = 40, .in = 40 };
    for (int update = 0; update < 3; update++) {
        matmul_pack(&worker, &weight, FORWARD);
        matmul_pack(&worker, &weight, BACKWARD);
        CHECK_PRODUCT("forward, packed again", Y_OF, Y, X, W, 40, precision, SET, matmul_forward(&worker, Y, X, &weight, SET));
        CHECK_PRODUCT("backward, packed again", DX_OF, Y, X, W, 40, precision, SET, matmul_backward(&worker, Y, X, &weight, SET));
        check_fill(W.at, 40 * 40, 1, &rng);
    }
    matmul_unpack(&weight);
    free(X.at);
    free(Y.at);
    free(W.at);
    worker_release(&worker);
}

/* Views of parts of a matrix, as the layers use them: some rows and columns of a larger one, in and out; what lies around stays. */
static void check_parts(enum backend backend, enum precision precision)
{
    enum { ROWS_OF = 9, OUT = 12, IN = 8 };
    struct worker worker;
    struct rng rng = rng_make(6, 0, 0, 0);
    struct matrix X, Y, W, x, y;
    struct weight weight;
    real *before;

    if (worker_make(&worker, backend, precision))
        skip();
    X = matrix_make(ROWS_OF, 2 * IN + 1, GAP, &rng);
    Y = matrix_make(ROWS_OF, 3 * OUT, 0, &rng);
    W = matrix_make(OUT, IN, 0, &rng);
    weight = (struct weight){ .w = W.at, .out = OUT, .in = IN };
    x = matrix_columns(matrix_rows(X, 2, 5), IN, IN);
    y = matrix_columns(matrix_rows(Y, 3, 5), OUT, OUT);
    before = numbers_of(Y);
    matmul_forward(&worker, y, x, &weight, SET);
    for (int row = 0; row < y.rows; row++)
        for (int i = 0; i < OUT; i++) {
            double wanted = 0;

            for (int k = 0; k < IN; k++)
                wanted += value(x, row, k) * value(W, i, k);
            check_near("of a part", (size_t)(row * OUT + i), value(y, row, i), wanted, 1e-5);
        }
    for (int row = 0; row < ROWS_OF; row++)
        for (int i = 0; i < 3 * OUT; i++)
            if (row < 3 || row >= 8 || i < OUT || i >= 2 * OUT)
                check_near("around the part", (size_t)(row * 3 * OUT + i), value(Y, row, i), (double)before[row * 3 * OUT + i], 0);
    free(before);
    free(X.at);
    free(Y.at);
    free(W.at);
    worker_release(&worker);
}

static void openblas(void **state)
{
    (void)state;
    check_products(BACKEND_OPENBLAS, PRECISION_F32);
}

static void onednn(void **state)
{
    (void)state;
    check_products(BACKEND_ONEDNN, PRECISION_F32);
}

static void onednn_bf16(void **state)
{
    (void)state;
    check_products(BACKEND_ONEDNN, PRECISION_BF16);
}

static void repacking_openblas(void **state)
{
    (void)state;
    check_repacking(BACKEND_OPENBLAS, PRECISION_F32);
}

static void repacking_onednn(void **state)
{
    (void)state;
    check_repacking(BACKEND_ONEDNN, PRECISION_F32);
}

static void repacking_bf16(void **state)
{
    (void)state;
    check_repacking(BACKEND_ONEDNN, PRECISION_BF16);
}

static void parts_openblas(void **state)
{
    (void)state;
    check_parts(BACKEND_OPENBLAS, PRECISION_F32);
}

static void parts_onednn(void **state)
{
    (void)state;
    check_parts(BACKEND_ONEDNN, PRECISION_F32);
}

/* bf16 really rounds (or it would be f32 under another name), and to no more than 8 bits. */
static void bf16_rounds(void **state)
{
    struct worker worker;
    real x[64] = { 1 }, w[64] = { (real)(1 + 1.0 / 128 + 1.0 / 4096) }, y = 0;
    struct weight weight = { .w = w, .out = 1, .in = 64 };

    (void)state;
    if (worker_make(&worker, BACKEND_ONEDNN, PRECISION_BF16))
        skip();
    matmul_forward(&worker, matrix_view(&y, 1, 1), matrix_view(x, 1, 64), &weight, SET);
    check_near("1 + 1/128 + 1/4096 in bf16", 0, (double)y, 1 + 1.0 / 128, 0);
    worker_release(&worker);
}

/* Packed weights are good to 1 % of the norm, as in bf16; a weight that is not packed is multiplied in f32. */
static void check_int8(struct worker *worker, int rows, int out, int in, struct choice choice)
{
    struct rng rng = rng_make((uint64_t)rows, (uint64_t)out, (uint64_t)in, 1);
    struct matrix X = matrix_make(rows, in, choice.gap, &rng), Y = matrix_make(rows, out, choice.gap, &rng);
    struct matrix W = matrix_make(out, in, 0, &rng);
    struct weight weight = { .w = W.at, .out = out, .in = in };

    if (choice.packed)
        matmul_pack(worker, &weight, FORWARD);
    CHECK_PRODUCT("forward in int8", Y_OF, Y, X, W, in, choice.packed ? PRECISION_INT8 : PRECISION_F32, choice.result,
                  matmul_forward(worker, Y, X, &weight, choice.result));
    matmul_unpack(&weight);
    free(X.at);
    free(Y.at);
    free(W.at);
}

static void int8(void **state)
{
    struct worker worker;

    (void)state;
    if (worker_make(&worker, BACKEND_ONEDNN, PRECISION_INT8))
        skip();
    for (int size = 0; size < SIZES; size++)
        for (int rows = 0; rows < ROWS; rows++)
            for (int choice = 0; choice < 8; choice++)
                check_int8(&worker, many_rows[rows], sizes[size][0], sizes[size][1], choice_of(choice));
    worker_release(&worker);
}

/* Each row of X and of W has a scale of its own: a tiny one beside a large one is as good. */
static void int8_scales(void **state)
{
    enum { IN = 64 };
    struct worker worker;
    static const double sizes_of[2] = { 1e-3, 1e3 };
    struct rng rng = rng_make(8, 0, 0, 0);
    real x[2 * IN], w[2 * IN], y[4], base[2][IN];
    struct weight weight = { .w = w, .out = 2, .in = IN };

    (void)state;
    if (worker_make(&worker, BACKEND_ONEDNN, PRECISION_INT8))
        skip();
    check_fill(base[0], IN, 1, &rng);
    check_fill(base[1], IN, 1, &rng);
    for (int i = 0; i < 2 * IN; i++) {
        x[i] = (real)(sizes_of[i / IN] * (2 + (double)base[0][i % IN]));
        w[i] = (real)(sizes_of[1 - i / IN] * (2 + (double)base[1][i % IN]));
    }
    matmul_pack(&worker, &weight, FORWARD);
    matmul_forward(&worker, matrix_view(y, 2, 2), matrix_view(x, 2, IN), &weight, SET);
    for (int i = 0; i < 4; i++) {
        double wanted = 0;

        for (int k = 0; k < IN; k++)
            wanted += (double)x[i / 2 * IN + k] * (double)w[i % 2 * IN + k];
        if (!(fabs((double)y[i] - wanted) <= 2e-3 * wanted && (double)y[i] != wanted))
            fail_msg("entry %d: %.6g, wanted %.6g", i, (double)y[i], wanted);
    }
    matmul_unpack(&weight);
    worker_release(&worker);
}

static void choices(void **state)
{
    enum backend backend = BACKEND_AUTO;
    enum precision precision = PRECISION_AUTO;

    (void)state;
    assert_int_equal(worker_choose(&backend, &precision), 0);
    assert_true(backend != BACKEND_AUTO && precision != PRECISION_AUTO);
    backend = BACKEND_OPENBLAS;
    precision = PRECISION_AUTO;
    assert_int_equal(worker_choose(&backend, &precision), 0);
    assert_true(backend == BACKEND_OPENBLAS && precision == PRECISION_F32);
    precision = PRECISION_BF16;
    assert_int_equal(worker_choose(&backend, &precision), -1);
    precision = PRECISION_INT8;
    assert_int_equal(worker_choose(&backend, &precision), -1);
}

/* The rate that is reported is that of products of these sizes: no more than what the whole call took, by the clock, and no less than
 * a tenth of what such products reach one by one. The best of several tries: another program may be on the processor in between. */
static void peak(void **state)
{
    enum { M = 192, N = 256, K = 128, TRIES = 20, RUNS = 3 };
    struct rng rng = rng_make(9, 0, 0, 0);
    struct matrix X = matrix_make(M, K, 0, &rng), Y = matrix_make(M, N, 0, &rng), W = matrix_make(N, K, 0, &rng);
    struct weight weight = { .w = W.at, .out = N, .in = K };
    struct worker worker;
    double operations = 2e-9 * M * N * K, reported = 0, measured = 0;

    (void)state;
    worker_init(&worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    for (int i = 0; i < TRIES; i++) {
        double from = meter_clock(), rate = matmul_peak(&worker, M, N, K, 0);

        assert_true(rate >= RUNS * operations / (meter_clock() - from)); /* the best run against the mean, and more than the runs */
        reported = fmax(reported, rate);
        from = meter_clock();
        matmul_forward(&worker, Y, X, &weight, SET);
        measured = fmax(measured, operations / (meter_clock() - from));
    }
    assert_true(reported > measured / 10 && reported < measured * 10);
    free(X.at);
    free(Y.at);
    free(W.at);
    worker_release(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openblas),
        cmocka_unit_test(onednn),
        cmocka_unit_test(onednn_bf16),
        cmocka_unit_test(repacking_openblas),
        cmocka_unit_test(repacking_onednn),
        cmocka_unit_test(repacking_bf16),
        cmocka_unit_test(parts_openblas),
        cmocka_unit_test(parts_onednn),
        cmocka_unit_test(bf16_rounds),
        cmocka_unit_test(int8),
        cmocka_unit_test(int8_scales),
        cmocka_unit_test(choices),
        cmocka_unit_test(peak),
    };

    return cmocka_run_group_tests_name("matmul", tests, NULL, NULL);
}
