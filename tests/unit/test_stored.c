/* Numbers as files store them, and products with them: the rounding of BF16 and the error of Q8_0 as their definitions say, every
 * 16-bit float, and math/direct against sums in double, and bit for bit against itself in other company. */
#include "base/memory.h"
#include "math/matmul.h"
#include "math/vec.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static struct rng random_numbers(unsigned long seed)
{
    return rng_make(seed, 0x73746f72, 0, 0);
}

static float from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The nearest of the two neighbours; in the middle, the even one. Fraction bits below, at and above each middle, both signs. */
static void bf16_is_rounded_to_nearest_even(void **state)
{
    static const uint32_t low[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };

    (void)state;
    for (uint32_t high = 0; high < 0x10000; high += 7) {
        if ((high & 0x7f80u) == 0x7f80u || (high & 0x7fffu) == 0x7f7fu)
            continue;
        for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
            uint32_t up = low[i] > 0x8000 || (low[i] == 0x8000 && high % 2);
            real x = from_bits(high << 16 | low[i]), back;
            uint16_t half;

            assert_int_equal(stored_write(&half, STORED_BF16, &x, 1), 0);
            assert_int_equal(half, high + up);
            stored_read(&back, &half, STORED_BF16, 0, 1);
            assert_true(back == (real)from_bits((high + up) << 16));
        }
    }
}

/* Every finite 16-bit float as a scale, also where subnormal numbers count as zero, as they do to workers. */
static void every_scale_is_read(void **state)
{
    unsigned char block[Q8_0_BYTES] = { 0 };

    (void)state;
    for (int flushed = 0; flushed < 2; flushed++) {
        for (uint32_t half = 0; half < 0x10000; half++) {
            int exponent = half >> 10 & 31, fraction = half & 1023;
            double scale = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
            real got[3];

            memcpy(block, &half, 2);
            block[2] = 1;
            block[3] = 127;
            block[4] = 0x81; /* -127 */
            assert_int_equal(stored_sound(block, STORED_Q8_0, Q8_0_NUMBERS), exponent < 31);
            if (exponent == 31)
                continue;
            scale = half & 0x8000 ? -scale : scale;
            stored_read(got, block, STORED_Q8_0, 0, 3);
            assert_true((double)got[0] == scale && (double)got[1] == 127 * scale && (double)got[2] == -127 * scale);
        }
        vec_flush_denormals();
    }
}

/* |x − d q| ≤ d / 2, and d is the largest magnitude / 127 but for the rounding of d; for blocks of all sizes, some with a number that is
 * much larger than the others. */
static void q8_0_is_off_by_half_a_step_at_most(void **state)
{
    enum { BLOCKS = 400 };
    struct rng rng = random_numbers(1);
    real x[Q8_0_NUMBERS], back[Q8_0_NUMBERS], ends[Q8_0_NUMBERS] = { 0 };
    unsigned char block[Q8_0_BYTES];

    (void)state;
    for (int i = 0; i < BLOCKS; i++) {
        double most = ldexp(1, i % 55 - 40), largest = 0, d;

        check_fill(x, Q8_0_NUMBERS, most, &rng);
        x[i % Q8_0_NUMBERS] *= i % 3 ? 1 : 100;
        assert_int_equal(stored_write(block, STORED_Q8_0, x, Q8_0_NUMBERS), 0);
        stored_read(back, block, STORED_Q8_0, 0, Q8_0_NUMBERS);
        for (int k = 0; k < Q8_0_NUMBERS; k++)
            largest = fabs((double)x[k]) > largest ? fabs((double)x[k]) : largest;
        memset(block + 2, 1, Q8_0_NUMBERS);
        stored_read(ends, block, STORED_Q8_0, 0, 1);
        d = (double)ends[0];
        assert_true(d >= largest / 127 * (1 - 0x1p-11) && d <= largest / 127 * (1 + 0x1p-11) + 0x1p-24);
        for (int k = 0; k < Q8_0_NUMBERS; k++)
            check_near("Q8_0", (size_t)k, (double)back[k], (double)x[k], d / 2 * (1 + 1e-3));
    }
}

