/* search: what the tests of the search share: five sentences, and random models with weights large enough that sentences end and
 * hypotheses differ. */
#ifndef NMT_TESTS_SEARCH_H
#define NMT_TESTS_SEARCH_H

#include "check.h"
#include "pairs.h"
#include "search/beam.h"
#include "search/force.h"

#include <string.h>

enum { SENTENCES = 5, END = 0, LONGEST = 60, WIDEST = 20 };

static const int lengths[SENTENCES][2] = { { 4, 1 }, { 1, 1 }, { 7, 1 }, { 3, 1 }, { 7, 1 } };
static const double tolerance = 1e-4;
static const struct decoder_config plain = { .attention = ATTENTION_ADDITIVE, .query = QUERY_STATE };

struct setup {
    struct model models[2], *list[2];
    struct sample sample;
    struct worker worker;
    struct beam beam;
    struct pass pass;
};

/* Models of these kinds (NULL: of two GRUs). */
static inline void setup_make_kinds(struct setup *setup, struct decoder_config decoder, int models, const enum kind *kinds)
{
    struct config config = { .Vx = 11, .Vy = 9 };

    memset(setup, 0, sizeof *setup);
    for (int i = 0; i < models; i++) {
        struct rng rng = rng_make(3, (uint64_t)i, 0, 0);

        config.E = 5;
        config.encoder = (struct encoder_config){ .width = 6, .layers = 1 + i }; /* the models of an ensemble need not be alike */
        config.decoder = decoder;
        config.decoder.width = 6;
        config.decoder.alignment = decoder.attention == ATTENTION_NONE ? 0 : 4;
        config.decoder.maxout = 4;
        pairs_kind(&config, kinds ? kinds[i] : RNN);
        model_init(&setup->models[i], &config, NULL);
        check_fill(setup->models[i].values, setup->models[i].layout.length, 0.9, &rng);
        setup->list[i] = &setup->models[i];
    }
    sample_make(&setup->sample, &config, lengths, SENTENCES, 5);
    worker_init(&setup->worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    beam_init(&setup->beam, &setup->worker, setup->list, models);
}

static inline void setup_make(struct setup *setup, struct decoder_config decoder, int models)
{
    setup_make_kinds(setup, decoder, models, NULL);
}

static inline void setup_release(struct setup *setup)
{
    int models = setup->beam.model_count;

    beam_release(&setup->beam);
    pass_release(&setup->pass);
    worker_release(&setup->worker);
    for (int i = 0; i < models; i++)
        model_release(&setup->models[i]);
}

/* Sentence b, without a target. */
static inline struct batch source_alone(const struct sample *sample, int b)
{
    return (struct batch){ .sentences = 1, .source = &sample->source[b], .source_length = &sample->source_length[b] };
}

/* −log p and α of given ids for sentence b. */
static inline struct forced force_one(struct setup *setup, int b, const int32_t *ids, int length)
{
    struct forced forced;
    const int32_t *target = ids;
    struct batch batch = { .sentences = 1,
                           .source = &setup->sample.source[b],
                           .source_length = &setup->sample.source_length[b],
                           .targets = 1,
                           .target = &target,
                           .target_length = &length };

    force_batch(&setup->worker, &setup->pass, setup->list, setup->beam.model_count, &batch, &forced);
    return forced;
}

static inline struct beam_options options_of(int beam, int n_best)
{
    return (struct beam_options){ .beam = beam, .n_best = n_best, .length_penalty = 1, .length_ratio = 2, .forbidden = -1 };
}

#endif
