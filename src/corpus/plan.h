/* plan: the batches of an epoch and their order. A pair of weight W is in the epoch floor(W) times, and once more with probability
 * W - floor(W); if that leaves the epoch empty, every pair is in it once. The pairs are shuffled, cut into pools of several batches,
 * sorted by length within a pool and cut into batches; then the batches are shuffled. All of it is a function of seed and epoch. */
#ifndef NMT_CORPUS_PLAN_H
#define NMT_CORPUS_PLAN_H

#include "corpus/corpus.h"

struct plan {
    int32_t *pairs; /* the pairs of the epoch in order */
    size_t *first;  /* [batches + 1] into pairs */
    size_t batches;
};

/* A batch holds up to `tokens` target tokens and no more than one and a half times as many source tokens (but at least one
 * pair), or `sentences` pairs if that is not 0; a pool holds `pool` batches. */
struct plan_options {
    int tokens, sentences, pool;
};

void plan_make(struct plan *plan, const struct corpus *corpus, const struct plan_options *options, uint64_t seed, uint64_t epoch);
void plan_release(struct plan *plan);

/* Some pairs of a corpus, in order of ascending length. */
struct pairs {
    const struct corpus *corpus;
    const int32_t *numbers; /* [count] */
    int count;
};

/* A batch of the plan. */
struct pairs plan_batch(const struct plan *plan, const struct corpus *corpus, size_t batch);

#endif
