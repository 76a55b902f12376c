#include "corpus/inspect.h"

#include "base/hash.h"
#include "text/utf8.h"
#include "text/words.h"

#include <string.h>

const char *const flaw_names[FLAWS + 1] = { "empty",     "utf8",    "mojibake",     "control", "duplicate", "held-out",
                                            "equal",     "script",  "language",     "swapped", "shifted",   "length",
                                            "unrelated", "numbers", "placeholders", NULL };

enum {
    NAME_WORDS = 3,    /* equal sides of up to so many words may be a name, which is its own translation */
    TAG_LONGEST = 200, /* bytes between < and > */
    SLOT_LONGEST = 40  /* bytes between { and } */
};

/* ---- mojibake ---- */

/* The byte that Windows-1252 (or Latin-1, where that has none) writes for a character, or -1. */
static int byte_of(uint32_t code)
{
    static const uint16_t high[32] = { 0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                       0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                       0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178 };

    if (code >= 0x80 && code <= 0xFF)
        return (int)code;
    for (int i = 0; i < 32; i++)
        if (high[i] == code)
            return 0x80 + i;
    return -1;
}

/* The number of characters at `text` that are the bytes of one character of UTF-8, or 0. Sets *lead to the first byte. */
static int misread(const char *text, size_t length, int *lead, size_t *bytes)
{
    uint32_t code;
    size_t at = utf8_next(text, length, &code);
    int first = code < 0xC2 || code > 0xF4 ? -1 : (int)code, more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;

    if (first < 0)
        return 0;
    for (int i = 0; i < more; i++) {
        int byte;

        if (at >= length)
            return 0;
        at += utf8_next(text + at, length - at, &code);
        byte = code == UTF8_BAD ? -1 : byte_of(code);
        if (byte < 0x80 || byte > 0xBF)
            return 0;
    }
    *lead = first;
    *bytes = at;
    return 1 + more;
}

/* Whether the text holds U+FFFD or misread UTF-8. A longer sequence is conclusive, and so is "Â" or "Ã" before a sign that does not
 * close a quotation; other pairs of characters are only if there are several of them and few other characters beyond ASCII. */
static int has_mojibake(const char *text, size_t length)
{
    int pairs = 0, others = 0;

    for (size_t at = 0, step; at < length; at += step) {
        uint32_t code;
        int lead = 0, count;

        step = utf8_next(text + at, length - at, &code);
        if (code < 0x80)
            continue;
        if (code == 0xFFFD)
            return 1;
        count = code == UTF8_BAD ? 0 : misread(text + at, length - at, &lead, &step);
        if (count > 2 || (count == 2 && lead <= 0xC3 && memcmp(text + at + step - 2, "\xC2\xBB", 2) != 0))
            return 1;
        pairs += count == 2;
        others += count == 0;
    }
    return pairs > 1 && pairs > others;
}

/* ---- placeholders ---- */

static int is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.:-$#", c);
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The part of the tag <b>, </b>, <a href="…"> at `at` that both sides must have: "<b", "</b", "<a"; or 0. */
static size_t tag(const char *at, size_t *whole)
{
    size_t name = at[1] == '/' ? 2 : 1, end;

    if (!is_letter(at[name]))
        return 0;
    while (is_name(at[name]) && at[name] != ':' && at[name] != '.')
        name++;
    for (end = name; at[end] && at[end] != '>' && at[end] != '<' && end < TAG_LONGEST; end++)
        ;
    if (at[end] != '>' || !strchr(" />", at[name]))
        return 0;
    *whole = end + 1;
    return name;
}

/* The length of {0}, {name}, %s, %d, %1$s or %(name)s at `at`, or 0. After a number it is a percentage ("5 %d'…"). */
static size_t slot(const char *at, const char *text)
{
    const char *before = at;
    size_t end = 1;

    if (*at == '{') {
        while (end < SLOT_LONGEST && at[end] && is_name(at[end]))
            end++;
        return end > 1 && at[end] == '}' ? end + 1 : 0;
    }
    while (before > text && before[-1] == ' ')
        before--;
    if (before > text && before[-1] >= '0' && before[-1] <= '9')
        return 0;
    if (at[end] == '(') {
        while (end < SLOT_LONGEST && at[end] && at[end] != ')')
            end++;
        end += at[end] == ')';
    }
    while ((at[end] >= '0' && at[end] <= '9') || at[end] == '$' || at[end] == '.')
        end++;
    return at[end] && strchr("sdifxu@", at[end]) && !is_letter(at[end + 1]) ? end + 1 : 0;
}

