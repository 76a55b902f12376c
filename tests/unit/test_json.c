/* json: whole texts held against what they must be, byte for byte. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

static void commas_and_lines_stand_where_they_must(void **state)
{
    struct json json = { 0 };

    (void)state;
    json_open(&json, NULL, '{');
    json_string(&json, "a", "b");
    json_integer(&json, "least", -9223372036854775807L - 1);
    json_line(&json);
    json_open(&json, "empty", '[');
    json_close(&json, ']');
    json_open(&json, "list", '[');
    json_real(&json, NULL, 1.5, 6);
    json_open(&json, NULL, '{');
    json_boolean(&json, "yes", 7);
    json_boolean(&json, "no", 0);
    json_close(&json, '}');
    json_line(&json);
    text_add_string(json_value(&json, NULL), "null");
    json_close(&json, ']');
    json_line(&json);
    json_open(&json, "first", '{');
    json_line(&json);
    json_integer(&json, "on a line", 1);
    json_close(&json, '}');
    json_close(&json, '}');
    assert_string_equal(json.text.data,
                        "{\"a\": \"b\", \"least\": -9223372036854775808,\n \"empty\": [], \"list\": [1.5, {\"yes\": true, "
                        "\"no\": false},\n  null],\n \"first\": {\n  \"on a line\": 1}}");
    json_release(&json);
    assert_int_equal(json.text.length, 0);
}

static void numbers_that_json_lacks_are_null(void **state)
{
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {
        { 0, 6, "0" },
        { -0.1, 15, "-0.1" },
        { 100. / 3, 15, "33.3333333333333" },
        { 100. / 3, 6, "33.3333" },
        { 1e300, 6, "1e+300" },
        { 604800.25, 9, "604800.25" },
        { NAN, 6, "null" },
        { INFINITY, 17, "null" },
        { -INFINITY, 1, "null" },
    };
    struct json json = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_real(&json, NULL, cases[i].value, cases[i].digits);
        assert_string_equal(json.text.data, cases[i].text);
        json_release(&json);
    }
}

/* Whatever the bytes, what is printed has no control character and no byte that is not UTF-8; names are escaped too. */
static void strings_are_escaped(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *text;
    } cases[] = {
        { "", 0, "\"\"" },
        { "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"" },
        { "\n\t\r\0\x1b\x7f", 6, "\"\\n\\t\\u000d\\u0000\\u001b\\u007f\"" },
        { "\xc2\x9bJ", 3, "\"\\u009bJ\"" },
        { "x\u202eyz\u2066\u2028", 12, "\"x\\u202eyz\\u2066\\u2028\"" },
        { "größer 😀", 13, "\"größer 😀\"" },
        { "\xff\xc3", 2, "\"\uFFFD\uFFFD\"" },
    };
    struct json json = { 0 };
    struct text text = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text_clear(&text);
        json_escape(&text, cases[i].bytes, cases[i].length, 1);
        assert_string_equal(text.data, cases[i].text);
    }
    text_clear(&text);
    json_escape(&text, "\"\\\x1b", 3, 0);
    assert_string_equal(text.data, "\"\\\\u001b");
    json_string(&json, "a\"\n", "b");
    assert_string_equal(json.text.data, "\"a\\\"\\n\": \"b\"");
    json_release(&json);
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            text_clear(&text);
            json_escape(&text, (char[]){ (char)a, (char)b, 'x' }, 3, 1);
            assert_int_equal(utf8_valid_length(text.data, text.length), text.length);
            for (size_t i = 0; i < text.length; i++)
                assert_true((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
        }
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_lines_stand_where_they_must),
        cmocka_unit_test(numbers_that_json_lacks_are_null),
        cmocka_unit_test(strings_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
