/* tokenizer: the promise that decode(encode(x)) = x, on random lines in many scripts; what a vocabulary holds; loading. */
#define _POSIX_C_SOURCE 200809L
#include "../capture.h"
#include "text/tokenizer.h"

#include "base/io.h"
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../lines.h"

enum { LEARNED = 200, TRIED = 1500 };

/* tokenizer_load of parts that are called "some.gguf"; what it has to say is one line that names them. */
static int load(struct tokenizer *tokenizer, const struct tokenizer_options *options, char *const *merges, int merge_count,
                char *const *source, int source_count, char *const *target, int target_count)
{
    struct tokenizer_parts parts = { "some.gguf", *options, merges, merge_count, { source, target }, { source_count, target_count },
                                     { 0 } };
    struct capture capture = capture_begin();
    int result = tokenizer_load(tokenizer, &parts);
    char said[1024];

    capture_end(&capture, said, sizeof said);
    if (result)
        check_failure(result, said, "nmt: error: some.gguf: ");
    return result;
}

static void normalization_is_stable(void **state)
{
    struct text raw = { 0 }, once = { 0 }, twice = { 0 };

    (void)state;
    for (int i = 0; i < 6000; i++) {
        struct rng rng = rng_make(1, (uint64_t)i, 0, 0);
        int lowercase = i % 2;

        random_line(&rng, &raw);
        utf8_normalize(raw.data, raw.length, lowercase, &once, NULL);
        assert_int_equal(strlen(once.data), once.length); /* no NUL is left */
        assert_int_equal(utf8_valid_length(once.data, once.length), once.length);
        assert_int_equal(utf8_normalize(once.data, once.length, lowercase, &twice, NULL), 0);
        assert_string_equal(once.data, twice.data);
        for (size_t at = 0; at < once.length; at++)
            assert_true((unsigned char)once.data[at] >= ' ' && once.data[at] != 0x7F);
        assert_false(once.length && (once.data[0] == ' ' || once.data[once.length - 1] == ' '));
        assert_null(strstr(once.data, "  "));
    }
    text_release(&raw);
    text_release(&once);
    text_release(&twice);
}

static void words_lose_nothing(void **state)
{
    char **lines = random_lines(2, 4000, 0);
    struct text joined = { 0 };

    (void)state;
    for (int i = 0; i < 4000; i++) {
        for (int pretokenized = 0; pretokenized < 2; pretokenized++) {
            struct words words = words_begin(lines[i], pretokenized);
            struct word word;

            text_clear(&joined);
            while (words_next(&words, &word)) {
                assert_true(word.length > 0 && (pretokenized || word.length <= 4 * (WORDS_LONGEST + 1)));
                assert_int_equal(utf8_valid_length(word.start, word.length), word.length);
                text_add(&joined, " ", word.space ? 1 : 0);
                text_add(&joined, word.start, word.length);
            }
            assert_string_equal(joined.data + (joined.length > 0), lines[i]);
        }
    }
    text_release(&joined);
    lines_free(lines, 4000);
}

/* Encodes and decodes one line, and checks all that holds for every encoding. */
static void check_line(const struct tokenizer *tokenizer, enum side side, const char *line, double dropout, struct tokens *tokens)
{
    struct rng rng = rng_make(9, strlen(line), 0, 0);
    struct words words = words_begin(line, tokenizer->options.pretokenized);
    struct text out = { 0 };
    struct word word;
    int n = 0;

    tokenizer_encode(tokenizer, side, line, dropout, &rng, tokens);
    tokenizer_decode(tokenizer, side, tokens->ids, tokens->count, NULL, &out);
    if (strcmp(out.data, line) != 0)
        fail_msg("\"%s\" came back as \"%s\"", line, out.data);
    for (int i = 0; i < tokens->count; i++) {
        int step = tokens->word_of[i] - (i ? tokens->word_of[i - 1] : 0);

        assert_true(tokens->ids[i] > VOCAB_UNKNOWN && tokens->ids[i] < tokenizer->sides[side].count);
        assert_true(step == 0 || (i && step == 1));
    }
    assert_int_equal(tokens->word_count, tokens->count ? tokens->word_of[tokens->count - 1] + 1 : 0);
    for (; words_next(&words, &word); n++) {
        assert_true(n < tokens->word_count);
        assert_int_equal(strlen(tokens->words[n]), word.length);
        assert_memory_equal(tokens->words[n], word.start, word.length);
    }
    assert_int_equal(n, tokens->word_count);
    text_release(&out);
}

