/* Sampling: words come as often as the model says, from one model or an ensemble; at temperature 0 and with one word to choose from it
 * is greedy search; no sentence's samples depend on its batch. Noise does what its numbers say. */
#include "../search.h"

#include "text/noise.h"
#include "text/vocab.h"

#include <stdlib.h>

enum { V = 6 };

/* The chi-square statistic of `counts`, of `total` draws, against probabilities [n]; *freedom is its degrees of freedom. */
static double chi_square(const int *counts, int total, const double *probability, int n, int *freedom)
{
    double sum = 0;

    *freedom = -1;
    for (int v = 0; v < n; v++) {
        double expected = probability[v] * total;

        if (expected < 1e-9) {
            assert_int_equal(counts[v], 0);
            continue;
        }
        sum += (counts[v] - expected) * (counts[v] - expected) / expected;
        ++*freedom;
    }
    return sum;
}

/* Probability 1e-6 of a larger chi-square, roughly (Wilson and Hilferty 1931). */
static double limit(int freedom)
{
    double a = 2.0 / (9.0 * freedom);

    return freedom * pow(1 - a + 4.75 * sqrt(a), 3);
}

/* Words drawn from given logits follow softmax(x / T) over the k largest. */
static void words_follow_the_distribution(void **state)
{
    static const real x[V] = { 1, -0.5, 2, 0.25, 1.5, -4 };
    static const struct sampling cases[] = { { 1, 0 }, { 0.5, 0 }, { 2, 0 }, { 1, 3 }, { 1.5, 1 }, { 1, V }, { 1, 2 * V } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double probability[V], sum = 0, scratch[V];
        int counts[V] = { 0 }, freedom, total = 100000;
        struct rng rng = rng_make(7, i, 0, 0);

        for (int v = 0; v < V; v++) {
            int larger = 0;

            for (int w = 0; w < V; w++)
                larger += x[w] > x[v];
            probability[v] = cases[i].top_k && larger >= cases[i].top_k ? 0 : exp((double)x[v] / cases[i].temperature);
            sum += probability[v];
        }
        for (int v = 0; v < V; v++)
            probability[v] /= sum;
        for (int k = 0; k < total; k++)
            counts[sample_word(&cases[i], x, V, rng_uniform(&rng), scratch)]++;
        assert_true(chi_square(counts, total, probability, V, &freedom) <= limit(freedom > 0 ? freedom : 1));
    }
}

/* The smallest and the largest random number give words that can be, and numbers out of range end the sentence. */
static void edges(void **state)
{
    const real impossible[V] = { -1e30, 3, -1e30, -1e30, 2, -1e30 }, bad[V] = { NAN, NAN, NAN, NAN, NAN, NAN };
    struct sampling all = { 1, 0 }, cold = { 0.001, 0 };
    double scratch[V];

    (void)state;
    assert_int_equal(sample_word(&all, impossible, V, 0, scratch), 1);
    assert_int_equal(sample_word(&all, impossible, V, 1 - 0x1p-53, scratch), 4);
    assert_int_equal(sample_word(&cold, impossible, V, 1 - 0x1p-53, scratch), 1);
    assert_int_equal(sample_word(&all, bad, V, 0.5, scratch), VOCAB_END);
}

static struct beam_options sampling_of(int count, double temperature, int top_k, const uint64_t *keys)
{
    struct beam_options options = options_of(count, count);

    options.sampling = (struct sampling){ temperature, top_k };
    options.keys = keys;
    return options;
}

