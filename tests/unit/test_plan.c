/* Batches: every pair as often as its weight says, no batch above its bounds, lengths sorted within a batch, all of it a function of seed
 * and epoch. */
#include "corpus/plan.h"

#include "../check.h"

#include <math.h>
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

enum { EPOCHS = 40 };

/* Counts how often EPOCHS epochs have each pair, if the first, second and third part of the pairs have these weights; least and most
 * are those of one epoch. */
static void count_times(const double weights[3], uint64_t seed, int times[PAIRS], int least[3], int most[3])
{
    const struct plan_options options = { .tokens = TOKENS, .pool = 5 };
    struct corpus_files parts[3] = { { .weight = weights[0] }, { .weight = weights[1] }, { .weight = weights[2] } };
    struct corpus corpus = make_corpus();
    int part[PAIRS];

    for (int k = 0; k < PAIRS; k++)
        part[k] = 3 * k / PAIRS;
    corpus.part = part;
    corpus.parts = parts;
    memset(times, 0, PAIRS * sizeof *times);
    for (int p = 0; p < 3; p++)
        least[p] = PAIRS, most[p] = 0;
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        int now[PAIRS] = { 0 };
        struct plan plan;

        plan_make(&plan, &corpus, &options, seed, epoch);
        for (size_t i = 0; i < plan.first[plan.batches]; i++)
            now[plan.pairs[i]]++;
        for (int k = 0; k < PAIRS; k++) {
            times[k] += now[k];
            least[part[k]] = now[k] < least[part[k]] ? now[k] : least[part[k]];
            most[part[k]] = now[k] > most[part[k]] ? now[k] : most[part[k]];
        }
        plan_release(&plan);
    }
}

/* Pairs of weight 1, 2.25 and 0.5. */
static void weights_are_kept(void **state)
{
    const double weights[3] = { 1, 2.25, 0.5 };
    int times[PAIRS], again[PAIRS], least[3], most[3];
    double sum[3] = { 0 }, count[3] = { 0 };

    (void)state;
    count_times(weights, 1, times, least, most);
    for (int p = 0; p < 3; p++) {
        assert_int_equal(least[p], (int)weights[p]);
        assert_int_equal(most[p], (int)weights[p] + (p > 0));
    }
    for (int k = 0; k < PAIRS; k++) {
        sum[3 * k / PAIRS] += times[k];
        count[3 * k / PAIRS]++;
        assert_true(3 * k / PAIRS != 2 || (times[k] > 0 && times[k] < EPOCHS)); /* it is not always the same pairs */
    }
    for (int p = 0; p < 3; p++)
        assert_true(fabs(sum[p] / count[p] / EPOCHS - weights[p]) < 0.025); /* five standard deviations */
    count_times(weights, 1, again, least, most);
    assert_memory_equal(times, again, sizeof times);
    count_times(weights, 2, again, least, most);
    assert_memory_not_equal(times, again, sizeof times);
}

/* So low a weight that most epochs would have no pair at all. */
static void no_epoch_is_empty(void **state)
{
    const double weights[3] = { 1e-6, 1e-6, 1e-6 };
    int times[PAIRS], least[3], most[3];

    (void)state;
    count_times(weights, 1, times, least, most);
    for (int k = 0; k < PAIRS; k++)
        assert_true(times[k] > EPOCHS - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(by_tokens), cmocka_unit_test(by_sentences),
                                        cmocka_unit_test(seed_and_epoch_decide), cmocka_unit_test(weights_are_kept),
                                        cmocka_unit_test(no_epoch_is_empty) };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