/* Every combination of the switches, vocabularies learned on other lines; bpe, then the same with dropout. */
static void every_line_comes_back(void **state)
{
    struct tokens tokens = { 0 };

    (void)state;
    for (int combination = 0; combination < 16; combination++) {
        struct tokenizer_options options = {
            .units = combination & 1 ? UNITS_CHAR : UNITS_BPE,
            .pretokenized = combination >> 1 & 1,
            .lowercase = combination >> 2 & 1,
            .shared = combination >> 3 & 1,
            .vocabulary = combination % 3 ? 1500 : 400,
        };
        char **source = random_lines(3, LEARNED, options.lowercase), **target = random_lines(4, LEARNED, options.lowercase);
        char **lines = random_lines(100 + (uint64_t)combination, TRIED, options.lowercase);
        struct tokenizer tokenizer;

        tokenizer_learn(&tokenizer, &options, source, target, LEARNED);
        assert_true(tokenizer.sides[SOURCE].count <= options.vocabulary && tokenizer.sides[TARGET].count <= options.vocabulary);
        if (options.units == UNITS_BPE && options.vocabulary == 1500 && tokenizer.merge_count < 100)
            fail_msg("only %d merges: too few to test anything", tokenizer.merge_count);
        for (int i = 0; i < TRIED; i++) {
            check_line(&tokenizer, i % 2 ? TARGET : SOURCE, lines[i], 0, &tokens);
            check_line(&tokenizer, i % 2 ? TARGET : SOURCE, lines[i], 0.3, &tokens);
        }
        tokenizer_release(&tokenizer);
        lines_free(source, LEARNED);
        lines_free(target, LEARNED);
        lines_free(lines, TRIED);
    }
    tokens_release(&tokens);
}

/* In word mode, lines of known words: every line was learned twice. */
static void known_words_come_back(void **state)
{
    struct tokens tokens = { 0 };

    (void)state;
    for (int combination = 0; combination < 4; combination++) {
        struct tokenizer_options options = {
            .units = UNITS_WORD, .pretokenized = combination & 1, .vocabulary = 100000, .shared = combination >> 1
        };
        char **lines = random_lines(6, 2 * LEARNED, 0), **twice = memory_new(4 * LEARNED, sizeof *twice);
        struct tokenizer tokenizer;
        int tried = 0;

        memcpy(twice, lines, 2 * LEARNED * sizeof *lines);
        memcpy(twice + 2 * LEARNED, lines, 2 * LEARNED * sizeof *lines);
        tokenizer_learn(&tokenizer, &options, twice, twice, 4 * LEARNED);
        for (int i = 0; i < 2 * LEARNED; i++) {
            /* pretokenized, a word may be spelt like a special entry: such words are unknown */
            if (options.pretokenized && (strstr(lines[i], "<unk>") || strstr(lines[i], "</s>")))
                continue;
            check_line(&tokenizer, TARGET, lines[i], 0, &tokens);
            tried++;
        }
        assert_true(tried > LEARNED);
        tokenizer_release(&tokenizer);
        free(twice);
        lines_free(lines, 2 * LEARNED);
    }
    tokens_release(&tokens);
}

static const char *const english[] = {
    "The house (a well-known house) is old.",
    "The house's door, said the man, is \"red\".",
    "The man is well known.",
    "The man, the house: a door.",
    "is a well, known to the man",
    "The house is 3.5 m high.",
};

