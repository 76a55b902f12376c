/* Search: beam 1 is greedy search, what beam search reports is what forced decoding computes, alone and in a batch, with one model and
 * with an ensemble. */
#include "../search.h"

#include "search/repeat.h"
#include "search/score.h"

#include <stdlib.h>
#include <string.h>

/* The most probable next word, by forced decoding of each continuation. */
static int32_t most_probable(struct setup *setup, int b, int32_t *ids, int length)
{
    int32_t best = 0;
    double highest = -1e30;

    for (int32_t word = 0; word < setup->models[0].config.Vy; word++) {
        struct forced forced;

        ids[length] = word;
        forced = force_one(setup, b, ids, length + 1);
        if (forced.log_probability > highest) {
            highest = forced.log_probability;
            best = word;
        }
        free(forced.alignment);
    }
    return best;
}

static void check_greedy(enum kind kind)
{
    struct setup setup;
    struct hypothesis best[SENTENCES];
    struct beam_options options = options_of(1, 1);
    int different = 0;

    setup_make_kinds(&setup, plain, 1, &kind);
    beam_search(&setup.beam, &setup.sample.batch, &options, best);
    for (int b = 0; b < SENTENCES; b++) {
        int32_t ids[LONGEST];
        int most = 2 * setup.sample.source_length[b] + 10, length = 0;

        do
            ids[length] = length + 1 == most ? END : most_probable(&setup, b, ids, length);
        while (ids[length++] != END);
        assert_int_equal(best[b].length, length);
        assert_memory_equal(best[b].ids, ids, (size_t)length * sizeof *ids);
        different += length > 1;
        free(best[b].ids);
    }
    assert_true(different > 0);
    setup_release(&setup);
}

/* Whether one of the sentence's ends is this hypothesis. */
static int grew(const struct beam_tree *tree, const struct hypothesis *one)
{
    for (int end = 0; end < tree->count; end++) {
        int length = one->length, node = end;

        for (; node >= 0 && length > 0 && tree->nodes[node].id == one->ids[length - 1]; length--)
            node = tree->nodes[node].before;
        if (node < 0 && length == 0 && tree->nodes[end].log_probability == one->log_probability)
            return 1;
    }
    return 0;
}

static void a_tree_has_all_hypotheses_and_changes_nothing(void **state)
{
    enum { BEAM = 4 };
    struct setup setup;
    struct hypothesis best[SENTENCES * BEAM], same[SENTENCES * BEAM];
    struct beam_tree trees[SENTENCES] = { { 0 } };
    struct beam_options options = options_of(BEAM, BEAM);

    (void)state;
    setup_make(&setup, plain, 1);
    beam_search(&setup.beam, &setup.sample.batch, &options, same);
    options.trees = trees;
    beam_search(&setup.beam, &setup.sample.batch, &options, best);
    for (int i = 0; i < SENTENCES * BEAM; i++) {
        assert_int_equal(best[i].ids != NULL, same[i].ids != NULL);
        if (best[i].ids) {
            assert_int_equal(best[i].length, same[i].length);
            assert_memory_equal(best[i].ids, same[i].ids, (size_t)best[i].length * sizeof *best[i].ids);
            assert_true(grew(&trees[i / BEAM], &best[i]));
        }
        free(best[i].ids);
        free(same[i].ids);
    }
    for (int b = 0; b < SENTENCES; b++) {
        assert_true(trees[b].count > best[b * BEAM].length);
        for (int i = 0; i < trees[b].count; i++)
            assert_true(trees[b].nodes[i].before < i);
        free(trees[b].nodes);
    }
    setup_release(&setup);
}

static void beam_of_one_is_greedy(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_greedy((enum kind)kind);
}

static void check_scores_of(struct decoder_config decoder, int models, int beam, const enum kind *kinds)
{
    struct setup setup;
    struct hypothesis best[SENTENCES * WIDEST];
    struct beam_options options = options_of(beam, beam);

    setup_make_kinds(&setup, decoder, models, kinds);
    beam_search(&setup.beam, &setup.sample.batch, &options, best);
    for (int i = 0; i < SENTENCES * beam; i++) {
        struct forced forced;

        if (!best[i].ids)
            continue;
        forced = force_one(&setup, i / beam, best[i].ids, best[i].length);
        check_near("log-probability", (size_t)i, best[i].log_probability, forced.log_probability, tolerance);
        check_near("score", (size_t)i, best[i].score, forced.log_probability / best[i].length, tolerance);
        assert_int_equal(best[i].ids[best[i].length - 1], END);
        if (i % beam)
            assert_true(best[i].score <= best[i - 1].score);
        for (int k = i / beam * beam; k < i; k++)
            assert_true(best[k].length != best[i].length ||
                        memcmp(best[k].ids, best[i].ids, (size_t)best[i].length * sizeof(int32_t)) != 0);
        free(forced.alignment);
    }
    for (int b = 0; b < SENTENCES; b++)
        assert_non_null(best[b * beam].ids);
    for (int i = 0; i < SENTENCES * beam; i++)
        free(best[i].ids);
    setup_release(&setup);
}

