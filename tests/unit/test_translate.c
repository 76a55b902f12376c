/* From lines to lines: blank lines, pieces, n-best lists, stopping. The model is random; its tokenizer has characters. */
#include "search/piece.h"
#include "search/translate.h"
#include "text/sentences.h"

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
    const struct decoder_config decoder = { .heads = 1, .width = 6, .alignment = 4, .maxout = 4, .attention = ATTENTION_ADDITIVE };
    struct config config = { .E = 5, .encoder = { .width = 6, .layers = 1 }, .decoder = decoder };
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

/* What is blank once it is normalised is a blank line, never searched, in every option; it takes nothing from the others. */
static void blank_lines(void **state)
{
    static const char *const raw[] = { "", "ab ba", " \t ", "\u00a0\u2003\u2028", "cab bac.", "\ufeff", "\001\r", "  ab   ba " };
    enum { RAW = sizeof raw / sizeof *raw };
    struct translation lines[RAW];

    (void)state;
    for (int n_best = 1; n_best <= 3; n_best += 2)
        for (int level = ALIGNMENT_WORD; level <= ALIGNMENT_TOKEN; level++) {
            struct setup setup;
            struct translate_options options = options_of(3, n_best);

            options.want_alignment = 1;
            options.level = (enum alignment_level)level;
            setup_make(&setup, &options, 2);
            for (int i = 0; i < RAW; i++) {
                size_t bad;

                lines[i] = (struct translation){ 0 };
                assert_int_equal(translation_read(&lines[i], &setup.tokenizer, raw[i], strlen(raw[i]), &bad), 0);
            }
            assert_int_equal(translator_run(&setup.translator, lines, RAW), 0);
            for (int i = 0; i < RAW; i++) {
                int blank = i != 1 && i != 4 && i != 7;

                assert_int_equal(lines[i].source[0] == '\0', blank);
                assert_int_equal(lines[i].pieces == 0, blank);
                assert_int_equal(lines[i].alignment.columns == 0, blank);
                if (blank) {
                    assert_int_equal(lines[i].count, 1);
                    assert_string_equal(lines[i].texts[0], "");
                    assert_true(lines[i].log_probability[0] == 0);
                    assert_int_equal(lines[i].alignment.rows, 0);
                } else {
                    assert_true(lines[i].log_probability[0] < 0);
                }
            }
            assert_string_equal(lines[1].texts[0], lines[7].texts[0]);
            for (int i = 0; i < RAW; i++)
                translation_release(&lines[i]);
            setup_release(&setup);
        }
}

/* Pairs with a blank side: two have probability 1; else the model says. Without a source there is no matrix. */
static void blank_pairs(void **state)
{
    char *const source[] = { "", "", "ab", "ab" }, *const target[] = { "", "ba", "", "ba" };
    struct translate_options options = options_of(1, 1);
    double log_probability[4];
    struct alignment alignments[4];
    struct setup setup;

    (void)state;
    setup_make(&setup, &options, 3);
    assert_int_equal(translator_align(&setup.translator, source, target, 4, log_probability, alignments), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(log_probability[i] == 0, i == 0);
        assert_true(isfinite(log_probability[i]));
        assert_int_equal(alignments[i].columns > 0, i >= 2);
        assert_int_equal(alignments[i].rows > 0, i == 3);
        alignment_release(&alignments[i]);
    }
    setup_release(&setup);
}

/* A pair that is too long is left out, and the others are not. */
static void too_long_pairs(void **state)
{
    char *const source[] = { "ab", "abcabc abcabc", "ba" }, *const target[] = { "ba", "ab", "abcabc" };
    struct translate_options options = options_of(1, 1);
    double log_probability[3];
    struct alignment alignments[3];
    struct setup setup;

    (void)state;
    options.refused = 8;
    setup_make(&setup, &options, 3);
    assert_int_equal(translator_align(&setup.translator, source, target, 3, log_probability, alignments), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(isnan(log_probability[i]), i == 1);
        assert_int_equal(alignments[i].rows > 0, i != 1);
        alignment_release(&alignments[i]);
    }
    setup_release(&setup);
}

/* The n-best list of a line in pieces: texts are ordered by their printed log-probability, none comes twice, and the alignment is that of
 * the first, whichever rank it had in its pieces. */
