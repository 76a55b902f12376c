/* What the search may not repeat: copies are counted, and the token that would complete one too many is found. */
#include "search/repeat.h"

#include "../check.h"

#include <string.h>

enum { MOST = 200 };

/* Each character is a token. */
static int ids_of(const char *text, int32_t *ids, int backwards)
{
    int count = (int)strlen(text);

    for (int i = 0; i < count; i++)
        ids[backwards ? count - 1 - i : i] = text[i];
    return count;
}

static void counts_copies(void **state)
{
    static const struct {
        const char *text;
        int copies;
    } cases[] = { { "", 1 },        { "a", 1 },          { "abcd", 1 },     { "aab", 2 },
                  { "abab", 2 },    { "xababab", 3 },    { "abababx", 3 },  { "ababa", 2 },
                  { "aaaaa", 5 },   { "abcabcabz", 2 },  { "abaabaab", 2 }, { "aabbaabbaabb", 3 },
                  { "xyxyaaa", 3 }, { "aaaxyxyxyxy", 4 } };
    int32_t ids[MOST];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(repeat_copies(ids, ids_of(cases[i].text, ids, 0)), cases[i].copies);
}

/* The characters that may not follow `text`, in the order of their phrases' lengths. */
static void check_forbidden(const char *text, int limit, int copies, const char *wanted)
{
    int32_t last[MOST], forbidden[REPEAT_LONGEST];
    int count = repeat_forbidden(last, ids_of(text, last, 1), limit, copies, forbidden);

    if (count != (int)strlen(wanted))
        fail_msg("%d characters may not follow '%s', not %zu", count, text, strlen(wanted));
    for (int i = 0; i < count; i++)
        assert_int_equal(forbidden[i], wanted[i]);
}

static void forbids_one_copy_too_many(void **state)
{
    (void)state;
    check_forbidden("", 2, 1, "");
    check_forbidden("a", 2, 1, "");
    check_forbidden("aaa", 2, 1, ""); /* a fourth is allowed, */
    check_forbidden("aaaa", 2, 1, "a");
    check_forbidden("xaaaa", 2, 1, "a");
    check_forbidden("aaaa", 2, 5, ""); /* and a fifth, where the source has five … */
    check_forbidden("aaaaa", 2, 5, "a");
    check_forbidden("aaaax", 2, 1, "");
    check_forbidden("abab", 2, 1, "");
    check_forbidden("ababa", 2, 1, "b");
    check_forbidden("xxababa", 2, 1, "b");
    check_forbidden("ababa", 2, 3, ""); /* … of anything */
    check_forbidden("abababa", 2, 3, "b");
    check_forbidden("aba", 1, 1, "b");
    check_forbidden("abcabcab", 2, 1, "c");
    check_forbidden("abcabca", 2, 1, "");
    check_forbidden("aabaabaa", 2, 1, "b");
}

/* A phrase longer than REPEAT_LONGEST is none; the window holds all that is needed. */
static void reaches_so_far(void **state)
{
    char text[MOST] = "";
    int32_t last[MOST], forbidden[REPEAT_LONGEST];

    (void)state;
    for (int n = REPEAT_LONGEST - 1; n <= REPEAT_LONGEST + 1; n++) {
        int length = 3 * n - 1, window = repeat_window(2, 1);

        for (int i = 0; i < length; i++)
            text[i] = (char)('!' + i % n);
        text[length] = '\0';
        ids_of(text, last, 1);
        assert_int_equal(repeat_forbidden(last, length < window ? length : window, 2, 1, forbidden), n <= REPEAT_LONGEST);
        if (n <= REPEAT_LONGEST)
            assert_int_equal(forbidden[0], '!' + n - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_copies),
        cmocka_unit_test(forbids_one_copy_too_many),
        cmocka_unit_test(reaches_so_far),
    };

    return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
