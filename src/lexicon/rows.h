/* rows: which words of the two sides meet, from the corpus; private to lexicon/. */
#ifndef NMT_LEXICON_ROWS_H
#define NMT_LEXICON_ROWS_H

#include "lexicon/lexicon.h"

/* Where a source word stands. NULL stands at position −1 of every sentence. */
struct occurrence {
    uint32_t sentence;
    int32_t position;
};

/* The occurrences of every source word, and of NULL, in the sentences first … last − 1: those of x are
 * items[start[x]] … items[start[x + 1]], in the order of the text. */
struct occurrences {
    size_t first, last;
    size_t *start; /* [sources + 2] */
    struct occurrence *items;
};

void occurrences_init(struct occurrences *occurrences, const struct lexicon_text *text, size_t first, size_t last);
void occurrences_release(struct occurrences *occurrences);

/* Makes the rows of a direction: for each source word the target words in the sentences with it. Probabilities are 0. */
void lexicon_rows(struct lexicon *lexicon, const struct team *team, const struct lexicon_text *text);

#endif
