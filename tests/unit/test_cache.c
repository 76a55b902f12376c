/* The cache of a search: whatever is extended, reordered and dropped, each row finds the words of its own hypothesis. */
#include "model/cache.h"

#include "../check.h"

#include <string.h>

enum { ROOM = 7, STEPS = 90, WIDTH = 3 };

/* Random reordering, against plain copies of every hypothesis. */
static void reordering(void **state)
{
    struct cache cache = { 0 };
    struct rng rng = rng_make(1, 0, 0, 0);
    int most = 0;

    (void)state;
    for (int round = 0; round < 3; round++) {
        int words[ROOM][STEPS], next[ROOM][STEPS], parents[ROOM], rows = 2;

        cache_reset(&cache, ROOM, WIDTH);
        for (int t = 0; t < STEPS; t++) {
            cache_extend(&cache, rows);
            assert_int_equal(cache.length, t + 1);
            for (int row = 0; row < rows; row++) {
                words[row][t] = 1000 * round + 10 * t + row;
                for (int i = 0; i < WIDTH; i++)
                    cache_at(&cache, row, t)[i] = (real)(words[row][t] + i);
            }
            for (int row = 0; row < rows; row++) {
                const real *const *places = cache_row(&cache, row, 1);

                for (int k = 0; k <= t; k++) {
                    assert_true(cache_at(&cache, row, k)[0] == (real)words[row][k]);
                    assert_true(places[k][0] == (real)(words[row][k] + 1));
                }
            }
            most = rows;
            rows = 1 + (int)rng_below(&rng, ROOM);
            for (int row = 0; row < rows; row++) {
                parents[row] = (int)rng_below(&rng, (size_t)most);
                memcpy(next[row], words[parents[row]], sizeof next[row]);
            }
            memcpy(words, next, sizeof words);
            cache_select(&cache, parents, rows);
        }
        /* What is shared is kept once, and what nobody needs is used again. */
        assert_true(cache.slot_count < STEPS + 4 * ROOM * ROOM);
    }
    cache_release(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reordering) };

    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
