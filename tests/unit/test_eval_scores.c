/* The scores: hand-computed cases of tokenizers, BLEU, chrF and TER, and the shared cases with the reference implementation's
 * numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../files.h"
#include "base/io.h"
#include "base/memory.h"
#include "eval/metric.h"
#include "eval/ngram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Texts and what sacreBLEU prints of them: ours, and others that are not shipped. */
#define CASES "tests/cli/scores/"
#define SHARED_CASES "../shared/data/scores/"

static void assert_near(double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance))
        fail_msg("%.15g instead of %.15g", got, wanted);
}

/* Lines without spaces between words are scored by characters. */
static void test_choice_of_tokenizer(void **state)
{
    char *japanese[] = { "彼は毎朝七時に起きる。", "これは何ですか。" };
    char *mixed[] = { "我用 Linux 系统写信给你。",
                      "这是一封很长很长的信，请你明天早上在办公室里仔细地读一遍，谢谢你的帮助，再见，祝你一切都好！" };
    char *english[] = { "He gets up at seven every morning.", "What is this?" }, *cherokee[] = { "ᎤᏂᏍᏆᏂᎪᏙᏗ ᎠᎴ ᎤᏂᎷᏤ" };

    (void)state;
    assert_int_equal(tokenize_choice(japanese, 2), BLEU_CHAR);
    assert_int_equal(tokenize_choice(mixed, 1), BLEU_13A); /* a space to nine characters */
    assert_int_equal(tokenize_choice(mixed, 2), BLEU_CHAR);
    assert_int_equal(tokenize_choice(english, 2), BLEU_13A);
    assert_int_equal(tokenize_choice(cherokee, 1), BLEU_13A);
    assert_int_equal(tokenize_choice(NULL, 0), BLEU_13A);
}

static void test_tokenizers(void **state)
{
    static const struct {
        enum bleu_tokenizer tokenizer;
        int lowercase;
        const char *line, *words;
    } cases[] = {
        { BLEU_13A, 0, "", "" },
        { BLEU_13A, 0, "  \t ", "" },
        { BLEU_13A, 0, "Hello, world.", "Hello , world ." },
        { BLEU_13A, 0, "It costs $1,000.00 (3.5 %)", "It costs $ 1,000.00 ( 3.5 % )" },
        { BLEU_13A, 0, "in 2010.", "in 2010 ." },
        { BLEU_13A, 0, ".5 and 5-6 and x-y", ". 5 and 5 - 6 and x-y" },
        { BLEU_13A, 0, "&quot;a&quot; &amp;lt; b<skipped>c", "\" a \" < bc" },
        { BLEU_13A, 0, "don't", "don't" },
        { BLEU_13A, 0, "a... b", "a . . . b" },
        { BLEU_13A, 0, "日本語。", "日本語。" },
        { BLEU_13A, 1, "ÄÖ Über", "äö über" },
        { BLEU_NONE, 0, " a\u00a0b\u3000c  d. ", "a b c d." },
        { BLEU_CHAR, 0, "ab é😀", "a b é 😀" },
        { BLEU_INTL, 0, "Hello, world.", "Hello , world ." },
        { BLEU_INTL, 0, "1,000.00 in 2010.", "1,000.00 in 2010." },
        { BLEU_INTL, 0, "in 2010. ", "in 2010." },
        { BLEU_INTL, 0, "in 2010. So", "in 2010 . So" },
        { BLEU_INTL, 0, "«Ça»… 5€ 日本。", "« Ça » … 5 € 日本 。" },
        { BLEU_INTL, 0, "&lt;", "& lt ;" },
        { BLEU_NONE, 1, "ΟΔΟΣ", "οδο\u03c2" },
        { BLEU_NONE, 1, "ΟΔΟΣ ΣΑΣ. İ ẞ", "οδος σας. i\u0307 ß" },
    };
    struct text words = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tokenize_line(cases[i].tokenizer, cases[i].lowercase, cases[i].line, &words);
        assert_string_equal(words.data, cases[i].words);
    }
    text_release(&words);
}