static void pieces_are_ranked(void **state)
{
    int in_pieces = 0, more = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct setup setup;
        struct translation line = { .source = "abc, abc. cab bac. c b a ab ba" };
        struct translate_options options = options_of(6, 6);
        struct text labels = { 0 }, first = { 0 };

        options.beam.length_penalty = 0;
        options.want_alignment = 1;
        setup_make(&setup, &options, seed);
        assert_int_equal(translator_run(&setup.translator, &line, 1), 0);
        in_pieces += line.pieces > 2;
        more += line.count > 2;
        for (int i = 1; i < line.count; i++) {
            assert_true(line.log_probability[i] <= line.log_probability[i - 1]);
            for (int k = 0; k < i; k++)
                assert_string_not_equal(line.texts[i], line.texts[k]);
        }
        for (int i = 0; i < line.alignment.rows; i++)
            text_add_string(&labels, line.alignment.target[i]);
        for (const char *c = line.texts[0]; *c; c++)
            if (*c != ' ')
                text_add(&first, c, 1);
        assert_string_equal(labels.length ? labels.data : "", first.length ? first.data : "");
        text_release(&labels);
        text_release(&first);
        translation_release(&line);
        setup_release(&setup);
    }
    assert_true(in_pieces > 0 && more > 0);
}

/* What the n-best list of three pieces has to be: text r of each, joined, in the order of the joint score, equal texts once. */
static int expected_list(struct setup *setup, char *const *pieces, double penalty, char **texts, int *first)
{
    enum { PIECES = 3, MOST = 6 };
    struct translation parts[PIECES];
    struct tokens tokens = { 0 };
    double scores[MOST];
    int count = 0, most = 0;

    for (int i = 0; i < PIECES; i++)
        parts[i] = (struct translation){ .source = pieces[i] };
    assert_int_equal(translator_run(&setup->translator, parts, PIECES), 0);
    for (int i = 0; i < PIECES; i++)
        most = parts[i].count > most ? parts[i].count : most;
    for (int r = 0; r < most; r++) {
        struct text text = { 0 };
        double log_probability = 0, score;
        int length = 0, at, known = 0;

        for (int i = 0; i < PIECES; i++) {
            int mine = r < parts[i].count ? r : parts[i].count - 1;

            tokenizer_encode(&setup->tokenizer, TARGET, parts[i].texts[mine], 0, NULL, &tokens);
            length += tokens.count + 1;
            log_probability += parts[i].log_probability[mine];
            text_format(&text, "%s%s",
                        text.length && parts[i].texts[mine][0] ? sentence_separator(text.data, parts[i].texts[mine]) : "",
                        parts[i].texts[mine]);
        }
        score = log_probability / pow(length, penalty);
        for (int k = 0; k < count; k++)
            known |= strcmp(texts[k], text.data) == 0;
        if (known) {
            text_release(&text);
            continue;
        }
        for (at = count++; at > 0 && scores[at - 1] < score; at--) {
            scores[at] = scores[at - 1];
            texts[at] = texts[at - 1];
        }
        scores[at] = score;
        texts[at] = text.data;
        if (at == 0)
            *first = r;
    }
    for (int i = 0; i < PIECES; i++)
        translation_release(&parts[i]);
    tokens_release(&tokens);
    return count;
}

static void joint_list(void **state)
{
    char *const pieces[] = { "abc bac", "cab acb", "bca cba" };
    int other_first = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct setup setup;
        struct translate_options options = options_of(6, 6);
        struct translation line = { .source = "abc bac cab acb bca cba" };
        char *texts[6];
        int count, first = 0;

        options.want_alignment = 1;
        setup_make(&setup, &options, seed);
        count = expected_list(&setup, pieces, options.beam.length_penalty, texts, &first);
        assert_int_equal(translator_run(&setup.translator, &line, 1), 0);
        assert_int_equal(line.pieces, 3);
        assert_int_equal(line.count, count);
        for (int i = 0; i < count; i++) {
            assert_string_equal(line.texts[i], texts[i]);
            free(texts[i]);
        }
        other_first += first > 0;
        translation_release(&line);
        setup_release(&setup);
    }
    assert_true(other_first > 0);
}

