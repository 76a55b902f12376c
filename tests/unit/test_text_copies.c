/* copies: spans as data; masking loses nothing; what the corpus decides. */
#include "text/copies.h"

#include "base/hash.h"
#include "base/io.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../files.h"

/* The spans of a line as they stand in the cases: after a tab each. */
static void show_spans(const char *line, struct text *out)
{
    struct spans spans = spans_begin(line);
    struct span span;
    size_t end = 0;

    text_clear(out);
    while (spans_next(&spans, &span)) {
        assert_true(span.length > 0 && span.start >= end);
        end = span.start + span.length;
        if (span.kind != SPAN_WORD)
            text_format(out, "\t%s:%.*s", span.kind == SPAN_PRIVATE ? "private" : span_kind_names[span.kind], (int)span.length,
                        line + span.start);
    }
}

static void finds_the_cases(void **state)
{
    struct reader reader;
    struct text shown = { 0 };
    size_t length;
    char *line;
    int cases = 0;

    (void)state;
    assert_int_equal(reader_open(&reader, "tests/unit/data-text/spans.tsv"), 0);
    while (reader_line(&reader, &line, &length) > 0) {
        char *tab = strchr(line, '\t'), *wanted;

        if (strncmp(line, "# ", 2) == 0 && cases == 0)
            continue;
        unescape(line);
        tab = strchr(line, '\t');
        wanted = memory_copy_string(tab ? tab : "");
        if (tab)
            *tab = '\0';
        show_spans(line, &shown);
        if (strcmp(shown.data, wanted) != 0)
            fail_msg("%s:%s; expected:%s", line, shown.data, wanted);
        free(wanted);
        cases++;
    }
    assert_true(cases > 25);
    reader_close(&reader);
    text_release(&shown);
}

static const unsigned everything = (1u << SPAN_KINDS) - 1;

/* What fills the placeholders of the masked line must give the line. */
static void check_round_trip(const char *line, const struct mask *mask)
{
    struct text text = { 0 };

    text_add_string(&text, mask->text);
    copies_fill(mask, &text);
    assert_string_equal(text.data, line);
    text_release(&text);
}

static void masks_and_fills_again(void **state)
{
    const struct copies copies = { .kinds = everything };
    struct mask mask = { 0 }, target = { 0 };

    (void)state;
    copies_mask(&copies, "Call Zorbek at 555-0173, Zorbek!", &mask);
    assert_string_equal(mask.text, "\uE000 \uE001 at \uE002, \uE001!");
    check_round_trip(mask.line, &mask);
    copies_mask_target(&copies, &mask, "555-0173: appelez Zorbek (555-0174, Zorbeks)", &target);
    assert_string_equal(target.text, "\uE002: appelez \uE001 (555-0174, Zorbeks)");
    check_round_trip(target.line, &target);
    copies_mask_target(&copies, NULL, "555-0173 Zorbek", &target);
    assert_ptr_equal(target.text, target.line);
    mask_release(&mask);
    mask_release(&target);
}

static void masks_of_a_training_pair_what_both_sides_have(void **state)
{
    static const char *const lines[] = { "Anna paid 1,000 to Zorbek", "Zorbek reçut 1.000 d'Anne" };
    const struct copies copies = { .kinds = everything };
    struct mask masks[2] = { { 0 } };

    (void)state;
    copies_mask_pair(&copies, lines, &masks[0], &masks[1]);
    assert_string_equal(masks[0].text, "Anna paid 1,000 to \uE002");
    assert_string_equal(masks[1].text, "\uE002 reçut 1.000 d'Anne");
    mask_release(&masks[0]);
    mask_release(&masks[1]);
}

static void more_spans_than_placeholders(void **state)
{
    const struct copies copies = { .kinds = everything };
    struct mask mask = { 0 };
    struct text line = { 0 };

    (void)state;
    for (int i = 0; i < COPIES_MOST + 5; i++)
        text_format(&line, "%s%d", i ? " " : "", 100 + i);
    text_add_string(&line, " 100");
    copies_mask(&copies, line.data, &mask);
    assert_int_equal(mask.count, COPIES_MOST + 1);
    assert_int_equal(mask.copies[COPIES_MOST].number, 0);
    assert_non_null(strstr(mask.text, " 116 117 "));
    check_round_trip(line.data, &mask);
    mask_release(&mask);
    text_release(&line);
}

/* Placeholders in the text itself survive, and are not taken for others. */
static void private_characters_survive(void **state)
{
    const struct copies copies = { .kinds = everything };
    struct mask mask = { 0 }, target = { 0 };
    struct text line = { 0 };

    (void)state;
    for (int i = 0; i < COPIES_MOST; i++)
        text_format(&line, "%d ", 100 + i);
    for (int i = COPIES_MOST - 1; i >= 0; i--) {
        char placeholder[PLACEHOLDER_BYTES + 1];

        copies_placeholder(i, placeholder);
        assert_int_equal(copies_number(placeholder), i);
        text_add_string(&line, placeholder);
    }
    copies_mask(&copies, line.data, &mask);
    assert_int_equal(mask.count, COPIES_MOST);
    check_round_trip(line.data, &mask);
    copies_mask(&copies, "\uE003 a 100", &mask);
    assert_string_equal(mask.text, "\uE000 a \uE001");
    copies_mask_target(&copies, &mask, "100 \uE000 \uE003 \uE010", &target);
    assert_string_equal(target.text, "\uE001 \uFFFD \uE000 \uE010");
    mask_release(&mask);
    mask_release(&target);
    text_release(&line);
}

