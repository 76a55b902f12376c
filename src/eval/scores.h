/* scores: the output of `nmt eval` for one system's translations, or for two and their difference, as text or as one JSON
 * object. */
#ifndef NMT_EVAL_SCORES_H
#define NMT_EVAL_SCORES_H

#include "eval/metric.h"

#include <stddef.h>
#include <stdint.h>

struct scores {
    const struct metric *metric;
    size_t lines;
    const long *statistics[2]; /* [lines, metric_width] of each system; the second is NULL if there is only one system */
    const int *buckets;        /* [lines]: also score each bucket of source lengths; NULL: only the whole */
    int samples;               /* of the significance test */
    long seed;
};

/* The bucket of a source sentence: 0, 1-10, 11-20, … 91-100 words, or more; words are separated by white space. */
int scores_bucket(const char *source);

/* "0", "1-10", …, ">100" words. */
void scores_bucket_name(int bucket, char name[16]);

enum { SCORES_BUCKETS = 12 };

/* Prints to standard output. The significance test is computed here. */
void scores_print(const struct scores *scores, int json);

#endif
