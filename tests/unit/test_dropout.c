/* Masks of dropout: they drop at their rate and keep the expectation, and each is a function of seed, update, the sentence's number and
 * its own name, whatever else is drawn. (That the model uses them as it should: test_model.c.) */
#include "layers/dropout.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { SENTENCES = 8, WIDTH = 33, COUNT = SENTENCES * WIDTH }; /* a width that the draws of four do not fill */

static const int numbers[SENTENCES] = { 100, 107, 114, 121, 128, 135, 142, 149 };
static const int lengths[SENTENCES] = { 7, 1, 12, 5, 7, 2, 3, 15 };
enum { WORDS = 7 + 1 + 12 + 5 + 7 + 2 + 3 + 15 };

static const char STATE[] = "encoder.1.forward.state";

static struct arena arena_of(size_t bytes)
{
    struct arena arena = { .used = bytes };

    arena_allocate(&arena);
    return arena;
}

/* The masks into `to`, drawn from an arena of their own. */
static void masks_of(real *to, const struct dropping *dropping, double rate, const char *name)
{
    struct arena arena = arena_of(COUNT * sizeof(real));

    memcpy(to, dropout_masks(&arena, dropping, rate, name, SENTENCES, WIDTH), COUNT * sizeof(real));
    arena_release(&arena);
}

static void words_of(unsigned char *to, const struct dropping *dropping, double rate, const char *name)
{
    struct arena arena = arena_of(WORDS);

    memcpy(to, dropout_words(&arena, dropping, rate, name, SENTENCES, lengths), WORDS);
    arena_release(&arena);
}

static void rates(void **state)
{
    static const double all[] = { 0.05, 0.25, 0.5, 0.9 };
    enum { TIMES = 400 };

    (void)state;
    for (size_t r = 0; r < sizeof all / sizeof *all; r++) {
        double rate = all[r], dropped = 0, sum = 0, deviation = sqrt(rate * (1 - rate) / (TIMES * COUNT));

        for (uint64_t update = 0; update < TIMES; update++) {
            const struct dropping dropping = { .seed = 1, .update = update, .numbers = numbers };
            real masks[COUNT];

            masks_of(masks, &dropping, rate, STATE);
            for (int i = 0; i < COUNT; i++) {
                assert_true(masks[i] == 0 || fabs((double)masks[i] - 1 / (1 - rate)) < 1e-6 / (1 - rate));
                dropped += masks[i] == 0;
                sum += (double)masks[i];
            }
        }
        check_near("share dropped", r, dropped / (TIMES * COUNT), rate, 5 * deviation);
        check_near("mean of a mask", r, sum / (TIMES * COUNT), 1, 5 * deviation / (1 - rate));
    }
}

/* Every place of a mask is drawn for itself: no two are dropped together more often than they should be. */
static void places_are_independent(void **state)
{
    enum { TIMES = 1000 };
    static int both[COUNT][3]; /* dropped with the one 1, 4 and WIDTH places further on */
    static const int distance[3] = { 1, 4, WIDTH };

    (void)state;
    for (uint64_t update = 0; update < TIMES; update++) {
        const struct dropping dropping = { .seed = 2, .update = update, .numbers = numbers };
        real masks[COUNT];

        masks_of(masks, &dropping, 0.5, STATE);
        for (int i = 0; i < COUNT - WIDTH; i++)
            for (int d = 0; d < 3; d++)
                both[i][d] += masks[i] == 0 && masks[i + distance[d]] == 0;
    }
    for (int i = 0; i < COUNT - WIDTH; i++)
        for (int d = 0; d < 3; d++)
            check_near("dropped together", (size_t)(3 * i + d), both[i][d] / (double)TIMES, 0.25, 6 * sqrt(0.25 * 0.75 / TIMES));
}

/* Words are dropped at their rate, the last of a sentence never: it tells where the sentence ends. */
static void words(void **state)
{
    static const double all[] = { 0.1, 0.25, 0.999 };
    enum { TIMES = 600 };

    (void)state;
    for (size_t r = 0; r < sizeof all / sizeof *all; r++) {
        const double rate = all[r], count = (double)TIMES * (WORDS - SENTENCES);
        double dropped = 0;

        for (uint64_t update = 0; update < TIMES; update++) {
            const struct dropping dropping = { .seed = 1, .update = update, .numbers = numbers };
            unsigned char bytes[WORDS];

            words_of(bytes, &dropping, rate, "source.word");
            for (int i = 0; i < WORDS; i++) {
                assert_true(bytes[i] <= 1);
                dropped += bytes[i];
            }
            for (int b = 0, end = 0; b < SENTENCES; b++) {
                end += lengths[b];
                assert_int_equal(bytes[end - 1], 0);
            }
        }
        check_near("share of words dropped", r, dropped / count, rate, 5 * sqrt(rate * (1 - rate) / count));
    }
}

