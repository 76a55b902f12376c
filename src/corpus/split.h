/* split: pairs of a corpus set aside for validation. */
#ifndef NMT_CORPUS_SPLIT_H
#define NMT_CORPUS_SPLIT_H

#include "corpus/corpus.h"

/* Moves `wanted` pairs, drawn with the seed, from `corpus` to `aside` (empty); synthetic pairs stay. A pair that occurs several times is set aside
 * once and all its copies are removed from the corpus, so that no training pair is used for validation; at most `wanted` copies
 * are removed, and pairs with more copies stay. Returns the number of copies removed; fewer pairs than `wanted` may be set
 * aside, but never all. The texts stay in the store of `corpus`, which must be released last. */
size_t corpus_split(struct corpus *corpus, struct corpus *aside, size_t wanted, uint64_t seed);

#endif
