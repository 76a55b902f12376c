/* shift: finds runs of lines whose translations stand a few lines further up or down, as after a line is lost on one side.
 *
 * Every source line i has one of the offsets d = −SHIFT_MOST … SHIFT_MOST, and belongs to the target line i + d. A score says for each
 * (i, d) how much better the two lines fit than two lines drawn at random (a log-likelihood ratio in nats); a change of the offset from
 * one line to the next costs SHIFT_COST. The best sequence of offsets is found by dynamic programming (Viterbi 1967). */
#ifndef NMT_CORPUS_SHIFT_H
#define NMT_CORPUS_SHIFT_H

#include "corpus/survey.h"

enum { SHIFT_MOST = 5, SHIFT_OFFSETS = 2 * SHIFT_MOST + 1 };

/* Lines first … last (indices of pairs), whose translations stand `offset` lines below. */
struct shift {
    size_t first, last;
    int offset;
};

struct shifts {
    struct shift *items;
    int count, room;
};

/* The score of source line i with target line j. */
typedef double shift_score(const void *context, size_t i, size_t j);

/* Replaces `shifts` by the runs that have another offset than 0. */
void shift_find(struct shifts *shifts, size_t pairs, shift_score *score, const void *context);

/* How well two lines fit by their lengths and digits alone: their log lengths are jointly normal, with a correlation that is estimated
 * together with the offsets. */
struct fit_by_length {
    const struct survey *survey;
    double mean[2], deviation[2], correlation; /* of the log of the characters */
};

/* Finds shifts by lengths and digits; the fit serves to score further lines. */
void shift_by_length(struct shifts *shifts, struct fit_by_length *fit, const struct survey *survey);
double shift_length_score(const void *fit, size_t i, size_t j);

/* Marks the pairs of all runs as SHIFTED. */
void shift_mark(const struct shifts *shifts, struct survey *survey);
void shift_release(struct shifts *shifts);

#endif
