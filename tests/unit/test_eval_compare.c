/* Paired bootstrap resampling and the alignment error rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eval/aer.h"
#include "eval/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 200, SAMPLES = 400 };

/* TER statistics, whose score is a plain mean: sentences of ten words, with edits that repeat 0, 1, …, `period` - 1. */
static void make_statistics(long *statistics, int period, int shift)
{
    for (int i = 0; i < LINES; i++) {
        statistics[2 * i] = (i + shift) % period;
        statistics[2 * i + 1] = 10;
    }
}

static void test_bootstrap(void **state)
{
    struct metric ter = { .kind = METRIC_TER };
    long first[2 * LINES], second[2 * LINES];
    struct bootstrap a, b;

    (void)state;
    make_statistics(first, 5, 0);
    make_statistics(second, 9, 0);
    bootstrap_paired(&ter, (const long *[]){ first, second }, LINES, SAMPLES, 7, &a);
    assert_true(fabs(a.system[0].score - 20) < 1e-9);
    assert_true(fabs(a.system[0].mean - a.system[0].score) < 0.5);
    assert_true(fabs(a.system[1].mean - a.system[1].score) < 0.5);
    /* The mean of 200 draws from 0, 10, 20, 30, 40 deviates by sqrt(200 / 200) = 1: 95 % lie within about 1.96. */
    assert_true(a.system[0].interval > 1.6 && a.system[0].interval < 2.4);
    assert_true(fabs(a.p_value - 1. / (SAMPLES + 1)) < 1e-12); /* none of the samples is as extreme: p < .01 */
    assert_true(a.system[1].higher > 0.99 && a.system[0].higher < 0.01);

    bootstrap_paired(&ter, (const long *[]){ first, second }, LINES, SAMPLES, 7, &b);
    assert_memory_equal(&a, &b, sizeof a);
    bootstrap_paired(&ter, (const long *[]){ first, second }, LINES, SAMPLES, 8, &b);
    assert_true(a.system[0].mean < b.system[0].mean || a.system[0].mean > b.system[0].mean);
}

static void test_bootstrap_equal_systems(void **state)
{
    struct metric ter = { .kind = METRIC_TER };
    long first[2 * LINES], second[2 * LINES];
    struct bootstrap test;

    (void)state;
    make_statistics(first, 5, 0);
    bootstrap_paired(&ter, (const long *[]){ first, first }, LINES, SAMPLES, 1, &test);
    assert_true(fabs(test.p_value - 1) < 1e-12);
    assert_true(test.system[0].higher <= 0 && test.system[1].higher <= 0);
    /* As good as the first, on other sentences: no significance. */
    make_statistics(second, 5, 2);
    second[0]++;
    bootstrap_paired(&ter, (const long *[]){ first, second }, LINES, SAMPLES, 1, &test);
    assert_true(test.p_value > 0.2);
    assert_true(test.system[0].higher > 0.2 && test.system[1].higher > 0.2);
    /* One sentence, one sample: no range to speak of, and no crash. */
    bootstrap_paired(&ter, (const long *[]){ first, second }, 1, 1, 1, &test);
    assert_true(test.system[0].interval <= 0);
}

static void test_aer(void **state)
{
    struct aer aer = { 0 };

    (void)state;
    assert_int_equal(aer_add(&aer, "2-2 1-1  0-0", "a:1", "0-0 1?1 2-3", "g:1"), 0);
    assert_int_equal(aer_add(&aer, "0-1 0-1", "a:2", "0?1 0-1 0-1", "g:2"), 0); /* twice is once, sure wins */
    assert_int_equal(aer_add(&aer, "", "a:3", "", "g:3"), 0);
    assert_int_equal(aer.links, 4);
    assert_int_equal(aer.sure, 3);
    assert_int_equal(aer.possible, 4);
    assert_int_equal(aer.sure_found, 2);
    assert_int_equal(aer.possible_found, 3);
    assert_true(fabs(aer_precision(&aer) - 3. / 4) < 1e-12);
    assert_true(fabs(aer_recall(&aer) - 2. / 3) < 1e-12);
    assert_true(fabs(aer_rate(&aer) - (1 - 5. / 7)) < 1e-12);
}

static void test_aer_ends(void **state)
{
    struct aer nothing = { 0 }, perfect = { 0 }, wrong = { 0 };

    (void)state;
    assert_true(aer_rate(&nothing) <= 0 && aer_precision(&nothing) >= 1 && aer_recall(&nothing) >= 1);
    assert_int_equal(aer_add(&perfect, "0-0 10-9 2-11", "a", "2-11 0-0 10-9 3?3", "g"), 0);
    assert_true(aer_rate(&perfect) <= 0 && aer_precision(&perfect) >= 1 && aer_recall(&perfect) >= 1);
    assert_int_equal(aer_add(&wrong, "0-1", "a", "1-0", "g"), 0);
    assert_true(aer_rate(&wrong) >= 1 && aer_precision(&wrong) <= 0);
}

static void test_aer_malformed(void **state)
{
    static const char *const bad[] = { "1", "1-", "-1", "1-x", "1--2", "1-2,", "1-2-3", "99999999999-1", "1?2" };
    struct aer aer = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(aer_add(&aer, bad[i], "alignment:1", "0-0", "gold:1"), -1);
        if (!strchr(bad[i], '?'))
            assert_int_equal(aer_add(&aer, "0-0", "alignment:1", bad[i], "gold:1"), -1);
    }
    assert_int_equal(aer.links, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap), cmocka_unit_test(test_bootstrap_equal_systems), cmocka_unit_test(test_aer),
        cmocka_unit_test(test_aer_ends),  cmocka_unit_test(test_aer_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
