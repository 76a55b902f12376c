/* sentences: cases as data, and what holds for any bytes. */
#include "text/sentences.h"

#include "base/io.h"
#include "base/rng.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../files.h"

/* The sentences of a text, with | between them. */
static void show_sentences(const char *text, size_t length, struct text *out)
{
    text_clear(out);
    for (size_t at = 0, size; at < length; at += size) {
        size = sentence_length(text + at, length - at);
        assert_true(size > 0 && size <= length - at);
        text_add_string(out, at ? "|" : "");
        text_add(out, text + at, size);
    }
}

static void splits_the_cases(void **state)
{
    struct reader reader;
    struct text shown = { 0 }, text = { 0 };
    size_t length;
    char *line;
    int cases = 0, wrong = 0;

    (void)state;
    assert_int_equal(reader_open(&reader, "tests/unit/data-text/sentences.txt"), 0);
    while (reader_line(&reader, &line, &length) > 0) {
        if (strncmp(line, "# ", 2) == 0)
            continue;
        unescape(line);
        text_clear(&text);
        for (const char *c = line; *c; c++)
            if (*c != '|')
                text_add(&text, c, 1);
        show_sentences(text.data, text.length, &shown);
        if (strcmp(shown.data, line) != 0) {
            print_error("line %ld: wanted %s\n              got %s\n", reader.line, line, shown.data);
            wrong++;
        }
        cases++;
    }
    reader_close(&reader);
    text_release(&shown);
    text_release(&text);
    assert_int_equal(wrong, 0);
    assert_true(cases > 50);
}

/* A text of parts that matter, or of random bytes. */
static void random_text(struct rng *rng, struct text *text)
{
    static const char *const parts[] = {
        ".",      "!",      "?",      "\u2026", "\u3002", "\uff01", "\u0964", "\u061f", "\u1362", "\u0589",   " ",
        " ",      "\n",     "\u3000", "\"",     "\u201c", "\u201d", "(",      ")",      "\u300c", "\u300d",   "\u00ab",
        "\u00bb", "-",      "'",      "Mr",     "U",      "a",      "B",      "word",   "Word",   "7",        "12",
        "No",     "\u03b1", "\u4f60", "\u3068", "\u0e01", "x",      "\u0301", "\u200d", "\xff",   "\xe3\x80",
    };
    int count = (int)(rng_next(rng) % 40), bytes = rng_next(rng) % 4 == 0;

    text_clear(text);
    for (int i = 0; i < count; i++) {
        uint64_t draw = rng_next(rng);
        char byte = (char)(draw >> 8);

        if (bytes)
            text_add(text, &byte, 1);
        else
            text_add_string(text, parts[draw % (sizeof parts / sizeof *parts)]);
    }
}

/* Whether `at` is between two characters of the text. */
static int is_between(const struct text *text, size_t at)
{
    size_t i = 0;
    uint32_t code;

    while (i < at)
        i += utf8_next(text->data + i, text->length - i, &code);
    return i == at;
}

static void any_bytes_are_cut_between_characters(void **state)
{
    struct text text = { 0 };
    long cuts = 0;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct rng rng = rng_make(1, rng_stream("sentences"), (uint64_t)round, 0);
        size_t size;

        random_text(&rng, &text);
        for (size_t at = 0; at < text.length; at += size) {
            char *copy = memory_copy_text(text.data + at, text.length - at); /* which ends where reading must */

            size = sentence_length(copy, text.length - at);
            free(copy);
            if (size == 0 || size > text.length - at || !is_between(&text, at + size))
                fail_msg("round %d: %zu of %zu bytes at %zu", round, size, text.length, at);
            cuts += at + size < text.length;
        }
    }
    assert_true(cuts > 50000);
    text_release(&text);
}

/* What is cut off is one sentence itself, whatever follows it. */
static void a_sentence_is_one_sentence(void **state)
{
    struct text text = { 0 };

    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct rng rng = rng_make(2, rng_stream("sentences"), (uint64_t)round, 0);
        size_t size;

        random_text(&rng, &text);
        size = text.length ? sentence_length(text.data, text.length) : 0;
        if (size && sentence_length(text.data, size) != size)
            fail_msg("round %d: %zu of %zu bytes, then %zu", round, size, text.length, sentence_length(text.data, size));
    }
    text_release(&text);
}

/* Texts in which every mark might begin a long search for what follows. */
static void time_is_linear(void **state)
{
    static const char *const units[] = {
        ".", ". ", "a.", "a. ", "\u00bb ", "! \u00ab ", "( ", ".\" ", "- ", "\n", "\u3002)", "1. ("
    };
    enum { BYTES = 1 << 20 };

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct text text = { 0 };

        text_add_string(&text, "!");
        while (text.length < BYTES)
            text_add_string(&text, units[i]);
        for (size_t at = 0; at < text.length;)
            at += sentence_length(text.data + at, text.length - at);
        text_release(&text);
    }
}

static void separators(void **state)
{
    static const char *const cases[][3] = {
        { "a.", "B", " " },          { "\u3002", "\u4f60", "" }, { "\u3042", "OK", "" },
        { "Hello.", "\u4f60", " " }, { "\u201d", "\u4f60", "" }, { "\u201d", "A", " " },
        { "\u0964", "\u0915", " " }, { "\uff01", "\u3042", "" }, { "\uc694.", "\uc608.", " " }
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(sentence_separator(cases[i][0], cases[i][1]), cases[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_the_cases),
        cmocka_unit_test(any_bytes_are_cut_between_characters),
        cmocka_unit_test(a_sentence_is_one_sentence),
        cmocka_unit_test(time_is_linear),
        cmocka_unit_test(separators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
