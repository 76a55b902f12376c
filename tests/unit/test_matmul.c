/* The three products of math/matmul against naive loops in double: each backend and precision, packed and not, with row strides,
 * added and set, at numbers of rows around every border at which a backend changes its ways. A backend that this build or
 * processor lacks is skipped aloud. */
#include "base/memory.h"
#include "math/matmul.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static const int many_rows[] = { 0, 1, 5, 63, 64, 65, 130, 513, 1100 };
static const int sizes[][2] = { { 1, 1 }, { 3, 5 }, { 17, 33 }, { 65, 31 }, { 48, 64 } }; /* out, in */
enum { ROWS = sizeof many_rows / sizeof *many_rows, SIZES = sizeof sizes / sizeof *sizes, GAP = 3 };
static const real mark = 77; /* what stands between the rows of a strided matrix */

/* A matrix with `gap` more numbers after each row; all random. */
struct matrix {
    real *x;
    int rows, columns, ld;
};

static struct matrix matrix_make(int rows, int columns, int gap, struct rng *rng)
{
    struct matrix matrix = { .rows = rows, .columns = columns, .ld = columns + gap };
    size_t count = (size_t)rows * (size_t)matrix.ld;

    matrix.x = memory_new(count, sizeof(real));
    check_fill(matrix.x, count, 1, rng);
    for (int row = 0; row < rows; row++)
        for (int i = columns; i < matrix.ld; i++)
            matrix.x[row * matrix.ld + i] = mark;
    return matrix;
}

static double value(const struct matrix *matrix, int row, int column)
{
    return (double)matrix->x[row * matrix->ld + column];
}

/* Which product: an entry of the right answer, without what was there, is a sum of `terms` products. */
enum which { Y_OF, DX_OF, DW_OF };

static double term(enum which which, const struct matrix *a, const struct matrix *b, int row, int column, int i)
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
static void check_product(const char *what, enum which which, const struct matrix *got, const real *before, const struct matrix *a,
                          const struct matrix *b, int terms, enum precision precision)
{
    double off = 0, norm = 0;

    for (int row = 0; row < got->rows; row++) {
        for (int column = 0; column < got->columns; column++) {
            double was = before ? (double)before[row * got->ld + column] : 0, sum = 0, size = fabs(was), difference;

            for (int i = 0; i < terms; i++) {
                double one = term(which, a, b, row, column, i);

                sum += one;
                size += fabs(one);
                norm += one * one;
            }
            difference = value(got, row, column) - was - sum;
            off += difference * difference;
            if (precision == PRECISION_F32 && !(fabs(difference) <= 1e-6 * size))
                fail_msg("%s [%d, %d] of %d x %d, %d terms: off by %.3g of %.3g", what, row, column, got->rows, got->columns, terms,
                         difference, size);
        }
        for (int i = got->columns; i < got->ld; i++)
            if (got->x[row * got->ld + i] != mark)
                fail_msg("%s wrote beyond its row %d", what, row);
    }
    if (!(off <= 1e-4 * norm))
        fail_msg("%s of %d x %d, %d terms: off by %.3g of its norm", what, got->rows, got->columns, terms, sqrt(off / norm));
}

static void check_one(struct matmul *matmul, enum precision precision, int rows, int out, int in, int gap, int packed, int add)
{
    struct rng rng = rng_make((uint64_t)rows, (uint64_t)out, (uint64_t)in, 0);
    struct matrix X = matrix_make(rows, in, gap, &rng), Y = matrix_make(rows, out, gap + 1, &rng);
    struct matrix dX = matrix_make(rows, in, gap, &rng), dY = matrix_make(rows, out, gap, &rng);
    struct matrix W = matrix_make(out, in, 0, &rng), dW = matrix_make(out, in, 0, &rng);
    struct weight weight = { .w = W.x, .out = out, .in = in };
    real *before;

    if (packed) {
        matmul_pack(matmul, &weight, FORWARD);
        matmul_pack(matmul, &weight, BACKWARD);
        assert_true(!matmul_packs(matmul) == !weight.packed[FORWARD] && !matmul_packs(matmul) == !weight.packed[BACKWARD]);
    }
    before = memory_new((size_t)(rows + out) * (size_t)(in + out + gap + 1), sizeof *before); /* enough for each */
    memcpy(before, Y.x, (size_t)(rows * Y.ld) * sizeof *before);
    matmul_forward(matmul, Y.x, Y.ld, X.x, X.ld, &weight, rows, add);
    check_product("forward", Y_OF, &Y, add ? before : NULL, &X, &W, in, precision);
    memcpy(before, dX.x, (size_t)(rows * dX.ld) * sizeof *before);
    matmul_backward(matmul, dX.x, dX.ld, dY.x, dY.ld, &weight, rows, add);
    check_product("backward", DX_OF, &dX, add ? before : NULL, &dY, &W, out, precision);
    memcpy(before, dW.x, (size_t)(out * in) * sizeof *before);
    matmul_gradient(matmul, dW.x, dY.x, dY.ld, X.x, X.ld, rows, out, in);
    check_product("gradient", DW_OF, &dW, before, &dY, &X, rows, precision);
    for (int i = 0; i < out * in; i++)
        dW.x[i] = NAN;
    matmul_overwrite(matmul, dW.x, (size_t)(out * in));
    matmul_gradient(matmul, dW.x, dY.x, dY.ld, X.x, X.ld, rows, out, in);
    check_product("gradient that sets", DW_OF, &dW, NULL, &dY, &X, rows, precision);
    memcpy(before, dW.x, (size_t)(out * in) * sizeof *before);
    matmul_gradient(matmul, dW.x, dY.x, dY.ld, X.x, X.ld, rows, out, in);
    check_product("gradient that adds after one that set", DW_OF, &dW, before, &dY, &X, rows, precision);
    matmul_overwrite(matmul, NULL, 0);
    matmul_unpack(&weight);
    assert_true(!weight.packed[FORWARD] && !weight.packed[BACKWARD]);
    free(before);
    free(X.x);
    free(Y.x);
    free(dX.x);
    free(dY.x);
    free(W.x);
    free(dW.x);
}

