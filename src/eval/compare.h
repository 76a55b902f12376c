/* compare: what distinguishes the translations of several systems: which n-grams of the reference each of them finds, and how well it
 * translates words that were rare or frequent in training (Neubig et al. 2019, "compare-mt: a tool for holistic comparison of language
 * generation systems", sections 2.2 and 2.3). */
#ifndef NMT_EVAL_COMPARE_H
#define NMT_EVAL_COMPARE_H

#include "base/memory.h"
#include "eval/ngram.h"

enum { COMPARE_ORDER = 4, COMPARE_MOST = 8, COMPARE_BUCKETS = 9 };

/* How often words were seen in training: 0, 1, 2, 3, 4, 5-9, 10-99, 100-999, 1000 or more. */
extern const char *const compare_bucket_names[COMPARE_BUCKETS];

/* Words of a bucket: how many the reference has, each system has, and each has in common with the reference, counted sentence by
 * sentence. */
struct compare_bucket {
    long reference, hypothesis[COMPARE_MOST], matches[COMPARE_MOST];
};

/* An n-gram, n <= COMPARE_ORDER: its last word and the n-gram before that; how often the reference has it, and each system where the
 * reference has it, too. */
struct compare_ngram {
    int32_t before, word;
    int n;
    long reference, matches[COMPARE_MOST];
    long left, used; /* in the sentence that is being added */
};

/* Zero-initialise with the number of systems; compare_release. */
struct compare {
    int systems;
    struct ngram_tree vocabulary, tree;
    char **words; /* by number */
    long *seen;   /* by number */
    struct compare_ngram *ngrams;
    int word_room, ngram_room;
    struct compare_bucket buckets[COMPARE_BUCKETS];
    struct items reference, hypothesis;
};

void compare_release(struct compare *compare);

/* A line of the training text; before all sentences. Words are separated by single spaces, here and below (eval/tokenize.h). */
void compare_train(struct compare *compare, const char *line);

/* A sentence of the reference and of each system. */
void compare_add(struct compare *compare, const char *reference, const char *const *hypotheses);

/* The n-grams that system b has more often than a, the largest (b - a) / √(a + b) of their matches first: numbers of compare->ngrams in
 * list [most]. Returns how many there are. */
int compare_list(const struct compare *compare, int a, int b, int n, int32_t *list, int most);

/* Adds the n-gram's words, separated by spaces. */
void compare_text(const struct compare *compare, int32_t ngram, struct text *text);

/* 0..1: the harmonic mean of precision and recall of a system's words; 0 if there are none. */
double compare_f1(const struct compare_bucket *bucket, int system);

#endif
