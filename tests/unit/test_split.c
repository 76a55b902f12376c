/* Validation pairs set aside: as many as wanted, a function of the seed, none of them left to learn from; and what corpus_limit and
 * corpus_hash make of a corpus. */
#include "corpus/split.h"

#include "../check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 500, TEXT = 24 };

static char texts[2][PAIRS][TEXT];

/* Pair k says the same as pair k modulo `different`. */
static struct corpus make_corpus(int different)
{
    struct corpus corpus = { .pairs = PAIRS, .number = memory_new(PAIRS, sizeof *corpus.number) };

    for (int side = 0; side < 2; side++) {
        corpus.lines[side] = memory_new(PAIRS, sizeof(char *));
        for (int k = 0; k < PAIRS; k++) {
            snprintf(texts[side][k], TEXT, "%s %d", side ? "target" : "source", k % different);
            corpus.lines[side][k] = texts[side][k];
            corpus.number[k] = k + 1;
        }
    }
    return corpus;
}

/* The pairs that are set aside, by number, from a corpus with `different` pairs. Checks all but their number. */
static size_t split(int different, size_t wanted, uint64_t seed, char *set_aside)
{
    struct corpus corpus = make_corpus(different), aside;
    size_t copies = corpus_split(&corpus, &aside, wanted, seed), count = aside.pairs;

    assert_true(corpus.pairs > 0);
    assert_true(copies <= wanted);
    assert_int_equal(corpus.pairs + copies + count, PAIRS);
    memset(set_aside, 0, PAIRS);
    for (size_t k = 0; k < count; k++) {
        set_aside[aside.number[k] - 1] = 1;
        assert_true(k == 0 || aside.number[k] > aside.number[k - 1]);
        assert_string_equal(aside.lines[SOURCE][k], texts[SOURCE][aside.number[k] - 1]);
        assert_string_equal(aside.lines[TARGET][k], texts[TARGET][aside.number[k] - 1]);
        for (size_t j = 0; j < corpus.pairs; j++)
            assert_string_not_equal(corpus.lines[SOURCE][j], aside.lines[SOURCE][k]);
        for (size_t j = 0; j < k; j++)
            assert_string_not_equal(aside.lines[SOURCE][j], aside.lines[SOURCE][k]);
    }
    corpus_release(&aside);
    corpus_release(&corpus);
    return count;
}

static void test_split(void **state)
{
    char first[PAIRS], second[PAIRS];
    int thirds[3] = { 0 };

    (void)state;
    assert_int_equal(split(PAIRS, 50, 1, first), 50);
    assert_int_equal(split(PAIRS, 50, 1, second), 50);
    assert_memory_equal(first, second, PAIRS);
    assert_int_equal(split(PAIRS, 50, 2, second), 50);
    assert_memory_not_equal(first, second, PAIRS);
    for (int k = 0; k < PAIRS; k++)
        thirds[3 * k / PAIRS] += first[k];
    assert_true(thirds[0] > 5 && thirds[1] > 5 && thirds[2] > 5); /* from everywhere */
    assert_int_equal(split(PAIRS, PAIRS, 1, first), PAIRS - 1);
    assert_int_equal(split(PAIRS, 0, 1, first), 0);
}

static void test_copies(void **state)
{
    char set_aside[PAIRS];

    (void)state;
    assert_int_equal(split(PAIRS / 2, 50, 1, set_aside), 50); /* each twice */
    assert_int_equal(split(PAIRS / 5, 40, 1, set_aside), 10); /* each five times: no more than 40 copies */
    assert_int_equal(split(1, 50, 1, set_aside), 0);          /* one pair fills the corpus */
    assert_int_equal(split(2, 50, 1, set_aside), 0);
}

/* A corpus of given ids. */
static struct corpus encoded(int32_t ids[2][9], char *const lines[2][3])
{
    static const int lengths[2][3] = { { 2, 4, 3 }, { 4, 3, 2 } };
    struct corpus corpus = { .pairs = 3, .number = memory_new(3, sizeof *corpus.number) };

    for (int side = 0; side < 2; side++) {
        int at = 0;

        corpus.lines[side] = memory_new(3, sizeof(char *));
        corpus.sentence[side] = memory_new(3, sizeof(int32_t *));
        corpus.length[side] = memory_new(3, sizeof(int));
        for (int k = 0; k < 3; k++) {
            corpus.lines[side][k] = lines[side][k];
            corpus.sentence[side][k] = ids[side] + at;
            corpus.length[side][k] = lengths[side][k];
            at += lengths[side][k];
        }
    }
    return corpus;
}

static void test_limit_and_hash(void **state)
{
    int32_t ids[2][9] = { { 1, 0, 2, 3, 4, 0, 5, 6, 0 }, { 7, 8, 9, 0, 1, 2, 0, 3, 0 } };
    char text[] = "d", other[] = "e", a[] = "a", b[] = "b", c[] = "c";
    char *const lines[2][3] = { { a, b, c }, { text, text, text } }, *const changed[2][3] = { { a, b, c }, { text, other, text } };
    struct corpus corpus = encoded(ids, lines), twin = encoded(ids, changed);
    uint64_t hash = corpus_hash(&corpus);

    (void)state;
    assert_true(hash >> 63 == 0);
    assert_true(hash != corpus_hash(&twin)); /* a text */
    corpus_release(&twin);
    ids[SOURCE][3] = 9;
    assert_true(hash != corpus_hash(&corpus)); /* an id */
    ids[SOURCE][3] = 3;
    assert_true(hash == corpus_hash(&corpus));
    corpus.length[SOURCE][0] = 3, corpus.length[SOURCE][1] = 3, corpus.sentence[SOURCE][1]++;
    assert_true(hash != corpus_hash(&corpus)); /* where a sentence ends */
    corpus.length[SOURCE][0] = 2, corpus.length[SOURCE][1] = 4, corpus.sentence[SOURCE][1]--;

    corpus_limit(&corpus, 3);
    assert_int_equal(corpus.pairs, 3);
    corpus_limit(&corpus, 2); /* three source tokens, or three target tokens */
    assert_int_equal(corpus.pairs, 1);
    assert_int_equal(corpus.dropped.too_long, 2);
    assert_string_equal(corpus.lines[SOURCE][0], "c");
    assert_int_equal(corpus.sentence[SOURCE][0][0], 5);
    assert_int_equal(corpus.length[TARGET][0], 2);
    corpus_release(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_limit_and_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