/* Adds the hashes of all placeholders. `text` ends with a NUL. */
static uint64_t sum_placeholders(const char *text)
{
    uint64_t sum = 0;

    for (const char *at = text + strcspn(text, "<{%"); *at; at += strcspn(at, "<{%")) {
        size_t whole = 0, length = *at == '<' ? tag(at, &whole) : slot(at, text);

        if (length)
            sum += hash_bytes(HASH_START, at, length);
        at += length == 0 ? 1 : whole ? whole : length;
    }
    return sum;
}

/* ---- lines and pairs ---- */

/* The value of a decimal digit of any script: Unicode encodes the ten of a script in a row, and the rows of the BMP begin at a multiple
 * of 16, or 6 above one. */
static unsigned digit_value(uint32_t code)
{
    uint32_t low = code & 15;

    if (code >= 0x1D7CE && code <= 0x1D7FF) /* mathematical digits, five rows without gaps */
        return (code - 0x1D7CE) % 10;
    return low < 10 && utf8_kind(code - low) == UTF8_DIGIT ? low : (code - 6) & 15;
}

static int has_control(const char *raw, size_t length)
{
    for (size_t at = 0, step; at < length; at += step) {
        uint32_t code;

        step = utf8_next(raw + at, length - at, &code);
        if ((code < 0x20 && code != '\t') || (code >= 0x7F && code <= 0x9F))
            return 1;
    }
    return 0;
}

static void count_characters(const struct text *clean, struct line_facts *facts, long *letters)
{
    int families[SCRIPTS] = { 0 };

    for (size_t at = 0; at < clean->length; facts->characters++) {
        uint32_t code;
        enum script script;

        at += utf8_next(clean->data + at, clean->length - at, &code);
        script = script_of(code);
        if (script != SCRIPT_NONE) {
            facts->letters++;
            families[script_family(script)]++;
            if (letters)
                letters[script]++;
        } else if (utf8_kind(code) == UTF8_DIGIT) {
            uint64_t value = digit_value(code);

            facts->digits += hash_bytes(HASH_START, &value, sizeof value);
        }
    }
    for (int i = 1; i < SCRIPTS; i++)
        if (families[i] > families[facts->script])
            facts->script = (enum script)i;
}

void inspect_line(const char *raw, size_t length, struct text *clean, struct line_facts *facts, long *letters)
{
    struct words words;
    struct word word;

    *facts = (struct line_facts){ 0 };
    if (utf8_normalize(raw, length, 0, clean, NULL))
        facts->flaws |= FLAW(FLAW_UTF8);
    else if (has_mojibake(raw, length))
        facts->flaws |= FLAW(FLAW_MOJIBAKE);
    if (has_control(raw, length))
        facts->flaws |= FLAW(FLAW_CONTROL);
    if (clean->length == 0)
        facts->flaws |= FLAW(FLAW_EMPTY);
    facts->hash = hash_bytes(HASH_START, clean->data, clean->length);
    facts->placeholders = sum_placeholders(clean->data);
    count_characters(clean, facts, letters);
    words = words_begin(clean->data, 0);
    while (words_next(&words, &word)) {
        uint32_t code;

        utf8_next(word.start, word.length, &code);
        facts->words++;
        facts->letter_words += script_of(code) != SCRIPT_NONE;
    }
}

uint32_t inspect_pair(const struct line_facts *source, const struct line_facts *target)
{
    uint32_t flaws = source->flaws | target->flaws;

    if (flaws & FLAW(FLAW_EMPTY))
        return flaws;
    if (source->hash == target->hash && source->letter_words > NAME_WORDS)
        flaws |= FLAW(FLAW_EQUAL);
    if (source->digits != target->digits)
        flaws |= FLAW(FLAW_NUMBERS);
    if (source->placeholders != target->placeholders)
        flaws |= FLAW(FLAW_PLACEHOLDERS);
    return flaws;
}
