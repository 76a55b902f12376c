/* cache: what a search remembers of every word of its hypotheses: one slot of `width` numbers per word. Hypotheses with a common
 * prefix share its slots; when they are reordered, only slot numbers are copied:
 *
 *     row 0   the cat sleeps     slots 0 1 3          each row has a history of slot numbers, one per word;
 *     row 1   the cat sits       slots 0 1 4          a slot that no row needs any more is used again */
#ifndef NMT_MODEL_CACHE_H
#define NMT_MODEL_CACHE_H

#include "math/real.h"

#include <stddef.h>

/* Zero-initialise; cache_reset before each search; cache_release. */
struct cache {
    int room, width;
    int length;          /* words of every row */
    int *history, *next; /* [room, capacity] */
    int capacity;
    const real **places; /* [capacity] of cache_row */
    real *scratch;       /* [capacity] for the caller */
    real **slots;        /* [slot_count] */
    unsigned char *used; /* [slot_count] */
    int slot_count, slot_room, used_room;
};

/* Forgets everything; at most `room` rows, `width` numbers per slot. */
void cache_reset(struct cache *cache, int room, int width);

/* Every one of the first `rows` rows gets a slot for a next word. */
void cache_extend(struct cache *cache, int rows);

/* The numbers of row `row`'s word t. */
real *cache_at(const struct cache *cache, int row, int t);

/* The places of all words of a row, `offset` numbers into each slot; valid until the next call. */
const real *const *cache_row(const struct cache *cache, int row, int offset);

/* Row i continues from row parents[i]. */
void cache_select(struct cache *cache, const int *parents, int rows);
void cache_release(struct cache *cache);

#endif
