/* From lines to lines: blank lines, pieces, n-best lists, stopping. The model is random; its tokenizer has characters. */
#include "search/translate.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

static char *const words[] = { "ab ba", "a b c", "cab bac.", "abc, abc.", "c b a" };
enum { WORDS = sizeof words / sizeof *words };

struct setup {
    struct tokenizer tokenizer;
    struct model model, *list[1];
    struct team team;
    struct translator translator;
};

static struct translate_options options_of(int beam, int n_best)
{
    return (struct translate_options){
        .beam = { .beam = beam, .n_best = n_best, .length_penalty = 1, .length_ratio = 2, .forbidden = VOCAB_UNKNOWN },
        .batch = 3,
        .longest = 8,
        .want_scores = 1
    };
}

/* A random model; `seed` chooses it. */
static void setup_make(struct setup *setup, const struct translate_options *options, uint64_t seed)
{
    struct tokenizer_options text = { .units = UNITS_CHAR, .vocabulary = 300, .shared = 1 };
    struct config config = { .E = 5,
                             .encoder = { .layers = 1, .width = 6 },
                             .decoder = { .width = 6, .alignment = 4, .maxout = 4 } };
    struct rng rng = rng_make(seed, 0, 0, 0);

    memset(setup, 0, sizeof *setup);
    tokenizer_learn(&setup->tokenizer, &text, words, words, WORDS);
    config.Vx = setup->tokenizer.sides[SOURCE].count;
    config.Vy = setup->tokenizer.sides[TARGET].count;
    model_init(&setup->model, &config, NULL);
    check_fill(setup->model.values, setup->model.layout.length, 0.9, &rng);
    setup->list[0] = &setup->model;
    assert_int_equal(team_init(&setup->team, 2, BACKEND_OPENBLAS, PRECISION_F32), 0);
    translator_init(&setup->translator, &setup->tokenizer, setup->list, 1, &setup->team, options);
}

static void setup_release(struct setup *setup)
{
    translator_release(&setup->translator);
    team_release(&setup->team);
    model_release(&setup->model);
    tokenizer_release(&setup->tokenizer);
}

/* A flag that is set ends the work between batches, and says so. */
static void stops(void **state)
{
    struct setup setup;
    volatile sig_atomic_t stop = 0;
    struct translate_options options = options_of(2, 1);
    struct translation lines[WORDS];
    double log_probability[WORDS];

    (void)state;
    options.stop = &stop;
    setup_make(&setup, &options, 1);
    for (int round = 0; round < 2; round++) {
        stop = round;
        for (int i = 0; i < WORDS; i++)
            lines[i] = (struct translation){ .source = words[i] };
        assert_int_equal(translator_run(&setup.translator, lines, WORDS), stop);
        assert_int_equal(translator_align(&setup.translator, words, words, WORDS, log_probability, NULL), stop);
        for (int i = 0; i < WORDS; i++) {
            assert_int_equal(lines[i].count, 1 - stop);
            translation_release(&lines[i]);
        }
    }
    setup_release(&setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops),
    };

    return cmocka_run_group_tests_name("translate", tests, NULL, NULL);
}
