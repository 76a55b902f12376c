#include "eval/unicode.h"

#include "base/memory.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    REPLACEMENT = 0xFFFD,
    CAPITAL_SIGMA = 0x3A3,
    SMALL_SIGMA = 0x3C3,
    FINAL_SIGMA = 0x3C2,
    CAPITAL_I_DOT = 0x130,
    DOT_ABOVE = 0x307
};

void items_add(struct items *sequence, int32_t item)
{
    memory_reserve_one(&sequence->items, sequence->count, &sequence->room);
    sequence->items[sequence->count++] = item;
}

void items_release(struct items *sequence)
{
    free(sequence->items);
    *sequence = (struct items){ 0 };
}

void unicode_decode(const char *line, struct items *letters)
{
    size_t length = strlen(line);

    letters->count = 0;
    for (size_t i = 0; i < length;) {
        uint32_t code;

        i += utf8_next(line + i, length - i, &code);
        items_add(letters, code == UTF8_BAD ? REPLACEMENT : (int32_t)code);
    }
}

int unicode_is_space(int32_t letter)
{
    return letter == ' ' || (letter >= 0x09 && letter <= 0x0D) || (letter >= 0x1C && letter <= 0x1F) || letter == 0x85 ||
           letter == 0xA0 || letter == 0x1680 || (letter >= 0x2000 && letter <= 0x200A) || letter == 0x2028 || letter == 0x2029 ||
           letter == 0x202F || letter == 0x205F || letter == 0x3000;
}

/* Whether the character is cased, and whether it is ignored when looking for the end of a word: Unicode 3.13, D135 and D136,
 * except for a few modifier letters. */
static int is_cased(int32_t letter)
{
    utf8proc_category_t category = utf8proc_category(letter);

    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

static int is_case_ignorable(int32_t letter)
{
    static const int32_t inside_words[] = { '\'',   '.',    ':',    0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
                                            0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A };

    switch (utf8proc_category(letter)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return 1;
    default:
        for (size_t i = 0; i < sizeof inside_words / sizeof *inside_words; i++)
            if (inside_words[i] == letter)
                return 1;
        return 0;
    }
}

static int ends_word(const struct items *letters, int position)
{
    int before = position - 1, after = position + 1;

    while (before >= 0 && is_case_ignorable(letters->items[before]))
        before--;
    if (before < 0 || !is_cased(letters->items[before]))
        return 0;
    while (after < letters->count && is_case_ignorable(letters->items[after]))
        after++;
    return after == letters->count || !is_cased(letters->items[after]);
}

void unicode_lower(struct items *letters)
{
    int dotted = 0, end;

    /* The characters before a sigma are lower-cased by then, and still cased. */
    for (int i = 0; i < letters->count; i++) {
        int32_t letter = letters->items[i];

        if (letter < 0x80)
            letters->items[i] = letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
        else if (letter == CAPITAL_SIGMA)
            letters->items[i] = ends_word(letters, i) ? FINAL_SIGMA : SMALL_SIGMA;
        else if (letter == CAPITAL_I_DOT)
            dotted++;
        else
            letters->items[i] = utf8proc_tolower(letter);
    }
    if (!dotted)
        return;
    /* Room for the second character of each, filled from the end. */
    end = letters->count;
    for (int i = 0; i < dotted; i++)
        items_add(letters, 0);
    for (int i = end - 1, to = letters->count - 1; i >= 0; i--) {
        if (letters->items[i] == CAPITAL_I_DOT) {
            letters->items[to--] = DOT_ABOVE;
            letters->items[to--] = 'i';
        } else {
            letters->items[to--] = letters->items[i];
        }
    }
}