/* A tokenizer of `units` that has seen the sentences above twice, on both sides. */
static void learn_english(struct tokenizer *tokenizer, enum units units, int pretokenized)
{
    struct tokenizer_options options = { .units = units, .pretokenized = pretokenized, .vocabulary = 1000 };
    char *lines[12];

    for (int i = 0; i < 12; i++)
        lines[i] = memory_copy_text(english[i / 2], strlen(english[i / 2]));
    tokenizer_learn(tokenizer, &options, lines, lines, 12);
    for (int i = 0; i < 12; i++)
        free(lines[i]);
}

static void word_mode_stores_exceptions_only(void **state)
{
    struct tokens tokens = { 0 };
    struct text out = { 0 };
    struct tokenizer tokenizer;
    const char *words[16] = { 0 };

    (void)state;
    learn_english(&tokenizer, UNITS_WORD, 0);
    assert_true(vocab_find(&tokenizer.sides[TARGET], "house", 5) > VOCAB_UNKNOWN);
    assert_int_equal(vocab_find(&tokenizer.sides[TARGET], " house", 6), -1); /* "house" serves behind a space and a bracket */
    assert_true(vocab_find(&tokenizer.sides[TARGET], "known", 5) > VOCAB_UNKNOWN);
    for (int i = 0; i < 6; i++)
        check_line(&tokenizer, SOURCE, english[i], 0, &tokens);

    tokenizer_encode(&tokenizer, TARGET, "The <unk> house (Zebra).", 0, NULL, &tokens);
    assert_int_equal(tokens.word_count, 9); /* < unk > are three of them */
    assert_int_equal(tokens.ids[1], VOCAB_UNKNOWN);
    tokenizer_decode(&tokenizer, TARGET, tokens.ids, tokens.count, NULL, &out);
    assert_null(strstr(out.data, "unk"));
    tokenizer_encode(&tokenizer, TARGET, "The zebra house (Zebra).", 0, NULL, &tokens);
    for (int i = 0; i < tokens.count; i++)
        words[i] = i == 1 ? "Pferde" : i == 4 ? NULL : tokens.words[i];
    tokenizer_decode(&tokenizer, TARGET, tokens.ids, tokens.count, words, &out);
    assert_string_equal(out.data, "The Pferde house ().");
    tokens_release(&tokens);
    text_release(&out);
    tokenizer_release(&tokenizer);
}

static void decoding_drops_what_is_no_text(void **state)
{
    struct tokenizer tokenizer;
    struct text out = { 0 };
    int32_t euro[] = { 2 + 0xE2, 2 + 0x82, 2 + 0xAC, VOCAB_END };
    int32_t broken[] = { 2 + 'a', 2 + 0xE2, 2 + 0x82, 2 + 'b', 2 + 0xFF, 2 };
    int32_t unknown[] = { VOCAB_UNKNOWN, 2 + ',', VOCAB_UNKNOWN, VOCAB_END }, accent[] = { 2 + 'e', 2 + 0xCC, 2 + 0x81 };
    const char *const words[] = { "Haus", NULL, NULL, NULL };

    (void)state;
    learn_english(&tokenizer, UNITS_BPE, 0);
    tokenizer_decode(&tokenizer, TARGET, euro, 4, NULL, &out);
    assert_string_equal(out.data, "\xE2\x82\xAC");
    tokenizer_decode(&tokenizer, TARGET, broken, 6, NULL, &out);
    assert_string_equal(out.data, "ab");
    tokenizer_decode(&tokenizer, TARGET, unknown, 4, words, &out);
    assert_string_equal(out.data, "Haus,");
    tokenizer_decode(&tokenizer, TARGET, unknown, 4, NULL, &out);
    assert_string_equal(out.data, ",");
    tokenizer_decode(&tokenizer, TARGET, accent, 3, NULL, &out);
    assert_string_equal(out.data, "\xC3\xA9"); /* composed */
    tokenizer_decode(&tokenizer, TARGET, NULL, 0, NULL, &out);
    assert_string_equal(out.data, "");
    text_release(&out);
    tokenizer_release(&tokenizer);
}

