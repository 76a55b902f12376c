/* The words of a batch, by the shortlists of one model or two; and the shortlist that a lexicon gives. */
#include "../check.h"

#include "base/rng.h"
#include "lexicon/shorten.h"
#include "model/shortlist.h"
#include "text/vocab.h"

#include <string.h>

enum { SOURCES = 50, TARGETS = 300, LONGEST = 12 };

/* A shortlist with a few random words in each row. */
static void make(struct shortlist *list, struct rng *rng)
{
    int used = 0;

    *list = (struct shortlist){ .sources = SOURCES };
    list->counts = list->own_counts = memory_new(SOURCES + 1, sizeof(int32_t));
    list->words = list->own_words = memory_new((SOURCES + 1) * TARGETS, sizeof(int32_t));
    for (int x = 0; x <= SOURCES; x++)
        for (int y = 0; y < TARGETS; y++)
            if (rng_uniform(rng) < 0.02) {
                list->own_counts[x]++;
                list->own_words[used++] = y;
            }
    shortlist_index(list);
}

static int has(const struct shortlist *list, int row, int32_t word)
{
    for (size_t i = list->first[row]; i < list->first[row + 1]; i++)
        if (list->words[i] == word)
            return 1;
    return 0;
}

/* Whether a word is </s>, in a row of a source word, or in that of all. */
static int wanted(const struct shortlist *lists, int count, const int32_t *source, int length, int32_t word)
{
    if (word == VOCAB_END)
        return 1;
    for (int k = 0; k < count; k++) {
        if (has(&lists[k], SOURCES, word))
            return 1;
        for (int i = 0; i < length; i++)
            if (has(&lists[k], source[i], word))
                return 1;
    }
    return 0;
}

static void test_candidates(void **state)
{
    struct rng rng = rng_make(5, 0, 0, 0);
    struct shortlist lists[2];
    const struct shortlist *both[] = { &lists[0], &lists[1] };
    struct candidates found = { 0 };

    (void)state;
    make(&lists[0], &rng);
    make(&lists[1], &rng);
    for (int round = 0; round < 40; round++) {
        int sentences = 1 + (int)rng_below(&rng, 6), count = 1 + round % 2, length[6], whole[6];
        int32_t ids[6][LONGEST];
        const int32_t *source[6];

        for (int b = 0; b < sentences; b++) {
            source[b] = ids[b];
            length[b] = 1 + (int)rng_below(&rng, LONGEST);
            whole[b] = rng_below(&rng, 8) == 0;
            for (int i = 0; i < length[b]; i++)
                ids[b][i] = (int32_t)rng_below(&rng, SOURCES);
        }
        candidates_find(&found, both, count, &(struct batch){ .sentences = sentences, .source = source, .source_length = length },
                        round % 3 ? whole : NULL, TARGETS);
        assert_true(found.count % 64 == 0 || found.count == TARGETS);
        for (int b = 0; b < sentences; b++) {
            size_t at = found.first[b];

            for (int32_t y = 0; y < TARGETS; y++)
                if ((round % 3 && whole[b]) || wanted(lists, count, source[b], length[b], y)) {
                    assert_int_equal(found.own[at], y);
                    assert_int_equal(found.words[found.columns[at]], y);
                    at++;
                }
            assert_int_equal(at, found.first[b + 1]);
        }
    }
    candidates_release(&found);
    shortlist_release(&lists[0]);
    shortlist_release(&lists[1]);
}

/* Word x is always translated by word x + 10; word 2 is frequent on the other side. */
static void test_shorten(void **state)
{
    enum { PAIRS = 200, LENGTH = 5 };
    static int32_t source_ids[PAIRS][LENGTH], target_ids[PAIRS][LENGTH + 1];
    static const int32_t *source[PAIRS], *target[PAIRS];
    static int source_length[PAIRS], target_length[PAIRS];
    struct rng rng = rng_make(6, 0, 0, 0);
    struct lexicon_pair lexicon = { 0 };
    struct shortlist list = { 0 };
    struct team team;

    (void)state;
    for (int k = 0; k < PAIRS; k++) {
        source[k] = source_ids[k], target[k] = target_ids[k];
        source_length[k] = LENGTH, target_length[k] = LENGTH + 1;
        for (int i = 0; i < LENGTH; i++) {
            source_ids[k][i] = (int32_t)rng_below(&rng, 40);
            target_ids[k][i] = source_ids[k][i] + 10;
        }
        target_ids[k][LENGTH] = 2;
    }
    assert_int_equal(team_init(&team, 1, BACKEND_AUTO, PRECISION_F32), 0);
    lexicon_learn(&lexicon, &team, &(struct lexicon_text){ source, source_length, target, target_length, PAIRS, 40, 60 },
                  &lexicon_defaults);
    lexicon_shorten(&list, &lexicon, &(struct shorten_options){ .translations = 2, .sources = 1, .frequent = 1 });
    assert_int_equal(list.sources, 40);
    for (int x = 0; x < 40; x++)
        assert_true(has(&list, x, x + 10));
    assert_int_equal(list.counts[40], 3); /* </s>, the unknown word, and the most frequent one */
    assert_true(has(&list, 40, 0) && has(&list, 40, 1) && has(&list, 40, 2));
    for (int x = 0; x <= 40; x++)
        for (size_t i = list.first[x] + 1; i < list.first[x + 1]; i++)
            assert_true(list.words[i - 1] < list.words[i]);
    shortlist_release(&list);
    lexicon_release(&lexicon);
    team_release(&team);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_candidates), cmocka_unit_test(test_shorten) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
