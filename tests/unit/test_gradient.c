/* Who sets, who adds, who clears: whatever a pass does, and whatever the passes before it left behind, a gradient ends as the sum of this
 * pass's contributions. Held against plain sums in double. */
#include "base/memory.h"
#include "layers/gradient.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { MATRIX, BIAS, SCORES, ABSENT, WORDS, TIED, BLOCKS };
enum { IN = 5, OUT = 3, VOCABULARY = 11, ROWS_MOST = 6, GAP = 2 };

struct setup {
    struct worker worker;
    struct layout layout;
    struct rng rng;
};

/* A gradient, and beside it what it should hold. */
struct held {
    struct gradient gradient;
    double *wanted;
    int dense[BLOCKS]; /* whether this pass wrote all of the block: by a product, a sum, or at will */
};

static void setup_make(struct setup *setup)
{
    *setup = (struct setup){ .rng = rng_make(7, 0, 0, 0) };
    worker_init(&setup->worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    assert_int_equal(layout_add(&setup->layout, TENSOR_MATRIX, OUT, IN, "W"), MATRIX);
    assert_int_equal(layout_add(&setup->layout, TENSOR_VECTOR, OUT, 1, "b"), BIAS);
    assert_int_equal(layout_add(&setup->layout, TENSOR_SCORE, IN, 1, "v"), SCORES);
    assert_int_equal(layout_add(&setup->layout, TENSOR_ALIGNMENT, 0, IN, "absent"), ABSENT);
    assert_int_equal(layout_add(&setup->layout, TENSOR_EMBEDDING, VOCABULARY, IN, "words"), WORDS);
    assert_int_equal(layout_add(&setup->layout, TENSOR_EMBEDDING, VOCABULARY, IN, "tied"), TIED);
    setup->layout.blocks[TIED].product = 1;
}

static void setup_release(struct setup *setup)
{
    worker_release(&setup->worker);
    layout_release(&setup->layout);
}

static void held_make(struct held *held, const struct setup *setup)
{
    *held = (struct held){ .wanted = memory_new(setup->layout.length, sizeof(double)) };
    gradient_init(&held->gradient, &setup->layout);
}

static void held_release(struct held *held)
{
    gradient_release(&held->gradient);
    free(held->wanted);
}

static void begin(struct held *held)
{
    gradient_begin(&held->gradient);
    memset(held->wanted, 0, held->gradient.layout->length * sizeof *held->wanted);
    memset(held->dense, 0, sizeof held->dense);
}

static void check_held(const char *what, const struct held *held)
{
    for (size_t i = 0; i < held->gradient.layout->length; i++)
        check_near(what, i, (double)held->gradient.values[i], held->wanted[i], 1e-5);
}

/* NaN wherever the pass wrote a whole block: nothing of it may live on. */
static void spoil(struct held *held)
{
    for (int block = 0; block < BLOCKS; block++)
        for (size_t i = 0; held->dense[block] && i < held->gradient.layout->blocks[block].count; i++)
            held->gradient.values[held->gradient.layout->blocks[block].offset + i] = NAN;
}

/* Random rows, strided, in `room`. */
static struct matrix rows_of(struct setup *setup, real *room, int rows, int columns)
{
    check_fill(room, (size_t)(rows * (columns + GAP)), 1, &setup->rng);
    return (struct matrix){ room, rows, columns, columns + GAP };
}

static double *wanted_of(const struct held *held, int block)
{
    return held->wanted + held->gradient.layout->blocks[block].offset;
}

/* ---- contributions ---- */

static void product(struct setup *setup, struct held *held, int block, int rows)
{
    real room[2][VOCABULARY * (VOCABULARY + GAP)];
    int out = setup->layout.blocks[block].rows;
    struct matrix dY = rows_of(setup, room[0], rows, out), X = rows_of(setup, room[1], rows, IN);

    gradient_product(&setup->worker, &held->gradient, block, dY, X);
    held->dense[block] = 1;
    for (int i = 0; i < rows; i++)
        for (int o = 0; o < out; o++)
            for (int k = 0; k < IN; k++)
                wanted_of(held, block)[o * IN + k] += (double)matrix_row(dY, i)[o] * (double)matrix_row(X, i)[k];
}

static void sum(struct setup *setup, struct held *held, int rows)
{
    real room[VOCABULARY * (VOCABULARY + GAP)];
    struct matrix dY = rows_of(setup, room, rows, OUT);

    gradient_sum(&held->gradient, BIAS, dY);
    held->dense[BIAS] = 1;
    for (int i = 0; i < rows; i++)
        for (int o = 0; o < OUT; o++)
            wanted_of(held, BIAS)[o] += (double)matrix_row(dY, i)[o];
}

static void scores(struct setup *setup, struct held *held)
{
    real *dense = gradient_dense(&held->gradient, SCORES);

    held->dense[SCORES] = 1;
    assert_ptr_equal(dense, held->gradient.values + setup->layout.blocks[SCORES].offset);
    for (int i = 0; i < IN; i++) {
        real one = (real)rng_uniform(&setup->rng);

        dense[i] += one;
        wanted_of(held, SCORES)[i] += (double)one;
    }
}

/* Rows of random words, some of them twice, some of -1, with or without masks. */
static void words(struct setup *setup, struct held *held, int block, int rows)
{
    real room[VOCABULARY * (VOCABULARY + GAP)], mask[IN];
    const real *masks[ROWS_MOST];
    int32_t ids[ROWS_MOST];
    struct matrix dX = rows_of(setup, room, rows, IN);
    int masked = (int)rng_below(&setup->rng, 2);

    check_fill(mask, IN, 1, &setup->rng);
    for (int i = 0; i < rows; i++) {
        masks[i] = mask;
        ids[i] = (int32_t)rng_below(&setup->rng, VOCABULARY + 1) - 1;
        for (int k = 0; ids[i] >= 0 && k < IN; k++)
            wanted_of(held, block)[ids[i] * IN + k] += (double)matrix_row(dX, i)[k] * (masked ? (double)mask[k] : 1);
    }
    gradient_rows(&held->gradient, block, dX, ids, masked ? masks : NULL);
}

/* Any contribution. */
static void contribute(struct setup *setup, struct held *held)
{
    int rows = (int)rng_below(&setup->rng, ROWS_MOST) + 1;

    switch (rng_below(&setup->rng, 6)) {
    case 0: product(setup, held, MATRIX, rows); break;
    case 1: sum(setup, held, rows); break;
    case 2: scores(setup, held); break;
    case 3: words(setup, held, WORDS, rows); break;
    case 4: words(setup, held, TIED, rows); break;
    default: product(setup, held, TIED, rows); break;
    }
}

/* ---- tests ---- */

/* The first contribution sets, the next ones add; nothing of the pass before lives on. */
static void sets_then_adds(void **state)
{
    struct setup setup;
    struct held held;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    for (int pass = 0; pass < 4; pass++) {
        begin(&held);
        for (int times = 0; times <= pass; times++) {
            product(&setup, &held, MATRIX, 2 + times);
            sum(&setup, &held, 2 + times);
            scores(&setup, &held);
            product(&setup, &held, TIED, 1 + times);
        }
        gradient_end(&held.gradient);
        check_held("product, sum, dense", &held);
        spoil(&held);
    }
    held_release(&held);
    setup_release(&setup);
}

/* A product over no rows is a contribution of zeros, also as the first one. */
static void products_of_no_rows(void **state)
{
    struct setup setup;
    struct held held;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    for (int pass = 0; pass < 3; pass++) {
        begin(&held);
        product(&setup, &held, MATRIX, 0);
        sum(&setup, &held, 0);
        if (pass == 1) {
            product(&setup, &held, MATRIX, 3);
            product(&setup, &held, MATRIX, 0);
        }
        gradient_end(&held.gradient);
        check_held("no rows", &held);
        spoil(&held);
    }
    held_release(&held);
    setup_release(&setup);
}

/* The rows of the pass before are cleared, and no others: a vocabulary is large, a batch has few of its words. */
static void clears_its_rows_only(void **state)
{
    static const int32_t ids[] = { 4, -1, 9, 4 };
    struct setup setup;
    struct held held;
    struct matrix dX;
    real room[4 * (IN + GAP)], *table;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    table = held.gradient.values + setup.layout.blocks[WORDS].offset;
    dX = rows_of(&setup, room, 4, IN);
    begin(&held);
    gradient_rows(&held.gradient, WORDS, dX, ids, NULL);
    gradient_end(&held.gradient);
    for (int k = 0; k < IN; k++) {
        check_near("word 4", (size_t)k, (double)table[4 * IN + k], (double)(matrix_row(dX, 0)[k] + matrix_row(dX, 3)[k]), 1e-6);
        check_near("word 9", (size_t)k, (double)table[9 * IN + k], (double)matrix_row(dX, 2)[k], 0);
        table[0 * IN + k] = table[5 * IN + k] = table[10 * IN + k] = 77; /* in rows that nobody wrote to */
    }
    begin(&held);
    gradient_end(&held.gradient);
    for (int word = 0; word < VOCABULARY; word++)
        for (int k = 0; k < IN; k++)
            check_near("after the pass", (size_t)word, (double)table[word * IN + k], word % 5 == 0 ? 77 : 0, 0);
    held_release(&held);
    setup_release(&setup);
}

/* A matrix that is an embedding too: product and rows in either order, alone, twice, after each of the others. */
static void tied_blocks(void **state)
{
    static const char *const passes[] = { "", "p", "r", "pr", "rp", "rpr", "prp", "ppr", "rr" }; /* p: product, r: rows */
    enum { PASSES = sizeof passes / sizeof *passes };
    struct setup setup;
    struct held held;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    for (int i = 0; i < PASSES * PASSES * PASSES; i++)
        for (int k = 0, code = i; k < 3; k++, code /= PASSES) {
            begin(&held);
            for (const char *at = passes[code % PASSES]; *at; at++)
                if (*at == 'p')
                    product(&setup, &held, TIED, 3);
                else
                    words(&setup, &held, TIED, 4);
            gradient_end(&held.gradient);
            check_held(passes[code % PASSES], &held);
            spoil(&held);
        }
    held_release(&held);
    setup_release(&setup);
}

static void empty_passes(void **state)
{
    struct setup setup;
    struct held held;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    for (int pass = 0; pass < 6; pass++) {
        begin(&held);
        for (int i = 0; pass == 2 && i < 100; i++)
            contribute(&setup, &held);
        gradient_end(&held.gradient);
        check_held("an empty pass", &held);
        spoil(&held);
    }
    held_release(&held);
    setup_release(&setup);
}

/* A block without numbers takes contributions, and they go nowhere: the blocks beside it stay as they are. */
static void absent_blocks(void **state)
{
    struct setup setup;
    struct held held;
    real room[4 * (IN + GAP)];
    struct matrix in, nothing;

    (void)state;
    setup_make(&setup);
    held_make(&held, &setup);
    in = rows_of(&setup, room, 4, IN);
    nothing = matrix_columns(in, 0, 0);
    for (int pass = 0; pass < 2; pass++) {
        begin(&held);
        for (int i = 0; i < 20; i++)
            contribute(&setup, &held);
        gradient_product(&setup.worker, &held.gradient, ABSENT, nothing, in);
        assert_null(gradient_dense(&held.gradient, ABSENT));
        gradient_product(&setup.worker, &held.gradient, ABSENT, nothing, in);
        gradient_end(&held.gradient);
        check_held("beside an absent block", &held);
        spoil(&held);
    }
    held_release(&held);
    setup_release(&setup);
}

/* Adds other's numbers as two workers do, each a half, and takes over what it knows. */
static void add(struct held *held, const struct held *other)
{
    size_t length = held->gradient.layout->length, half = length / 2;

    gradient_add(&held->gradient, &other->gradient, half, length);
    gradient_add(&held->gradient, &other->gradient, 0, half);
    gradient_adopt(&held->gradient, &other->gradient);
    for (size_t i = 0; i < length; i++)
        held->wanted[i] += other->wanted[i];
    for (int block = 0; block < BLOCKS; block++)
        held->dense[block] |= other->dense[block];
}

/* The sum of two workers' gradients knows the rows of both: they are cleared for the next pass. */
static void adopted_rows(void **state)
{
    struct setup setup;
    struct held mine, other;

    (void)state;
    setup_make(&setup);
    for (int i_have = 0; i_have < 2; i_have++)
        for (int block = WORDS; block <= TIED; block++) {
            held_make(&mine, &setup);
            held_make(&other, &setup);
            begin(&mine);
            begin(&other);
            for (int i = 0; i < 3; i++) {
                words(&setup, &other, block, ROWS_MOST);
                if (i_have)
                    words(&setup, &mine, block, 1);
            }
            gradient_end(&mine.gradient);
            gradient_end(&other.gradient);
            add(&mine, &other);
            check_held("sum of rows", &mine);
            begin(&mine);
            for (size_t i = 0; i < setup.layout.length; i++)
                check_near("after begin", i, (double)mine.gradient.values[i], 0, 0);
            held_release(&mine);
            held_release(&other);
        }
    setup_release(&setup);
}

/* Many updates of three workers, each with any contributions in any order or none at all; the first one's gradient becomes the sum. */
static void any_passes(void **state)
{
    enum { WORKERS = 3, UPDATES = 3000 };
    struct setup setup;
    struct held held[WORKERS];

    (void)state;
    setup_make(&setup);
    for (int i = 0; i < WORKERS; i++)
        held_make(&held[i], &setup);
    for (int update = 0; update < UPDATES; update++) {
        for (int i = 0; i < WORKERS; i++) {
            int count = (int)rng_below(&setup.rng, 5);

            begin(&held[i]);
            for (int k = 0; k < count; k++)
                contribute(&setup, &held[i]);
            gradient_end(&held[i].gradient);
            check_held("one worker's", &held[i]);
        }
        for (int i = 1; i < WORKERS; i++)
            add(&held[0], &held[i]);
        check_held("the sum", &held[0]);
        for (int i = 0; i < WORKERS; i++)
            spoil(&held[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        held_release(&held[i]);
    setup_release(&setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_then_adds), cmocka_unit_test(products_of_no_rows), cmocka_unit_test(clears_its_rows_only),
        cmocka_unit_test(tied_blocks),    cmocka_unit_test(empty_passes),        cmocka_unit_test(absent_blocks),
        cmocka_unit_test(adopted_rows),   cmocka_unit_test(any_passes),
    };

    return cmocka_run_group_tests_name("gradient", tests, NULL, NULL);
}
