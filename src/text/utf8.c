#include "text/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    BYTE_ORDER_MARK = 0xFEFF,
    REPLACEMENT = 0xFFFD,
    FIRST_MARK = 0x300 /* below, every character is its own normal form C and nothing composes */
};

const char *const bad_utf8_names[] = { "error", "replace", "skip", NULL };

void utf8_add(struct text *out, uint32_t code)
{
    utf8proc_uint8_t bytes[4];

    text_add(out, (const char *)bytes, (size_t)utf8proc_encode_char((utf8proc_int32_t)code, bytes));
}

void utf8_drop_invalid(struct text *text)
{
    size_t kept = 0, step;
    uint32_t code;

    for (size_t at = 0; at < text->length; at += step) {
        step = utf8_next(text->data + at, text->length - at, &code);
        if (code == UTF8_BAD)
            continue;
        memmove(text->data + kept, text->data + at, step);
        kept += step;
    }
    text->length = kept;
    text_add(text, "", 0);
}

enum utf8_kind utf8_kind(uint32_t code)
{
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC: return UTF8_SPACE;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return UTF8_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return UTF8_MARK;
    case UTF8PROC_CATEGORY_ND: return UTF8_DIGIT;
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return UTF8_NUMBER;
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PI: return UTF8_OPEN;
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PF: return UTF8_CLOSE;
    case UTF8PROC_CATEGORY_PD: return UTF8_DASH;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PO: return UTF8_PUNCTUATION;
    case UTF8PROC_CATEGORY_SC: return UTF8_CURRENCY;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO: return UTF8_SYMBOL;
    default: return UTF8_OTHER;
    }
}

int utf8_is_upper(uint32_t code)
{
    return code < 0x80 ? code >= 'A' && code <= 'Z' : utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_LU;
}

int utf8_is_lower(uint32_t code)
{
    return code < 0x80 ? code >= 'a' && code <= 'z' : utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_LL;
}

int utf8_is_han(uint32_t code)
{
    return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) || (code >= 0xF900 && code <= 0xFAFF) ||
           (code >= 0x20000 && code <= 0x3FFFD) || code == 0x3005 || code == 0x3007;
}

int utf8_is_kana(uint32_t code)
{
    return (code >= 0x3041 && code <= 0x30FF) || (code >= 0x31F0 && code <= 0x31FF) || (code >= 0xFF66 && code <= 0xFF9F) ||
           (code >= 0x1AFF0 && code <= 0x1B16F);
}

static int combining_class(utf8proc_int32_t code)
{
    return code < FIRST_MARK ? 0 : utf8proc_get_property(code)->combining_class;
}

/* Sorts every run of marks by combining class, equal ones in their order. Counting, because a run may be as long as the line and
 * sorting by exchange would make it quadratic. */
static void order_marks(utf8proc_int32_t *codes, size_t count)
{
    utf8proc_int32_t *copy = NULL;
    size_t room = 0;

    for (size_t start = 0, end; start < count; start = end + 1) {
        size_t place[257] = { 0 };

        for (end = start; end < count && combining_class(codes[end]); end++)
            ;
        if (end - start < 2)
            continue;
        if (end - start > room) {
            room = end - start;
            copy = memory_resize(copy, room, sizeof *copy);
        }
        memcpy(copy, codes + start, (end - start) * sizeof *copy);
        for (size_t i = start; i < end; i++)
            place[combining_class(codes[i]) + 1]++;
        for (int c = 1; c < 257; c++)
            place[c] += place[c - 1];
        for (size_t i = 0; i < end - start; i++)
            codes[start + place[combining_class(copy[i])]++] = copy[i];
    }
    free(copy);
}

/* Adds `code`, canonically decomposed and, if requested, lower-cased, to `codes`. Returns the number of code points added. */
static size_t decompose(uint32_t code, int lowercase, utf8proc_int32_t *codes, size_t room)
{
    int boundary = 0;
    utf8proc_ssize_t parts;

    if (code < 0x80) {
        codes[0] = (utf8proc_int32_t)(lowercase && code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code);
        return 1;
    }
    parts = utf8proc_decompose_char((utf8proc_int32_t)code, codes, (utf8proc_ssize_t)room, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
                                    &boundary);
    assert(parts > 0 && (size_t)parts <= room);
    for (utf8proc_ssize_t i = 0; lowercase && i < parts; i++)
        codes[i] = utf8proc_tolower(codes[i]);
    return (size_t)parts;
}

int utf8_normalize(const char *line, size_t length, int lowercase, struct text *out, size_t *bad)
{
    /* Two bytes become at most three code points, three at most four: the array never grows. */
    size_t room = 2 * length + 1, count = 0, step;
    utf8proc_int32_t *codes = memory_resize(NULL, room, sizeof *codes);
    int invalid = 0, space = 0;
    uint32_t code;

    for (size_t at = 0; at < length; at += step) {
        step = utf8_next(line + at, length - at, &code);
        if (code == UTF8_BAD) {
            if (!invalid++ && bad)
                *bad = at;
            code = REPLACEMENT;
        }
        if (utf8_kind(code) == UTF8_SPACE) {
            space = count > 0;
            continue;
        }
        /* Also one preceded only by spaces or other marks: dropping it later would make the normalisation unstable. */
        if (code == BYTE_ORDER_MARK && count == 0)
            continue;
        if (space)
            codes[count++] = ' ';
        space = 0;
        count += decompose(code, lowercase, codes + count, room - count);
    }
    order_marks(codes, count);
    count = (size_t)utf8proc_normalize_utf32(codes, (utf8proc_ssize_t)count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    text_clear(out);
    for (size_t i = 0; i < count; i++)
        utf8_add(out, (uint32_t)codes[i]);
    free(codes);
    return invalid;
}
