/* sentences: where the first sentence of a text ends. */
#ifndef NMT_TEXT_SENTENCES_H
#define NMT_TEXT_SENTENCES_H

#include <stddef.h>

/* The length in bytes of the first sentence of a text (its trailing spaces included): text[0..length). 0 < result <= length when length > 0. */
size_t sentence_length(const char *text, size_t length);

#endif