static void hashes_are_of_words_in_lower_case(void **state)
{
    (void)state;
    assert_true(copies_hash("Peter", 5) == copies_hash("pETER", 5));
    assert_true(copies_hash("\u00c9t\u00e9", 5) == copies_hash("\u00e9T\u00c9", 5));
    assert_true(copies_hash("Peter", 5) == (int64_t)(hash_bytes(HASH_START, "peter", 5) >> 1));
    assert_true(copies_hash("Peter", 5) != copies_hash("Peten", 5));
}

static void unknown_placeholders_vanish(void **state)
{
    const struct copies copies = { .kinds = everything };
    struct mask mask = { 0 };
    struct text text = { 0 };

    (void)state;
    copies_mask(&copies, "in 1998", &mask);
    text_add_string(&text, "\uE004 en \uE000, \uE000\uE001 ok \uE001");
    copies_fill(&mask, &text);
    assert_string_equal(text.data, "en 1998, 1998 ok");
    mask_release(&mask);
    text_release(&text);
}

static void pretokenized_spans_are_whole_words(void **state)
{
    const struct copies copies = { .kinds = everything, .pretokenized = 1 };
    struct mask mask = { 0 };

    (void)state;
    copies_mask(&copies, "in 1998 (1999) 'Paul Paul", &mask);
    assert_string_equal(mask.text, "in \uE000 (1999) 'Paul \uE001");
    mask_release(&mask);
}

/* A corpus in which years and names are copied, figures are written in another way, and words at the start are not copied. Zora and
 * Rome are seen five times, and only Zora is always copied. */
static void make_corpus(struct text lines[2], char *source[], char *target[], int pairs)
{
    size_t starts[2][200];

    for (int i = 0; i < pairs; i++) {
        const char *friend = i % 20 == 0 ? "Zora" : i % 20 == 1 ? "Rome" : "Paul";

        starts[0][i] = lines[0].length;
        text_format(&lines[0], "Word%c%c saw Nom%c%c in %d for 1,%03d; %s too", 'a' + i % 26, 'a' + i / 26, 'a' + i % 26,
                    'a' + i / 26, 1900 + i, i, friend);
        text_add(&lines[0], "", 1);
        starts[1][i] = lines[1].length;
        text_format(&lines[1], "Mot vit Nom%c%c en %d pour 1.%03d; %s aussi", 'a' + i % 26, 'a' + i / 26, 1900 + i, i,
                    i == 21 || i == 41 ? "Roma" : friend);
        text_add(&lines[1], "", 1);
    }
    for (int i = 0; i < pairs; i++) {
        source[i] = lines[0].data + starts[0][i];
        target[i] = lines[1].data + starts[1][i];
    }
}

static void the_corpus_decides(void **state)
{
    struct text lines[2] = { { 0 } };
    char *source[100], *target[100];
    struct copies copies;
    struct mask mask = { 0 };

    (void)state;
    make_corpus(lines, source, target, 100);
    copies_learn(&copies, 0, source, target, 100);
    assert_int_equal(copies.kinds, 1u << SPAN_URL | 1u << SPAN_EMAIL | 1u << SPAN_TAG | 1u << SPAN_NUMBER | 1u << SPAN_NAME);
    copies_mask(&copies, "Worduz saw Nomaa, Paul, PAUL, Rome, Zora and Zorbek in 1999 for 1,234", &mask);
    assert_string_equal(mask.text, "Worduz saw \uE000, Paul, PAUL, Rome, \uE001 and \uE002 in \uE003 for 1,234");
    copies_release(&copies);
    copies_learn(&copies, 0, source, target, 20); /* too few examples */
    assert_int_equal(copies.kinds, 0);
    copies_release(&copies);
    copies_learn(&copies, 0, source, source, 100); /* all kinds are equal */
    assert_int_equal(copies.kinds & (1u << SPAN_FIGURE), 1u << SPAN_FIGURE);
    copies_release(&copies);
    mask_release(&mask);
    text_release(&lines[0]);
    text_release(&lines[1]);
}

