/* bpe: learning and applying merges against naive programs that follow the definition; dropout; damaged merges; speed. */
#define _POSIX_C_SOURCE 200809L
#include "../capture.h"
#include "text/bpe.h"

#include "base/memory.h"
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { MOST_WORDS = 40, MOST_PARTS = 20, MOST_MERGES = 60, TEXT = 48 };

/* A word as a row of strings. */
struct row {
    char parts[MOST_PARTS][TEXT];
    int count;
    int64_t weight;
};

static void row_of(const char *word, int64_t weight, struct row *row)
{
    size_t length = strlen(word), step;
    uint32_t code;

    row->count = 0;
    row->weight = weight;
    for (size_t at = 0; at < length; at += step) {
        step = utf8_next(word + at, length - at, &code);
        memset(row->parts[row->count], 0, TEXT);
        memcpy(row->parts[row->count++], word + at, step);
    }
}

/* Merges left and right wherever they stand side by side. Returns how often. */
static int row_merge(struct row *row, const char *left, const char *right, int only_first)
{
    int kept = 0, merged = 0;

    for (int i = 0; i < row->count; kept++) {
        int here = i + 1 < row->count && strcmp(row->parts[i], left) == 0 && strcmp(row->parts[i + 1], right) == 0 &&
                   !(only_first && merged);

        memmove(row->parts[kept], row->parts[i], TEXT);
        if (here) {
            size_t size = strlen(left);

            assert_true(size + strlen(right) < TEXT);
            memcpy(row->parts[kept] + size, row->parts[i + 1], TEXT - size);
        }
        merged += here;
        i += here ? 2 : 1;
    }
    row->count = kept;
    return merged;
}

/* How often a pair could be merged in all rows. */
static int64_t pair_count(const struct row *rows, int count, const char *left, const char *right)
{
    struct row copy;
    int64_t total = 0;

    for (int i = 0; i < count; i++) {
        copy = rows[i];
        total += copy.weight * row_merge(&copy, left, right, 0);
    }
    return total;
}

/* The definition: count every pair anew before every merge. */
static int naive_learn(struct row *rows, int count, int limit, char merges[][2][TEXT])
{
    int found = 0;

    while (found < limit) {
        const char *left = NULL, *right = NULL;
        int64_t best = VOCAB_LEAST - 1;

        for (int i = 0; i < count; i++) {
            for (int j = 0; j + 1 < rows[i].count; j++) {
                const char *l = rows[i].parts[j], *r = rows[i].parts[j + 1];
                int64_t times = pair_count(rows, count, l, r);
                int order = left ? strcmp(l, left) : -1;

                if (left && order == 0)
                    order = strcmp(r, right);
                if (times > best || (times == best && left && order < 0)) {
                    best = times;
                    left = l;
                    right = r;
                }
            }
        }
        if (!left)
            break;
        strcpy(merges[found][0], left);
        strcpy(merges[found][1], right);
        for (int i = 0; i < count; i++)
            row_merge(&rows[i], merges[found][0], merges[found][1], 0);
        found++;
    }
    return found;
}

static void random_word(struct rng *rng, const char *const *letters, size_t kinds, char *word)
{
    int length = 1 + (int)rng_below(rng, 10);

    strcpy(word, rng_below(rng, 2) ? " " : "");
    for (int i = 0; i < length; i++)
        strcat(word, letters[rng_below(rng, kinds)]);
}