static void test_ngram_matches(void **state)
{
    struct ngram_tree vocabulary = { 0 }, tree = { 0 };
    struct items a = { 0 }, b = { 0 };
    long matches[4];

    (void)state;
    ngram_words(&vocabulary, "x y x y x", &a);
    ngram_words(&vocabulary, "x y x xy", &b);
    ngram_matches(&tree, &a, &b, 4, matches);
    assert_int_equal(matches[0], 3); /* x twice, y once */
    assert_int_equal(matches[1], 2); /* x y, y x */
    assert_int_equal(matches[2], 1);
    assert_int_equal(matches[3], 0);
    ngram_words(&vocabulary, "", &b);
    assert_int_equal(b.count, 0);
    ngram_matches(&tree, &a, &b, 4, matches);
    assert_int_equal(matches[0], 0);
    assert_int_equal(ngram_total(3, 4), 0);
    assert_int_equal(ngram_total(4, 4), 1);

    /* Many words: the tables grow, and forget between sentences. */
    for (int round = 0; round < 3; round++) {
        a.count = 0;
        ngram_clear(&vocabulary);
        for (int i = 0; i < 5000; i++)
            items_add(&a, ngram_add(&vocabulary, 0, i + round));
        assert_int_equal(vocabulary.nodes, 5000);
        ngram_matches(&tree, &a, &a, 2, matches);
        assert_int_equal(matches[0], 5000);
        assert_int_equal(matches[1], 4999);
    }
    ngram_release(&vocabulary);
    ngram_release(&tree);
    items_release(&a);
    items_release(&b);
}

static double bleu_of(char *hypothesis, char *reference)
{
    struct bleu bleu;

    bleu_corpus(&hypothesis, &reference, 1, BLEU_13A, 0, &bleu);
    return bleu.score;
}

static void test_bleu_by_hand(void **state)
{
    char *hypotheses[] = { "the cat sat on the mat", "", "a b c d" };
    char *references[] = { "the cat is on the mat", "x y", "a b c d e" };
    struct bleu bleu;

    (void)state;
    /* 5 of 6 words, 3 of 5 pairs, 1 of 4 triples, none of 3 quadruples (counted as a half). */
    assert_near(bleu_of(hypotheses[0], references[0]), 100 * pow(5. / 6 * 3 / 5 * 1 / 4 * 1 / 6, 0.25), 1e-9);
    assert_near(bleu_of("a b c d", "a b c d"), 100, 1e-9);
    assert_near(bleu_of("a b c d", "a b c d e"), 100 * exp(1 - 5. / 4), 1e-9);
    assert_near(bleu_of("a b c", "a b c"), 0, 0); /* no quadruple */
    assert_near(bleu_of("", "a b c d"), 0, 0);
    assert_near(bleu_of("a b c d", ""), 0, 0);
    assert_near(bleu_of("", ""), 0, 0);
    assert_near(bleu_of("e f g h", "a b c d"), 0, 0);

    bleu_corpus(hypotheses, references, 3, BLEU_13A, 0, &bleu);
    assert_int_equal(bleu.hypothesis_length, 10);
    assert_int_equal(bleu.reference_length, 13);
    assert_near(bleu.precision[0], 100 * 9. / 10, 1e-9);
    assert_near(bleu.precision[1], 100 * 6. / 8, 1e-9);
    assert_near(bleu.precision[2], 100 * 3. / 6, 1e-9);
    assert_near(bleu.precision[3], 100 * 1. / 4, 1e-9);
    assert_near(bleu.brevity, exp(1 - 1.3), 1e-9);
    assert_near(bleu.score, 100 * exp(1 - 1.3) * pow(.9 * .75 * .5 * .25, 0.25), 1e-9);
}

static double score_of(struct metric metric, char *hypothesis, char *reference)
{
    long *statistics = metric_statistics(&metric, &hypothesis, &reference, 1);
    double score = metric_score(&metric, statistics);

    free(statistics);
    return score;
}

static void test_chrf_by_hand(void **state)
{
    struct metric chrf = { .kind = METRIC_CHRF }, with_words = { .kind = METRIC_CHRF, .word_order = 2 };
    struct metric lower = { .kind = METRIC_CHRF, .lowercase = 1 };
    char *hypotheses[] = { "abc", "ab" }, *references[] = { "", "ab" };
    long statistics[2 * CHRF_STATISTICS];

    (void)state;
    assert_near(score_of(chrf, "a b c", "abc"), 100, 1e-9);
    assert_near(score_of(chrf, "aa", "ab"), 25, 1e-9);
    assert_near(score_of(chrf, "", "abc"), 0, 0);
    assert_near(score_of(chrf, "abc", ""), 0, 0);
    assert_near(score_of(chrf, "", ""), 0, 0);
    assert_near(score_of(chrf, "ÄB", "äb"), 0, 0);
    assert_near(score_of(lower, "ÄB", "äb"), 100, 1e-9);
    /* precision (1 + 1) / 2, recall (2/3 + 1/2) / 2: the third order has no hypothesis n-gram */
    assert_near(score_of(chrf, "ab", "abc"), 100 * 5 * (7. / 12) / (4 + 7. / 12), 1e-9);
    /* What is said where the reference has nothing is not counted against precision. */
    chrf_statistics(hypotheses, references, 2, 0, 0, statistics);
    assert_int_equal(statistics[0], 0);
    assert_int_equal(statistics[CHRF_STATISTICS], 2);
    /* Letters 2/3, 1/2, 0; words "a" "," "b" and "a" "," "c": 2/3, 1/2. */
    assert_near(score_of(with_words, "a, b", "a , c"), 100 * (2. / 3 + 1. / 2 + 0 + 2. / 3 + 1. / 2) / 5, 1e-9);
    /* "(a" ")" against "(" "a" "b": one mark only is parted, the last one first. */
    assert_near(score_of(with_words, "(a)", "(a b"), 100 * (2. / 3 + 1. / 2 + 0 + 0 + 0) / 5, 1e-9);
}