/* Without a rate there is nothing, and no room is taken; while the arena measures, only room. */
static void nothing(void **state)
{
    const struct dropping dropping = { .seed = 1, .numbers = numbers };
    struct arena measuring = { 0 }, arena = arena_of(4096);

    (void)state;
    assert_null(dropout_masks(&arena, &dropping, 0, STATE, SENTENCES, WIDTH));
    assert_null(dropout_words(&arena, &dropping, 0, "source.word", SENTENCES, lengths));
    assert_int_equal(arena.used, 0);
    assert_null(dropout_masks(&measuring, &dropping, 0.5, STATE, SENTENCES, WIDTH));
    assert_non_null(dropout_masks(&arena, &dropping, 0.5, STATE, SENTENCES, WIDTH));
    assert_true(measuring.used >= COUNT * sizeof(real) && measuring.used == arena.used);
    assert_null(dropout_words(&measuring, &dropping, 0.5, "source.word", SENTENCES, lengths));
    assert_non_null(dropout_words(&arena, &dropping, 0.5, "source.word", SENTENCES, lengths));
    assert_true(measuring.used >= COUNT * sizeof(real) + WORDS && measuring.used == arena.used);
    assert_null(mask_of(NULL, 3, WIDTH));
    arena_release(&arena);
}

/* What else is drawn, before, after, under another name or at another rate, changes no mask. */
static void a_stream_for_each_name(void **state)
{
    static const char *const others[] = { "encoder.1.backward.state", "encoder.2.forward.state", "annotation", "source.word" };
    const struct dropping dropping = { .seed = 1, .update = 3, .numbers = numbers };
    const struct dropping more = {
        .rates = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9 }, .seed = 1, .update = 3, .numbers = numbers
    };
    struct arena arena = arena_of(100000);
    real alone[COUNT], again[COUNT], higher[COUNT];
    unsigned char words_alone[WORDS];
    const real *among;

    (void)state;
    masks_of(alone, &dropping, 0.3, STATE);
    masks_of(again, &dropping, 0.3, STATE);
    assert_memory_equal(alone, again, sizeof alone);
    masks_of(again, &more, 0.3, STATE); /* the rates of the update are the callers' business */
    assert_memory_equal(alone, again, sizeof alone);
    words_of(words_alone, &dropping, 0.3, "source.word");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_memory_not_equal(dropout_masks(&arena, &dropping, 0.3, others[i], SENTENCES, WIDTH), alone, sizeof alone);
        dropout_words(&arena, &dropping, 0.7, others[i], SENTENCES, lengths);
    }
    among = dropout_masks(&arena, &dropping, 0.3, STATE, SENTENCES, WIDTH);
    assert_memory_equal(among, alone, sizeof alone);
    assert_memory_equal(dropout_words(&arena, &dropping, 0.3, "source.word", SENTENCES, lengths), words_alone, WORDS);
    masks_of(higher, &dropping, 0.6, STATE);
    for (int i = 0; i < COUNT; i++)
        assert_true(alone[i] != 0 || higher[i] == 0); /* the same draws: what a low rate drops, a higher one does too */
    arena_release(&arena);
}

/* A sentence's mask goes with its number, in whatever part of the batch and place it is; seed, update and number each change it. */
static void a_function_of_the_sentence(void **state)
{
    static const int order[] = { 5, 0, 7, 2 };
    int some_numbers[4], some_lengths[4], start[SENTENCES] = { 0 };
    const struct dropping whole = { .seed = 1, .update = 3, .numbers = numbers };
    const struct dropping part = { .seed = 1, .update = 3, .numbers = some_numbers };
    const struct dropping other_seed = { .seed = 2, .update = 3, .numbers = numbers };
    const struct dropping other_update = { .seed = 1, .update = 4, .numbers = numbers };
    struct arena arena = arena_of(100000);
    real all[COUNT], other[COUNT];
    unsigned char words_all[WORDS], words_other[WORDS];
    const real *some;
    const unsigned char *some_words;

    (void)state;
    for (int b = 1; b < SENTENCES; b++)
        start[b] = start[b - 1] + lengths[b - 1];
    for (int i = 0; i < 4; i++) {
        some_numbers[i] = numbers[order[i]];
        some_lengths[i] = lengths[order[i]];
    }
    masks_of(all, &whole, 0.4, STATE);
    words_of(words_all, &whole, 0.4, "target.word");
    some = dropout_masks(&arena, &part, 0.4, STATE, 4, WIDTH);
    some_words = dropout_words(&arena, &part, 0.4, "target.word", 4, some_lengths);
    for (int i = 0; i < 4; some_words += some_lengths[i++]) {
        assert_memory_equal(mask_of(some, i, WIDTH), mask_of(all, order[i], WIDTH), WIDTH * sizeof(real));
        assert_memory_equal(some_words, words_all + start[order[i]], (size_t)some_lengths[i]);
    }
    for (int b = 1; b < SENTENCES; b++)
        assert_memory_not_equal(mask_of(all, b, WIDTH), mask_of(all, b - 1, WIDTH), WIDTH * sizeof(real));
    masks_of(other, &other_seed, 0.4, STATE);
    assert_memory_not_equal(all, other, sizeof all);
    masks_of(other, &other_update, 0.4, STATE);
    assert_memory_not_equal(all, other, sizeof all);
    words_of(words_other, &other_seed, 0.4, "target.word");
    assert_memory_not_equal(words_all, words_other, WORDS);
    words_of(words_other, &other_update, 0.4, "target.word");
    assert_memory_not_equal(words_all, words_other, WORDS);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),   cmocka_unit_test(places_are_independent), cmocka_unit_test(words),
        cmocka_unit_test(nothing), cmocka_unit_test(a_stream_for_each_name), cmocka_unit_test(a_function_of_the_sentence),
    };

    return cmocka_run_group_tests_name("dropout", tests, NULL, NULL);
}
