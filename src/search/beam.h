/* beam: beam search over a batch of sentences, with one model or an ensemble.
 *
 * Each sentence keeps up to `beam` hypotheses, finished ones counted; at each step the live ones of all sentences run as one batch, and
 * each sentence goes on with its best continuations. A hypothesis ends with </s>; its score is
 *
 *     log p(y | x) / |y|^penalty          |y| counts </s>; 0 = the log-probability itself
 *
 * and an ensemble's probability of a word is the mean over its models. A sentence leaves the batch when it has `beam` finished
 * hypotheses, or when only the best is wanted and none of the live ones can still beat it. beam 1 is greedy search. */
#ifndef NMT_SEARCH_BEAM_H
#define NMT_SEARCH_BEAM_H

#include "model/step.h"

enum { BEAM_MOST = 256, BEAM_MODELS = 16 };

struct beam_options {
    int beam;   /* 1 … BEAM_MOST */
    int n_best; /* hypotheses wanted of a sentence, at most beam */
    double length_penalty;
    double length_ratio;     /* an output has at most ratio · source tokens + 10 tokens; it is ended there */
    int forbidden;           /* an id never produced, or -1 */
    const int *exact_length; /* [sentences] tokens, </s> counted, that every output has to have (benchmarks), or NULL */
};

struct hypothesis {
    int32_t *ids; /* [length], the last is </s>; heap, owned by the hypothesis */
    int length;
    double log_probability; /* nats */
    double score;
};

/* One worker's search. */
struct beam {
    struct worker *worker; /* not owned */
    const struct model *models[BEAM_MODELS];
    struct step steps[BEAM_MODELS];
    int model_count;
};

void beam_init(struct beam *beam, struct worker *worker, struct model *const *models, int model_count);
void beam_release(struct beam *beam);

/* Searches for all sentences of the batch (targets NULL). best [sentences, n_best]: the best hypotheses of each, best first; where
 * there are fewer, ids is NULL. */
void beam_search(struct beam *beam, const struct batch *batch, const struct beam_options *options, struct hypothesis *best);

#endif
