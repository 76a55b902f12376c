/* A corpus of several files: every pair keeps its text, its line and its file, errors name the right line of the right file, and the
 * sources of synthetic pairs begin with a tag that no text can produce. In a temporary folder. */
#define _POSIX_C_SOURCE 200809L
#include "../capture.h"
#include "../files.h"
#include "corpus/split.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../check.h"

enum { FILES = 6, NAME = 256, MANY = 3000 };

static const char *const names[FILES] = { "a.source", "a.target", "b.tsv", "s.source", "s.target", "many.tsv" };

struct folder {
    char path[200], *file[FILES];
};

static int make_folder(void **state)
{
    struct folder *folder = memory_new(1, sizeof *folder);
    const char *base = getenv("TMPDIR");

    snprintf(folder->path, sizeof folder->path, "%s/nmt-test-XXXXXX", base && strlen(base) < 150 ? base : "/tmp");
    if (!mkdtemp(folder->path))
        return -1;
    for (int i = 0; i < FILES; i++) {
        struct text name = { 0 };

        text_format(&name, "%s/%s", folder->path, names[i]);
        folder->file[i] = name.data;
    }
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    int code;

    for (int i = 0; i < FILES; i++) {
        unlink(folder->file[i]);
        free(folder->file[i]);
    }
    code = rmdir(folder->path);
    free(folder);
    return code;
}

static void put(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* Two pairs of weight 2 (and one that is left out), two of weight 0.5 in one file, two synthetic ones. */
static void read_three(const struct folder *folder, struct corpus *corpus)
{
    const struct corpus_files files[] = { { .source = folder->file[0], .target = folder->file[1], .weight = 2 },
                                          { .pairs = folder->file[2], .weight = 0.5 },
                                          { .source = folder->file[3], .target = folder->file[4], .synthetic = 1 } };

    put(folder->file[0], "a dog\n\na cat\n");
    put(folder->file[1], "ein Hund\nnichts\neine Katze\n");
    put(folder->file[2], "a house\tein Haus\tand more\na tree\tein Baum\n");
    put(folder->file[3], "a man\na dog\n");
    put(folder->file[4], "ein Mann\nein Hund\n");
    *corpus = (struct corpus){ 0 };
    for (int i = 0; i < 3; i++)
        assert_int_equal(corpus_add(corpus, &files[i], BAD_UTF8_ERROR, 0, 0), 0);
}

static void pairs_know_their_files(void **state)
{
    static const char *const source[] = { "a dog", "a cat", "a house", "a tree", "a man", "a dog" };
    static const char *const target[] = { "ein Hund", "eine Katze", "ein Haus", "ein Baum", "ein Mann", "ein Hund" };
    static const long line[] = { 1, 3, 1, 2, 1, 2 };
    static const double weight[] = { 2, 2, 0.5, 0.5, 1, 1 };
    struct corpus corpus;

    read_three(*state, &corpus);
    assert_int_equal(corpus.pairs, 6);
    assert_int_equal(corpus.dropped.empty, 1);
    for (size_t k = 0; k < 6; k++) {
        assert_string_equal(corpus.lines[SOURCE][k], source[k]);
        assert_string_equal(corpus.lines[TARGET][k], target[k]);
        assert_int_equal(corpus.number[k], line[k]);
        assert_true(corpus_weight(&corpus, k) == weight[k]);
        assert_int_equal(corpus_synthetic(&corpus, k), k >= 4);
    }
    corpus_release(&corpus);
}

/* As many pairs as need the store to move several times, before and after the others. */
static void texts_stay_where_they_are_found(void **state)
{
    const struct folder *folder = *state;
    const struct corpus_files many = { .pairs = folder->file[5] };
    struct text lines = { 0 };
    struct corpus corpus;
    char expected[32];

    for (int i = 0; i < MANY; i++)
        text_format(&lines, "source %d\ttarget %d\n", i, i);
    put_file(folder->file[5], lines.data, lines.length);
    read_three(folder, &corpus);
    for (int i = 0; i < 2; i++)
        assert_int_equal(corpus_add(&corpus, &many, BAD_UTF8_ERROR, 0, 0), 0);
    assert_int_equal(corpus.pairs, 6 + 2 * MANY);
    assert_string_equal(corpus.lines[TARGET][3], "ein Baum");
    for (int i = 0; i < 2 * MANY; i++) {
        snprintf(expected, sizeof expected, "source %d", i % MANY);
        assert_string_equal(corpus.lines[SOURCE][6 + i], expected);
        assert_int_equal(corpus.number[6 + i], i % MANY + 1);
        assert_int_equal(corpus.part[6 + i], 3 + i / MANY);
    }
    corpus_release(&corpus);
    text_release(&lines);
}

/* The second corpus is wrong: the message names its file and its line. */
static void errors_name_the_file(void **state)
{
    static const char *const wrong[][2] = { { "a\tb\nno tab\n", ":2: no tab" },
                                            { "a\tb\n\xFF\tb\n", ":2: byte 1 is not valid UTF-8" },
                                            { "", ": contains no sentence pairs" } };
    const struct folder *folder = *state;
    const struct corpus_files second = { .pairs = folder->file[5] };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct corpus corpus;
        struct capture capture;
        char said[1024], expected[NAME + 100];

        read_three(folder, &corpus);
        put(folder->file[5], wrong[i][0]);
        capture = capture_begin();
        assert_int_equal(corpus_add(&corpus, &second, BAD_UTF8_ERROR, 0, 0), -1);
        capture_end(&capture, said, sizeof said);
        snprintf(expected, sizeof expected, "nmt: error: %s%s", folder->file[5], wrong[i][1]);
        check_failure(-1, said, expected);
        assert_int_equal(corpus.pairs, 0);
    }
}

