/* share: what the processes of a cluster computed, for all of them. Batch i of a translation is computed by process i modulo their
 * number (search/translate.h). All processes call these functions, by the main thread. */
#ifndef NMT_SEARCH_SHARE_H
#define NMT_SEARCH_SHARE_H

#include "search/piece.h"

/* Gives the guesses, and alignments, of the pieces that this process has translated to all others, and takes theirs. */
void share_pieces(struct pieces *pieces, const struct tokenizer *tokenizer);

/* The same for scores [count] that were computed in batches of `batch`. */
void share_scores(double *scores, size_t count, size_t batch);

#endif
