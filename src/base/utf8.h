/* utf8: strict decoding of UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. text/utf8.h, which processes whole
 * lines (normal form, white space, categories), is built on this. */
#ifndef NMT_BASE_UTF8_H
#define NMT_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX /* no code point: these bytes are not UTF-8 */

/* Reads the character that starts at `text`; at most `length` bytes, length > 0. Returns the bytes it takes (at least 1);
 * *code is its code point, or UTF8_BAD if they are one invalid sequence, cut as Unicode recommends (section 3.9, "maximal
 * subparts"): overlong forms, surrogates and numbers above 10FFFF count once per byte, a truncated character once. */
size_t utf8_next(const char *text, size_t length, uint32_t *code);

/* The length of the longest prefix of text[0..length) that is valid UTF-8: `length` when all of it is. */
size_t utf8_valid_length(const char *text, size_t length);

/* Whether a character acts on a terminal instead of being displayed: C0 and C1 controls, DEL, the line and paragraph separators
 * U+2028-2029, and the marks that change the direction of the text around them (U+061C, U+200E-200F, U+202A-202E, U+2066-2069). */
int utf8_is_control(uint32_t code);

#endif
