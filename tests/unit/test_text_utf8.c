/* utf8: normalisation cases as data, decoding of every code point and of every pair of bytes, categories, linear time. */
#include "text/utf8.h"

#include "base/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Puts the byte for each \xHH. */
static void unescape(const char *escaped, struct text *out)
{
    text_clear(out);
    for (; *escaped; escaped++) {
        char byte = *escaped;

        if (strncmp(escaped, "\\x", 2) == 0) {
            char digits[3] = { escaped[2], escaped[3], '\0' };

            byte = (char)strtol(digits, NULL, 16);
            escaped += 3;
        }
        text_add(out, &byte, 1);
    }
}

/* The next field of a line of cases, cut out in place; NULL when there is none. */
static char *field(char **rest)
{
    char *start = *rest;

    if (!start)
        return NULL;
    *rest = strchr(start, '\t');
    if (*rest)
        *(*rest)++ = '\0';
    return start;
}

static void check_case(const char *input, const char *wanted, int wanted_bad, const char *wanted_first, int lower,
                       const char *where)
{
    struct text raw = { 0 }, expected = { 0 }, out = { 0 };
    size_t first = 9999;
    int bad;

    unescape(input, &raw);
    unescape(wanted, &expected);
    bad = utf8_normalize(raw.data, raw.length, lower, &out, &first);
    if (strcmp(out.data, expected.data) != 0 || bad != wanted_bad)
        fail_msg("%s: \"%s\" became \"%s\" with %d invalid, wanted \"%s\" with %d", where, input, out.data, bad, wanted,
                 wanted_bad);
    if (wanted_bad)
        assert_int_equal(first, strtoul(wanted_first, NULL, 10));
    else
        assert_int_equal(first, 9999); /* untouched */
    text_release(&raw);
    text_release(&expected);
    text_release(&out);
}

static void normalizes_the_cases(void **state)
{
    struct reader reader;
    size_t length;
    char *line;
    int cases = 0;

    (void)state;
    assert_int_equal(reader_open(&reader, "tests/unit/data-text/normalize.tsv"), 0);
    while (reader_line(&reader, &line, &length) > 0) {
        char where[32], *rest = line, *input, *wanted, *bad, *first;

        if (line[0] == '#')
            continue;
        snprintf(where, sizeof where, "line %ld", reader.line);
        input = field(&rest);
        wanted = field(&rest);
        bad = field(&rest);
        first = field(&rest);
        assert_non_null(first);
        check_case(input, wanted, atoi(bad), first, rest != NULL, where);
        cases++;
    }
    reader_close(&reader);
    assert_true(cases > 25);
}

static void reads_back_every_code_point(void **state)
{
    struct text out = { 0 };
    uint32_t code;

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        text_clear(&out);
        utf8_add(&out, c);
        if (utf8_next(out.data, out.length, &code) != out.length || code != c)
            fail_msg("U+%04X does not come back", c);
        /* cut short, it is one invalid sequence */
        for (size_t cut = 1; cut < out.length; cut++)
            if (utf8_next(out.data, cut, &code) != cut || code != UTF8_BAD)
                fail_msg("U+%04X cut to %zu bytes", c, cut);
    }
    text_release(&out);
}

/* Exactly the pairs that the standard's table allows are characters. */
static void knows_every_pair_of_bytes(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char pair[2] = { (char)a, (char)b };
            int two = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF, ascii = a < 0x80;
            uint32_t code;
            size_t size = utf8_next(pair, 2, &code);

            assert_int_equal(code != UTF8_BAD, two || ascii);
            if (code != UTF8_BAD)
                assert_int_equal(size, ascii ? 1 : 2);
            assert_int_equal(utf8_valid_length(pair, 2), two || (ascii && b < 0x80) ? 2 : ascii ? 1 : 0);
        }
    }
}