/* Whatever ids a model may think of, what comes out is normalised text. */
static void any_ids_give_normalized_text(void **state)
{
    struct text out = { 0 }, again = { 0 };

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct tokenizer_options options = { .units = (enum units)kind, .lowercase = kind == 2, .vocabulary = 600 };
        char **source = random_lines(3, LEARNED, kind == 2), **target = random_lines(4, LEARNED, kind == 2);
        struct rng rng = rng_make(8, (uint64_t)kind, 0, 0);
        struct tokenizer tokenizer;

        tokenizer_learn(&tokenizer, &options, source, target, LEARNED);
        for (int trial = 0; trial < 3000; trial++) {
            int32_t ids[30];
            int count = (int)rng_below(&rng, 30);

            for (int i = 0; i < count; i++)
                ids[i] = (int32_t)rng_below(&rng, (size_t)tokenizer.sides[TARGET].count);
            tokenizer_decode(&tokenizer, TARGET, ids, count, NULL, &out);
            assert_int_equal(utf8_normalize(out.data, out.length, options.lowercase, &again, NULL), 0);
            assert_int_equal(out.length, strlen(out.data));
            assert_string_equal(out.data, again.data);
        }
        tokenizer_release(&tokenizer);
        lines_free(source, LEARNED);
        lines_free(target, LEARNED);
    }
    text_release(&out);
    text_release(&again);
}

static void literal_special_entries_stay_text(void **state)
{
    static const char *const line = "</s> <unk> <0x41> <0x00>";
    struct tokens tokens = { 0 };

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        struct tokenizer_options options = { .units = (enum units)(kind / 2), .pretokenized = kind % 2, .vocabulary = 1000 };
        char *lines[8];
        struct tokenizer tokenizer;

        for (int i = 0; i < 8; i++)
            lines[i] = memory_copy_text(line, strlen(line));
        tokenizer_learn(&tokenizer, &options, lines, lines, 8);
        tokenizer_encode(&tokenizer, SOURCE, line, 0, NULL, &tokens);
        for (int i = 0; i < tokens.count; i++)
            assert_true(tokens.ids[i] >= tokenizer.sides[SOURCE].specials ||
                        (options.units == UNITS_WORD && tokens.ids[i] == VOCAB_UNKNOWN));
        if (options.units != UNITS_WORD || !options.pretokenized)
            check_line(&tokenizer, SOURCE, line, 0, &tokens);
        for (int i = 0; i < 8; i++)
            free(lines[i]);
        tokenizer_release(&tokenizer);
    }
    tokens_release(&tokens);
}

/* Not shared, a side holds what its own text is made of; shared, both hold the same. */
static void sides_hold_their_own_pieces(void **state)
{
    struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = 400 };
    char *source[4], *target[4];
    struct tokenizer tokenizer;
    struct tokens tokens = { 0 };

    (void)state;
    for (int i = 0; i < 4; i++) {
        source[i] = memory_copy_text("abab cdcd abab", 14);
        target[i] = memory_copy_text("wxwx yzyz wxwx", 14);
    }
    tokenizer_learn(&tokenizer, &options, source, target, 4);
    assert_true(vocab_find(&tokenizer.sides[SOURCE], " abab", 5) == 258); /* the most frequent */
    assert_true(vocab_find(&tokenizer.sides[SOURCE], "a", 1) > 258);      /* kept for unseen words */
    assert_true(vocab_find(&tokenizer.sides[TARGET], " abab", 5) == -1);
    assert_true(vocab_find(&tokenizer.sides[TARGET], "a", 1) == -1);
    assert_true(vocab_find(&tokenizer.sides[TARGET], " wxwx", 5) == 258);
    check_line(&tokenizer, TARGET, "abab wxyz ababab", 0, &tokens);
    assert_true(tokens.count > 10); /* in bytes */
    tokenizer_release(&tokenizer);
    options.shared = 1;
    tokenizer_learn(&tokenizer, &options, source, target, 4);
    assert_int_equal(tokenizer.sides[SOURCE].count, tokenizer.sides[TARGET].count);
    assert_true(vocab_find(&tokenizer.sides[TARGET], " abab", 5) > 0);
    tokenizer_release(&tokenizer);
    for (int i = 0; i < 4; i++) {
        free(source[i]);
        free(target[i]);
    }
    tokens_release(&tokens);
}