static void zeros_and_too_large_numbers(void **state)
{
    real x[2 * Q8_0_NUMBERS] = { 0 }, back[2 * Q8_0_NUMBERS];
    unsigned char blocks[2 * Q8_0_BYTES];

    (void)state;
    assert_int_equal(stored_write(blocks, STORED_Q8_0, x, 2 * Q8_0_NUMBERS), 0);
    stored_read(back, blocks, STORED_Q8_0, 0, 2 * Q8_0_NUMBERS);
    for (int i = 0; i < 2 * Q8_0_NUMBERS; i++)
        assert_true(back[i] == 0);
    x[40] = 65504 * 127.0f;
    assert_int_equal(stored_write(blocks, STORED_Q8_0, x, 2 * Q8_0_NUMBERS), 0);
    x[40] = 65536 * 127.0f;
    assert_int_equal(stored_write(blocks, STORED_Q8_0, x, 2 * Q8_0_NUMBERS), -1);
    assert_true(stored_fits(STORED_Q8_0, 64) && !stored_fits(STORED_Q8_0, 48) && stored_fits(STORED_BF16, 3));
}

static void unsound_numbers_are_found(void **state)
{
    uint16_t halves[3] = { 0x3f80, 0xff80, 0x3f80 };

    (void)state;
    assert_false(stored_sound(halves, STORED_BF16, 3)); /* -infinity */
    halves[1] = 0x7fc0;
    assert_false(stored_sound(halves, STORED_BF16, 3)); /* not a number */
    halves[1] = 0x5f80;
    assert_false(stored_sound(halves, STORED_BF16, 3)); /* 2^64 */
    halves[1] = 0xdf7f;
    assert_true(stored_sound(halves, STORED_BF16, 3));
}

/* ---- products ---- */

static const struct {
    int m, n, k;
} shapes[] = { { 1, 1, 32 }, { 1, 7, 64 }, { 2, 4, 96 }, { 3, 9, 32 }, { 5, 13, 1024 }, { 7, 6, 1056 }, { 64, 5, 2080 } };

/* W [n, k] stored and as the reals that it stands for, X [m, k]. */
struct operands {
    struct matrix X, Y, Z;
    struct weight stored, reals;
    void *bytes;
};

static void operands_make(struct operands *o, int shape, enum stored type, struct rng *rng)
{
    int m = shapes[shape].m, n = shapes[shape].n, k = shapes[shape].k;
    size_t count = (size_t)n * (size_t)k;
    real *w = memory_new(count, sizeof *w);

    check_fill(w, count, 1, rng);
    o->bytes = memory_new(stored_bytes(type, count), 1);
    assert_int_equal(stored_write(o->bytes, type, w, count), 0);
    stored_read(w, o->bytes, type, 0, count);
    o->stored = (struct weight){ .stored = o->bytes, .type = type, .out = n, .in = k };
    o->reals = (struct weight){ .w = w, .out = n, .in = k };
    o->X = matrix_view(memory_new((size_t)m * (size_t)k, sizeof(real)), m, k);
    o->Y = matrix_view(memory_new((size_t)m * (size_t)n, sizeof(real)), m, n);
    o->Z = matrix_view(memory_new((size_t)m * (size_t)n, sizeof(real)), m, n);
    check_fill(o->X.at, (size_t)m * (size_t)k, 1, rng);
}

static void operands_release(struct operands *o)
{
    free((void *)(uintptr_t)o->reals.w);
    free(o->bytes);
    free(o->X.at);
    free(o->Y.at);
    free(o->Z.at);
}