static void test_ter_by_hand(void **state)
{
    struct metric ter = { .kind = METRIC_TER };

    (void)state;
    assert_near(score_of(ter, "a b c d", "A B C D"), 0, 0);
    assert_near(score_of(ter, "x y z", "a b c"), 100, 1e-9);
    assert_near(score_of(ter, "", "a b"), 100, 1e-9);
    assert_near(score_of(ter, "a b", ""), 100, 0);
    assert_near(score_of(ter, "", ""), 0, 0);
    assert_near(score_of(ter, "d e f g h a b c", "a b c d e f g h"), 100. / 8, 1e-9); /* one shift */
    assert_near(score_of(ter, "b a d c", "a b c d"), 50, 1e-9);                       /* two shifts */
    assert_near(score_of(ter, "a b c x y z w", "a b c"), 100 * 4. / 3, 1e-9);
    assert_near(score_of(ter, "c a b x", "a b c d e"), 100 * 3. / 5, 1e-9); /* a shift, a word replaced, one put in */
}

/* Of shifts that gain as much the longest, then the first, then the nearest to the start is made; of paths through the table the
 * one that replaces, then the one that deletes. Each of these sentences would have another score if one of those were turned
 * round; the last one is given up after 1,000 shifts tried, with one shift fewer than it would take. */
