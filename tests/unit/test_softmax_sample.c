/* The sample of target words that stands for the whole vocabulary: the batch's words are always in it, the others equally often, and together
 * they stand for all. */
#include "train/softmax_sample.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 160, OTHERS = 12 };

/* A batch of the pairs 2 and 0 of three. */
struct three_pairs {
    int32_t ids[3][4];
    const int32_t *sentence[3];
    int length[3];
    int32_t numbers[2];
    struct corpus corpus;
    struct pairs pairs;
};

static void three_pairs_make(struct three_pairs *text)
{
    *text = (struct three_pairs){ .ids = { { 7, 150, 7, 0 }, { 99, 98, 97, 0 }, { 3, 0 } },
                                  .length = { 4, 4, 2 },
                                  .numbers = { 2, 0 } };
    for (int i = 0; i < 3; i++)
        text->sentence[i] = text->ids[i];
    text->corpus.pairs = 3;
    text->corpus.sentence[TARGET] = text->sentence;
    text->corpus.length[TARGET] = text->length;
    text->pairs = (struct pairs){ &text->corpus, text->numbers, 2 };
}

static const struct softmax_sample *draw(struct softmax_sampler *sampler, const struct three_pairs *text, int others,
                                         uint64_t number)
{
    return softmax_sample_draw(sampler, &text->pairs, WORDS, others, rng_make(1, 2, number, 0));
}

static void every_word_is_stood_for(void **state)
{
    static const int32_t own[] = { 0, 3, 7, 150 };
    struct softmax_sampler sampler = { 0 };
    int often[WORDS] = { 0 };
    struct three_pairs text;

    (void)state;
    three_pairs_make(&text);
    for (uint64_t number = 0; number < 4000; number++) {
        const struct softmax_sample *sample = draw(&sampler, &text, OTHERS, number);
        double stood_for = 0;

        assert_int_equal(sample->count, 20); /* 4 + 12, up to a multiple of a sixteenth of 160 */
        for (int i = 0; i < sample->count; i++) {
            assert_true(i == 0 || sample->words[i] > sample->words[i - 1]);
            assert_int_equal(sample->place[sample->words[i]], i);
            stood_for += (double)sample->weight[i];
            often[sample->words[i]]++;
        }
        check_near("words stood for", number, stood_for, WORDS, 1e-3);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(sample->words[sample->place[own[i]]], own[i]);
            assert_true(sample->weight[sample->place[own[i]]] == 1);
        }
    }
    for (int v = 0; v < WORDS; v++) { /* 16 of the 156 others each time: 410 times, give or take 19 */
        int is_own = v == 0 || v == 3 || v == 7 || v == 150;

        if (is_own ? often[v] != 4000 : abs(often[v] - 410) > 100)
            fail_msg("word %d was in %d samples of 4000", v, often[v]);
    }
    softmax_sampler_release(&sampler);
}

static void one_number_one_sample(void **state)
{
    struct softmax_sampler a = { 0 }, b = { 0 };
    const struct softmax_sample *one, *two;
    struct three_pairs text;

    (void)state;
    three_pairs_make(&text);
    draw(&a, &text, OTHERS, 1);
    one = draw(&a, &text, OTHERS, 9);
    two = draw(&b, &text, OTHERS, 9);
    assert_memory_equal(one->words, two->words, (size_t)one->count * sizeof *one->words);
    two = draw(&b, &text, OTHERS, 10);
    assert_true(memcmp(one->words, two->words, (size_t)one->count * sizeof *one->words) != 0);
    softmax_sampler_release(&a);
    softmax_sampler_release(&b);
}

/* So many that no word is left out, and more than there are. */
static void all_words(void **state)
{
    struct softmax_sampler sampler = { 0 };
    struct three_pairs text;

    (void)state;
    three_pairs_make(&text);
    for (int others = WORDS - 10; others < 2 * WORDS; others += WORDS) {
        const struct softmax_sample *sample = draw(&sampler, &text, others, 1);

        assert_int_equal(sample->count, WORDS);
        for (int v = 0; v < WORDS; v++)
            assert_true(sample->words[v] == v && sample->place[v] == v && sample->weight[v] == 1);
    }
    softmax_sampler_release(&sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_stood_for),
        cmocka_unit_test(one_number_one_sample),
        cmocka_unit_test(all_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
