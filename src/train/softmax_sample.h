/* softmax_sample: the target words that an update's softmax is computed over, instead of the whole vocabulary: all words of the batch,
 * and some others, drawn afresh for every batch, each of which stands for several (complementary sum sampling: Botev, Zheng and Barber 2017,
 * "Complementary Sum Sampling for Likelihood Approximation in Large Scale Classification"). So the estimate of the softmax's denominator is
 * unbiased, and the output layer costs a fraction. Validation and scores always use all words. */
#ifndef NMT_TRAIN_SOFTMAX_SAMPLE_H
#define NMT_TRAIN_SOFTMAX_SAMPLE_H

#include "base/rng.h"
#include "corpus/plan.h"
#include "model/output.h"

/* Zero-initialise; softmax_sampler_release. Memory is kept from batch to batch. */
struct softmax_sampler {
    struct softmax_sample sample;
    int32_t *words, *place;
    real *weight;
};

/* A sample for the batch `pairs`, with at least `others` words besides the batch's own: a function of the batch and the random numbers
 * alone. Valid until the next call. */
const struct softmax_sample *softmax_sample_draw(struct softmax_sampler *sampler, const struct pairs *pairs, int vocabulary,
                                                 int others, struct rng rng);
void softmax_sampler_release(struct softmax_sampler *sampler);

#endif
