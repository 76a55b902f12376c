/* words: the text of a corpus as the words that a lexicon counts: those of text/words, numbered from 0 in the order in which they
 * first occur, on each side. */
#ifndef NMT_LEXICON_WORDS_H
#define NMT_LEXICON_WORDS_H

#include "corpus/corpus.h"
#include "lexicon/lexicon.h"

/* A string inside the lines of the corpus. */
struct lexicon_word {
    const char *start;
    size_t length;
};

struct lexicon_words {
    struct lexicon_text text;      /* every pair of the corpus */
    struct lexicon_word *words[2]; /* [text.sources], [text.targets] */
    struct table ids[2];           /* word → number */
    int room[2];                   /* private */
    int32_t *tokens[2];            /* private: what text points into */
    const int32_t **sentence[2];
    int *length[2];
};

/* Splits all lines of the corpus, which should have been read with lower-casing, and must outlive the words. */
void lexicon_words_init(struct lexicon_words *words, const struct corpus *corpus);
void lexicon_words_release(struct lexicon_words *words);

#endif