/* Entries stand in the order of how often the learned lines use them, ties by bytes. */
static void entries_stand_by_frequency(void **state)
{
    struct tokens tokens = { 0 };

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = 1200, .shared = kind };
        char **lines[2] = { random_lines(3, LEARNED, 0), random_lines(4, LEARNED, 0) };
        struct tokenizer tokenizer;
        int *uses[2];

        tokenizer_learn(&tokenizer, &options, lines[SOURCE], lines[TARGET], LEARNED);
        for (int side = SOURCE; side <= TARGET; side++)
            uses[side] = memory_new((size_t)tokenizer.sides[side].count, sizeof *uses[side]);
        for (int i = 0; i < 2 * LEARNED; i++) {
            tokenizer_encode(&tokenizer, (enum side)(i % 2), lines[i % 2][i / 2], 0, NULL, &tokens);
            for (int j = 0; j < tokens.count; j++)
                uses[options.shared ? SOURCE : i % 2][tokens.ids[j]]++;
        }
        for (int side = SOURCE; side <= (options.shared ? SOURCE : TARGET); side++) {
            for (int id = tokenizer.sides[side].specials + 1; id < tokenizer.sides[side].count; id++) {
                char **pieces = tokenizer.sides[side].pieces;

                assert_true(uses[side][id] <= uses[side][id - 1]);
                assert_true(uses[side][id] < uses[side][id - 1] || strcmp(pieces[id - 1], pieces[id]) < 0);
            }
        }
        for (int side = SOURCE; side <= TARGET; side++) {
            free(uses[side]);
            lines_free(lines[side], LEARNED);
        }
        tokenizer_release(&tokenizer);
    }
    tokens_release(&tokens);
}

/* Hundreds of characters do not take the room of all merges. */
static void characters_leave_room_for_merges(void **state)
{
    struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = 258 + 100, .shared = 1 };
    struct text line = { 0 };
    struct tokenizer tokenizer;
    int characters = 0;

    (void)state;
    for (uint32_t c = 0; c < 600; c++)
        utf8_add(&line, 0x4E00 + c);
    text_add_string(&line, " house mouse house mouse");
    tokenizer_learn(&tokenizer, &options, &line.data, &line.data, 1);
    for (int i = 258; i < tokenizer.sides[SOURCE].count; i++)
        characters += tokenizer.sides[SOURCE].pieces[i][0] != ' ' && (unsigned char)tokenizer.sides[SOURCE].pieces[i][0] >= 0xE4;
    assert_true(characters <= 50);
    assert_true(vocab_find(&tokenizer.sides[SOURCE], " house", 6) >= 258);
    tokenizer_release(&tokenizer);
    text_release(&line);
}

