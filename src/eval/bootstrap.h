/* bootstrap: is one system better than another, or was it luck with these sentences? Paired bootstrap resampling (Koehn 2004):
 * test sets of the same size are drawn, with replacement, from the sentences, and both systems are scored on each. */
#ifndef NMT_EVAL_BOOTSTRAP_H
#define NMT_EVAL_BOOTSTRAP_H

#include "eval/metric.h"

#include <stddef.h>
#include <stdint.h>

struct bootstrap_system {
    double score;    /* on the sentences as they are */
    double mean;     /* over the samples */
    double interval; /* 95 % of the samples lie within mean ± about this: half the distance between the outer 2.5 % */
    double higher;   /* the share of samples, 0..1, in which this system's score is the higher one */
};

struct bootstrap {
    struct bootstrap_system system[2];
    /* How likely a difference as large as theirs would be if they were equally good, two-sided: (n + 1) / (samples + 1), n being
     * the samples whose difference exceeds the mean difference by that much, as sacreBLEU and Moses do it. */
    double p_value;
};

/* Compares two systems by their sentences' statistics, each [lines, metric_width]. The same seed draws the same samples.
 * lines > 0, samples > 0. */
void bootstrap_paired(const struct metric *metric, const long *const statistics[2], size_t lines, int samples, uint64_t seed,
                      struct bootstrap *result);

#endif