/* All kinds, on every line of every corpus that is there, of either side. */
static void no_line_of_a_corpus_changes(void **state)
{
    static const char *const files[] = { "data/train.en",
                                         "data/train.fr",
                                         "../shared/data/languages/en-yor/train.en",
                                         "../shared/data/languages/en-yor/train.yor",
                                         "../shared/data/languages/chr-en/valid.chr",
                                         "../shared/data/languages/en-ar/train.ar",
                                         "../shared/data/languages/en-ja/valid.ja",
                                         "../shared/data/multi30k/val.de" };
    const struct copies copies = { .kinds = everything };
    struct mask mask = { 0 }, target = { 0 };
    struct text clean = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct reader reader;
        FILE *file = fopen(files[i], "r");
        size_t length;
        char *line;

        if (!file) {
            print_message("[  SKIPPED ] %s is not there\n", files[i]);
            continue;
        }
        fclose(file);
        assert_int_equal(reader_open(&reader, files[i]), 0);
        while (reader_line(&reader, &line, &length) > 0) {
            utf8_normalize(line, length, 0, &clean, NULL);
            copies_mask(&copies, clean.data, &mask);
            check_round_trip(clean.data, &mask);
            copies_mask_target(&copies, &mask, clean.data, &target);
            assert_string_equal(target.text, mask.text);
        }
        reader_close(&reader);
    }
    mask_release(&mask);
    mask_release(&target);
    text_release(&clean);
}

static struct tokenizer learn(enum units units, int shared, char *const *source, char *const *target)
{
    const struct tokenizer_options options = { .units = units, .shared = shared, .vocabulary = 500, .copy = 1 };
    struct tokenizer tokenizer;

    tokenizer_learn(&tokenizer, &options, source, target, 100);
    return tokenizer;
}

/* The tokens' words are those of the line, and every word belongs to one of the tokens. */
static void placeholders_are_tokens_of_the_users_words(void **state)
{
    static const char line[] = "Paul saw a.b@example.org, Zorbek’s 1998日 xhttps://a.b/cで";
    struct text lines[2] = { { 0 } }, out = { 0 };
    char *source[100], *target[100];
    struct tokens tokens = { 0 };

    (void)state;
    make_corpus(lines, source, target, 100);
    for (int i = 0; i < 6; i++) {
        struct tokenizer tokenizer = learn(i / 2 ? i / 4 ? UNITS_WORD : UNITS_CHAR : UNITS_BPE, i % 2, source, target);
        struct words words = words_begin(line, 0);
        struct word word;
        int count = 0, end = 0, placeholders = 0;

        tokenizer_encode(&tokenizer, SOURCE, line, 0, NULL, &tokens);
        for (; words_next(&words, &word); count++) {
            assert_int_equal(strlen(tokens.words[count]), word.length);
            assert_memory_equal(tokens.words[count], word.start, word.length);
        }
        assert_int_equal(tokens.word_count, count);
        for (int k = 0; k < tokens.count; k++) {
            const char *piece = tokenizer.sides[SOURCE].pieces[tokens.ids[k]];

            placeholders += copies_number(piece + (piece[0] == ' ')) >= 0;
            assert_true(tokens.word_of[k] <= end);
            end = tokens_word_end(&tokens, k);
        }
        assert_int_equal(end, count);
        assert_int_equal(placeholders, i / 4 ? 0 : 3);
        if (i < 4 && i % 2) { /* one vocabulary for both sides */
            tokenizer_decode_target(&tokenizer, &tokens, tokens.ids, tokens.count, NULL, &out);
            assert_string_equal(out.data, line);
        }
        tokenizer_release(&tokenizer);
    }
    tokens_release(&tokens);
    text_release(&out);
    text_release(&lines[0]);
    text_release(&lines[1]);
}

static void a_pair_is_encoded_alike_on_both_sides(void **state)
{
    const char *pair[] = { "He saw Zorbek in 1750", "Il vit Zorbek en 1750" };
    struct text lines[2] = { { 0 } };
    char *source[100], *target[100];
    struct tokens both[2] = { { 0 } }, alone[2] = { { 0 } };
    struct tokenizer tokenizer;

    (void)state;
    make_corpus(lines, source, target, 100);
    tokenizer = learn(UNITS_BPE, 0, source, target);
    tokenizer_encode_pair(&tokenizer, pair, 0, NULL, both);
    tokenizer_encode(&tokenizer, SOURCE, pair[SOURCE], 0, NULL, &alone[SOURCE]);
    tokenizer_encode_target(&tokenizer, &alone[SOURCE], pair[TARGET], &alone[TARGET]);
    for (int side = SOURCE; side <= TARGET; side++) {
        assert_int_equal(both[side].count, alone[side].count);
        assert_memory_equal(both[side].ids, alone[side].ids, (size_t)both[side].count * sizeof(int32_t));
        assert_int_equal(both[side].mask.count, 2);
        tokens_release(&both[side]);
        tokens_release(&alone[side]);
    }
    tokenizer_release(&tokenizer);
    text_release(&lines[0]);
    text_release(&lines[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_cases),
        cmocka_unit_test(masks_and_fills_again),
        cmocka_unit_test(masks_of_a_training_pair_what_both_sides_have),
        cmocka_unit_test(more_spans_than_placeholders),
        cmocka_unit_test(private_characters_survive),
        cmocka_unit_test(hashes_are_of_words_in_lower_case),
        cmocka_unit_test(unknown_placeholders_vanish),
        cmocka_unit_test(pretokenized_spans_are_whole_words),
        cmocka_unit_test(the_corpus_decides),
        cmocka_unit_test(no_line_of_a_corpus_changes),
        cmocka_unit_test(placeholders_are_tokens_of_the_users_words),
        cmocka_unit_test(a_pair_is_encoded_alike_on_both_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
