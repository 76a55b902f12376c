#include "text/spans.h"

#include "text/utf8.h"
#include "text/words.h"

#include <string.h>

const char *const span_kind_names[] = { "url", "email", "tag", "number", "figure", "name", "initial", "acronym", NULL };

enum {
    RIGHT_QUOTE = 0x2019,
    LOCAL_LONGEST = 64, /* characters of an e-mail address before the @ (RFC 5321, section 4.5.3.1) */
    HOST_LONGEST = 255,
    DIGITS_LEAST = 3 /* of a number without separators */
};

/* Characters of addresses. isalnum() would depend on the locale. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LOCAL LETTERS DIGITS "._%+-"
#define LABEL LETTERS DIGITS "-"
#define PATH LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=%"

struct spans spans_begin(const char *line)
{
    return (struct spans){ .line = line, .rest = line, .initial = 1 };
}

/* The character at `at`, of a normalised line; 0 at its end. */
static uint32_t peek(const char *at, size_t *size)
{
    uint32_t code;

    *size = utf8_next(at, 4, &code);
    return code;
}

/* The number of characters at `at` that are in `set`, at most `most`. */
static size_t run(const char *at, const char *set, size_t most)
{
    size_t count = 0;

    while (count < most && at[count] && strchr(set, at[count]))
        count++;
    return count;
}

/* The length of `word`, which is in lower case, if the text at `at` begins with it, in whatever case; else 0. */
static size_t begins(const char *at, const char *word)
{
    size_t length = 0;

    for (; word[length]; length++)
        if ((at[length] >= 'A' && at[length] <= 'Z' ? at[length] + ('a' - 'A') : at[length]) != word[length])
            return 0;
    return length;
}

/* The length of a host name at `at`, or 0: labels joined by dots, of which the last has at least two letters and no digits. `bare`:
 * no scheme or @ says that this is one, so it must also look like one: example.org, example.co.uk, not "etc.but". */
static size_t host(const char *at, int bare)
{
    static const char *const usual[] = { "com", "org", "net", "edu", "gov", "info" };
    size_t length = 0, label, labels = 0;

    for (;;) {
        label = run(at + length, LABEL, HOST_LONGEST);
        if (label == 0 || (bare && label < 2))
            return 0;
        length += label;
        labels++;
        if (length > HOST_LONGEST)
            return 0;
        if (at[length] != '.' || run(at + length + 1, LABEL, 1) == 0)
            break;
        length++;
    }
    if (labels < 2 || label < 2 || run(at + length - label, LETTERS, label) < label)
        return 0;
    for (size_t i = 0; bare && i < sizeof usual / sizeof *usual; i++)
        if (begins(at + length - label, usual[i]) == label)
            return length;
    return !bare || (labels > 2 && label == 2) ? length : 0;
}

/* The length of what belongs to an address of `length` characters: punctuation at its end does not, nor a bracket that was not opened
 * inside. */
static size_t trim(const char *at, size_t length)
{
    long open = 0;

    for (size_t i = 0; i < length; i++)
        open += (at[i] == '(' || at[i] == '[') - (at[i] == ')' || at[i] == ']');
    for (; length > 0; length--) {
        char last = at[length - 1];
        int closing = last == ')' || last == ']';

        if (closing ? open >= 0 : !strchr(".,;:!?'*([", last))
            break;
        open += closing - (last == '(' || last == '[');
    }
    return length;
}

static size_t url(const char *at)
{
    static const char *const starts[] = { "http://", "https://", "ftp://", "www." };
    size_t length;

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t start = begins(at, starts[i]);

        if (start && run(at + start, LETTERS DIGITS, 1))
            return trim(at, start + strspn(at + start, PATH));
    }
    length = host(at, 1);
    return length && at[length] == '/' ? trim(at, length + strspn(at + length, PATH)) : length;
}

static size_t email(const char *at)
{
    size_t local = run(at, LOCAL, LOCAL_LONGEST), rest;

    if (local == 0 || at[local] != '@')
        return 0;
    rest = host(at + local + 1, 0);
    return rest ? local + 1 + rest : 0;
}

