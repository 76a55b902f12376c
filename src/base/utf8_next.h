/* utf8_next: bytes of any origin read character by character. The only decoder of UTF-8 here. */
#ifndef NMT_BASE_UTF8_NEXT_H
#define NMT_BASE_UTF8_NEXT_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX /* no code point: these bytes are not UTF-8 */

/* Reads the character that starts at `text`; at most `length` bytes, length > 0. Returns the bytes it takes (at least 1);
 * *code is its code point, or UTF8_BAD if they are one invalid sequence, cut as Unicode recommends (section 3.9, "maximal
 * subparts"): overlong forms, surrogates and numbers above 10FFFF count once per byte, a character that is broken off once. */
size_t utf8_next(const char *text, size_t length, uint32_t *code);

#endif
