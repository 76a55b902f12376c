/* Where guided attention should look in the source of a synthetic pair: as if the tag in front of it were not there. */
#include "train/guide.h"

#include <stdlib.h>
#include <string.h>

#include "../check.h"

enum { WORDS = 6, PAIRS = 60 };

static char *const words[2][WORDS] = { { "one", "two", "three", "four", "five", "six" },
                                       { "eins", "zwei", "drei", "vier", "funf", "sechs" } };

/* Pairs of one to five words, translated in reverse order; pair 2k + 1 is pair 2k again, but synthetic. */
static void make(struct corpus *corpus)
{
    struct rng rng = rng_make(1, 0, 0, 0);

    *corpus = (struct corpus){ .pairs = PAIRS, .part_count = 2 };
    corpus->parts = memory_new(2, sizeof *corpus->parts);
    corpus->parts[1].synthetic = 1;
    corpus->part = memory_new(PAIRS, sizeof *corpus->part);
    for (int side = 0; side < 2; side++)
        corpus->lines[side] = memory_new(PAIRS, sizeof(char *));
    for (int k = 0; k < PAIRS; k += 2) {
        struct text text[2] = { { 0 } };
        int chosen[5], count = 1 + (int)rng_below(&rng, 5);

        for (int i = 0; i < count; i++)
            chosen[i] = (int)rng_below(&rng, WORDS);
        for (int i = 0; i < count; i++) {
            text_format(&text[SOURCE], "%s%s", i ? " " : "", words[SOURCE][chosen[i]]);
            text_format(&text[TARGET], "%s%s", i ? " " : "", words[TARGET][chosen[count - 1 - i]]);
        }
        for (int side = 0; side < 2; side++)
            corpus->lines[side][k] = corpus->lines[side][k + 1] = text[side].data;
        corpus->part[k + 1] = 1;
    }
}

static void release(struct corpus *corpus)
{
    for (int k = 0; k < PAIRS; k += 2)
        for (int side = 0; side < 2; side++)
            free(corpus->lines[side][k]);
    corpus_release(corpus);
}

static void the_tag_is_no_word(void **state)
{
    const struct tokenizer_options options = { .units = UNITS_WORD, .vocabulary = 100, .tagged = 1 };
    struct guidance guidance = { .tag = 0 };
    struct tokenizer tokenizer;
    struct corpus corpus;
    struct team team = { 0 };
    double seen = 0;

    (void)state;
    assert_int_equal(team_init(&team, 2, BACKEND_AUTO, PRECISION_F32), 0);
    make(&corpus);
    tokenizer_learn(&tokenizer, &options, corpus.lines[SOURCE], corpus.lines[TARGET], PAIRS);
    corpus_encode(&corpus, &tokenizer);
    guidance_learn(&guidance, &team, &corpus, &tokenizer);
    for (int32_t word = 0; word < tokenizer.sides[TARGET].count; word++)
        assert_true(lexicon_probability(&guidance.lexicon.forward, tokenizer.sides[SOURCE].tag, word) == 0);
    for (int32_t k = 0; k < PAIRS; k += 2) {
        const int32_t numbers[2] = { k, k + 1 };
        struct guide_part guide[2] = { { .room = 0 }, { .room = 0 } };
        int Tx = corpus.length[SOURCE][k], Ty = corpus.length[TARGET][k];

        assert_int_equal(corpus.length[SOURCE][k + 1], Tx + 1);
        for (int i = 0; i < 2; i++) {
            const struct pairs pairs = { &corpus, numbers + i, 1 };
            struct part part = { .room = 0 };

            part_make(&part, &pairs, 0, 1, 0);
            guide_part_fill(&guide[i], &guidance, &pairs, &part);
            part_release(&part);
        }
        for (int t = 0; t < Ty; t++) {
            const real *plain = guide[0].weights[0] + (size_t)t * (size_t)Tx;
            const real *tagged = guide[1].weights[0] + (size_t)t * (size_t)(Tx + 1);

            assert_true(tagged[0] == 0);
            assert_memory_equal(tagged + 1, plain, (size_t)Tx * sizeof *plain);
            seen += t < Ty - 1 ? (double)plain[Ty - 2 - t] : 0;
        }
        guide_part_release(&guide[0]);
        guide_part_release(&guide[1]);
    }
    assert_true(seen > PAIRS / 4.0); /* that it does look somewhere */
    guidance_release(&guidance);
    tokenizer_release(&tokenizer);
    release(&corpus);
    team_release(&team);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_tag_is_no_word) };

    return cmocka_run_group_tests_name("guide", tests, NULL, NULL);
}
