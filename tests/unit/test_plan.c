/* Batches: every pair once an epoch, no batch above its bounds, lengths sorted within a batch, all of it a function of seed and epoch. */
#include "corpus/plan.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS = 500, TOKENS = 200 };

static int lengths[2][PAIRS];

static struct corpus make_corpus(void)
{
    struct corpus corpus = { .length = { lengths[SOURCE], lengths[TARGET] }, .pairs = PAIRS };
    struct rng rng = rng_make(1, 0, 0, 0);

    for (int i = 0; i < PAIRS; i++) {
        lengths[SOURCE][i] = 1 + (int)rng_below(&rng, 40);
        lengths[TARGET][i] = 1 + (int)rng_below(&rng, 30);
    }
    lengths[SOURCE][7] = lengths[TARGET][7] = 2 * TOKENS; /* a pair that is larger than a batch */
    return corpus;
}

static void check_plan(const struct plan_options *options)
{
    struct corpus corpus = make_corpus();
    struct plan plan;
    int seen[PAIRS] = { 0 };

    plan_make(&plan, &corpus, options, 1, 1);
    assert_int_equal(plan.first[0], 0);
    assert_int_equal(plan.first[plan.batches], PAIRS);
    for (size_t batch = 0; batch < plan.batches; batch++) {
        size_t from = plan.first[batch], to = plan.first[batch + 1];
        long source = 0, target = 0;

        assert_true(to > from);
        for (size_t i = from; i < to; i++) {
            int32_t pair = plan.pairs[i];

            seen[pair]++;
            source += lengths[SOURCE][pair];
            target += lengths[TARGET][pair];
            assert_true(i == from || lengths[TARGET][plan.pairs[i - 1]] <= lengths[TARGET][pair]);
        }
        if (options->sentences)
            assert_true(to - from <= (size_t)options->sentences);
        else
            assert_true(to - from == 1 || (target <= TOKENS && source <= TOKENS * 3 / 2));
    }
    for (int i = 0; i < PAIRS; i++)
        assert_int_equal(seen[i], 1);
    plan_release(&plan);
}

static void by_tokens(void **state)
{
    const struct plan_options options = { .tokens = TOKENS, .pool = 5 };

    (void)state;
    check_plan(&options);
}

static void by_sentences(void **state)
{
    const struct plan_options options = { .sentences = 8, .pool = 5 };

    (void)state;
    check_plan(&options);
}

/* Whether two plans have the same pairs in the same order. */
static int equal(uint64_t seed_a, uint64_t epoch_a, uint64_t seed_b, uint64_t epoch_b)
{
    const struct plan_options options = { .tokens = TOKENS, .pool = 5 };
    struct corpus corpus = make_corpus();
    struct plan a, b;
    int same;

    plan_make(&a, &corpus, &options, seed_a, epoch_a);
    plan_make(&b, &corpus, &options, seed_b, epoch_b);
    same = memcmp(a.pairs, b.pairs, PAIRS * sizeof *a.pairs) == 0;
    plan_release(&a);
    plan_release(&b);
    return same;
}

static void seed_and_epoch_decide(void **state)
{
    (void)state;
    assert_true(equal(1, 1, 1, 1));
    assert_false(equal(1, 1, 2, 1));
    assert_false(equal(1, 1, 1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(by_tokens), cmocka_unit_test(by_sentences),
                                        cmocka_unit_test(seed_and_epoch_decide) };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
