/* tokenizer: converts normalised lines to ids, and ids to lines.
 *
 * Units:
 *     bpe    words (words.h) split into pieces by learned merges (bpe.h). A word preceded by a space starts with one
 *            U+0020, the mark: " the". Merges never cross words.
 *     char   the same without merges: every character is a token, the mark too.
 *     word   every word is one token, unknown words are <unk>. Here a word has the mark only if the space before it is not
 *            as words_expect_space predicts, so that "house" is one entry after a space, after "(" and after "l'". Pretokenized,
 *            every space is as expected and no entry has a mark.
 * In bpe and char, every line can be encoded: a piece that the side's vocabulary lacks is split into the parts it was
 * merged from, down to characters, and those into bytes (entries <0x00>…<0xFF>). decode(encode(x)) = x for every normalised
 * line x.
 *
 * Where copies are on, addresses, numbers and unknown names of a line are replaced by placeholders (copies.h), which are entries
 * of both vocabularies, before it is split. The tokens' words remain those of the line.
 *
 * Synthetic pairs (corpus/corpus.h): the source of a pair that a machine translated begins with a tag, so that the model can tell
 * such sources from real ones (Caswell, Chelba and Grangier 2019, "Tagged back-translation"). The tag is the last entry of the source
 * vocabulary. No text is ever encoded to it, and it is decoded to nothing.
 *
 * A tokenizer in use is never changed: any number of threads may encode and decode with it. */
#ifndef NMT_TEXT_TOKENIZER_H
#define NMT_TEXT_TOKENIZER_H

#include "base/memory.h"
#include "base/rng.h"
#include "text/bpe.h"
#include "text/copies.h"
#include "text/vocab.h"
#include "text/words.h"

#include <stddef.h>
#include <stdint.h>

enum units { UNITS_BPE, UNITS_WORD, UNITS_CHAR };

/* Names in the order of the enum, closed by NULL. */
extern const char *const unit_names[];

enum side { SOURCE, TARGET };

struct tokenizer_options {
    enum units units;
    int pretokenized; /* words are separated by spaces */
    int lowercase;    /* lines are normalised with lower-casing */
    int vocabulary;   /* upper bound of each side's entries; for bpe of the joint table: special entries + characters + merges */
    int shared;       /* one vocabulary for both sides */
    int copy;         /* learn what to copy (copies.h); never in word mode, which copies unknown words by their alignment */
    int tagged;       /* the source vocabulary has the tag, beyond `vocabulary` entries; so does the target vocabulary if shared */
};

struct tokenizer {
    struct tokenizer_options options;
    char **merges; /* [2 * merge_count]: left, right, left, right… in the order of learning; one heap block */
    int merge_count;
    struct vocab sides[2];  /* SOURCE, TARGET; equal if shared */
    struct copies copies;   /* empty if nothing is copied */
    struct bpe bpe;         /* private; empty in word mode */
    int32_t *symbol_ids[2]; /* private: [bpe.count], the side's id of each symbol or -1 */
};

/* The smallest valid options.vocabulary: the special entries and one more. */
int tokenizer_least_vocabulary(enum units units);

/* Replaces `out` by the string of `word` after the word `before` (NULL at the start of a line): the word's bytes, preceded by
 * the mark where it applies. Shared by learning and encoding. */
void tokenizer_unit(const struct tokenizer_options *options, const struct word *before, const struct word *word, struct text *out);

/* Learns merges and vocabularies from `pairs` pairs of normalised lines, into an uninitialised tokenizer. What occurs fewer
 * than VOCAB_LEAST times is left out: characters, merges, words, and the pieces that are that rare in the final segmentation of the
 * side's own lines (of all lines, if shared). In bpe, characters get at most half of the room that the special entries leave.
 * Equal input gives an equal tokenizer. */
void tokenizer_learn(struct tokenizer *tokenizer, const struct tokenizer_options *options, char *const *source, char *const *target,
                     size_t pairs);

/* The parts of a tokenizer in a model file. */
struct tokenizer_parts {
    const char *where; /* the file, for messages */
    struct tokenizer_options options;
    char *const *merges; /* [2 * merge_count] */
    int merge_count;
    char *const *pieces[2]; /* [counts[side]], the special entries included */
    int counts[2];
    struct copies copies; /* taken over */
};

/* Rebuilds a tokenizer from its parts. All strings are copied. 0, or -1 after reporting what is wrong; the tokenizer is then
 * empty. */
int tokenizer_load(struct tokenizer *tokenizer, const struct tokenizer_parts *parts);
void tokenizer_release(struct tokenizer *tokenizer);

/* An encoded line. Zero-initialise, reuse any number of times, tokens_release. */
struct tokens {
    int32_t *ids; /* [count], without the final </s> */
    int *word_of; /* [count], the word that the token is a part of; ascending. A placeholder may stand for several words: the words
                   * from its own up to that of the next token. Otherwise there are no gaps */
    int count;
    char **words; /* [word_count], the line's words, without marks */
    int word_count;
    int id_room, word_of_room, word_room;
    struct mask mask; /* what was replaced; refers to the line */
    char *storage;    /* private: the words' bytes */
    size_t storage_room;
    struct text unit;     /* private: the current word with its mark */
    struct bpe_work work; /* private */
};

void tokens_release(struct tokens *tokens);

/* Replaces `out` by the tokens of a normalised line (utf8.h), which must outlive `out`. `dropout` is the probability of skipping a
 * merge (bpe.h), only for bpe; without it (0) `rng` may be NULL. */
void tokenizer_encode(const struct tokenizer *tokenizer, enum side side, const char *normalized, double dropout, struct rng *rng,
                      struct tokens *out);

/* The same for a translation of `source`, whose placeholders it gets. */
void tokenizer_encode_target(const struct tokenizer *tokenizer, const struct tokens *source, const char *normalized,
                             struct tokens *out);

/* The same for both sides of a training pair. */
void tokenizer_encode_pair(const struct tokenizer *tokenizer, const char *const lines[2], double dropout, struct rng *rng,
                           struct tokens out[2]);

/* The end of the words that token i stands for; the first one is word_of[i]. */
int tokens_word_end(const struct tokens *tokens, int i);

/* Whether token i is a part of the word, or stands for it among others. */
int tokens_cover(const struct tokens *tokens, int i, int word);

/* Replaces `out` by the normalised text of `count` ids (each inside the side's vocabulary). </s> gives nothing; <unk> gives
 * the word replacements[i] if `replacements` and that entry are not NULL, else nothing; bytes that do not form valid UTF-8 are
 * dropped. */
void tokenizer_decode(const struct tokenizer *tokenizer, enum side side, const int32_t *ids, int count,
                      const char *const *replacements, struct text *out);

/* The text of a translation: tokenizer_decode, then the placeholders are replaced by the strings of `source`. */
void tokenizer_decode_target(const struct tokenizer *tokenizer, const struct tokens *source, const int32_t *ids, int count,
                             const char *const *replacements, struct text *out); /* parameters: as tokenizer_decode */

#endif
