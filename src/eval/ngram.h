/* ngram: exact counts of n-grams of words or characters.
 *
 * A tree of sequences: node 0 is the empty one; the edge (node, symbol) leads to the sequence followed by that symbol. All edges
 * are in one hash table. The n-grams of a sentence are the paths of length 1..N from the root that start at each position; the
 * number of a word is the node that its bytes lead to, so that equal words, and only they, have equal numbers. */
#ifndef NMT_EVAL_NGRAM_H
#define NMT_EVAL_NGRAM_H

#include "eval/unicode.h"

#include <stddef.h>
#include <stdint.h>

struct ngram_edge {
    uint64_t key;   /* node << 32 | symbol */
    uint32_t stamp; /* the edge exists if this is the tree's stamp: clearing a tree writes no edge */
    int32_t node;
    int32_t left; /* occurrences in the reference of the n-gram that ends here, without those already matched */
};

/* Zero-initialise; ngram_release. */
struct ngram_tree {
    struct ngram_edge *edges;
    size_t slots; /* a power of two, at least twice the edges in use; 0 before the first */
    uint32_t stamp;
    int32_t nodes; /* the last node made */
};

void ngram_clear(struct ngram_tree *tree);
void ngram_release(struct ngram_tree *tree);

/* The node that the edge leads to; created if it does not exist. */
int32_t ngram_add(struct ngram_tree *tree, int32_t node, int32_t symbol);

/* The numbers, in `vocabulary`, of the words of `line` (separated by single spaces) into `words` (cleared first). */
void ngram_words(struct ngram_tree *vocabulary, const char *line, struct items *words);

/* The number of n-grams that two sequences share, each counted as often as it is in both: matches[n-1] for n = 1..order, set.
 * `tree` is scratch. */
void ngram_matches(struct ngram_tree *tree, const struct items *hypothesis, const struct items *reference, int order,
                   long *matches);

/* The number of n-grams of length n in a sequence of `count` symbols. */
long ngram_total(int count, int n);

#endif
