/* bootstrap: a significance test for the difference between two systems. Paired bootstrap resampling (Koehn 2004): test sets of the
 * same size are drawn from the sentences, with replacement, and both systems are scored on each. */
#ifndef NMT_EVAL_BOOTSTRAP_H
#define NMT_EVAL_BOOTSTRAP_H

#include "eval/metric.h"

#include <stddef.h>
#include <stdint.h>

struct bootstrap_system {
    double score;    /* on the sentences as they are */
    double mean;     /* over the samples */
    double interval; /* half the width of the range of the middle 95 % of the samples' scores */
    double higher;   /* the share of samples, 0..1, on which this system scores higher */
};

struct bootstrap {
    struct bootstrap_system system[2];
    /* The probability of a difference at least as large as theirs if they were equally good, two-sided: (n + 1) / (samples + 1), n
     * being the number of samples whose difference exceeds the mean difference by that much, as in sacreBLEU and Moses. */
    double p_value;
};

/* Compares two systems by the statistics of their sentences, each [lines, metric_width]. The same seed draws the same samples.
 * lines > 0, samples > 0. */
void bootstrap_paired(const struct metric *metric, const long *const statistics[2], size_t lines, int samples, uint64_t seed,
                      struct bootstrap *result);

#endif
