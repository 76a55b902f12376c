/* utf8: normalises bytes of any origin to clean text, and reads text character by character.
 *
 * Normalised text, as all other files of text/ expect it, is:
 *     - valid UTF-8 in Unicode's normal form C (composed), without NUL and other control characters;
 *     - every run of white space and controls is one U+0020, with none at the start or the end;
 *     - no U+FEFF (byte order mark) at the start;
 *     - lower-cased if requested.
 * Normalisation is idempotent. Apart from eval/unicode, this is the only file that uses utf8proc. */
#ifndef NMT_TEXT_UTF8_H
#define NMT_TEXT_UTF8_H

#include "base/memory.h"
#include "base/utf8.h"

#include <stddef.h>
#include <stdint.h>

/* How a command handles a line that is not valid UTF-8. */
enum bad_utf8 { BAD_UTF8_ERROR, BAD_UTF8_REPLACE, BAD_UTF8_SKIP };

/* Names in the order of the enum, NULL-terminated, for options. */
extern const char *const bad_utf8_names[];

/* General categories of Unicode, as far as splitting and spacing need them. */
enum utf8_kind {
    UTF8_SPACE,       /* Z* and Cc: white space and controls */
    UTF8_LETTER,      /* L* */
    UTF8_MARK,        /* M*: accents, vowel signs, variation selectors */
    UTF8_DIGIT,       /* Nd: decimal digits of any script */
    UTF8_NUMBER,      /* Nl, No: other numbers */
    UTF8_OPEN,        /* Ps, Pi: opening brackets and quotes */
    UTF8_CLOSE,       /* Pe, Pf: closing brackets and quotes */
    UTF8_DASH,        /* Pd */
    UTF8_PUNCTUATION, /* Pc, Po: all other punctuation */
    UTF8_CURRENCY,    /* Sc */
    UTF8_SYMBOL,      /* Sm, Sk, So: all other symbols, emoji among them */
    UTF8_OTHER        /* Cf, Co, Cn: invisible formats, private use, unassigned */
};

/* Replaces `out` by the normalised form of the `length` bytes at `line` (any bytes; they must not be in `out`). Each invalid
 * sequence becomes one U+FFFD, cut as Unicode recommends (section 3.9, "maximal subparts"): overlong forms, surrogates and
 * numbers above 10FFFF count once per byte, a truncated character counts once. Returns the number of invalid
 * sequences; if there are any and `bad` is not NULL, *bad is the byte offset (from 0) of the first. Linear in `length`.
 * Lower-casing maps one character to one, after decomposition: no locale, no final sigma. */
int utf8_normalize(const char *line, size_t length, int lowercase, struct text *out, size_t *bad);

/* Adds the character `code` (a valid code point) to `out`. */
void utf8_add(struct text *out, uint32_t code);

/* Removes the invalid sequences from `text`, in place. */
void utf8_drop_invalid(struct text *text);

enum utf8_kind utf8_kind(uint32_t code);
int utf8_is_upper(uint32_t code); /* an upper-case letter (Lu) */
int utf8_is_lower(uint32_t code); /* a lower-case letter (Ll) */
int utf8_is_han(uint32_t code);   /* an ideograph (also the iteration mark U+3005 and the zero U+3007) */
int utf8_is_kana(uint32_t code);  /* Hiragana or Katakana */

#endif
