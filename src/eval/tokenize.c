#include "eval/tokenize.h"

#include "eval/unicode.h"
#include "text/utf8.h"

#include <string.h>

const char *const bleu_tokenizer_names[] = { "13a", "none", "char", "intl", NULL };

/* One pass over a line: wherever `first` holds for a character and `second` for the next (NULL: the next does not matter),
 * spaces are put before, between and after them, and the search continues after the match. Matches do not overlap, so that only
 * every other one of ", ," or "..." is found: the tokenizers are defined by such passes, quirks included. */
struct rule {
    int (*first)(int32_t letter);
    int (*second)(int32_t letter);
    int before, between, after;
};

static int is_ascii_punctuation(int32_t c)
{
    return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') ||
           (c >= ':' && c <= '@') || c == '/';
}

static int is_period_or_comma(int32_t c)
{
    return c == '.' || c == ',';
}

static int is_digit(int32_t c)
{
    return c >= '0' && c <= '9';
}

static int is_no_digit(int32_t c)
{
    return !is_digit(c);
}

static int is_dash(int32_t c)
{
    return c == '-';
}

static int is_no_number(int32_t c)
{
    enum utf8_kind kind = utf8_kind((uint32_t)c);

    return kind != UTF8_DIGIT && kind != UTF8_NUMBER;
}

static int is_punctuation(int32_t c)
{
    enum utf8_kind kind = utf8_kind((uint32_t)c);

    return kind == UTF8_OPEN || kind == UTF8_CLOSE || kind == UTF8_DASH || kind == UTF8_PUNCTUATION;
}

static int is_symbol(int32_t c)
{
    enum utf8_kind kind = utf8_kind((uint32_t)c);

    return kind == UTF8_CURRENCY || kind == UTF8_SYMBOL;
}

static const struct rule rules_13a[] = {
    { is_ascii_punctuation, NULL, 1, 0, 1 },
    { is_no_digit, is_period_or_comma, 0, 1, 1 },
    { is_period_or_comma, is_no_digit, 1, 1, 0 },
    { is_digit, is_dash, 0, 1, 1 },
};

static const struct rule rules_intl[] = {
    { is_no_number, is_punctuation, 0, 1, 1 },
    { is_punctuation, is_no_number, 1, 1, 0 },
    { is_symbol, NULL, 1, 0, 1 },
};

static void apply_rule(const struct rule *rule, struct items *letters, struct items *scratch)
{
    struct items swap = *letters;

    scratch->count = 0;
    for (int i = 0; i < letters->count; i++) {
        int32_t letter = letters->items[i];

        if (!rule->first(letter) || (rule->second && (i + 1 == letters->count || !rule->second(letters->items[i + 1])))) {
            items_add(scratch, letter);
            continue;
        }
        if (rule->before)
            items_add(scratch, ' ');
        items_add(scratch, letter);
        if (rule->between)
            items_add(scratch, ' ');
        if (rule->second)
            items_add(scratch, letters->items[++i]);
        if (rule->after)
            items_add(scratch, ' ');
    }
    *letters = *scratch;
    *scratch = swap;
}

/* Every `from` becomes the character `to` (0: nothing), in place, from left to right. */
static void replace_all(struct items *letters, const char *from, int32_t to)
{
    int length = (int)strlen(from), count = 0;

    for (int i = 0; i < letters->count; i++) {
        int same = 0;

        while (same < length && i + same < letters->count && letters->items[i + same] == from[same])
            same++;
        if (same < length) {
            letters->items[count++] = letters->items[i];
            continue;
        }
        if (to)
            letters->items[count++] = to;
        i += length - 1;
    }
    letters->count = count;
}

/* Adds the characters to `text`, each run of white space as one space, and none at the ends. */
static void join(const struct items *letters, struct text *text)
{
    int pending = 0, started = 0;

    for (int i = 0; i < letters->count; i++) {
        if (unicode_is_space(letters->items[i])) {
            pending = started;
            continue;
        }
        if (pending)
            text_add(text, " ", 1);
        utf8_add(text, (uint32_t)letters->items[i]);
        pending = 0;
        started = 1;
    }
}

/* Adds a space at either end and, if `apart`, one after each character. */
static void pad(struct items *letters, struct items *scratch, int apart)
{
    struct items swap = *letters;

    scratch->count = 0;
    items_add(scratch, ' ');
    for (int i = 0; i < letters->count; i++) {
        items_add(scratch, letters->items[i]);
        if (apart)
            items_add(scratch, ' ');
    }
    items_add(scratch, ' ');
    *letters = *scratch;
    *scratch = swap;
}

static void tokenize_13a(struct items *letters, struct items *scratch)
{
    static const struct {
        const char *name;
        int32_t letter;
    } entities[] = {
        { "<skipped>", 0 }, { "&quot;", '"' }, { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
    };

    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        replace_all(letters, entities[i].name, entities[i].letter);
    /* Spaces at the ends, so that a period or comma there has two neighbours. */
    pad(letters, scratch, 0);
    for (size_t i = 0; i < sizeof rules_13a / sizeof *rules_13a; i++)
        apply_rule(&rules_13a[i], letters, scratch);
}

static void tokenize_intl(struct items *letters, struct items *scratch)
{
    for (size_t i = 0; i < sizeof rules_intl / sizeof *rules_intl; i++)
        apply_rule(&rules_intl[i], letters, scratch);
}

void tokenize_line(enum bleu_tokenizer tokenizer, int lowercase, const char *line, struct text *words)
{
    struct items letters = { 0 }, scratch = { 0 };

    unicode_decode(line, &letters);
    if (lowercase)
        unicode_lower(&letters);
    /* White space at the end is not part of the line: intl splits a period off the number before it if anything follows. */
    while (letters.count > 0 && unicode_is_space(letters.items[letters.count - 1]))
        letters.count--;
    switch (tokenizer) {
    case BLEU_13A: tokenize_13a(&letters, &scratch); break;
    case BLEU_CHAR: pad(&letters, &scratch, 1); break;
    case BLEU_INTL: tokenize_intl(&letters, &scratch); break;
    case BLEU_NONE: break;
    }
    text_clear(words);
    join(&letters, words);
    items_release(&letters);
    items_release(&scratch);
}

enum bleu_tokenizer tokenize_choice(char *const *lines, size_t count)
{
    enum { RARE = 25 }; /* characters to a space; languages with spaces have 4 to 12 */
    struct items letters = { 0 };
    size_t spaces = 0, others = 0;

    for (size_t i = 0; i < count; i++) {
        letters.count = 0;
        unicode_decode(lines[i], &letters);
        for (int k = 0; k < letters.count; k++) {
            int space = unicode_is_space(letters.items[k]);

            spaces += (size_t)space;
            others += (size_t)!space;
        }
    }
    items_release(&letters);
    return others > RARE * spaces ? BLEU_CHAR : BLEU_13A;
}