/* What a model file holds gives the same ids; so does learning again. */
static void loading_gives_the_same_tokenizer(void **state)
{
    struct tokens first = { 0 }, second = { 0 };

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        struct tokenizer_options options = { .units = (enum units)(kind / 2), .vocabulary = 700, .shared = kind % 2 };
        char **source = random_lines(3, LEARNED, 0), **target = random_lines(4, LEARNED, 0), **lines = random_lines(7, 300, 0);
        struct tokenizer learned, loaded, again;
        struct vocab *sides = learned.sides;

        tokenizer_learn(&learned, &options, source, target, LEARNED);
        tokenizer_learn(&again, &options, source, target, LEARNED);
        assert_int_equal(load(&loaded, &options, learned.merges, learned.merge_count, sides[SOURCE].pieces, sides[SOURCE].count,
                              sides[TARGET].pieces, sides[TARGET].count),
                         0);
        assert_int_equal(again.merge_count, learned.merge_count);
        for (int side = SOURCE; side <= TARGET; side++) {
            assert_int_equal(again.sides[side].count, sides[side].count);
            for (int i = 0; i < sides[side].count; i++)
                assert_string_equal(again.sides[side].pieces[i], sides[side].pieces[i]);
        }
        for (int i = 0; i < 300; i++) {
            tokenizer_encode(&learned, (enum side)(i % 2), lines[i], 0, NULL, &first);
            tokenizer_encode(&loaded, (enum side)(i % 2), lines[i], 0, NULL, &second);
            assert_int_equal(first.count, second.count);
            if (first.count)
                assert_memory_equal(first.ids, second.ids, (size_t)first.count * sizeof *first.ids);
        }
        tokenizer_release(&learned);
        tokenizer_release(&loaded);
        tokenizer_release(&again);
        lines_free(source, LEARNED);
        lines_free(target, LEARNED);
        lines_free(lines, 300);
    }
    tokens_release(&first);
    tokens_release(&second);
}

static void damaged_models_are_refused(void **state)
{
    struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = 1000 }, wrong;
    struct tokenizer good, bad;
    char **source, **target, *merge, *piece;
    int count[2], merges;

    (void)state;
    learn_english(&good, UNITS_BPE, 0);
    source = good.sides[SOURCE].pieces;
    target = good.sides[TARGET].pieces;
    count[0] = good.sides[SOURCE].count;
    count[1] = good.sides[TARGET].count;
    merges = good.merge_count;
    assert_int_equal(load(&bad, &options, good.merges, merges, source, count[0], target, count[1]), 0);
    tokenizer_release(&bad);
    assert_int_equal(load(&bad, &options, good.merges, -1, source, count[0], target, count[1]), -1);
    assert_int_equal(load(&bad, &options, good.merges, merges, source, 100, target, count[1]), -1);
    assert_int_equal(load(&bad, &options, good.merges, merges, source, count[0], target, -5), -1);
    assert_int_equal(load(&bad, &options, good.merges, merges, source + 1, count[0] - 1, target, count[1]), -1);
    wrong = options;
    wrong.units = (enum units)7;
    assert_int_equal(load(&bad, &wrong, good.merges, merges, source, count[0], target, count[1]), -1);
    wrong.units = UNITS_CHAR;
    assert_int_equal(load(&bad, &wrong, good.merges, merges, source, count[0], target, count[1]), -1);
    wrong = options;
    wrong.shared = 1;
    assert_int_equal(load(&bad, &wrong, good.merges, merges, source, count[0], target, count[1] - 1), -1);
    merge = good.merges[2];
    good.merges[2] = (char[]){ "qqq" };
    assert_int_equal(load(&bad, &options, good.merges, merges, source, count[0], target, count[1]), -1);
    good.merges[2] = merge;
    piece = source[count[0] - 1];
    source[count[0] - 1] = source[count[0] - 2];
    assert_int_equal(load(&bad, &options, good.merges, merges, source, count[0], target, count[1]), -1);
    assert_null(bad.sides[SOURCE].pieces);
    source[count[0] - 1] = piece;
    tokenizer_release(&good);
}

/* 100,000 characters, with spaces and without: whatever is quadratic would take minutes. */
static void long_lines_are_fast(void **state)
{
    struct tokens tokens = { 0 };
    struct text line = { 0 };
    clock_t start = clock();

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct tokenizer tokenizer;

        text_clear(&line);
        for (int i = 0; line.length < 100000; i++)
            text_add_string(&line, i % 7 == 6 ? kind % 2 ? " " : "known" : "house");
        learn_english(&tokenizer, UNITS_BPE, kind / 2);
        check_line(&tokenizer, SOURCE, line.data, 0, &tokens);
        check_line(&tokenizer, SOURCE, line.data, 0.1, &tokens);
        tokenizer_release(&tokenizer);
    }
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
    text_release(&line);
    tokens_release(&tokens);
}