static void check_operands(struct operands *o, struct worker *worker)
{
    size_t bytes = (size_t)o->Y.rows * (size_t)o->Y.columns * sizeof(real);

    matmul_forward(worker, o->Y, o->X, &o->stored, SET);
    for (int i = 0; i < o->Y.rows; i++)
        for (int j = 0; j < o->Y.columns; j++) {
            double sum = 0;

            for (int k = 0; k < o->X.columns; k++)
                sum += (double)matrix_row(o->X, i)[k] * (double)o->reals.w[j * o->X.columns + k];
            check_near("product", (size_t)j, (double)matrix_row(o->Y, i)[j], sum, 2e-5 * sqrt(o->X.columns));
        }
    matmul_forward(worker, o->Z, o->X, &o->reals, SET);
    assert_memory_equal(o->Y.at, o->Z.at, bytes); /* stored or not */
    for (int i = 0; i < o->Y.rows; i++)           /* one row or many */
        matmul_forward(worker, matrix_rows(o->Z, i, 1), matrix_rows(o->X, i, 1), &o->stored, SET);
    assert_memory_equal(o->Y.at, o->Z.at, bytes);
    for (int j = 0; j < o->Y.columns; j++) { /* one column or many */
        struct weight one = o->reals;

        one.w += (size_t)j * (size_t)one.in;
        one.out = 1;
        matmul_forward(worker, matrix_columns(o->Z, j, 1), o->X, &one, SET);
    }
    assert_memory_equal(o->Y.at, o->Z.at, bytes);
    matmul_forward(worker, o->Z, o->X, &o->stored, ADD);
    for (int i = 0; i < o->Y.rows * o->Y.columns; i++)
        check_near("added", (size_t)i, (double)o->Z.at[i], 2 * (double)o->Y.at[i], 1e-4);
}

static void products_of_stored_numbers(void **state)
{
    struct rng rng = random_numbers(2);
    struct worker worker;

    (void)state;
    worker_init(&worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++)
        for (enum stored type = STORED_BF16; type <= STORED_Q8_0; type++) {
            struct operands operands;

            operands_make(&operands, (int)shape, type, &rng);
            check_operands(&operands, &worker);
            operands_release(&operands);
        }
    worker_release(&worker);
}

/* Packed for a backend, in both directions, stored numbers are the reals that they stand for. */
static void packed_products_of_stored_numbers(void **state)
{
    struct rng rng = random_numbers(3);
    struct worker worker;
    struct operands o;
    size_t count;

    (void)state;
    if (!worker_available(BACKEND_ONEDNN, PRECISION_F32)) {
        print_message("skipped: nothing is packed without oneDNN\n");
        skip();
    }
    worker_init(&worker, 0, BACKEND_ONEDNN, PRECISION_F32);
    operands_make(&o, 4, STORED_Q8_0, &rng);
    count = (size_t)o.Y.rows * (size_t)o.Y.columns;
    matmul_pack(&worker, &o.stored, FORWARD);
    matmul_pack(&worker, &o.reals, FORWARD);
    matmul_forward(&worker, o.Y, o.X, &o.stored, SET);
    matmul_forward(&worker, o.Z, o.X, &o.reals, SET);
    assert_memory_equal(o.Y.at, o.Z.at, count * sizeof(real));
    for (int i = 0; i < o.Y.columns; i++) {
        double sum = 0;

        for (int k = 0; k < o.X.columns; k++)
            sum += (double)o.X.at[k] * (double)o.reals.w[i * o.X.columns + k];
        check_near("packed", (size_t)i, (double)o.Y.at[i], sum, 1e-3);
    }
    matmul_unpack(&o.stored);
    matmul_unpack(&o.reals);
    operands_release(&o);
    worker_release(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bf16_is_rounded_to_nearest_even),
        cmocka_unit_test(q8_0_is_off_by_half_a_step_at_most),
        cmocka_unit_test(zeros_and_too_large_numbers),
        cmocka_unit_test(unsound_numbers_are_found),
        cmocka_unit_test(products_of_stored_numbers),
        cmocka_unit_test(packed_products_of_stored_numbers),
        cmocka_unit_test(every_scale_is_read), /* the last: it makes subnormal numbers zero */
    };

    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