static void test_ter_ties(void **state)
{
    static const struct {
        const char *hypothesis, *reference;
        int edits, words;
    } cases[] = {
        { "a b c d", "c b d a a", 4, 5 },
        { "d d b e c", "c e d a a d b", 5, 7 },
        { "b a b d", "e b d b", 3, 4 },
        { "d d e e", "e c e c b d c d", 7, 8 },
        { "a b b b b b a b a b a b b a b b a b a a a a a a b b b a b b",
          "a b b a b a b b b a b a b b a a a b a b b a b b a a a b a a", 7, 30 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *hypothesis = memory_copy_text(cases[i].hypothesis, strlen(cases[i].hypothesis));
        char *reference = memory_copy_text(cases[i].reference, strlen(cases[i].reference));
        long statistics[TER_STATISTICS];

        ter_statistics(&hypothesis, &reference, 1, statistics);
        assert_int_equal(statistics[0], cases[i].edits);
        assert_int_equal(statistics[1], cases[i].words);
        free(hypothesis);
        free(reference);
    }
}

/* A word more than 50 words from where it belongs is not shifted but deleted and put in; and words far from the table's diagonal
 * are not found: of two words for 61, the first would be the reference's first, but the beam begins at the fifth. */
static void test_ter_limits(void **state)
{
    struct metric ter = { .kind = METRIC_TER };
    struct text hypothesis = { 0 }, reference = { 0 };

    (void)state;
    text_add_string(&reference, "x");
    for (int i = 0; i < 60; i++) {
        text_format(&reference, " w%d", i);
        text_format(&hypothesis, "w%d ", i);
    }
    text_add_string(&hypothesis, "x");
    assert_near(score_of(ter, hypothesis.data, reference.data), 100 * 2. / 61, 1e-9);
    text_clear(&hypothesis);
    text_add_string(&hypothesis, "x w59");
    assert_near(score_of(ter, hypothesis.data, reference.data), 100, 1e-9);
    text_release(&hypothesis);
    text_release(&reference);
}

/* Lines of 20,000 words: the first word of the reference stands in the middle of the hypothesis, too far to be shifted. */
static void test_ter_long_lines(void **state)
{
    struct metric ter = { .kind = METRIC_TER };
    struct text hypothesis = { 0 }, reference = { 0 };

    (void)state;
    text_add_string(&reference, "first");
    for (int i = 0; i < 20000; i++) {
        text_format(&reference, " w%d", i);
        text_format(&hypothesis, i == 10000 ? "w%d first " : "w%d ", i);
    }
    assert_near(score_of(ter, hypothesis.data, reference.data), 100 * 2. / 20001, 1e-9);
    text_release(&hypothesis);
    text_release(&reference);
}

static char **read_lines(const char *name, size_t *count)
{
    struct reader reader;
    char **lines = NULL, *line;
    size_t room = 0, length;

    *count = 0;
    assert_int_equal(reader_open(&reader, name), 0);
    while (reader_line(&reader, &line, &length) > 0) {
        memory_reserve_one(&lines, *count, &room);
        lines[(*count)++] = memory_copy_text(line, length);
    }
    reader_close(&reader);
    return lines;
}

static void free_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

/* The text of the member `name` that follows `at`; moves behind it. */
static void read_member(const char **at, const char *name, char value[256])
{
    char label[32];
    const char *start, *end;

    snprintf(label, sizeof label, "\"%s\": ", name);
    start = strstr(*at, label);
    assert_non_null(start);
    start += strlen(label);
    start += *start == '"';
    end = start + strcspn(start, "\",\n");
    assert_true(end - start < 256);
    memcpy(value, start, (size_t)(end - start));
    value[end - start] = '\0';
    *at = end;
}

static void check_corpus(const char *directory, const char *expected, const char *corpus)
{
    static const struct {
        const char *name;
        struct metric metric;
    } metrics[] = {
        { "bleu_13a", { .kind = METRIC_BLEU } },
        { "bleu_none", { .kind = METRIC_BLEU, .tokenizer = BLEU_NONE } },
        { "bleu_char", { .kind = METRIC_BLEU, .tokenizer = BLEU_CHAR } },
        { "bleu_intl", { .kind = METRIC_BLEU, .tokenizer = BLEU_INTL } },
        { "bleu_13a_lc", { .kind = METRIC_BLEU, .lowercase = 1 } },
        { "chrf2", { .kind = METRIC_CHRF } },
        { "chrf2pp", { .kind = METRIC_CHRF, .word_order = 2 } },
        { "ter", { .kind = METRIC_TER } },
    };
    char path[256], value[256], **hypotheses, **references;
    size_t lines, reference_lines;

    snprintf(path, sizeof path, "%s%s.hyp", directory, corpus);
    hypotheses = read_lines(path, &lines);
    snprintf(path, sizeof path, "%s%s.ref", directory, corpus);
    references = read_lines(path, &reference_lines);
    assert_int_equal(lines, reference_lines);
    snprintf(path, sizeof path, "\"%s\": {", corpus);
    expected = strstr(expected, path);
    assert_non_null(expected);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        const struct metric *metric = &metrics[i].metric;
        size_t width = (size_t)metric_width(metric);
        long *statistics = metric_statistics(metric, hypotheses, references, lines), sum[METRIC_MOST_STATISTICS] = { 0 };
        struct text text = { 0 };
        const char *at;

        for (size_t k = 0; k < lines * width; k++)
            sum[k % width] += statistics[k];
        snprintf(path, sizeof path, "\"%s\": {", metrics[i].name);
        at = strstr(expected, path);
        assert_non_null(at);
        read_member(&at, "score", value);
        assert_near(metric_score(metric, sum), strtod(value, NULL), 1e-9);
        read_member(&at, "signature", value);
        metric_add_signature(metric, &text);
        assert_string_equal(text.data, value);
        read_member(&at, "text", value);
        text_clear(&text);
        text_format(&text, "%s = ", metric_name(metric));
        metric_add_result(metric, sum, &text);
        assert_string_equal(text.data, value);
        text_release(&text);
        free(statistics);
    }
    free_lines(hypotheses, lines);
    free_lines(references, reference_lines);
}

static void check_corpora(const char *directory, const char *const *corpora)
{
    struct text expected = { 0 };
    char path[256];

    snprintf(path, sizeof path, "%sexpected.json", directory);
    get_file(path, &expected);
    for (; *corpora; corpora++)
        check_corpus(directory, expected.data, *corpora);
    text_release(&expected);
}

static void test_cases(void **state)
{
    (void)state;
    check_corpora(CASES, (const char *[]){ "demo", "scripts", NULL });
}

static void test_shared_cases(void **state)
{
    (void)state;
    if (access(SHARED_CASES "expected.json", R_OK)) {
        print_message("skipped: %sexpected.json is not there\n", SHARED_CASES);
        skip();
    }
    check_corpora(SHARED_CASES, (const char *[]){ "noise10", "noise40", "edge", "nomatch", NULL });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_of_tokenizer),
        cmocka_unit_test(test_tokenizers),
        cmocka_unit_test(test_ngram_matches),
        cmocka_unit_test(test_bleu_by_hand),
        cmocka_unit_test(test_chrf_by_hand),
        cmocka_unit_test(test_ter_by_hand),
        cmocka_unit_test(test_ter_ties),
        cmocka_unit_test(test_ter_limits),
        cmocka_unit_test(test_ter_long_lines),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_shared_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
