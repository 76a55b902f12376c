/* beam: beam search over a batch of sentences, with one model or an ensemble; or samples from the same distribution.
 *
 * Each sentence keeps up to `beam` hypotheses, including finished ones; at each step, the live ones of all sentences run as one
 * batch, and each sentence continues with its best continuations. A hypothesis ends with </s>; its score is
 *
 *     log p(y | x) / |y|^penalty          |y| includes </s>; 0 = the log-probability itself
 *
 * and an ensemble's probability of a word is the mean over its models. A sentence leaves the batch when it has `beam` finished
 * hypotheses or no live ones, or as soon as it has as many finished ones as requested and no live one can still beat the worst
 * of these. beam 1 is greedy search. Repetition is limited (search/repeat.h).
 *
 * With a shortlist, each sentence has words of its own, and an output has only these. Probabilities are then those among them, and do not
 * depend on the other sentences of the batch. A sentence with a prefix may have all words.
 *
 * A sentence may have a prefix, with which all its hypotheses begin.
 *
 * In sampling, the hypotheses of a sentence are independent samples: each continues with one word drawn from the distribution of
 * search/sample.h until that is </s>. Words that must not follow (repetition) have probability 0, and the longest output ends. */
#ifndef NMT_SEARCH_BEAM_H
#define NMT_SEARCH_BEAM_H

#include "model/step.h"
#include "search/sample.h"

enum { BEAM_MOST = 256 };

/* The tokens with which hypotheses begin, and then, where it is not NULL, the beginning of a word: of the tokens after them, only those are
 * allowed whose texts together begin with it, or are the beginning of it. Everything is the caller's. */
struct prefix {
    const int32_t *ids; /* [count] */
    int count;
    const char *rest;
    char *const *pieces; /* texts of the tokens; */
    int specials;        /* those of ids below this are not text */
};

/* How the hypotheses of a sentence grew: every continuation that the search kept, parents first. Zero-initialise; free(nodes). */
struct beam_tree {
    struct beam_node *nodes;
    int count, room;
};

struct beam_node {
    int before; /* the node that it continues; -1: none */
    int32_t id;
    double log_probability; /* nats, of all words up to this one */
};

struct beam_options {
    int beam;   /* 1 … BEAM_MOST */
    int n_best; /* hypotheses requested per sentence, at most beam; equal to it in sampling */
    struct sampling sampling;
    const uint64_t *keys; /* [sentences] seeds of each sentence's samples (base/rng), or NULL where none are drawn */
    double length_penalty;
    double length_ratio; /* an output has at most ratio · source tokens + 10 tokens */
    int forbidden;       /* an id never produced, or -1 */
    int shortlist;       /* only words of the models' shortlists (model/shortlist.h), where they all have one; not in sampling */
    int repeats;         /* copies of one phrase allowed in a row (search/repeat.h), or 0: any number */
    const struct prefix *prefixes; /* [sentences], or NULL; not in sampling */
    struct beam_tree *trees;       /* [sentences], which are filled; or NULL */
    const int *exact_length; /* [sentences] the required number of tokens of each output, including </s> (benchmarks), or NULL */
};

struct hypothesis {
    int32_t *ids; /* [length], the last is </s>; heap, owned by the hypothesis */
    int length;
    double log_probability; /* nats */
    double score;           /* of a sample: −its number */
};

/* One worker's search. */
struct beam {
    struct worker *worker; /* not owned */
    int model_count;
    struct model *const *models; /* [model_count], the caller's */
    struct step *steps;          /* [model_count] */
    real **rows;                 /* [model_count] a row's logits, in the step's memory or in: */
    real *gathered;              /* [model_count, Vy] those of one sentence's words; or NULL */
    struct candidates candidates;
};

void beam_init(struct beam *beam, struct worker *worker, struct model *const *models, int model_count);
void beam_release(struct beam *beam);

/* Searches for all sentences of the batch (targets NULL). best [sentences, n_best]: the best hypotheses of each, best first, where
 * there are fewer, ids is NULL; or the samples of each, in the order of their numbers. */
void beam_search(struct beam *beam, const struct batch *batch, const struct beam_options *options, struct hypothesis *best);

#endif
