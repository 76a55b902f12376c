/* spans: finds the parts of a normalised line that translations usually contain unchanged: addresses, numbers, capitalised words.
 * What is done with them is decided by copies.h. */
#ifndef NMT_TEXT_SPANS_H
#define NMT_TEXT_SPANS_H

#include <stddef.h>
#include <stdint.h>

enum span_kind {
    SPAN_URL,     /* http://…, www.…, example.org/… (ASCII, without punctuation at its end) */
    SPAN_EMAIL,   /* somebody@example.org */
    SPAN_TAG,     /* @handle, #tag */
    SPAN_NUMBER,  /* three or more digits; fewer are often written as words in other languages */
    SPAN_FIGURE,  /* digits with single separators . , : / - ' U+066B U+066C: 3.14, 1,234.56, 10:30, 2016-11-21 */
    SPAN_NAME,    /* a word (words.h) of at least two characters that begins in upper case */
    SPAN_INITIAL, /* the same as the first word of a line or after . ! ? : … */
    SPAN_ACRONYM, /* a word all in upper case */
    SPAN_KINDS,
    SPAN_WORD = SPAN_KINDS, /* any other word of at least two characters */
    SPAN_PRIVATE            /* a character of the range SPAN_PRIVATE_FIRST … SPAN_PRIVATE_LAST, of any meaning */
};

enum { SPAN_PRIVATE_FIRST = 0xE000, SPAN_PRIVATE_LAST = 0xE00F };

/* Names in the order of the enum up to SPAN_KINDS, closed by NULL. */
extern const char *const span_kind_names[];

struct span {
    size_t start, length; /* bytes of the line; length > 0 */
    enum span_kind kind;
};

/* A position in a line. */
struct spans {
    const char *line, *rest;
    int initial;  /* no word since the start of the sentence */
    int attached; /* directly after a letter or a digit */
};

/* Starts at the beginning of `line` (it must outlive the spans). */
struct spans spans_begin(const char *line);

/* The next span, of any kind: 1, or 0 at the end of the line. Spans do not overlap. Linear in the line's length. */
int spans_next(struct spans *spans, struct span *span);

#endif
