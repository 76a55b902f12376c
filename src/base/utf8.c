#include "base/utf8.h"

#include <assert.h>

/* The smallest and largest second byte that may follow `lead` (0xC2 … 0xF4): this excludes overlong forms, surrogates and numbers
 * above 10FFFF. */
static void second_byte(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
}

size_t utf8_next(const char *text, size_t length, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char low, high;
    size_t wanted;

    assert(length > 0);
    if (bytes[0] < 0x80) {
        *code = bytes[0];
        return 1;
    }
    *code = UTF8_BAD;
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4)
        return 1;
    wanted = bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    second_byte(bytes[0], &low, &high);
    if (length < 2 || bytes[1] < low || bytes[1] > high)
        return 1;
    for (size_t i = 2; i < wanted; i++)
        if (i >= length || (bytes[i] & 0xC0) != 0x80)
            return i;
    *code = bytes[0] & (0xFFu >> (wanted + 1));
    for (size_t i = 1; i < wanted; i++)
        *code = *code << 6 | (bytes[i] & 0x3F);
    return wanted;
}

size_t utf8_valid_length(const char *text, size_t length)
{
    uint32_t code;

    for (size_t at = 0, step; at < length; at += step) {
        step = utf8_next(text + at, length - at, &code);
        if (code == UTF8_BAD)
            return at;
    }
    return length;
}

int utf8_is_control(uint32_t code)
{
    return code < ' ' || (code >= 0x7F && code <= 0x9F) || code == 0x61C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}