static void check_scores(struct decoder_config decoder, int models, int beam)
{
    check_scores_of(decoder, models, beam, NULL);
}

static void reported_is_forced(void **state)
{
    (void)state;
    for (int beam = 1; beam <= 8; beam += beam == 2 ? 3 : 1)
        check_scores(plain, 1, beam);
    check_scores(plain, 1, WIDEST); /* more rows than STEP_CHUNK */
}

static void reported_is_forced_for_every_attention(void **state)
{
    (void)state;
    check_scores((struct decoder_config){ .attention = ATTENTION_DOT }, 1, 3);
    check_scores((struct decoder_config){ .attention = ATTENTION_SCALED_DOT }, 1, 3);
    check_scores((struct decoder_config){ .attention = ATTENTION_NONE }, 1, 3);
    check_scores((struct decoder_config){ .query = QUERY_WORD }, 1, 3);
    check_scores((struct decoder_config){ .query = QUERY_WORD, .lexical = 1 }, 1, 3);
}

static void reported_is_forced_for_every_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const enum kind kinds[] = { (enum kind)kind };

        check_scores_of(plain, 1, 3, kinds);
        check_scores_of(plain, 1, WIDEST, kinds);
    }
    check_scores_of((struct decoder_config){ .attention = ATTENTION_SCALED_DOT, .query = QUERY_WORD, .lexical = 1 }, 1, 3,
                    (const enum kind[]){ RNN_HEADS });
    check_scores_of((struct decoder_config){ .lexical = 1 }, 1, 3, (const enum kind[]){ MIXED });
}

static void reported_is_forced_for_an_ensemble(void **state)
{
    (void)state;
    check_scores(plain, 2, 4);
    check_scores_of(plain, 2, 4, (const enum kind[]){ TRANSFORMER_PRE, RNN });
    check_scores_of(plain, 2, 4, (const enum kind[]){ RNN_HEADS, TRANSFORMER_POST });
}

/* A sentence's best hypotheses are the same alone and in a batch. */
static void check_batching(enum kind kind)
{
    struct setup setup;
    struct hypothesis together[SENTENCES * 4], alone[4];
    struct beam_options options = options_of(4, 4);

    setup_make_kinds(&setup, plain, 1, &kind);
    beam_search(&setup.beam, &setup.sample.batch, &options, together);
    for (int b = 0; b < SENTENCES; b++) {
        struct batch one = source_alone(&setup.sample, b);

        beam_search(&setup.beam, &one, &options, alone);
        for (int i = 0; i < 4; i++) {
            const struct hypothesis *other = &together[b * 4 + i];

            assert_int_equal(alone[i].ids == NULL, other->ids == NULL);
            if (!other->ids)
                continue;
            assert_int_equal(alone[i].length, other->length);
            assert_memory_equal(alone[i].ids, other->ids, (size_t)other->length * sizeof(int32_t));
            check_near("log-probability", (size_t)i, alone[i].log_probability, other->log_probability, tolerance);
            free(alone[i].ids);
            free(other->ids);
        }
    }
    setup_release(&setup);
}

static void batching(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_batching((enum kind)kind);
}

/* Several outputs of one sentence at once are scored and aligned as each by itself, with one model and with two. */
static void shared_sources(void **state)
{
    static const int source_of[] = { 2, 0, 2, 4, 2 };
    static const int32_t texts[][3] = { { 3, 1, END }, { 1, END }, { END }, { 2, 2, END }, { 5, 1, END } };
    static const int target_lengths[] = { 3, 2, 1, 3, 3 };
    enum { TARGETS = sizeof source_of / sizeof *source_of };
    const int32_t *targets[TARGETS];

    (void)state;
    for (int b = 0; b < TARGETS; b++)
        targets[b] = texts[b];
    for (int models = 1; models <= 2; models++) {
        struct setup setup;
        struct forced forced[TARGETS];
        struct batch batch;

        setup_make(&setup, plain, models);
        batch = (struct batch){ .sentences = SENTENCES,
                                .source = setup.sample.source,
                                .source_length = setup.sample.source_length,
                                .targets = TARGETS,
                                .target = targets,
                                .target_length = target_lengths,
                                .source_of = source_of };
        force_batch(&setup.worker, &setup.pass, setup.list, models, &batch, forced);
        for (int b = 0; b < TARGETS; b++) {
            struct forced alone = force_one(&setup, source_of[b], texts[b], target_lengths[b]);

            check_near("log-probability", (size_t)b, forced[b].log_probability, alone.log_probability, tolerance);
            for (int i = 0; i < target_lengths[b] * lengths[source_of[b]][0]; i++)
                check_near("alignment", (size_t)i, (double)forced[b].alignment[i], (double)alone.alignment[i], 1e-5);
            free(alone.alignment);
            free(forced[b].alignment);
        }
        setup_release(&setup);
    }
}

