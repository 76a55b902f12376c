/* piece: cuts sentences into pieces short enough for the model, and puts pieces into batches. A sentence here is a line, or one of a line
 * whose sentences are translated by themselves. */
#ifndef NMT_SEARCH_PIECE_H
#define NMT_SEARCH_PIECE_H

#include "math/real.h"
#include "search/beam.h"
#include "text/tokenizer.h"

/* A translation of a piece, of a sentence or of a line. */
struct guess {
    char *text;             /* owned */
    double log_probability; /* nats */
    int length;             /* tokens, including </s> */
    int rank;               /* before guesses_rank */
    struct tokens tokens;   /* of the text, if needed for an alignment */
};

/* Source tokens from … to-1 of a sentence, and their translations. */
struct piece {
    size_t sentence;
    int from, to;
    uint64_t key;         /* the seed of its random numbers */
    struct tokens prefix; /* of its translations: the first `forced` tokens, then `rest`, the beginning of a word, or NULL */
    int forced;
    char *rest;
    int32_t *ids; /* [to - from + 1], </s> last */
    int count;
    struct guess *guesses; /* [count], best first */
    struct beam_tree tree; /* of the search, if requested */
    real *alpha;           /* of guesses[0], if an alignment is requested: as in struct forced (search/force.h) */
};

/* Sentences and their pieces; those of sentence i are pieces[first[i]] … pieces[first[i + 1] - 1]. A blank one has none. */
struct pieces {
    struct tokens *sentences; /* [sentence_count] */
    size_t sentence_count;
    struct piece *items;
    int count, room;
    int *first; /* [sentence_count + 1] */
};

/* Room for `sentence_count` sentences; each is encoded into sentences[i], then cut, in order, into pieces of at most `longest` tokens. `text`
 * is what was encoded; key is the seed of its random numbers. */
void pieces_init(struct pieces *pieces, size_t sentence_count);
void pieces_cut(struct pieces *pieces, size_t sentence, const char *text, int longest, uint64_t key);
void pieces_release(struct pieces *pieces);

/* All pieces, longest first, in batches of at most `batch` pieces: batch i is order[start[i]] … order[start[i + 1] - 1]. Both
 * are heap. Few pieces are distributed evenly over `workers`, so that none is idle. Returns the number of batches. */
int pieces_batches(const struct pieces *pieces, int batch, int workers, struct piece ***order, int **start);

/* The ids from … to-1 and </s>; heap. */
int32_t *piece_ids(const struct tokens *tokens, int from, int to);

/* Adds a guess, or releases it if its text is already in the list. Returns the new count. */
int guesses_add(struct guess *guesses, int count, struct guess guess);

/* Sorts guesses by descending log-probability / length ^ penalty (stable), removes duplicate texts, and sets rank.
 * Returns the number left. */
int guesses_rank(struct guess *guesses, int count, double penalty);
void guess_release(struct guess *guess);

#endif
