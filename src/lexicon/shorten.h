/* shorten: the shortlist of a model (model/shortlist.h), from the lexicon of its training corpus. */
#ifndef NMT_LEXICON_SHORTEN_H
#define NMT_LEXICON_SHORTEN_H

#include "lexicon/lexicon.h"
#include "model/shortlist.h"

struct shorten_options {
    int translations; /* the most probable ones of a source word */
    int sources;      /* a target word is in the lists of its most probable sources: that is how rare words come in */
    int frequent;     /* the most frequent target words are in all lists, beside </s> and the unknown word */
};

extern const struct shorten_options shorten_defaults;

/* The result is the caller's. */
void lexicon_shorten(struct shortlist *shortlist, const struct lexicon_pair *lexicon, const struct shorten_options *options);

#endif
