/* unicode: lines as sequences of characters, with white space and lower case as in Python's str, which defines the scores of the
 * reference implementation. (text/utf8.h normalises what the model reads; a score takes text as it is.) */
#ifndef NMT_EVAL_UNICODE_H
#define NMT_EVAL_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* A sequence of characters (code points) or of words (numbers): items[0..count). Zero-initialise; items_release. */
struct items {
    int32_t *items;
    int count, room;
};

void items_add(struct items *sequence, int32_t item);
void items_release(struct items *sequence);

/* The characters of `line` into `letters` (cleared first). Each invalid sequence becomes U+FFFD. */
void unicode_decode(const char *line, struct items *letters);

/* Lower-cases one line in place. The number of characters may change (U+0130 becomes two); a sigma that ends a word becomes ς. */
void unicode_lower(struct items *letters);

/* Whether a character is white space, which separates words. */
int unicode_is_space(int32_t letter);

#endif
