#include "eval/bootstrap.h"

#include "base/memory.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Mean and half the width of the middle 95 % of the scores, which are sorted. */
static void describe(double *scores, int samples, struct bootstrap_system *system)
{
    int tail = samples / 40;

    system->mean = 0;
    for (int i = 0; i < samples; i++)
        system->mean += scores[i] / samples;
    qsort(scores, (size_t)samples, sizeof *scores, compare_reals);
    system->interval = (scores[samples - 1 - tail] - scores[tail]) / 2;
}

/* The score of both systems on the sentences themselves (rng = NULL) or on a sample of them. */
static void score_both(const struct metric *metric, const long *const statistics[2], size_t lines, struct rng *rng, double score[2])
{
    long sum[2][METRIC_MOST_STATISTICS] = { { 0 } };

    for (size_t i = 0; i < lines; i++) {
        size_t row = (rng ? rng_below(rng, lines) : i) * (size_t)metric_width(metric);

        metric_add(metric, statistics[0] + row, sum[0]);
        metric_add(metric, statistics[1] + row, sum[1]);
    }
    score[0] = metric_score(metric, sum[0]);
    score[1] = metric_score(metric, sum[1]);
}

void bootstrap_paired(const struct metric *metric, const long *const statistics[2], size_t lines, int samples, uint64_t seed,
                      struct bootstrap *result)
{
    double *scores[2], *differences, score[2], difference, mean = 0;
    int extreme = 0, higher[2] = { 0 };

    assert(lines > 0 && samples > 0);
    scores[0] = memory_new((size_t)samples, sizeof **scores);
    scores[1] = memory_new((size_t)samples, sizeof **scores);
    differences = memory_new((size_t)samples, sizeof *differences);
    score_both(metric, statistics, lines, NULL, score);
    difference = fabs(score[0] - score[1]);
    result->system[0].score = score[0];
    result->system[1].score = score[1];
    for (int i = 0; i < samples; i++) {
        struct rng rng = rng_make(seed, (uint64_t)i, 0, 0);

        score_both(metric, statistics, lines, &rng, score);
        scores[0][i] = score[0];
        scores[1][i] = score[1];
        higher[0] += score[0] > score[1];
        higher[1] += score[1] > score[0];
        differences[i] = fabs(score[0] - score[1]);
        mean += differences[i] / samples;
    }
    for (int i = 0; i < samples; i++)
        extreme += differences[i] - mean >= difference; /* "or as large": a system against itself has p = 1 */
    result->p_value = (extreme + 1.) / (samples + 1.);
    for (int k = 0; k < 2; k++) {
        describe(scores[k], samples, &result->system[k]);
        result->system[k].higher = (double)higher[k] / samples;
        free(scores[k]);
    }
    free(differences);
}
