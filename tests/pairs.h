/* pairs: random sentence pairs for tests of the whole model. */
#ifndef NMT_TESTS_PAIRS_H
#define NMT_TESTS_PAIRS_H

#include "model/pass.h"

enum { PAIRS_MOST = 8, PAIRS_LONGEST = 16 };

/* Kinds of models that properties must hold for: of two GRUs with one head and with two, and with Transformers on both sides, as
 * encoder, as decoder. */
enum kind {
    RNN,
    RNN_HEADS,
    TRANSFORMER_PRE,
    TRANSFORMER_POST,
    MIXED,
    MIXED_REVERSED,
    KINDS
}; /* the third and the last have lexical output */

/* Turns the configuration of a model of two GRUs into one of another kind. */
static inline void pairs_kind(struct config *config, enum kind kind)
{
    int encoder = kind == TRANSFORMER_PRE || kind == TRANSFORMER_POST || kind == MIXED;
    int decoder = kind == TRANSFORMER_PRE || kind == TRANSFORMER_POST || kind == MIXED_REVERSED;
    enum norm_place norm = kind == TRANSFORMER_POST ? NORM_POST : NORM_PRE;

    config->decoder.heads = 1;
    if (kind != RNN)
        config->E = 12;
    if (kind == RNN_HEADS) {
        config->decoder.heads = 2;
        config->decoder.alignment = 8;
    }
    if (encoder)
        config->encoder =
            (struct encoder_config){ .type = ENCODER_TRANSFORMER, .layers = 2, .heads = 3, .feed_forward = 15, .norm = norm };
    if (decoder)
        config->decoder = (struct decoder_config){ .type = DECODER_TRANSFORMER,
                                                   .layers = 2,
                                                   .heads = 2,
                                                   .feed_forward = 11,
                                                   .norm = norm,
                                                   .lexical = kind != TRANSFORMER_POST };
}

struct sample {
    int32_t ids[2][PAIRS_MOST][PAIRS_LONGEST];
    const int32_t *source[PAIRS_MOST], *target[PAIRS_MOST];
    int source_length[PAIRS_MOST], target_length[PAIRS_MOST];
    int numbers[PAIRS_MOST]; /* 100, 107, …: in place of a corpus's sentence numbers, by which dropout masks are drawn */
    struct batch batch;      /* all pairs */
};

/* The first `count` pairs. */
static inline struct batch sample_batch(const struct sample *sample, int count)
{
    return (struct batch){ .sentences = count,
                           .source = sample->source,
                           .source_length = sample->source_length,
                           .targets = count,
                           .target = sample->target,
                           .target_length = sample->target_length };
}

/* `count` pairs with the given lengths; ids from 1 up, the last word of each sentence is 0 (</s>). */
static inline void sample_make(struct sample *sample, const struct config *config, const int (*lengths)[2], int count,
                               uint64_t seed)
{
    struct rng rng = rng_make(seed, 0, 0, 0);

    for (int b = 0; b < count; b++) {
        sample->source[b] = sample->ids[0][b];
        sample->target[b] = sample->ids[1][b];
        sample->source_length[b] = lengths[b][0];
        sample->target_length[b] = lengths[b][1];
        sample->numbers[b] = 100 + 7 * b;
        for (int side = 0; side < 2; side++) {
            size_t words = (size_t)(side ? config->Vy : config->Vx) - 1;

            for (int i = 0; i + 1 < lengths[b][side]; i++)
                sample->ids[side][b][i] = 1 + (int32_t)rng_below(&rng, words);
            sample->ids[side][b][lengths[b][side] - 1] = 0;
        }
    }
    sample->batch = sample_batch(sample, count);
}

/* The pairs `which` [count] of `from`, in that order. */
static inline void sample_pick(struct sample *sample, const struct sample *from, const int *which, int count)
{
    for (int i = 0; i < count; i++) {
        sample->source[i] = from->source[which[i]];
        sample->target[i] = from->target[which[i]];
        sample->source_length[i] = from->source_length[which[i]];
        sample->target_length[i] = from->target_length[which[i]];
        sample->numbers[i] = from->numbers[which[i]];
    }
    sample->batch = sample_batch(sample, count);
}

#endif