/* A handle or tag: @ or #, then letters of any script, digits and _, at least one of them a letter. */
static size_t tag(const char *at)
{
    size_t length = 1, size;
    int letters = 0;

    for (;; length += size) {
        uint32_t code = peek(at + length, &size);
        enum utf8_kind kind = utf8_kind(code);

        if (kind != UTF8_LETTER && kind != UTF8_MARK && kind != UTF8_DIGIT && code != '_')
            return letters ? length : 0;
        letters |= kind == UTF8_LETTER;
    }
}

static int is_separator(uint32_t code)
{
    return (code && code < 0x80 && strchr(".,:/-'", (int)code)) || code == 0x66B || code == 0x66C;
}

/* Digits and the separators between them, whether they are a span or not. */
static size_t number(const char *at, int *digits, int *separators)
{
    size_t length = 0, size, after;

    *digits = *separators = 0;
    for (;;) {
        uint32_t code = peek(at + length, &size);

        if (utf8_kind(code) == UTF8_DIGIT) {
            ++*digits;
        } else if (is_separator(code) && utf8_kind(peek(at + length + size, &after)) == UTF8_DIGIT) {
            ++*separators;
        } else {
            return length;
        }
        length += size;
    }
}

/* A word: letters and marks. Its length in bytes, without the apostrophe that words.h includes. */
static size_t word_at(const char *at, int *characters, int *uppers, int *initial_upper)
{
    struct words words = words_begin(at, 0);
    struct word word;
    size_t size, letters = 0;

    words_next(&words, &word);
    *characters = *uppers = *initial_upper = 0;
    for (size_t i = 0; i < word.length; i += size) {
        uint32_t code = peek(at + i, &size);

        if (code == '\'' || code == RIGHT_QUOTE)
            break;
        *initial_upper |= i == 0 && utf8_is_upper(code);
        *uppers += utf8_is_upper(code);
        *characters += utf8_kind(code) == UTF8_LETTER;
        letters += size;
    }
    return letters;
}

/* Takes `length` bytes; as a span of the kind if there is one. */
static int take(struct spans *spans, struct span *span, size_t length, enum span_kind kind)
{
    *span = (struct span){ (size_t)(spans->rest - spans->line), length, kind };
    spans->rest += length;
    spans->initial = 0;
    spans->attached = 1;
    return 1;
}

/* What begins with a letter. */
static int next_word(struct spans *spans, struct span *span)
{
    int characters, uppers, upper, initial = spans->initial;
    size_t length = word_at(spans->rest, &characters, &uppers, &upper);
    enum span_kind kind = SPAN_WORD;

    if (upper)
        kind = uppers == characters ? SPAN_ACRONYM : initial ? SPAN_INITIAL : SPAN_NAME;
    take(spans, span, length, kind);
    return characters > 1;
}

/* What begins at the current character, which is taken: 1 if it is a span. */
static int next(struct spans *spans, struct span *span)
{
    size_t size, length = 0;
    uint32_t code = peek(spans->rest, &size);
    enum utf8_kind kind = utf8_kind(code);
    int ascii = code < 0x80, digits, separators;

    if (ascii && !spans->attached && (kind == UTF8_LETTER || kind == UTF8_DIGIT)) {
        if ((length = email(spans->rest)))
            return take(spans, span, length, SPAN_EMAIL);
        if ((length = url(spans->rest)))
            return take(spans, span, length, SPAN_URL);
    }
    if ((code == '@' || code == '#') && !spans->attached && (length = tag(spans->rest)))
        return take(spans, span, length, SPAN_TAG);
    if (code >= SPAN_PRIVATE_FIRST && code <= SPAN_PRIVATE_LAST)
        return take(spans, span, size, SPAN_PRIVATE);
    if (kind == UTF8_DIGIT) {
        length = number(spans->rest, &digits, &separators);
        take(spans, span, length, separators ? SPAN_FIGURE : SPAN_NUMBER);
        return separators || digits >= DIGITS_LEAST;
    }
    if (kind == UTF8_LETTER && !utf8_is_han(code) && !utf8_is_kana(code))
        return next_word(spans, span);
    spans->rest += size;
    spans->attached = 0;
    if (strchr(".!?:", ascii ? (int)code : 'x') || code == 0x2026)
        spans->initial = 1;
    else if (kind == UTF8_LETTER)
        spans->initial = 0;
    return 0;
}

int spans_next(struct spans *spans, struct span *span)
{
    while (*spans->rest)
        if (next(spans, span))
            return 1;
    return 0;
}