/* A door to the backend, or NULL after saying why not. bf16 and int8 are only wanted where the processor multiplies them. */
static struct matmul *door(enum backend backend, enum precision precision)
{
    if (!matmul_available(backend, precision)) {
        print_message("skipped: no %s with %s here\n", precision_names[precision], backend_names[backend]);
        return NULL;
    }
    return matmul_new(backend, precision);
}

/* Every combination through the same door, as the layers use it. */
static void check_products(enum backend backend, enum precision precision)
{
    struct matmul *matmul = door(backend, precision);

    if (!matmul)
        skip();
    for (int size = 0; size < SIZES; size++)
        for (int rows = 0; rows < ROWS; rows++)
            for (int choice = 0; choice < 8; choice++)
                check_one(matmul, precision, many_rows[rows], sizes[size][0], sizes[size][1], choice & 1 ? GAP : 0, choice >> 1 & 1,
                          choice >> 2);
    matmul_free(matmul);
}

/* A weight whose numbers changed: packed again it multiplies with the new ones. */
static void check_repacking(enum backend backend, enum precision precision)
{
    struct matmul *matmul = door(backend, precision);
    struct rng rng = rng_make(5, 0, 0, 0);
    struct matrix X, Y, W;
    struct weight weight;

    if (!matmul)
        skip();
    X = matrix_make(7, 40, 0, &rng);
    Y = matrix_make(7, 40, 0, &rng);
    W = matrix_make(40, 40, 0, &rng);
    weight = (struct weight){ .w = W.x, .out = 40, .in = 40 };
    for (int update = 0; update < 3; update++) {
        matmul_pack(matmul, &weight, FORWARD);
        matmul_pack(matmul, &weight, BACKWARD);
        matmul_forward(matmul, Y.x, 40, X.x, 40, &weight, 7, 0);
        check_product("forward, packed again", Y_OF, &Y, NULL, &X, &W, 40, precision);
        matmul_backward(matmul, Y.x, 40, X.x, 40, &weight, 7, 0);
        check_product("backward, packed again", DX_OF, &Y, NULL, &X, &W, 40, precision);
        check_fill(W.x, 40 * 40, 1, &rng);
    }
    matmul_unpack(&weight);
    free(X.x);
    free(Y.x);
    free(W.x);
    matmul_free(matmul);
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

/* bf16 really rounds (or it would be f32 under another name), and to no more than 8 bits. */
static void bf16_rounds(void **state)
{
    struct matmul *matmul = door(BACKEND_ONEDNN, PRECISION_BF16);
    real x[64] = { 1 }, w[64] = { (real)(1 + 1.0 / 128 + 1.0 / 4096) }, y = 0;
    struct weight weight = { .w = w, .out = 1, .in = 64 };

    (void)state;
    if (!matmul)
        skip();
    matmul_forward(matmul, &y, 1, x, 64, &weight, 1, 0);
    check_near("1 + 1/128 + 1/4096 in bf16", 0, (double)y, 1 + 1.0 / 128, 0);
    matmul_free(matmul);
}

/* Packed weights are good to 1 % of the norm, as in bf16; a weight that is not packed is multiplied in f32. */
static void int8(void **state)
{
    struct matmul *matmul = door(BACKEND_ONEDNN, PRECISION_INT8);

    (void)state;
    if (!matmul)
        skip();
    for (int size = 0; size < SIZES; size++)
        for (int rows = 0; rows < ROWS; rows++)
            for (int choice = 0; choice < 8; choice++) {
                int m = many_rows[rows], out = sizes[size][0], in = sizes[size][1], packed = choice >> 1 & 1, add = choice >> 2;
                struct rng rng = rng_make((uint64_t)m, (uint64_t)out, (uint64_t)in, 1);
                struct matrix X = matrix_make(m, in, choice & 1 ? GAP : 0, &rng),
                              Y = matrix_make(m, out, choice & 1 ? GAP : 0, &rng);
                struct matrix W = matrix_make(out, in, 0, &rng);
                struct weight weight = { .w = W.x, .out = out, .in = in };
                real *before = memory_new((size_t)(m * Y.ld), sizeof *before);

                if (packed)
                    matmul_pack(matmul, &weight, FORWARD);
                memcpy(before, Y.x, (size_t)(m * Y.ld) * sizeof *before);
                for (int i = 0; i < m * Y.ld && !add; i++)
                    Y.x[i] = i % Y.ld < out ? NAN : Y.x[i];
                matmul_forward(matmul, Y.x, Y.ld, X.x, X.ld, &weight, m, add);
                check_product("forward in int8", Y_OF, &Y, add ? before : NULL, &X, &W, in,
                              packed ? PRECISION_INT8 : PRECISION_F32);
                matmul_unpack(&weight);
                free(before);
                free(X.x);
                free(Y.x);
                free(W.x);
            }
    matmul_free(matmul);
}

/* Each row of X and of W has a scale of its own: a tiny one beside a large one is as good. */
static void int8_scales(void **state)
{
    enum { IN = 64 };
    struct matmul *matmul = door(BACKEND_ONEDNN, PRECISION_INT8);
    static const double sizes_of[2] = { 1e-3, 1e3 };
    struct rng rng = rng_make(8, 0, 0, 0);
    real x[2 * IN], w[2 * IN], y[4], base[2][IN];
    struct weight weight = { .w = w, .out = 2, .in = IN };

    (void)state;
    if (!matmul)
        skip();
    check_fill(base[0], IN, 1, &rng);
    check_fill(base[1], IN, 1, &rng);
    for (int i = 0; i < 2 * IN; i++) {
        x[i] = (real)(sizes_of[i / IN] * (2 + (double)base[0][i % IN]));
        w[i] = (real)(sizes_of[1 - i / IN] * (2 + (double)base[1][i % IN]));
    }
    matmul_pack(matmul, &weight, FORWARD);
    matmul_forward(matmul, y, 2, x, IN, &weight, 2, 0);
    for (int i = 0; i < 4; i++) {
        double wanted = 0;

        for (int k = 0; k < IN; k++)
            wanted += (double)x[i / 2 * IN + k] * (double)w[i % 2 * IN + k];
        if (!(fabs((double)y[i] - wanted) <= 2e-3 * wanted && (double)y[i] != wanted))
            fail_msg("entry %d: %.6g, wanted %.6g", i, (double)y[i], wanted);
    }
    matmul_unpack(&weight);
    matmul_free(matmul);
}

static void choices(void **state)
{
    enum backend backend = BACKEND_AUTO;
    enum precision precision = PRECISION_AUTO;

    (void)state;
    assert_int_equal(matmul_choose(&backend, &precision), 0);
    assert_true(backend != BACKEND_AUTO && precision != PRECISION_AUTO);
    backend = BACKEND_OPENBLAS;
    precision = PRECISION_AUTO;
    assert_int_equal(matmul_choose(&backend, &precision), 0);
    assert_true(backend == BACKEND_OPENBLAS && precision == PRECISION_F32);
    precision = PRECISION_BF16;
    assert_int_equal(matmul_choose(&backend, &precision), -1);
    precision = PRECISION_INT8;
    assert_int_equal(matmul_choose(&backend, &precision), -1);
}

static void peak(void **state)
{
    struct matmul *matmul = matmul_new(BACKEND_OPENBLAS, PRECISION_F32);
    double gigaflops = matmul_peak(matmul, 64, 48, 32, 0);

    (void)state;
    assert_true(gigaflops > 0 && isfinite(gigaflops));
    matmul_free(matmul);
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
        cmocka_unit_test(bf16_rounds),
        cmocka_unit_test(int8),
        cmocka_unit_test(int8_scales),
        cmocka_unit_test(choices),
        cmocka_unit_test(peak),
    };

    return cmocka_run_group_tests_name("matmul", tests, NULL, NULL);
}
