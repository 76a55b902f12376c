/* vocab and its table: special entries, look-ups, what a damaged file may hold, sorting. Prints the errors it provokes. */
#define _POSIX_C_SOURCE 200809L
#include "../capture.h"
#include "text/vocab.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void free_all(char **strings, int count)
{
    for (int i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

static char *copy(const char *text)
{
    return memory_copy_text(text, strlen(text));
}

static void finds_what_was_added(void **state)
{
    enum { KEYS = 5000 };
    static char keys[KEYS][16];
    struct table table = { 0 };

    (void)state;
    assert_int_equal(table_find(&table, "x", 1), -1);
    for (int i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i * 7919);
        assert_int_equal(table_add(&table, keys[i], strlen(keys[i]), i), -1);
    }
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(table_find(&table, keys[i], strlen(keys[i])), i);
        assert_int_equal(table_add(&table, keys[i], strlen(keys[i]), 1), i); /* stays */
    }
    assert_int_equal(table_find(&table, "-1", 2), -1);
    assert_int_equal(table_find(&table, "7919x", 5), -1);
    assert_int_equal(table_find(&table, "7919x", 4), 1);
    table_release(&table);
}

static void has_the_special_entries(void **state)
{
    char **pieces = vocab_special_pieces(1, 260);
    struct vocab vocab;

    (void)state;
    pieces[258] = copy(" the");
    pieces[259] = copy("é");
    assert_int_equal(vocab_init(&vocab, "some.gguf: test vocabulary", 1, pieces, 260), 0);
    assert_string_equal(vocab.pieces[VOCAB_END], "</s>");
    assert_string_equal(vocab.pieces[VOCAB_UNKNOWN], "<unk>");
    assert_string_equal(vocab.pieces[2], "<0x00>");
    assert_string_equal(vocab.pieces[257], "<0xFF>");
    assert_int_equal(vocab_find(&vocab, " the", 4), 258);
    assert_int_equal(vocab_find(&vocab, "é?", 2), 259);
    assert_int_equal(vocab_find(&vocab, "the", 3), -1);
    /* text spelt like an entry is not that entry */
    for (int i = 0; i < 258; i++) {
        assert_int_equal(vocab_find(&vocab, pieces[i], strlen(pieces[i])), -1);
        assert_true(vocab_reserved(pieces[i], 1));
        assert_int_equal(vocab_reserved(pieces[i], 0), i < 2);
    }
    assert_false(vocab_reserved(" <unk>", 1));
    assert_false(vocab_reserved("<0xff>", 1));
    vocab_release(&vocab);
    free_all(pieces, 260);
}

/* Puts `bad` at entry `at` of a good vocabulary and wants it refused. */
static void refuses(const char *bad, int at)
{
    char **pieces = vocab_special_pieces(1, 261), said[1024];
    struct capture capture;
    struct vocab vocab;
    int result;

    pieces[258] = copy("a");
    pieces[259] = copy("b");
    pieces[260] = copy("c");
    assert_int_equal(vocab_init(&vocab, "some.gguf: test vocabulary", 1, pieces, 261), 0);
    vocab_release(&vocab);
    free(pieces[at]);
    pieces[at] = copy(bad);
    capture = capture_begin();
    result = vocab_init(&vocab, "some.gguf: test vocabulary", 1, pieces, 261);
    capture_end(&capture, said, sizeof said);
    check_failure(result, said, "nmt: error: some.gguf: test vocabulary: entr");
    assert_null(vocab.pieces);
    assert_int_equal(vocab.count, 0);
    free_all(pieces, 261);
}

static void refuses_damaged_vocabularies(void **state)
{
    char **pieces = vocab_special_pieces(1, 258);
    struct vocab vocab;

    (void)state;
    refuses("<s>", VOCAB_END);
    refuses("", VOCAB_UNKNOWN);
    refuses("<0x0>", 2);
    refuses("a", 260);
    refuses("<unk>", 259);
    refuses("<0x41>", 259);
    refuses("", 259);
    refuses("x\xC3", 259);
    refuses("\xED\xA0\x80", 259);
    refuses("x\x1B[1m", 259); /* what could act on a terminal that shows it */
    refuses("\xC2\x9B", 259);
    refuses("\xE2\x80\xA8", 259);
    assert_int_equal(vocab_init(&vocab, "some.gguf: test vocabulary", 1, pieces, 257), -1);
    assert_int_equal(vocab_init(&vocab, "some.gguf: test vocabulary", 1, pieces, 0), -1);
    assert_int_equal(vocab_init(&vocab, "some.gguf: test vocabulary", 0, pieces, -3), -1);
    free_all(pieces, 258);
}

static void sorts_by_count_then_bytes(void **state)
{
    struct counted items[] = { { "b", 2 }, { "é", 5 }, { "a", 2 }, { " a", 2 }, { "z", 5 }, { "big", 5000000000 } };
    static const char *const wanted[] = { "big", "z", "é", " a", "a", "b" };

    (void)state;
    vocab_sort(items, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(items[i].text, wanted[i]);
    vocab_sort(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(has_the_special_entries),
        cmocka_unit_test(refuses_damaged_vocabularies),
        cmocka_unit_test(sorts_by_count_then_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
