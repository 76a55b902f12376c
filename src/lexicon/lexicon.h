/* lexicon: word alignment without a network, from the corpus alone. Each direction is the reparameterised IBM model 2 of Dyer, Chahuneau
 * and Smith (2013, "A simple, fast, and effective reparameterization of IBM model 2"): target word y_j is produced by source word x_i,
 * or by NULL, with
 *
 *   p(a_j = i) ∝ (1 − p0) exp(−λ |i/Tx − j/Ty|)     p(a_j = NULL) = p0     p(y_j | a_j) = t(y_j | x_aj)
 *
 * A direction is learned by EM; t has a sparse Dirichlet prior (variational Bayes: Johnson 2007), and λ, the tension, maximises the
 * likelihood. Ids may be of words or of pieces of words; −1 is a word outside the vocabulary.
 *
 *   t, one row per source word, NULL last:     row[x] … row[x + 1]  →  target[] (ascending), probability[]
 */
#ifndef NMT_LEXICON_LEXICON_H
#define NMT_LEXICON_LEXICON_H

#include "math/real.h"
#include "math/team.h"

/* Words on a side of a pair: longer pairs teach nothing, for their matrices are large and they are hardly sentences. */
enum { LEXICON_LONGEST = 1000 };

/* Sentence pairs as ids; the arrays are the caller's. */
struct lexicon_text {
    const int32_t *const *source; /* [pairs][source_length[k]], ids below `sources`, or −1 */
    const int *source_length;
    const int32_t *const *target;
    const int *target_length;
    size_t pairs;
    int sources, targets; /* sizes of the vocabularies */
};

/* One direction, p(target word | source word). */
struct lexicon {
    int sources, targets;
    size_t *row;        /* [sources + 2], the row of NULL is row[sources] … row[sources + 1] */
    int32_t *target;    /* [row[sources + 1]] */
    float *probability; /* beside target */
    float *frequency;   /* [targets] share of the target words that are this one */
    float *count;       /* [sources + 1] links that the source word had (expected) */
    double tension, null;
};

/* Both directions. */
struct lexicon_pair {
    struct lexicon forward, backward; /* p(target | source), p(source | target) */
};

struct lexicon_options {
    int iterations; /* of EM */
    double null;    /* p0 */
    double sparse;  /* the concentration of the Dirichlet prior */
};

extern const struct lexicon_options lexicon_defaults;

/* Learns both directions from the text, from all pairs that teach (below). The result is the same, bit for bit, for any
 * number of workers. Dies when there is no memory. */
void lexicon_learn(struct lexicon_pair *pair, const struct team *team, const struct lexicon_text *text,
                   const struct lexicon_options *options);
void lexicon_release(struct lexicon_pair *pair);

/* Whether a pair is learned from, and can be aligned: both sides have words, and not more than LEXICON_LONGEST. */
int lexicon_teaches(const struct lexicon_text *text, size_t pair);

/* t(target | source), 0 where the two never met; source may be lexicon->sources, for NULL. */
float lexicon_probability(const struct lexicon *lexicon, int32_t source, int32_t target);

/* The most probable translations of a source word, best first (ties: the smaller id), into targets[most]; returns how many. */
int lexicon_translations(const struct lexicon *lexicon, int32_t source, int32_t *targets, int most);

/* One sentence pair. */
struct lexicon_sentences {
    const int32_t *source, *target;
    int Tx, Ty;
};

/* p(a_j = i | both sentences) in one direction: out[Ty, Tx]; a row sums to 1 − p(a_j = NULL | …). */
void lexicon_posterior(const struct lexicon *lexicon, const struct lexicon_sentences *pair, real *out);

/* What both directions agree on, the geometric mean of their posteriors: out[Ty, Tx], row j says where target word j comes from. Each
 * row sums to at most 1; what is missing is the doubt whether the word has a source at all. */
void lexicon_guide(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, real *out);

/* How well the two sentences belong together: the mean over the words of both of log p(word | other sentence) − log p(word), in nats.
 * 0 where nothing is known; 1 is usual for a translation; below 0, words that are known have other translations. Words outside the
 * vocabulary do not count; 0 for an empty sentence. `learned`: the pair is one of those that the lexicon was learned from, and what it
 * taught is discounted: otherwise a word that occurs once would be sure to belong to whatever it stands beside. */
double lexicon_score(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, int learned);

#endif
