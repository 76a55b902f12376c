#include "train/softmax_sample.h"

#include <stdlib.h>

enum { SIZES = 16 }; /* few, because products of every size are compiled */

static void reserve(struct softmax_sampler *sampler, int vocabulary)
{
    if (sampler->words)
        return;
    sampler->words = memory_new((size_t)vocabulary, sizeof *sampler->words);
    sampler->place = memory_new((size_t)vocabulary, sizeof *sampler->place);
    sampler->weight = memory_new((size_t)vocabulary, sizeof *sampler->weight);
}

/* place[v] = 0 for the words of the batch, -1 for the others; returns the number of the former. */
static int mark(int32_t *place, const struct pairs *pairs, int vocabulary)
{
    const struct corpus *corpus = pairs->corpus;
    int marked = 0;

    for (int v = 0; v < vocabulary; v++)
        place[v] = -1;
    for (int k = 0; k < pairs->count; k++) {
        const int32_t *target = corpus->sentence[TARGET][pairs->numbers[k]];

        for (int t = 0; t < corpus->length[TARGET][pairs->numbers[k]]; t++) {
            marked += place[target[t]] < 0;
            place[target[t]] = 0;
        }
    }
    return marked;
}

const struct softmax_sample *softmax_sample_draw(struct softmax_sampler *sampler, const struct pairs *pairs, int vocabulary,
                                                 int others, struct rng rng)
{
    int certain, count = 0, size, rest, draw, step = (vocabulary + SIZES - 1) / SIZES;

    reserve(sampler, vocabulary);
    certain = mark(sampler->place, pairs, vocabulary);
    rest = vocabulary - certain;
    size = (certain + others + step - 1) / step * step;
    size = size < vocabulary ? size : vocabulary;
    draw = size - certain;
    for (int v = 0, left = rest, wanted = draw; v < vocabulary; v++) {
        int one = sampler->place[v] == 0;

        /* any `wanted` of the `left` words that are left with equal probability */
        if (!one && rng_uniform(&rng) * left-- >= wanted)
            continue;
        wanted -= !one;
        sampler->words[count] = v;
        sampler->weight[count] = one ? 1 : (real)rest / (real)draw;
        sampler->place[v] = count++;
    }
    sampler->sample = (struct softmax_sample){ sampler->words, sampler->place, sampler->weight, count };
    return &sampler->sample;
}

void softmax_sampler_release(struct softmax_sampler *sampler)
{
    free(sampler->words);
    free(sampler->place);
    free(sampler->weight);
    *sampler = (struct softmax_sampler){ .words = NULL };
}