/* First words of samples against the model's probabilities by forced decoding; the log-probability of each is the model's. */
static void samples_follow_the_model(int models)
{
    enum { COUNT = 100, TIMES = 60 };
    struct setup setup;
    struct hypothesis *drawn = memory_new(SENTENCES * COUNT, sizeof *drawn);
    int counts[SENTENCES][9] = { { 0 } }, freedom;

    setup_make(&setup, (struct decoder_config){ .attention = ATTENTION_ADDITIVE, .query = QUERY_WORD }, models);
    for (int time = 0; time < TIMES; time++) {
        uint64_t keys[SENTENCES];
        struct beam_options options = sampling_of(COUNT, 1, 0, keys);

        for (int b = 0; b < SENTENCES; b++)
            keys[b] = rng_key(1, (uint64_t)time, (uint64_t)b, 0);
        beam_search(&setup.beam, &setup.sample.batch, &options, drawn);
        for (int i = 0; i < SENTENCES * COUNT; i++) {
            if (time == 0 && i % COUNT < 4) {
                struct forced forced = force_one(&setup, i / COUNT, drawn[i].ids, drawn[i].length);

                check_near("log-probability", (size_t)i, drawn[i].log_probability, forced.log_probability, tolerance);
                free(forced.alignment);
            }
            counts[i / COUNT][drawn[i].ids[0]]++;
            free(drawn[i].ids);
        }
    }
    for (int b = 0; b < SENTENCES; b++) {
        double probability[9];

        for (int32_t v = 0; v < 9; v++) {
            struct forced forced = force_one(&setup, b, &v, 1);

            probability[v] = exp(forced.log_probability);
            free(forced.alignment);
        }
        assert_true(chi_square(counts[b], COUNT * TIMES, probability, 9, &freedom) <= limit(freedom));
    }
    free(drawn);
    setup_release(&setup);
}

static void samples_follow_one_model(void **state)
{
    (void)state;
    samples_follow_the_model(1);
}

static void samples_follow_an_ensemble(void **state)
{
    (void)state;
    samples_follow_the_model(2);
}

static void free_all(struct hypothesis *list, int count)
{
    for (int i = 0; i < count; i++)
        free(list[i].ids);
}

static void assert_same(const struct hypothesis *a, const struct hypothesis *b)
{
    assert_int_equal(a->length, b->length);
    assert_memory_equal(a->ids, b->ids, (size_t)a->length * sizeof *a->ids);
}

static void without_choice_it_is_greedy(void **state)
{
    const uint64_t keys[SENTENCES] = { 1, 2, 3, 4, 5 };
    const struct beam_options greedy = options_of(1, 1);

    (void)state;
    for (int models = 1; models <= 2; models++)
        for (int i = 0; i < 2; i++) {
            struct setup setup;
            struct hypothesis best[SENTENCES], drawn[SENTENCES * 3];
            struct beam_options options = sampling_of(3, i ? 1 : 1e-6, i, keys);

            setup_make(&setup, plain, models);
            beam_search(&setup.beam, &setup.sample.batch, &greedy, best);
            beam_search(&setup.beam, &setup.sample.batch, &options, drawn);
            for (int k = 0; k < SENTENCES * 3; k++)
                assert_same(&drawn[k], &best[k / 3]);
            free_all(best, SENTENCES);
            free_all(drawn, SENTENCES * 3);
            setup_release(&setup);
        }
}

/* A sample is a function of key and number, whatever else is drawn with it. */
static void batching(void **state)
{
    const uint64_t keys[SENTENCES] = { 11, 12, 13, 14, 15 };
    struct setup setup;
    struct hypothesis many[SENTENCES * 7], alone[3];
    struct beam_options options = sampling_of(7, 1, 0, keys);
    int different = 0;

    (void)state;
    setup_make(&setup, plain, 1);
    beam_search(&setup.beam, &setup.sample.batch, &options, many);
    for (int b = 0; b < SENTENCES; b++) {
        const struct batch one = source_alone(&setup.sample, b);

        options = sampling_of(3, 1, 0, keys + b);
        beam_search(&setup.beam, &one, &options, alone);
        for (int k = 0; k < 3; k++)
            assert_same(&alone[k], &many[b * 7 + k]);
        different += alone[0].length != alone[1].length || alone[0].ids[0] != alone[1].ids[0];
        free_all(alone, 3);
    }
    assert_true(different > 0);
    free_all(many, SENTENCES * 7);
    setup_release(&setup);
}

