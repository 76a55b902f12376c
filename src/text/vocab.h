/* vocab: the table string <-> id of one side.
 *
 *     id 0        </s>            end of a sentence
 *     id 1        <unk>           anything not in the table
 *     id 2..257   <0x00>..<0xFF>  one byte each; only where `bytes` is set (bpe and char, not word)
 *     then        pieces, the most frequent first, ties by their bytes
 *
 *     last        <synthetic>     only where vocab_tag was called: the tag of a synthetic source (tokenizer.h)
 *
 * Text never maps to a special entry or to the tag, even if it is spelt like one. */
#ifndef NMT_TEXT_VOCAB_H
#define NMT_TEXT_VOCAB_H

#include "text/table.h"

#include <stddef.h>
#include <stdint.h>

enum { VOCAB_END = 0, VOCAB_UNKNOWN = 1, VOCAB_BYTE = 2 /* + the byte */ };

/* Nothing can be learned from a single occurrence: characters, pairs, pieces and words seen less often are left out. */
enum { VOCAB_LEAST = 2 };

struct vocab {
    char **pieces; /* [count], the special entries included; one heap block */
    int count;
    int specials;       /* ids below are special: 2, or 258 with byte entries */
    int tag;            /* id of the tag; 0: there is none */
    struct table table; /* private: piece -> id */
};

/* The number of special entries. */
int vocab_specials(int bytes);

/* The string of the tag. */
extern const char vocab_tag_piece[];

/* Whether a piece spelt like this would be mistaken for a special entry or for the tag. */
int vocab_reserved(const char *piece, int bytes);

/* A heap array of the special entries' strings, with room for `room` strings in all (at least vocab_specials(bytes)). */
char **vocab_special_pieces(int bytes, int room);

/* Makes a table of copies of all `count` strings, which must be the special entries in their positions, then valid UTF-8 without
 * control characters, not empty, each once. 0, or -1 after reporting what is wrong with the vocabulary of the file `where`;
 * `vocab` is then empty. */
int vocab_init(struct vocab *vocab, const char *where, int bytes, char *const *pieces, int count);
void vocab_release(struct vocab *vocab);

/* Makes the last entry the tag. 0, or -1 after reporting that it is another piece. */
int vocab_tag(struct vocab *vocab, const char *where);

/* The id of the `length` bytes at `piece`, or -1. Never a special entry, nor the tag. */
int32_t vocab_find(const struct vocab *vocab, const char *piece, size_t length);

/* Copies of `count` strings: one heap block, the pointers first, then the bytes; release it with free(). One block, because a
 * translator that starts up copies tens of thousands. */
char **vocab_copy_strings(char *const *strings, size_t count);

/* A string and how often it was seen. */
struct counted {
    const char *text;
    int64_t count;
};

/* Sorts by descending count, ties by bytes. */
void vocab_sort(struct counted *items, size_t count);

#endif
