/* words: splits a normalised line into words without losing anything.
 *
 *     He said: "l'homme, 25!"   ->   _He _said : _" l' homme , _25 ! "            (_ = preceded by a space)
 *
 * A word is one of
 *     - a run of letters and marks; a following apostrophe (' or U+2019) is included if a letter comes directly after it;
 *     - a run of decimal digits;
 *     - one Han ideograph; two regional indicators (a flag); any other single character.
 * Combining marks, joiners, skin tones and tags stay with the character before them, and so does the symbol after a zero width
 * joiner: an emoji sequence is one word. A word has at most WORDS_LONGEST characters; longer ones are cut.
 * In pretokenized text, a word is exactly the text between two spaces, however long.
 *
 * The words' bytes, with one space before each word whose flag is set, are the line preceded by one space. */
#ifndef NMT_TEXT_WORDS_H
#define NMT_TEXT_WORDS_H

#include <stddef.h>

enum { WORDS_LONGEST = 64 };

struct word {
    const char *start; /* inside the line */
    size_t length;     /* in bytes, > 0 */
    int space;         /* preceded by a space; set for the first word of a line */
};

/* A position in a line. */
struct words {
    const char *rest;
    int pretokenized, begun;
};

/* Starts at the beginning of `line` (normalised text, see utf8.h; it must outlive the words). */
struct words words_begin(const char *line, int pretokenized);

/* The next word: 1, or 0 at the end of the line. */
int words_next(struct words *words, struct word *word);

/* Whether a space is expected between the words `before` (NULL at the start of a line) and `word`: before words of letters
 * and digits, but not after an opening bracket, an elided word (l') or an inner hyphen; not before closing punctuation. A
 * guess from the characters alone: word mode stores only the exceptions (tokenizer.h). Not for pretokenized text, where the
 * answer is always yes. */
int words_expect_space(const struct word *before, const struct word *word);

#endif
