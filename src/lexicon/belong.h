/* belong: which pairs of a corpus do not belong together, by a lexicon that is learned from the same corpus.
 *
 * A pair is never judged by a lexicon that it has taught, since rare words explain whatever they were seen with: the corpus is dealt into
 * folds, and each is judged by a lexicon learned from the others. The excess of a pair is its score (lexicon_score) less the mean score of
 * its source with targets drawn from the whole corpus. For n pieces of words it is
 *
 *     N(0, random² / n)                    where the two lines have nothing to do with each other
 *     N(mean, spread² + random² / n)       where they belong together
 *
 * The lengths of the two lines are evidence, too (shift_length_score). `random` comes from the drawn targets; mean, spread and the share of the first kind are estimated by expectation-maximisation. */
#ifndef NMT_LEXICON_BELONG_H
#define NMT_LEXICON_BELONG_H

#include "corpus/shift.h"
#include "lexicon/lexicon.h"

enum { BELONG_FOLDS = 4 };

struct belong {
    const struct survey *survey; /* not owned */
    struct fit_by_length fit;
    struct corpus corpus; /* the survey's lines as ids of pieces of words */
    int pieces[2];        /* sizes of the vocabularies */
    int folds;
    struct lexicon_pair lexicons[BELONG_FOLDS];
    float *chance;                      /* [pairs] mean score of a source with drawn targets */
    float *excess;                      /* [pairs] */
    char *suspect;                      /* [pairs] among lines that do not belong together: see belong_shifts */
    double random, mean, spread, share; /* nats per piece; share: of pairs that do not belong together */
};

/* Learns the lexicons and judges all pairs of fit->survey. Pairs with one of the `excluded` flaws teach nothing; source lines of shifted runs teach with
 * the targets that they belong to. */
void belong_init(struct belong *belong, const struct team *team, const struct fit_by_length *fit, const struct shifts *shifts,
                 uint32_t excluded);
void belong_release(struct belong *belong);

/* log p(excess, lengths | belong together) − log p(excess, lengths | do not), for source line i and target line j, in nats. */
double belong_evidence(const struct belong *belong, size_t i, size_t j);

/* Replaces the shifts by those that the lexicons find, where many lines in a row do not belong together or shifts were found before. */
void belong_shifts(struct belong *belong, struct shifts *shifts);

/* Marks pairs as UNRELATED that do not belong together with a probability of 3 in 4, unless they have one of the `known` flaws. */
void belong_mark(const struct belong *belong, struct survey *survey, uint32_t known);

#endif
