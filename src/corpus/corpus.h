/* corpus: parallel text. Two line-aligned files, plain or .gz, or one file with tab-separated columns; normalised as it is read
 * (text/utf8.h); then token ids of all pairs. */
#ifndef NMT_CORPUS_CORPUS_H
#define NMT_CORPUS_CORPUS_H

#include "text/tokenizer.h"
#include "text/utf8.h"

/* Where a corpus comes from: source and target files, or `pairs`, one line "source TAB target" per pair, further columns
 * ignored. */
struct corpus_files {
    const char *source, *target, *pairs;
};

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
    size_t pairs;
    struct dropped dropped;
    long replaced; /* invalid sequences replaced by U+FFFD */

    int32_t *ids[2];             /* all tokens of a side, each sentence terminated by </s> */
    const int32_t **sentence[2]; /* [pairs] into ids */
    int *length[2];              /* [pairs], including </s> */
};

/* Reads and normalises. Pairs with an empty side are left out and counted, unless keep_empty; invalid UTF-8 is an error (file,
 * line, byte), replaced or skipped. Unequal numbers of lines, and an empty corpus, are errors. 0, or -1 after reporting. */
int corpus_read(struct corpus *corpus, const struct corpus_files *files, enum bad_utf8 bad_utf8, int lowercase, int keep_empty);

/* Computes ids, lengths and sentences of all pairs. */
void corpus_encode(struct corpus *corpus, const struct tokenizer *tokenizer);

/* Leaves out the pairs with more than max_length tokens on a side (</s> not counted) and counts them in dropped.too_long. */
void corpus_limit(struct corpus *corpus, int max_length);

/* Encodes again with BPE-dropout (text/bpe.h), whose randomness is a function of (seed, epoch, pair). */
void corpus_encode_again(struct corpus *corpus, const struct tokenizer *tokenizer, double dropout, uint64_t seed, uint64_t epoch);

/* Target (side = TARGET) or source tokens of all pairs, including </s>. */
long corpus_tokens(const struct corpus *corpus, enum side side);

/* Keeps only the first `pairs` pairs. */
void corpus_keep(struct corpus *corpus, size_t pairs);

/* A hash of all pairs, their order, texts and ids, by which a corpus is recognised wherever its files are. 63 bits. */
uint64_t corpus_hash(const struct corpus *corpus);

void corpus_release(struct corpus *corpus);

#endif