static void knows_where_valid_bytes_end(void **state)
{
    static const struct {
        const char *bytes;
        size_t length, valid;
    } cases[] = {
        { "", 0, 0 },         { "añ😀", 7, 7 },  { "ab\xff", 3, 2 },       { "ab\xc3", 3, 2 },
        { "\xc0\x80", 2, 0 }, { "a\0b", 3, 3 }, { "\xed\xa0\x80", 3, 0 }, { "ä\xf4\x90\x80\x80", 6, 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_valid_length(cases[i].bytes, cases[i].length), cases[i].valid);
}

static void lower_case_is_stable(void **state)
{
    struct text raw = { 0 }, once = { 0 }, twice = { 0 };

    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        text_clear(&raw);
        text_add_string(&raw, "x");
        utf8_add(&raw, c);
        utf8_normalize(raw.data, raw.length, 1, &once, NULL);
        utf8_normalize(once.data, once.length, 1, &twice, NULL);
        if (strcmp(once.data, twice.data) != 0)
            fail_msg("U+%04X is lower-cased twice", c);
    }
    text_release(&raw);
    text_release(&once);
    text_release(&twice);
}

static void drops_invalid_sequences(void **state)
{
    struct text text = { 0 };

    (void)state;
    unescape("\\xFFa\\xE2\\x82é\\xED\\xA0\\x80\\x00b\\xF0", &text);
    utf8_drop_invalid(&text);
    assert_int_equal(text.length, 5);
    assert_memory_equal(text.data, "aé\0b", 6);
    text_release(&text);
}

static void knows_categories(void **state)
{
    (void)state;
    assert_int_equal(utf8_kind('a'), UTF8_LETTER);
    assert_int_equal(utf8_kind(0x301), UTF8_MARK);
    assert_int_equal(utf8_kind(0x966), UTF8_DIGIT);
    assert_int_equal(utf8_kind(0xBD), UTF8_NUMBER);
    assert_int_equal(utf8_kind('('), UTF8_OPEN);
    assert_int_equal(utf8_kind(0xBB), UTF8_CLOSE);
    assert_int_equal(utf8_kind(0x2014), UTF8_DASH);
    assert_int_equal(utf8_kind('_'), UTF8_PUNCTUATION);
    assert_int_equal(utf8_kind(0x20AC), UTF8_CURRENCY);
    assert_int_equal(utf8_kind(0x1F600), UTF8_SYMBOL);
    assert_int_equal(utf8_kind(0x200D), UTF8_OTHER);
    for (uint32_t c = 0; c < 32; c++)
        assert_int_equal(utf8_kind(c), UTF8_SPACE);
    assert_int_equal(utf8_kind(0x2029), UTF8_SPACE);
    assert_true(utf8_is_han(0x4E2D) && utf8_is_han(0x20000) && !utf8_is_han(0x3042) && !utf8_is_han('a'));
    assert_true(utf8_is_kana(0x3042) && utf8_is_kana(0x30AB) && !utf8_is_kana(0x4E2D));
}

/* A line of one letter and 400,000 marks of alternating classes: whoever sorts by exchange needs hours. */
static void long_lines_take_linear_time(void **state)
{
    struct text line = { 0 }, out = { 0 };
    clock_t start = clock();

    (void)state;
    text_add_string(&line, "a");
    for (int i = 0; i < 200000; i++)
        text_add_string(&line, "\xCC\x87\xCC\xA3");
    utf8_normalize(line.data, line.length, 0, &out, NULL);
    assert_memory_equal(out.data, "\xE1\xBA\xA1\xCC\xA3", 5); /* the first dot below composes, the others line up behind it */
    assert_memory_equal(out.data + out.length - 2, "\xCC\x87", 2);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
    text_release(&line);
    text_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalizes_the_cases),      cmocka_unit_test(reads_back_every_code_point),
        cmocka_unit_test(knows_every_pair_of_bytes), cmocka_unit_test(knows_where_valid_bytes_end),
        cmocka_unit_test(lower_case_is_stable),      cmocka_unit_test(drops_invalid_sequences),
        cmocka_unit_test(knows_categories),          cmocka_unit_test(long_lines_take_linear_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