/* Reads texts of its own, each as a line of its own or all as one. */
static void read_lines(struct setup *setup, struct translation *lines, const char *const *texts, int count)
{
    struct text all = { 0 };
    size_t bad;

    for (int i = 0; i < count; i++) {
        text_format(&all, "%s%s", i ? " " : "", texts[i]);
        translation_read(&lines[i], &setup->tokenizer, texts[i], strlen(texts[i]), &bad);
    }
    translation_read_sentences(&lines[count], &setup->tokenizer, all.data, all.length, &bad);
    text_release(&all);
}

/* The rows of a line of sentences are those of the sentences: a weight in the columns of the sentence that a row is of, none elsewhere. The
 * last column of a matrix of tokens is that of </s>. */
static void check_columns(const struct alignment *whole, const struct alignment *parts, int count)
{
    int tokens = whole->level == ALIGNMENT_TOKEN, first_row = 0, first_column = 0, blocks = 0;

    for (int k = 0; k < count; k++) {
        int columns = parts[k].columns - tokens, rows = parts[k].rows - (tokens && k < count - 1);

        for (int b = 0; b < parts[k].block_count; b++, blocks++)
            for (int i = 0; i < whole->blocks[blocks].rows; i++) {
                assert_int_equal(whole->blocks[blocks].first_row, first_row + parts[k].blocks[b].first_row);
                for (int j = 0; j < whole->columns; j++) {
                    int end = tokens && j == whole->columns - 1, column = end ? columns : j - first_column;
                    double wanted =
                        end || (column >= 0 && column < columns) ? alignment_weight(&parts[k], &parts[k].blocks[b], i, column) : 0;

                    check_near("a weight", (size_t)j, alignment_weight(whole, &whole->blocks[blocks], i, j), wanted, 1e-5);
                }
            }
        for (int i = 0; i < rows; i++)
            assert_string_equal(whole->target[first_row + i], parts[k].target[i]);
        for (int j = 0; j < columns; j++)
            assert_string_equal(whole->source[first_column + j], parts[k].source[j]);
        first_row += rows;
        first_column += columns;
    }
    assert_int_equal(whole->block_count, blocks);
    assert_int_equal(whole->rows, first_row);
    assert_int_equal(whole->columns, first_column + tokens);
}

/* Sentences of a line are translated, scored and aligned as lines of their own, also where some are cut into pieces. */
static void sentences_of_a_line(void **state)
{
    static const char *const texts[] = { "ABC bac.", "Cab acb abc!", "Ab?" };
    enum { TEXTS = sizeof texts / sizeof *texts };
    int longer = 0;

    (void)state;
    for (int run = 0; run < 12; run++) {
        struct translate_options options = options_of(3, 1);
        struct translation lines[TEXTS + 1] = { { 0 } };
        struct alignment parts[TEXTS];
        struct text joined = { 0 };
        struct setup setup;
        double sum = 0;

        options.want_alignment = 1;
        options.level = run % 2 ? ALIGNMENT_TOKEN : ALIGNMENT_WORD;
        setup_make(&setup, &options, 20 + (uint64_t)run);
        read_lines(&setup, lines, texts, TEXTS);
        assert_int_equal(translator_run(&setup.translator, lines, TEXTS + 1), 0);
        for (int i = 0; i < TEXTS; i++) {
            assert_int_equal(lines[i].sentences, 1);
            if (joined.length && lines[i].texts[0][0])
                text_add_string(&joined, " ");
            text_add_string(&joined, lines[i].texts[0]);
            sum += lines[i].log_probability[0];
            parts[i] = lines[i].alignment;
        }
        assert_int_equal(lines[TEXTS].sentences, TEXTS);
        assert_string_equal(lines[TEXTS].texts[0], joined.data);
        check_near("the score", (size_t)run, lines[TEXTS].log_probability[0], sum, 1e-4);
        check_columns(&lines[TEXTS].alignment, parts, TEXTS);
        longer += lines[TEXTS].pieces > TEXTS;
        text_release(&joined);
        for (int i = 0; i <= TEXTS; i++)
            translation_release(&lines[i]);
        setup_release(&setup);
    }
    assert_true(longer > 0);
}

