/* bpe: byte-pair encoding (Sennrich, Haddow, Birch 2016): a word is split into its characters; then adjacent pairs are merged, in
 * the order in which the merges were learned. Here a word is a string of bytes that may start with one U+0020, the mark for
 * "preceded by a space".
 *
 *     learned from _low 5 times, _lower 2, _newer 6:   (e,r) (w,er) (_,l) (_l,o) …          _ = U+0020
 *     _lower  ->  _ l o w e r  ->  _ l o w er  ->  _ l o wer  ->  _l o wer  ->  _lo wer
 *
 * bpe_learn.c learns the merges, bpe.c applies them. The tokenizer decides which pieces are in a side's vocabulary. */
#ifndef NMT_TEXT_BPE_H
#define NMT_TEXT_BPE_H

#include "base/rng.h"
#include "text/vocab.h"

#include <stddef.h>
#include <stdint.h>

/* The characters of `words` that occur at least VOCAB_LEAST times, the most frequent first, ties by bytes; at most `limit`.
 * Returns a heap array of *found heap strings. */
char **bpe_characters(const struct counted *words, size_t count, int limit, int *found);

/* Learns at most `limit` merges from `words`: repeatedly the most frequent adjacent pair (ties by the bytes of the
 * left part, then the right), as long as it occurs at least VOCAB_LEAST times. Characters outside `characters` are never
 * merged; no merge produces a string that looks like a special entry. Returns a heap array of 2 * *merge_count heap strings:
 * left, right, left, right… */
char **bpe_learn(const struct counted *words, size_t count, char *const *characters, int character_count, int limit,
                 int *merge_count);

/* A part of a word: a character (left = right = -1), or the product of the symbols left and right, whose numbers are smaller. If
 * several merges produce the same string, it is split by the first of them. */
struct bpe_symbol {
    const char *text; /* NUL-terminated */
    int length;       /* in bytes */
    int left, right;
};

struct bpe {
    struct bpe_symbol *symbols; /* [count] */
    int count;
    char *storage;          /* private: the symbols' bytes */
    int **pages;            /* private: code point -> symbol, in pages of 256 */
    struct bpe_pair *pairs; /* private: [merges], the parts and the product of each */
    struct table table;     /* private: pair of symbols -> rank */
};

/* Prepares `merge_count` merges for use. `characters` are additional characters, besides those that the merges name; strings in
 * it that are not a single character are skipped, repeated ones are harmless. 0, or -1 after reporting, for the file `where`, an
 * invalid merge: an empty part, a part that is neither a character nor produced by an earlier merge, or a repeated pair. */
int bpe_init(struct bpe *bpe, const char *where, char *const *characters, int character_count, char *const *merges,
             int merge_count);
void bpe_release(struct bpe *bpe);

/* One part of a word being merged; a list inside an array. */
struct bpe_node {
    int symbol;         /* -1: a character that is no symbol */
    int start, length;  /* its bytes in the word */
    int rank;           /* of the pair that it forms with the next node, -1 if none */
    int previous, next; /* -1 at the ends */
};

/* Working memory, reused from word to word. Zero-initialise; bpe_work_release. */
struct bpe_work {
    struct bpe_node *nodes; /* the result: from nodes[0] along `next` */
    uint64_t *queue;        /* pairs that may be merged: rank << 32 | position, a heap with the smallest on top */
    uint64_t *skipped;      /* pairs that dropout passes over in this step */
    size_t room;
};

/* Splits the `length` > 0 bytes at `word` (valid UTF-8) into symbols, left in work->nodes. With dropout > 0 each merge that
 * could be applied is skipped with this probability, drawn afresh at every step (BPE-dropout: Provilkov, Emelianenko, Voita 2020,
 * algorithm 1); `rng` may be NULL without. Takes n log n time for n characters. */
void bpe_encode(const struct bpe *bpe, const char *word, size_t length, double dropout, struct rng *rng, struct bpe_work *work);
void bpe_work_release(struct bpe_work *work);

#endif