/* What is set aside is not synthetic; a synthetic copy of it is removed; the rest keeps its files. */
static void synthetic_pairs_do_not_validate(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct corpus corpus, aside;
        size_t copies, dog = 0;

        read_three(*state, &corpus);
        copies = corpus_split(&corpus, &aside, 4, seed);
        assert_int_equal(aside.pairs, 4);
        for (size_t k = 0; k < aside.pairs; k++) {
            dog += strcmp(aside.lines[SOURCE][k], "a dog") == 0;
            assert_string_not_equal(aside.lines[SOURCE][k], "a man");
        }
        assert_int_equal(dog, 1);
        assert_int_equal(copies, 1);
        assert_int_equal(corpus.pairs, 1);
        assert_string_equal(corpus.lines[SOURCE][0], "a man");
        assert_int_equal(corpus_synthetic(&corpus, 0), 1);
        corpus_release(&aside);
        corpus_release(&corpus);
    }
}

/* The ids with and without the tag, for every kind of tokenizer. */
static void sources_are_tagged(void **state)
{
    for (int kind = 0; kind < 6; kind++) {
        struct tokenizer_options options = { .units = (enum units)(kind % 3), .vocabulary = 400, .shared = kind / 3, .tagged = 1 };
        struct tokenizer tokenizer;
        struct tokens tokens = { 0 };
        struct corpus corpus;
        struct text decoded = { 0 };
        int32_t tag;

        read_three(*state, &corpus);
        tokenizer_learn(&tokenizer, &options, corpus.lines[SOURCE], corpus.lines[TARGET], corpus.pairs);
        tag = tokenizer.sides[SOURCE].tag;
        assert_int_equal(tag, tokenizer.sides[SOURCE].count - 1);
        assert_string_equal(tokenizer.sides[SOURCE].pieces[tag], "<synthetic>");
        assert_int_equal(tokenizer.sides[TARGET].tag, options.shared ? tag : 0);
        corpus_encode(&corpus, &tokenizer);
        for (size_t k = 0; k < corpus.pairs; k++) {
            int tags = k >= 4;

            tokenizer_encode(&tokenizer, SOURCE, corpus.lines[SOURCE][k], 0, NULL, &tokens);
            assert_int_equal(corpus.length[SOURCE][k], tags + tokens.count + 1);
            assert_true(!tags || corpus.sentence[SOURCE][k][0] == tag);
            assert_memory_equal(corpus.sentence[SOURCE][k] + tags, tokens.ids, (size_t)tokens.count * sizeof(int32_t));
            assert_int_equal(corpus.sentence[SOURCE][k][tags + tokens.count], VOCAB_END);
            tokenizer_encode(&tokenizer, TARGET, corpus.lines[TARGET][k], 0, NULL, &tokens);
            assert_int_equal(corpus.length[TARGET][k], tokens.count + 1);
        }
        tokenizer_decode(&tokenizer, SOURCE, corpus.sentence[SOURCE][4], corpus.length[SOURCE][4], NULL, &decoded);
        if (options.units != UNITS_WORD)
            assert_string_equal(decoded.data, "a man");
        text_release(&decoded);
        tokens_release(&tokens);
        tokenizer_release(&tokenizer);
        corpus_release(&corpus);
    }
}

/* Text that is spelt like the tag, so often that it would become an entry. */
static void text_is_never_the_tag(void **state)
{
    char text[] = "<synthetic> <synthetic>, x<synthetic> <synthetic>", *lines[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        lines[i] = text;
    for (int kind = 0; kind < 6; kind++)
        for (int tagged = 0; tagged < 2; tagged++) {
            struct tokenizer_options options = {
                .units = (enum units)(kind % 3), .pretokenized = kind / 3, .vocabulary = 600, .tagged = tagged
            };
            struct tokenizer tokenizer;
            struct tokens tokens = { 0 };

            tokenizer_learn(&tokenizer, &options, lines, lines, 8);
            for (int side = SOURCE; side <= TARGET; side++) {
                tokenizer_encode(&tokenizer, (enum side)side, text, 0, NULL, &tokens);
                assert_true(tokens.count > 0);
                for (int i = 0; i < tokens.count; i++)
                    assert_string_not_equal(tokenizer.sides[side].pieces[tokens.ids[i]], "<synthetic>");
            }
            tokens_release(&tokens);
            tokenizer_release(&tokenizer);
        }
}

static uint64_t hash_with(struct corpus *corpus, double weight)
{
    corpus->parts[1].weight = weight;
    return corpus_hash(corpus);
}

static void weights_are_in_the_hash(void **state)
{
    struct tokenizer_options options = { .units = UNITS_CHAR, .vocabulary = 400, .tagged = 1 };
    struct tokenizer tokenizer;
    struct corpus corpus;

    read_three(*state, &corpus);
    tokenizer_learn(&tokenizer, &options, corpus.lines[SOURCE], corpus.lines[TARGET], corpus.pairs);
    corpus_encode(&corpus, &tokenizer);
    assert_true(hash_with(&corpus, 0.5) != hash_with(&corpus, 0.25));
    assert_true(hash_with(&corpus, 0) == hash_with(&corpus, 1));
    tokenizer_release(&tokenizer);
    corpus_release(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pairs_know_their_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(texts_stay_where_they_are_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(errors_name_the_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(synthetic_pairs_do_not_validate, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(sources_are_tagged, make_folder, remove_folder),
        cmocka_unit_test(text_is_never_the_tag),
        cmocka_unit_test_setup_teardown(weights_are_in_the_hash, make_folder, remove_folder),
    };

    return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