/* With room for every hypothesis nothing is lost: the best one is the most probable of all sequences up to the longest. */
static void wide_beam_is_exhaustive(void **state)
{
    struct setup setup;
    struct hypothesis best[1];
    struct beam_options options = { .beam = 81, .n_best = 1, .forbidden = -1 };
    struct batch one;
    double highest = -1e30;

    (void)state;
    setup_make(&setup, plain, 1);
    one = source_alone(&setup.sample, 2);
    options.length_ratio = (3 - 10) / 7.0; /* at most 3 words of output for the 7 of the source */
    beam_search(&setup.beam, &one, &options, best);
    for (int32_t code = 0; code < 81; code++) { /* "</s>", "a </s>", "a b </s>" */
        int32_t ids[3] = { code / 9, code % 9, END };
        int length = ids[0] == END ? 1 : ids[1] == END ? 2 : 3;
        struct forced forced = force_one(&setup, 2, ids, length);

        highest = forced.log_probability > highest ? forced.log_probability : highest;
        free(forced.alignment);
    }
    check_near("the most probable", 0, best[0].log_probability, highest, tolerance);
    free(best[0].ids);
    setup_release(&setup);
}

static void forbidden_and_exact_length(void **state)
{
    struct setup setup;
    struct hypothesis best[SENTENCES];
    const int exact[SENTENCES] = { 3, 1, 5, 2, 9 };
    struct beam_options options = options_of(3, 1);

    (void)state;
    setup_make(&setup, plain, 1);
    options.forbidden = 4;
    options.exact_length = exact;
    beam_search(&setup.beam, &setup.sample.batch, &options, best);
    for (int b = 0; b < SENTENCES; b++) {
        assert_int_equal(best[b].length, exact[b]);
        for (int i = 0; i + 1 < exact[b]; i++)
            assert_true(best[b].ids[i] != END && best[b].ids[i] != 4);
        free(best[b].ids);
    }
    setup_release(&setup);
}

/* Where every logit is out of range, each sentence still has an output. */
static void logits_out_of_range(void **state)
{
    (void)state;
    for (int infinite = 0; infinite < 2; infinite++) {
        struct setup setup;
        struct hypothesis best[SENTENCES];
        struct beam_options options = options_of(3, 1);
        const struct tensor *bias;

        setup_make(&setup, plain, 1);
        bias = &setup.models[0].layout.tensors[layout_find(&setup.models[0].layout, "output.b")];
        for (int v = 0; v < setup.models[0].config.Vy; v++)
            setup.models[0].values[bias->offset + (size_t)v] = (real)(infinite ? -INFINITY : -2e30);
        beam_search(&setup.beam, &setup.sample.batch, &options, best);
        for (int b = 0; b < SENTENCES; b++) {
            assert_non_null(best[b].ids);
            free(best[b].ids);
        }
        setup_release(&setup);
    }
}

/* Copies of one phrase in a row in a hypothesis: of single tokens, and of longer phrases. */
static void count_copies(const struct hypothesis *hypothesis, int *single, int *phrase)
{
    *single = *phrase = 1;
    for (int n = 1; n <= REPEAT_LONGEST; n++)
        for (int i = n, run = 0; i < hypothesis->length; i++) {
            int *most = n == 1 ? single : phrase;

            run = hypothesis->ids[i] == hypothesis->ids[i - n] ? run + 1 : 0;
            *most = run / n + 1 > *most ? run / n + 1 : *most;
        }
}

/* Random models say some phrases for ever; with a limit, none does, whatever the beam, and each sentence still has an output. */
static void repetition_ends(void **state)
{
    int looped = 0, wider = 0;

    (void)state;
    for (int beam = 1; beam <= 4; beam++)
        for (int limit = 0; limit <= 3; limit++) {
            struct setup setup;
            struct hypothesis best[SENTENCES * 4];
            struct beam_options options = options_of(beam, beam);

            setup_make(&setup, plain, 1);
            options.repeats = limit;
            options.length_ratio = 8;
            beam_search(&setup.beam, &setup.sample.batch, &options, best);
            for (int b = 0; b < SENTENCES; b++) {
                int copies = repeat_copies(setup.sample.source[b], setup.sample.source_length[b]);

                assert_non_null(best[b * beam].ids);
                for (int i = b * beam; i < (b + 1) * beam; i++) {
                    int single, phrase;

                    if (!best[i].ids)
                        continue;
                    count_copies(&best[i], &single, &phrase);
                    looped += limit == 0 && (single > 6 || phrase > 3);
                    wider += limit == 3 && phrase == 3;
                    if (limit && copies <= limit) {
                        assert_true(single <= 2 * limit);
                        assert_true(phrase <= limit);
                    }
                    free(best[i].ids);
                }
            }
            setup_release(&setup);
        }
    assert_true(looped > 0);
    assert_true(wider > 0); /* what is allowed is not forbidden */
}

