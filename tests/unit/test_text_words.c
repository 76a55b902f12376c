/* words: cases as data, and the spacing that words_expect_space guesses. */
#include "text/words.h"

#include "base/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../files.h"

#define MARK "\xE2\x90\xA3" /* U+2423 in the cases */

/* The words of a line as they stand in the cases: after a tab each, with MARK for a space. */
static void show_words(const char *line, int pretokenized, struct text *out)
{
    struct words words = words_begin(line, pretokenized);
    struct word word;

    text_clear(out);
    while (words_next(&words, &word)) {
        text_add_string(out, "\t");
        text_add_string(out, word.space ? MARK : "");
        text_add(out, word.start, word.length);
    }
}

static void splits_the_cases(void **state)
{
    struct reader reader;
    struct text shown = { 0 };
    size_t length;
    char *line;
    int pretokenized = 0, cases = 0;

    (void)state;
    assert_int_equal(reader_open(&reader, "tests/unit/data-text/words.tsv"), 0);
    while (reader_line(&reader, &line, &length) > 0) {
        char *wanted = strchr(line, '\t');

        if (strncmp(line, "# ", 2) == 0)
            continue;
        if (!wanted) {
            assert_string_equal(line, "pretokenized");
            pretokenized = 1;
            continue;
        }
        unescape(line);
        wanted = strchr(line, '\t');
        *wanted = '\0';
        show_words(line, pretokenized, &shown);
        *wanted = '\t';
        if (strcmp(shown.data, wanted) != 0)
            fail_msg("line %ld: wanted%s, got%s", reader.line, wanted, shown.data);
        cases++;
    }
    reader_close(&reader);
    text_release(&shown);
    assert_true(pretokenized && cases > 25);
}

static void empty_lines_have_no_words(void **state)
{
    struct words words = words_begin("", 0), pretokenized = words_begin("", 1);
    struct word word;

    (void)state;
    assert_false(words_next(&words, &word));
    assert_false(words_next(&pretokenized, &word));
}

/* Every word of these lines is spaced as expected. */
static void expects_ordinary_spacing(void **state)
{
    static const char *const lines[] = {
        "A man, a plan (really); yes!",
        "l'homme n’est pas",
        "a well-known, 3.5 % – or 10:30?",
        "He said \"yes\" to €5.",
        "我爱你。",
        "dogs' tails",
        "one/two [x] «y» #tag @name",
        "„ja“",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct words words = words_begin(lines[i], 0);
        struct word word, before = { 0 };

        for (; words_next(&words, &word); before = word) {
            /* An opening straight quote cannot be told from a closing one. */
            if (word.start[0] == '"' || (unsigned char)word.start[0] == 0xE2 || (unsigned char)word.start[0] == '%')
                continue;
            if (words_expect_space(before.length ? &before : NULL, &word) != word.space)
                fail_msg("in \"%s\" before \"%s\"", lines[i], word.start);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_the_cases),
        cmocka_unit_test(empty_lines_have_no_words),
        cmocka_unit_test(expects_ordinary_spacing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