static void nothing_to_learn_from(void **state)
{
    struct tokens tokens = { 0 };

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct tokenizer_options options = { .units = (enum units)kind,
                                             .vocabulary = tokenizer_least_vocabulary((enum units)kind) };
        struct tokenizer tokenizer;

        tokenizer_learn(&tokenizer, &options, NULL, NULL, 0);
        assert_int_equal(tokenizer.sides[TARGET].count, vocab_specials(kind != UNITS_WORD));
        if (kind != UNITS_WORD)
            check_line(&tokenizer, TARGET, "all b\xC3\xBDtes", 0, &tokens);
        check_line(&tokenizer, TARGET, "", 0, &tokens);
        assert_int_equal(tokens.count, 0);
        tokenizer_release(&tokenizer);
    }
    tokens_release(&tokens);
}

/* Real captions, where they are. */
static void captions_come_back(void **state)
{
    static const char *const files[] = { "../shared/data/multi30k/val.en", "../shared/data/multi30k/val.de" };
    struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = 4000 };
    struct reader reader;
    struct tokenizer tokenizer;
    struct tokens tokens = { 0 };
    struct text clean = { 0 };
    char **sides[2], *line;
    int counts[2] = { 0 }, pieces = 0;
    size_t length;
    FILE *there = fopen(files[0], "r");

    (void)state;
    if (!there) {
        print_message("skipped: ../shared/data is not there\n");
        skip();
    }
    fclose(there);
    for (int side = SOURCE; side <= TARGET; side++) {
        sides[side] = memory_new(2000, sizeof **sides);
        assert_int_equal(reader_open(&reader, files[side]), 0);
        while (reader_line(&reader, &line, &length) > 0 && counts[side] < 2000) {
            utf8_normalize(line, length, 0, &clean, NULL);
            sides[side][counts[side]++] = memory_copy_text(clean.data, clean.length);
        }
        reader_close(&reader);
    }
    assert_int_equal(counts[SOURCE], counts[TARGET]);
    tokenizer_learn(&tokenizer, &options, sides[SOURCE], sides[TARGET], (size_t)counts[SOURCE]);
    for (int side = SOURCE; side <= TARGET; side++) {
        for (int i = 0; i < counts[side]; i++) {
            check_line(&tokenizer, (enum side)side, sides[side][i], 0, &tokens);
            pieces += tokens.count;
        }
    }
    assert_true(pieces < 40000); /* some 13 words a line: most are one piece */
    tokenizer_release(&tokenizer);
    tokens_release(&tokens);
    text_release(&clean);
    lines_free(sides[SOURCE], counts[SOURCE]);
    lines_free(sides[TARGET], counts[TARGET]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalization_is_stable),
        cmocka_unit_test(words_lose_nothing),
        cmocka_unit_test(every_line_comes_back),
        cmocka_unit_test(known_words_come_back),
        cmocka_unit_test(word_mode_stores_exceptions_only),
        cmocka_unit_test(decoding_drops_what_is_no_text),
        cmocka_unit_test(any_ids_give_normalized_text),
        cmocka_unit_test(literal_special_entries_stay_text),
        cmocka_unit_test(sides_hold_their_own_pieces),
        cmocka_unit_test(entries_stand_by_frequency),
        cmocka_unit_test(characters_leave_room_for_merges),
        cmocka_unit_test(loading_gives_the_same_tokenizer),
        cmocka_unit_test(damaged_models_are_refused),
        cmocka_unit_test(long_lines_are_fast),
        cmocka_unit_test(nothing_to_learn_from),
        cmocka_unit_test(captions_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