static void strings_free(char **strings, int count)
{
    for (int i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

/* Merges `row` as encoding is defined: always the earliest learned pair, the leftmost first. */
static void naive_encode(struct row *row, char *const *merges, int merge_count)
{
    for (int m = 0; m < merge_count; m++)
        if (row_merge(row, merges[2 * m], merges[2 * m + 1], 1))
            m = -1;
}

static void check_encoding(const struct bpe *bpe, const char *word, char *const *merges, int merge_count, struct bpe_work *work)
{
    struct row row;
    int part = 0;

    row_of(word, 1, &row);
    naive_encode(&row, merges, merge_count);
    bpe_encode(bpe, word, strlen(word), 0, NULL, work);
    for (int at = 0; at >= 0; at = work->nodes[at].next, part++) {
        const struct bpe_node *node = &work->nodes[at];

        assert_true(part < row.count);
        assert_int_equal(node->length, strlen(row.parts[part]));
        assert_memory_equal(word + node->start, row.parts[part], (size_t)node->length);
        if (node->symbol >= 0)
            assert_string_equal(bpe->symbols[node->symbol].text, row.parts[part]);
    }
    assert_int_equal(part, row.count);
}

static void agrees_with_the_definition(void **state)
{
    static const char *const letters[] = { "a", "b", "c", "é", "漢" };
    static struct row rows[MOST_WORDS];
    static char wanted[MOST_MERGES][2][TEXT];

    (void)state;
    for (uint64_t trial = 0; trial < 60; trial++) {
        struct rng rng = rng_make(5, trial, 0, 0);
        struct counted words[MOST_WORDS];
        char texts[MOST_WORDS][TEXT];
        int count = 1 + (int)rng_below(&rng, MOST_WORDS), merge_count, character_count, wanted_count;
        size_t kinds = 1 + rng_below(&rng, 5);
        char **characters, **merges;
        struct bpe_work work = { 0 };
        struct bpe bpe;

        for (int i = 0; i < count; i++) {
            random_word(&rng, letters, kinds, texts[i]);
            words[i] = (struct counted){ texts[i], 1 + (int64_t)rng_below(&rng, 4) };
            row_of(texts[i], words[i].count, &rows[i]);
        }
        characters = bpe_characters(words, (size_t)count, 100, &character_count);
        merges = bpe_learn(words, (size_t)count, characters, character_count, MOST_MERGES, &merge_count);
        wanted_count = naive_learn(rows, count, MOST_MERGES, wanted);
        assert_int_equal(merge_count, wanted_count);
        for (int m = 0; m < merge_count; m++) {
            assert_string_equal(merges[2 * m], wanted[m][0]);
            assert_string_equal(merges[2 * m + 1], wanted[m][1]);
        }
        assert_int_equal(bpe_init(&bpe, "some.gguf", characters, character_count, merges, merge_count), 0);
        for (int i = 0; i < 50; i++) {
            char word[TEXT];

            random_word(&rng, letters, 5, word);
            check_encoding(&bpe, word, merges, merge_count, &work);
        }
        bpe_work_release(&work);
        bpe_release(&bpe);
        strings_free(characters, character_count);
        strings_free(merges, 2 * merge_count);
    }
}

static void learns_the_example_of_the_header(void **state)
{
    struct counted words[] = { { " low", 5 }, { " lower", 2 }, { " newer", 6 }, { "x", 1 } };
    static const char *const wanted[] = { "e", "r", "w", "er", " ", "l", " l", "o" };
    struct bpe_work work = { 0 };
    struct bpe bpe;
    int found, merge_count;
    char **characters = bpe_characters(words, 4, 100, &found), **merges;

    (void)state;
    assert_int_equal(found, 7); /* x is too rare */
    assert_string_equal(characters[0], "e");
    merges = bpe_learn(words, 4, characters, found, 100, &merge_count);
    assert_true(merge_count >= 4);
    for (int i = 0; i < 8; i++)
        assert_string_equal(merges[i], wanted[i]);
    assert_int_equal(bpe_init(&bpe, "some.gguf", characters, found, merges, 4), 0);
    bpe_encode(&bpe, " lower", 6, 0, NULL, &work);
    assert_string_equal(bpe.symbols[work.nodes[0].symbol].text, " lo");
    assert_string_equal(bpe.symbols[work.nodes[work.nodes[0].next].symbol].text, "wer");
    bpe_work_release(&work);
    bpe_release(&bpe);
    strings_free(merges, 2 * merge_count);
    strings_free(characters, found);
    characters = bpe_characters(words, 4, 3, &found);
    assert_int_equal(found, 3);
    strings_free(characters, found);
}

static void never_makes_a_special_entry(void **state)
{
    struct counted words[] = { { "<unk>", 50 }, { "</s>", 40 }, { "<0x4F>", 30 }, { "<unk>s", 20 } };
    int found, merge_count;
    char **characters = bpe_characters(words, 4, 100, &found);
    char **merges = bpe_learn(words, 4, characters, found, 100, &merge_count);

    (void)state;
    assert_true(merge_count > 8);
    for (int m = 0; m < merge_count; m++) {
        struct text product = { 0 };

        text_add_string(&product, merges[2 * m]);
        text_add_string(&product, merges[2 * m + 1]);
        assert_false(vocab_reserved(product.data, 1));
        text_release(&product);
    }
    strings_free(merges, 2 * merge_count);
    strings_free(characters, found);
}

/* abcd with one merge each for ab and cd, then both: dropout p leaves everything apart with probability p², and so on. */
static void drops_merges_as_often_as_asked(void **state)
{
    char *merges[] = { (char[]){ "a" }, (char[]){ "b" }, (char[]){ "c" }, (char[]){ "d" } };
    struct rng rng = rng_make(11, 0, 0, 0);
    struct bpe_work work = { 0 };
    struct bpe bpe;
    int counts[5] = { 0 }, trials = 20000;

    (void)state;
    assert_int_equal(bpe_init(&bpe, "some.gguf", NULL, 0, merges, 2), 0);
    for (int i = 0; i < trials; i++) {
        int parts = 0;

        bpe_encode(&bpe, "abcd", 4, 0.3, &rng, &work);
        for (int at = 0; at >= 0; at = work.nodes[at].next)
            parts++;
        counts[parts]++;
    }
    /* A step merges unless both (later: the one left) are skipped. 4 parts: 0.3²; 3: a step, then none: 0.91 · 0.3. */
    assert_true(abs(counts[4] - (int)(0.09 * trials)) < 200);
    assert_true(abs(counts[3] - (int)(0.273 * trials)) < 300);
    assert_true(abs(counts[2] - (int)(0.637 * trials)) < 350);
    bpe_encode(&bpe, "abcd", 4, 1, &rng, &work);
    assert_int_equal(work.nodes[0].length, 1);
    bpe_work_release(&work);
    bpe_release(&bpe);
}

static void refuses(const char *const *parts, int merge_count)
{
    char *merges[8] = { NULL }, said[1024];
    struct capture capture;
    struct bpe bpe;
    int result;

    for (int i = 0; i < 2 * merge_count; i++)
        merges[i] = memory_copy_text(parts[i], strlen(parts[i]));
    capture = capture_begin();
    result = bpe_init(&bpe, "some.gguf", NULL, 0, merges, merge_count);
    capture_end(&capture, said, sizeof said);
    check_failure(result, said, "nmt: error: some.gguf: merge");
    assert_null(bpe.symbols);
    for (int i = 0; i < 2 * merge_count; i++)
        free(merges[i]);
}

static void refuses_damaged_merges(void **state)
{
    (void)state;
    refuses((const char *const[]){ "", "a" }, 1);
    refuses((const char *const[]){ "a", "" }, 1);
    refuses((const char *const[]){ "ab", "c" }, 1);
    refuses((const char *const[]){ "a", "b", "a", "b" }, 2);
    refuses((const char *const[]){ "a", "\xC3" }, 1);
    refuses((const char *const[]){ "a", "b", "ab", "cd", "c", "d" }, 3);
}

/* 30,000 words and 8,000 merges take about 0.2 s; counting all pairs anew for each merge would take minutes. */
static void learns_quickly(void **state)
{
    enum { WORDS = 30000 };
    struct counted *words = memory_new(WORDS, sizeof *words);
    struct rng rng = rng_make(3, 0, 0, 0);
    static char texts[WORDS][TEXT];
    char **characters, **merges;
    int found, merge_count;
    clock_t start;

    (void)state;
    for (int i = 0; i < WORDS; i++) {
        char *end = texts[i];

        *end++ = ' ';
        for (size_t n = 2 + rng_below(&rng, 3); n > 0; n--) {
            *end++ = "bcdfghjklmnprstvw"[rng_below(&rng, 17)];
            *end++ = "aeiou"[rng_below(&rng, 5)];
            *end++ = "nrstl"[rng_below(&rng, 5)];
        }
        words[i] = (struct counted){ texts[i], 1 + (int64_t)(100 / (1 + i / 100)) };
    }
    start = clock();
    characters = bpe_characters(words, WORDS, 8000, &found);
    merges = bpe_learn(words, WORDS, characters, found, 8000, &merge_count);
    assert_int_equal(merge_count, 8000);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10); /* generous: also under valgrind and sanitizers */
    strings_free(merges, 2 * merge_count);
    strings_free(characters, found);
    free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition),  cmocka_unit_test(learns_the_example_of_the_header),
        cmocka_unit_test(never_makes_a_special_entry), cmocka_unit_test(drops_merges_as_often_as_asked),
        cmocka_unit_test(refuses_damaged_merges),      cmocka_unit_test(learns_quickly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
