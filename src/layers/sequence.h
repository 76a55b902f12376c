/* sequence: sentences of different lengths laid out time-major without padding.
 *
 * Sentences are ranked by descending length; step t has one row for each sentence longer than t, in rank order. So the sentences
 * active at a step are always the first ones of the previous step, every step is one dense matrix, and nothing is computed for
 * padding:
 *
 *     rank 0  a a a a        rows:  a b c | a b c | a b | a
 *     rank 1  b b b          first: 0       3       6     8    9
 *     rank 2  c c            active: 3      3       2     1
 */
#ifndef NMT_LAYERS_SEQUENCE_H
#define NMT_LAYERS_SEQUENCE_H

#include "base/memory.h"

struct sequence {
    int sentences, steps, rows;
    int *order;  /* [sentences] rank -> index of the sentence in the caller's arrays */
    int *length; /* [sentences] by rank */
    int *active; /* [steps] */
    int *first;  /* [steps + 1] row of (t, rank 0); first[steps] = rows */
};

/* Lays out `sentences` sentences of the given lengths (each > 0; equal lengths keep their order); its arrays are taken from the
 * arena. While the arena measures, only sentences, steps and rows are set. */
void sequence_make(struct sequence *sequence, const int *lengths, int sentences, struct arena *arena);

#endif