/* ---- noise ---- */

enum { WORDS = 50, LINES = 400 };

/* w0 w1 … w49 after noise: how many words are left, how many are "_", how far the furthest was moved. */
static void damage(const struct noise *noise, uint64_t seed, int *left, int *blank, int *furthest)
{
    struct text line = { 0 }, out = { 0 };
    struct rng rng = rng_make(seed, 0, 0, 0);
    int seen[WORDS] = { 0 }, place = 0;

    for (int i = 0; i < WORDS; i++)
        text_format(&line, "%sw%c%c", i ? " " : "", 'a' + i / 26, 'a' + i % 26);
    noise_add(noise, &rng, line.data, 0, &out);
    for (char *word = strtok(out.data, " "); word; word = strtok(NULL, " "), place++) {
        ++*left;
        if (strcmp(word, "_") == 0) {
            ++*blank;
        } else {
            int i = (word[1] - 'a') * 26 + word[2] - 'a', moved = abs(i - place);

            assert_true(word[0] == 'w' && i >= 0 && i < WORDS && !seen[i]++);
            *furthest = moved > *furthest ? moved : *furthest;
        }
    }
    text_release(&line);
    text_release(&out);
}

static void noise_rates(void **state)
{
    static const struct noise drops = { .drop = 0.1 }, blanks = { .blank = 0.2 }, shuffles = { .shuffle = 3 };
    int left = 0, blank = 0, furthest = 0, total = WORDS * LINES;

    (void)state;
    for (uint64_t i = 0; i < LINES; i++)
        damage(&drops, i, &left, &blank, &furthest);
    check_near("deleted", 0, 1 - (double)left / total, 0.1, 0.01);
    assert_int_equal(blank, 0);
    left = furthest = 0;
    for (uint64_t i = 0; i < LINES; i++)
        damage(&blanks, i, &left, &blank, &furthest);
    check_near("blanked", 0, (double)blank / total, 0.2, 0.01);
    assert_int_equal(left, total);
    assert_int_equal(furthest, 0);
    left = blank = 0;
    for (uint64_t i = 0; i < LINES; i++)
        damage(&shuffles, i, &left, &blank, &furthest);
    assert_int_equal(left, total);
    assert_int_equal(furthest, 3);
}

static void noise_text(void **state)
{
    static const struct noise none = { 0 }, most = { .drop = 0.99, .shuffle = 2 }, all = { .blank = 1 };
    static const char line[] = "He said: \"l'homme, 25!\"";
    struct text out = { 0 };

    (void)state;
    assert_false(noise_wanted(&none));
    assert_true(noise_wanted(&all));
    for (int pretokenized = 0; pretokenized < 2; pretokenized++) {
        struct rng rng = rng_make(1, 0, 0, 0);

        text_clear(&out);
        noise_add(&none, &rng, line, pretokenized, &out);
        assert_string_equal(out.data, line);
        text_clear(&out);
        noise_add(&all, &rng, line, pretokenized, &out);
        assert_string_equal(out.data, pretokenized ? "_ _ _ _" : "_ __ ____ ___");
        for (int i = 0; i < 100; i++) {
            text_clear(&out);
            noise_add(&most, &rng, line, pretokenized, &out);
            assert_true(out.length > 0);
            assert_true(out.data[0] != ' ');
        }
        text_clear(&out);
        noise_add(&most, &rng, "", pretokenized, &out);
        assert_string_equal(out.data, "");
    }
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(words_follow_the_distribution),
                                        cmocka_unit_test(edges),
                                        cmocka_unit_test(samples_follow_one_model),
                                        cmocka_unit_test(samples_follow_an_ensemble),
                                        cmocka_unit_test(without_choice_it_is_greedy),
                                        cmocka_unit_test(batching),
                                        cmocka_unit_test(noise_rates),
                                        cmocka_unit_test(noise_text) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
