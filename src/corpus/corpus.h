/* corpus: parallel text from one source or several: two line-aligned files, plain or .gz, or one file with tab-separated columns;
 * normalised as it is read (text/utf8.h); then token ids of all pairs. */
#ifndef NMT_CORPUS_CORPUS_H
#define NMT_CORPUS_CORPUS_H

#include "corpus/input.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

/* Pairs that were left out, by reason. */
struct dropped {
    long empty;    /* one side has no text */
    long bad_utf8; /* --bad-utf8 skip */
    long too_long; /* more tokens than the limit */
};

struct corpus {
    struct text store[2]; /* the lines of each side, each NUL-terminated */
    char **lines[2];      /* [pairs] */
    long *number;         /* [pairs] line of the file, from 1 */
    int *part;            /* [pairs] index in `parts`; NULL, as in a corpus that was set aside: weight 1, not synthetic */
    size_t pairs;
    struct corpus_files *parts; /* [part_count] the files in the order of reading; the names are the caller's */
    int part_count, part_room;
    struct dropped dropped;
    long replaced; /* invalid sequences replaced by U+FFFD */

    int32_t *ids[2];             /* all tokens of a side, each sentence terminated by </s> */
    const int32_t **sentence[2]; /* [pairs] into ids */
    int *length[2];              /* [pairs], including </s> */
};

/* Reads and normalises. Pairs with an empty side are left out and counted, unless keep_empty; invalid UTF-8 is an error (file,
 * line, byte), replaced or skipped. Unequal numbers of lines, and files without pairs, are errors. 0, or -1 after reporting; the
 * corpus is then empty. */
int corpus_read(struct corpus *corpus, const struct corpus_files *files, enum bad_utf8 bad_utf8, int lowercase, int keep_empty);

/* The same, adding to the pairs that the corpus has, which must not be encoded yet. */
int corpus_add(struct corpus *corpus, const struct corpus_files *files, enum bad_utf8 bad_utf8, int lowercase, int keep_empty);

/* The weight of a pair, and whether it is synthetic: those of its files. */
double corpus_weight(const struct corpus *corpus, size_t pair);
int corpus_synthetic(const struct corpus *corpus, size_t pair);

/* Computes ids, lengths and sentences of all pairs. The source of a synthetic pair begins with the tag, which belongs to none of its
 * words. */
void corpus_encode(struct corpus *corpus, const struct tokenizer *tokenizer);

/* Leaves out the pairs with more than max_length tokens on a side (</s> not counted) and counts them in dropped.too_long. */
void corpus_limit(struct corpus *corpus, int max_length);

/* Encodes again with BPE-dropout (text/bpe.h), whose randomness is a function of (seed, epoch, pair). */
void corpus_encode_again(struct corpus *corpus, const struct tokenizer *tokenizer, double dropout, uint64_t seed, uint64_t epoch);

/* Target (side = TARGET) or source tokens of all pairs, including </s>. */
long corpus_tokens(const struct corpus *corpus, enum side side);

/* Keeps only the first `pairs` pairs. */
void corpus_keep(struct corpus *corpus, size_t pairs);

/* A hash of all pairs, their order, texts, ids and weights, by which a corpus is recognised wherever its files are. 63 bits. */
uint64_t corpus_hash(const struct corpus *corpus);

void corpus_release(struct corpus *corpus);

#endif
