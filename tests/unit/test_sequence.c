/* The layout of sentences of different lengths. */
#include "layers/sequence.h"

#include "../check.h"

/* Steps and rows as the drawing in layers/sequence.h has them. */
static void sequences(void **state)
{
    static const int some[] = { 2, 4, 3, 2 }, order[] = { 1, 2, 0, 3 }, active[] = { 4, 4, 2, 1 }, first[] = { 0, 4, 8, 10, 11 };
    struct arena arena = { 0 };
    struct sequence sequence;

    (void)state;
    sequence_make(&sequence, some, 4, &arena);
    arena_allocate(&arena);
    sequence_make(&sequence, some, 4, &arena);
    assert_true(sequence.sentences == 4 && sequence.steps == 4 && sequence.rows == 11);
    assert_memory_equal(sequence.order, order, sizeof order);
    assert_memory_equal(sequence.active, active, sizeof active);
    assert_memory_equal(sequence.first, first, sizeof first);
    for (int k = 0; k < 4; k++)
        assert_int_equal(sequence.length[k], some[order[k]]);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sequences) };

    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
