/* shortlist: for each source word, the target words that its translations are made of; besides, words that any translation may have.
 * Search computes the output layer for these only (Jean et al. 2015, "On using very large target vocabulary for neural machine
 * translation", section 3.3): some hundred words instead of all. It is learned with the lexicon (train/guide) and stored in the model
 * file. Scores of given texts never use it. */
#ifndef NMT_MODEL_SHORTLIST_H
#define NMT_MODEL_SHORTLIST_H

#include "model/batch.h"

#include <stddef.h>

/* Row x of the table is words[first[x]] … words[first[x + 1]], ascending; row `sources` has the words of any translation. */
struct shortlist {
    int sources;           /* 0: there is none */
    const int32_t *counts; /* [sources + 1] words of each row */
    const int32_t *words;
    size_t *first;                   /* [sources + 2] */
    int32_t *own_counts, *own_words; /* the memory of both, or NULL: they are in a file's map */
};

/* Sets `first` from counts. */
void shortlist_index(struct shortlist *shortlist);
void shortlist_release(struct shortlist *shortlist);

/* The words of a batch. Zero-initialise; candidates_release. Memory is kept from batch to batch. */
struct candidates {
    int32_t *words; /* [count] those of all sentences, ascending */
    int count;      /* a multiple of 64, or the vocabulary, so that products have few shapes */
    int32_t *own;   /* those of sentence b, ascending: own[first[b]] … own[first[b + 1]] */
    int *columns;   /* [beside own] where they are in `words` */
    size_t *first;  /* [sentences + 1] */
    size_t room;
    int32_t *place;        /* [vocabulary] of a word in `words` */
    unsigned char *marked; /* [vocabulary] */
};

/* Finds the words of the batch's sentences, by the lists of one model or of several (which share a vocabulary of targets). Sentence b has
 * all words if whole[b] (NULL: none does). </s> is among the words of every sentence. */
void candidates_find(struct candidates *candidates, const struct shortlist *const *lists, int list_count, const struct batch *batch,
                     const int *whole, int vocabulary);
void candidates_release(struct candidates *candidates);

#endif