/* The sentences of a prefix are those of the translation: all but the last word for word. */
static void prefixes_of_sentences(void **state)
{
    static const char *const prefixes[] = {
        "Ca", "Cab abc. B", "Cab abc. Bac! A", "Ab. Ba. Abc abc. Cab a", "Cab abc cab abc bca. ", "Ab. Ba. Abc.", "A", " ", "Abc"
    };

    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct translate_options options = options_of(3, 2);
            struct translation line = { 0 };
            const char *text = "Abc bac abc. Cab acb! Ab?";
            struct setup setup;
            size_t bad, length = strlen(prefixes[i]);

            setup_make(&setup, &options, seed);
            translation_read_sentences(&line, &setup.tokenizer, text, strlen(text), &bad);
            translation_set_prefix(&line, &setup.tokenizer, prefixes[i], length);
            assert_int_equal(translator_run(&setup.translator, &line, 1), 0);
            while (length > 0 && prefixes[i][length - 1] == ' ')
                length--;
            for (int k = 0; k < line.count; k++)
                if (strncmp(line.texts[k], prefixes[i], length) != 0)
                    fail_msg("'%s' does not begin with '%s'", line.texts[k], prefixes[i]);
            translation_release(&line);
            setup_release(&setup);
        }
}

/* Where texts are cut that are too long: after a sentence, else after another mark, else between words. */
static void cuts_between_sentences(void **state)
{
    static const struct {
        const char *text;
        int longest, cut;
    } cases[] = {
        { "Ab abc abc. Ba Dr. Abc cab", 20, 11 }, /* not after "Dr.", although more would fit */
        { "ab abc abc. ba dr. abc cab", 20, 18 }, /* not known to be an abbreviation: nothing is in capitals */
        { "Ab abc. Bca cab; abc cab", 18, 16 },   /* the sentence ends in the first half */
        { "Ab abc, bca cab abc cab", 12, 7 },     { "Ab abc bca cab abc cab", 12, 10 },
    };
    struct translate_options options = options_of(1, 1);
    struct setup setup;

    (void)state;
    setup_make(&setup, &options, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pieces pieces;

        pieces_init(&pieces, 1);
        tokenizer_encode(&setup.tokenizer, SOURCE, cases[i].text, 0, NULL, &pieces.sentences[0]);
        pieces_cut(&pieces, 0, cases[i].text, cases[i].longest, 1);
        if (pieces.items[0].to != cases[i].cut + 1) /* and the mark of the first word */
            fail_msg("\"%s\" is cut at %d", cases[i].text, pieces.items[0].to - 1);
        pieces_release(&pieces);
    }
    setup_release(&setup);
}

/* Batches are bounded in pieces and in tokens, hold each piece once, longest first, and are even where there are few. */
static void batches_are_bounded(void **state)
{
    enum { PIECES = 300 };
    struct pieces pieces = { 0 };
    struct piece **order;
    int *start;

    (void)state;
    pieces.items = memory_new(PIECES, sizeof *pieces.items);
    for (int longest = 10; longest <= 100000; longest *= 100)
        for (int workers = 1; workers <= 200; workers += 199) {
            int batches, seen = 0;

            pieces.count = PIECES;
            for (int i = 0; i < PIECES; i++)
                pieces.items[i] = (struct piece){ .sentence = (size_t)i, .to = longest - i % 7 };
            batches = pieces_batches(&pieces, 64, workers, &order, &start);
            for (int k = 0; k < batches; k++) {
                int tokens = 0;

                assert_true(start[k + 1] > start[k] && start[k + 1] - start[k] <= (workers == 1 ? 64 : 2));
                for (int i = start[k]; i < start[k + 1]; i++) {
                    assert_true(tokens < 1 << 16);
                    tokens += order[i]->to + 1;
                    seen += order[i]->count++ == 0;
                    assert_true(i == 0 || order[i]->to <= order[i - 1]->to);
                }
            }
            assert_int_equal(seen, PIECES);
            free(order);
            free(start);
        }
    free(pieces.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops),
        cmocka_unit_test(blank_lines),
        cmocka_unit_test(blank_pairs),
        cmocka_unit_test(too_long_pairs),
        cmocka_unit_test(pieces_are_ranked),
        cmocka_unit_test(joint_list),
        cmocka_unit_test(sentences_of_a_line),
        cmocka_unit_test(prefixes_of_sentences),
        cmocka_unit_test(cuts_between_sentences),
        cmocka_unit_test(batches_are_bounded),
    };

    return cmocka_run_group_tests_name("translate", tests, NULL, NULL);
}