/* A source that says something seven times may be followed: up to seven copies, the search is the one without a limit. */
static void a_source_may_repeat(void **state)
{
    const int32_t seven[] = { 3, 3, 3, 3, 3, 3, 3, END }, none[] = { 3, 4, 5, 6, 7, 8, 9, END };
    const int length = 8;
    (void)state;
    for (int repeating = 0; repeating < 2; repeating++) {
        struct setup setup;
        struct hypothesis best[2];
        struct beam_options options = options_of(1, 1);
        const int32_t *source = repeating ? seven : none;
        int different;
        struct batch batch = { .sentences = 1, .source = &source, .source_length = &length };

        setup_make(&setup, plain, 1);
        options.length_ratio = (7 - 10) / 8.0; /* at most 7 words, so at most 6 copies */
        for (int i = 0; i < 2; i++) {
            options.repeats = i;
            beam_search(&setup.beam, &batch, &options, &best[i]);
        }
        different =
            best[0].length != best[1].length || memcmp(best[0].ids, best[1].ids, (size_t)best[0].length * sizeof(int32_t)) != 0;
        assert_int_equal(different, !repeating);
        free(best[0].ids);
        free(best[1].ids);
        setup_release(&setup);
    }
}

/* Texts that share a source are scored as each of them alone, through however many chunks, in memory that does not grow with them. */
static void scoring_in_chunks(void **state)
{
    enum { TEXTS = 40, LENGTH = 500 };
    struct setup setup;
    struct scored *pairs = memory_new(TEXTS, sizeof *pairs);
    int32_t(*ids)[LENGTH] = memory_new(TEXTS, sizeof *ids);
    struct rng rng = rng_make(9, 0, 0, 0);
    size_t few;

    (void)state;
    setup_make(&setup, plain, 2);
    for (int i = 0; i < TEXTS; i++) {
        int b = i / (TEXTS / 2) * 2; /* sentences 0 and 2 */

        for (int t = 0; t < LENGTH; t++)
            ids[i][t] = (int32_t)rng_below(&rng, 9);
        pairs[i] =
            (struct scored){ setup.sample.source[b], ids[i], setup.sample.source_length[b], LENGTH - i, i % 3 == 0, 0, NULL };
    }
    score(&setup.worker, &setup.pass, setup.list, 2, pairs, 8);
    few = setup.worker.arena.size;
    for (int i = 0; i < 8; i++)
        free(pairs[i].alignment);
    score(&setup.worker, &setup.pass, setup.list, 2, pairs, TEXTS);
    assert_true(setup.worker.arena.size <= few + few / 10);
    for (int i = 0; i < TEXTS; i++) {
        struct forced alone = force_one(&setup, i / (TEXTS / 2) * 2, ids[i], LENGTH - i);
        size_t cells = (size_t)(LENGTH - i) * (size_t)pairs[i].source_length;

        check_near("log-probability", (size_t)i, pairs[i].log_probability, alone.log_probability, 1e-3);
        assert_int_equal(pairs[i].alignment != NULL, i % 3 == 0);
        for (size_t cell = 0; cell < cells && pairs[i].alignment; cell++)
            check_near("alignment", cell, (double)pairs[i].alignment[cell], (double)alone.alignment[cell], tolerance);
        free(alone.alignment);
        free(pairs[i].alignment);
    }
    free(pairs);
    free(ids);
    setup_release(&setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beam_of_one_is_greedy),
        cmocka_unit_test(a_tree_has_all_hypotheses_and_changes_nothing),
        cmocka_unit_test(reported_is_forced),
        cmocka_unit_test(reported_is_forced_for_every_attention),
        cmocka_unit_test(reported_is_forced_for_every_kind),
        cmocka_unit_test(reported_is_forced_for_an_ensemble),
        cmocka_unit_test(batching),
        cmocka_unit_test(shared_sources),
        cmocka_unit_test(wide_beam_is_exhaustive),
        cmocka_unit_test(forbidden_and_exact_length),
        cmocka_unit_test(logits_out_of_range),
        cmocka_unit_test(repetition_ends),
        cmocka_unit_test(a_source_may_repeat),
        cmocka_unit_test(scoring_in_chunks),
    };

    return cmocka_run_group_tests_name("beam", tests, NULL, NULL);
}
