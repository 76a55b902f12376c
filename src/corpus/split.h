/* split: pairs of a corpus set aside for validation. */
#ifndef NMT_CORPUS_SPLIT_H
#define NMT_CORPUS_SPLIT_H

#include "corpus/corpus.h"

/* Moves `wanted` pairs, drawn by the seed, from `corpus` to `aside` (empty). A pair that occurs several times is set aside once and all
 * its copies leave the corpus, so that nothing is validated on that was learned; at most `wanted` copies are given up so, and pairs with
 * more than that stay. Returns the number of copies given up; fewer pairs than wanted may be set aside, but never all. The texts stay in
 * the store of `corpus`, which is released last. */
size_t corpus_split(struct corpus *corpus, struct corpus *aside, size_t wanted, uint64_t seed);

#endif
