#include "text/words.h"

#include "text/utf8.h"

#include <string.h>

enum {
    NON_JOINER = 0x200C,
    JOINER = 0x200D,
    RIGHT_QUOTE = 0x2019 /* also the typographic apostrophe */
};

struct words words_begin(const char *line, int pretokenized)
{
    return (struct words){ .rest = line, .pretokenized = pretokenized };
}

/* The character at `at`: 0 at the end of the line. A normalised line contains only whole characters, so four bytes are always
 * enough. */
static uint32_t peek(const char *at, size_t *size)
{
    uint32_t code;

    *size = utf8_next(at, 4, &code);
    return code;
}

static int is_apostrophe(uint32_t code)
{
    return code == '\'' || code == RIGHT_QUOTE;
}

static int is_regional(uint32_t code)
{
    return code >= 0x1F1E6 && code <= 0x1F1FF;
}

/* Characters that attach to the preceding character. */
static int is_extender(uint32_t code)
{
    if (code < 0x300)
        return 0;
    return utf8_kind(code) == UTF8_MARK || code == NON_JOINER || code == JOINER || (code >= 0x1F3FB && code <= 0x1F3FF) ||
           (code >= 0xE0020 && code <= 0xE007F);
}

/* Whether `code` belongs to the word that starts with `first` and so far ends with `last`. */
static int continues(uint32_t first, uint32_t last, uint32_t code)
{
    enum utf8_kind kind = utf8_kind(code), begun = utf8_kind(first);

    if (is_extender(code))
        return 1;
    if (utf8_is_han(first))
        return 0;
    if (begun == UTF8_LETTER || begun == UTF8_MARK)
        return kind == UTF8_LETTER && !utf8_is_han(code);
    if (begun == UTF8_DIGIT)
        return kind == UTF8_DIGIT;
    return last == JOINER && kind == UTF8_SYMBOL;
}

/* The end of the word that starts at `at`. */
static const char *word_end(const char *at)
{
    size_t size, after;
    uint32_t first = peek(at, &size), last = first, code;
    int letters = !utf8_is_han(first) && (utf8_kind(first) == UTF8_LETTER || utf8_kind(first) == UTF8_MARK);

    at += size;
    code = peek(at, &size);
    if (is_regional(first) && is_regional(code))
        return at + size;
    for (int count = 1; code && count < WORDS_LONGEST && continues(first, last, code); count++) {
        at += size;
        last = code;
        code = peek(at, &size);
    }
    if (letters && is_apostrophe(code) && utf8_kind(peek(at + size, &after)) == UTF8_LETTER)
        at += size;
    return at;
}

int words_next(struct words *words, struct word *word)
{
    const char *end;

    word->space = !words->begun || *words->rest == ' ';
    while (*words->rest == ' ')
        words->rest++;
    if (!*words->rest)
        return 0;
    words->begun = 1;
    end = words->pretokenized ? words->rest + strcspn(words->rest, " ") : word_end(words->rest);
    word->start = words->rest;
    word->length = (size_t)(end - words->rest);
    words->rest = end;
    return 1;
}

static uint32_t first_of(const struct word *word)
{
    uint32_t code;

    utf8_next(word->start, word->length, &code);
    return code;
}

static uint32_t last_of(const struct word *word)
{
    size_t at = word->length - 1;
    uint32_t code;

    while (at > 0 && ((unsigned char)word->start[at] & 0xC0) == 0x80)
        at--;
    utf8_next(word->start + at, word->length - at, &code);
    return code;
}

/* Whether the word `before` attaches to the next word. */
static int holds_next(const struct word *before)
{
    uint32_t first = first_of(before), last = last_of(before);

    if (is_apostrophe(last) && first != last) /* an elided word: l' */
        return 1;
    if (last == '"' || last == '\'') /* opening if preceded by a space, otherwise closing */
        return before->space;
    if (last == '#' || last == '@')
        return 1;
    switch (utf8_kind(last)) {
    case UTF8_OPEN:
    case UTF8_CURRENCY: return 1;
    case UTF8_DASH: return !before->space; /* well-known, but: one – two */
    default: return (last == '/' || last == '_') && !before->space;
    }
}

int words_expect_space(const struct word *before, const struct word *word)
{
    uint32_t first = first_of(word);

    if (!before)
        return 1;
    if (holds_next(before) || utf8_is_han(first) || utf8_is_kana(first))
        return 0;
    if (first == '#' || first == '@')
        return 1;
    switch (utf8_kind(first)) {
    case UTF8_CLOSE:
    case UTF8_PUNCTUATION: return 0;
    case UTF8_DASH: return first != '-';
    case UTF8_DIGIT:
        /* 3.5, 10:30: a full stop that ends a sentence is rarely followed by a number; a comma often is. */
        return !(before->length == 1 && !before->space && strchr(".:", before->start[0]));
    default: return 1;
    }
}
