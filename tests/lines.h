/* lines: random lines of text in many scripts, for tests of what must hold for any line. */
#ifndef NMT_TESTS_LINES_H
#define NMT_TESTS_LINES_H

#include "base/memory.h"
#include "base/rng.h"
#include "text/utf8.h"

#include <stdlib.h>

/* Adds one random character of a random range of `ranges`. */
static inline void add_random(struct rng *rng, const uint32_t (*ranges)[2], size_t count, struct text *out)
{
    const uint32_t *range = ranges[rng_below(rng, count)];

    utf8_add(out, range[0] + (uint32_t)rng_below(rng, range[1] - range[0] + 1));
}

static inline void add_letters(struct rng *rng, struct text *out)
{
    static const uint32_t scripts[][2] = {
        { 'a', 'z' },       { 'A', 'Z' },       { 0xC0, 0x17F },      { 0x391, 0x3C9 },     { 0x410, 0x44F },
        { 0x5D0, 0x5EA },   { 0x620, 0x64A },   { 0x905, 0x939 },     { 0xE01, 0xE2E },     { 0xAC00, 0xD7A3 },
        { 0x3041, 0x3096 }, { 0x30A1, 0x30FA }, { 0x4E00, 0x9FFF },   { 0x20000, 0x2A6DF }, { 0x1E00, 0x1EFF },
        { 0x1100, 0x11FF }, { 0x1F00, 0x1FFF }, { 0x10400, 0x1044F }, { 0xF900, 0xFAD9 },   { 0x2F800, 0x2FA1D },
    };
    size_t script = rng_below(rng, sizeof scripts / sizeof *scripts);

    for (size_t n = 1 + rng_below(rng, 8); n > 0; n--)
        add_random(rng, scripts + script, 1, out);
}

static inline void add_marks(struct rng *rng, struct text *out)
{
    static const uint32_t marks[][2] = {
        { 0x300, 0x36F },   { 0x591, 0x5BD },   { 0x64B, 0x65F },   { 0x93A, 0x94F },     { 0xE31, 0xE3A },
        { 0xFE00, 0xFE0F }, { 0x20D0, 0x20F0 }, { 0x200B, 0x200F }, { 0xE0100, 0xE01EF }, { 0x1F3FB, 0x1F3FF },
    };

    for (size_t n = 1 + rng_below(rng, 3); n > 0; n--)
        add_random(rng, marks, sizeof marks / sizeof *marks, out);
}

static inline void add_anything(struct rng *rng, struct text *out)
{
    static const char *const strings[] = {
        " ",
        " ",
        " ",
        "  ",
        "\t",
        "\n",
        "'",
        "l'",
        "don't",
        "-",
        ".",
        ",",
        "(",
        "\"",
        "_",
        "@@ ",
        "</s>",
        "<unk>",
        " <unk> ",
        "<0x41>",
        "\xC2\xA0",
        "\xE3\x80\x80",
        "\xEF\xBB\xBF",
        "\xE2\x80\x99",
        "\xE2\x80\x9C",
        "\xE2\x81\x87",
        "\xE2\x96\x81",
        "\xE2\x80\x8D",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
        "\xE2\x9D\xA4\xEF\xB8\x8F",
        "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",
        "1\xEF\xB8\x8F\xE2\x83\xA3",
    };
    static const uint32_t symbols[][2] = {
        { '!', '~' },         { 0xA1, 0xBF },     { 0x2010, 0x205E },    { 0x20A0, 0x20BF }, { 0x1F600, 0x1F64F },
        { 0, 0x1F },          { 0x80, 0x9F },     { '0', '9' },          { 0x660, 0x669 },   { 0x966, 0x96F },
        { 0x1F1E6, 0x1F1FF }, { 0xE000, 0xE0FF }, { 0x10000, 0x10FFFF },
    };

    if (rng_below(rng, 2))
        text_add_string(out, strings[rng_below(rng, sizeof strings / sizeof *strings)]);
    else
        add_random(rng, symbols, sizeof symbols / sizeof *symbols, out);
}

/* A raw line of any bytes: words of one script, marks, spaces, punctuation, emoji, controls, and sometimes broken bytes. */
static inline void random_line(struct rng *rng, struct text *out)
{
    text_clear(out);
    for (size_t n = rng_below(rng, 14); n > 0; n--) {
        size_t what = rng_below(rng, 8);

        if (what < 3)
            add_letters(rng, out);
        else if (what < 4)
            add_marks(rng, out);
        else if (what < 5)
            text_add(out, "\0", 1);
        else
            add_anything(rng, out);
        if (rng_below(rng, 2))
            text_add_string(out, " ");
    }
    for (size_t n = rng_below(rng, 5) ? 0 : rng_below(rng, 5); n > 0 && out->length > 0; n--)
        out->data[rng_below(rng, out->length)] = (char)rng_below(rng, 256);
}

/* `count` normalised random lines. */
static inline char **random_lines(uint64_t seed, int count, int lowercase)
{
    char **lines = memory_new((size_t)count, sizeof *lines);
    struct text raw = { 0 }, clean = { 0 };

    for (int i = 0; i < count; i++) {
        struct rng rng = rng_make(seed, (uint64_t)i, 0, 0);

        random_line(&rng, &raw);
        utf8_normalize(raw.data, raw.length, lowercase, &clean, NULL);
        lines[i] = memory_copy_text(clean.data, clean.length);
    }
    text_release(&raw);
    text_release(&clean);
    return lines;
}

static inline void lines_free(char **lines, int count)
{
    for (int i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

#endif
