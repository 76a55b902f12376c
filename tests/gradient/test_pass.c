/* The gradient of the whole model against central differences of its loss, in double: every number of every tensor, over a batch
 * of ragged sentences, with dropout of every kind and label smoothing, for every way of tying. The masks are a function of seed,
 * update and the sentences' numbers, so the loss stays one function of the weights. */
#include "../check.h"
#include "../pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both sides' orders of length differ; a sentence of one word (</s>) on either side and on both. */
static const int lengths[][2] = { { 3, 5 }, { 1, 4 }, { 6, 1 }, { 4, 3 }, { 1, 1 } };
enum { SENTENCES = sizeof lengths / sizeof *lengths };

static const struct dropout everything = { .embedding = 0.3,
                                           .state = 0.3,
                                           .annotation = 0.3,
                                           .readout = 0.3,
                                           .residual = 0.3,
                                           .attention = 0.3,
                                           .feed_forward = 0.3,
                                           .source_word = 0.3,
                                           .target_word = 0.3 };

struct setup {
    struct config config;
    struct model model;
    struct sample sample;
    struct pass pass;
    struct worker worker;
    const struct dropout *dropout;
    double smoothing, scale, twins;
    const struct softmax_sample *sampled; /* or NULL */
    struct guide guide;                   /* weights NULL: none */
    struct gradient gradient;
    struct loss loss; /* of the last run */
};

/* The choices with sizes that are odd and, but for E and L (which ties make equal), all different. One layer unless said otherwise. */
static void setup_make(struct setup *setup, struct config choices)
{
    struct rng rng = rng_make(1, 0, 0, 0);
    struct config *c = &setup->config;

    *setup = (struct setup){ .config = choices, .scale = 1 };
    c->Vx = 7;
    c->Vy = choices.tie == TIE_NONE ? 9 : 7;
    c->E = choices.encoder.layers == 3 ? 13 : 3; /* 13: the words wider than the upper layers' input, 2H */
    c->encoder.width = 5;
    c->decoder.width = 6;
    c->decoder.heads = choices.decoder.heads ? choices.decoder.heads : 1;
    c->decoder.alignment = choices.decoder.attention == ATTENTION_NONE ? 0 : 4;
    c->decoder.maxout = choices.tie == TIE_NONE ? 2 : 3;
    if (!choices.encoder.layers)
        c->encoder.layers = 1;
    if (c->encoder.type == ENCODER_TRANSFORMER || c->decoder.type == DECODER_TRANSFORMER) {
        c->E = 6;
        c->encoder.heads = 2;
        c->encoder.feed_forward = 5;
        c->decoder.layers = choices.decoder.layers ? choices.decoder.layers : 2;
        c->decoder.feed_forward = 11; /* few would all be below zero by chance, and without a gradient */
        c->decoder.heads = c->decoder.type == DECODER_TRANSFORMER ? 3 : c->decoder.heads;
        c->decoder.maxout = choices.tie == TIE_NONE ? 2 : 6;
    }
    assert_int_equal(config_check(c, "test"), 0);
    model_init(&setup->model, c, NULL);
    check_fill(setup->model.values, setup->model.layout.length, 0.7, &rng);
    sample_make(&setup->sample, c, lengths, SENTENCES, 2);
    worker_init(&setup->worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    gradient_init(&setup->gradient, &setup->model.layout);
}

static void setup_release(struct setup *setup)
{
    gradient_release(&setup->gradient);
    worker_release(&setup->worker);
    pass_release(&setup->pass);
    model_release(&setup->model);
}

static void run(struct setup *setup)
{
    const struct dropping dropping = { setup->dropout ? *setup->dropout : (struct dropout){ 0 }, 12, 3, setup->sample.numbers };
    const struct pass_input input = { .model = &setup->model,
                                      .batch = &setup->sample.batch,
                                      .dropping = setup->dropout ? &dropping : NULL,
                                      .guide = setup->guide.weights ? &setup->guide : NULL,
                                      .judgement = { setup->smoothing, setup->scale, setup->twins, setup->sampled } };

    setup->loss = (struct loss){ 0 };
    gradient_begin(&setup->gradient);
    pass_gradient(&setup->worker, &setup->pass, &input, &setup->loss, &setup->gradient);
    gradient_end(&setup->gradient);
}

/* What pass_gradient's gradient is the gradient of. */
static double loss(void *context)
{
    struct setup *setup = context;

    run(setup);
    return setup->scale * (setup->loss.loss + setup->guide.strength * setup->loss.guided + setup->twins / 2 * setup->loss.apart);
}

/* A copy of the gradient. */
static real *gradient_of(struct setup *setup)
{
    size_t length = setup->model.layout.length;
    real *copy = memory_new(length, sizeof *copy);

    run(setup);
    memcpy(copy, setup->gradient.values, length * sizeof *copy);
    return copy;
}

/* Zeros and others in a mask, or the kind of dropout would not have been tested. */
static void check_mask(const char *name, double rate, int n)
{
    int numbers[SENTENCES], zeros = 0;
    struct dropping dropping = { everything, 12, 3, numbers };
    struct arena arena = { 0 };
    real *mask;

    for (int b = 0; b < SENTENCES; b++)
        numbers[b] = 100 + 7 * b;
    dropout_masks(&arena, &dropping, rate, name, SENTENCES, n);
    arena_allocate(&arena);
    mask = dropout_masks(&arena, &dropping, rate, name, SENTENCES, n);
    for (int i = 0; i < SENTENCES * n; i++)
        zeros += mask[i] == 0;
    if (zeros == 0 || zeros == SENTENCES * n)
        fail_msg("the mask %s drops %d of %d", name, zeros, SENTENCES * n);
    arena_release(&arena);
}

static void check_words(const char *name, double rate, int side)
{
    int numbers[SENTENCES], each[SENTENCES], words = 0, dropped = 0;
    struct dropping dropping = { everything, 12, 3, numbers };
    struct arena arena = { 0 };
    unsigned char *mask;

    for (int b = 0; b < SENTENCES; b++) {
        numbers[b] = 100 + 7 * b;
        words += each[b] = lengths[b][side];
    }
    dropout_words(&arena, &dropping, rate, name, SENTENCES, each);
    arena_allocate(&arena);
    mask = dropout_words(&arena, &dropping, rate, name, SENTENCES, each);
    for (int i = 0; i < words; i++)
        dropped += mask[i];
    if (dropped == 0 || dropped == words - SENTENCES)
        fail_msg("the mask %s drops %d of %d", name, dropped, words - SENTENCES);
    arena_release(&arena);
}

static void check_masks(const struct config *config)
{
    check_mask("source.embedding", everything.embedding, config->E);
    check_mask("target.embedding", everything.embedding, config->E);
    check_mask("encoder.1.forward.state", everything.state, config->encoder.width);
    check_mask("encoder.1.backward.state", everything.state, config->encoder.width);
    check_mask("decoder.state", everything.state, config->decoder.width);
    check_mask("annotation", everything.annotation, 2 * config->encoder.width);
    check_mask("readout", everything.readout, config->decoder.maxout);
    check_words("source.word", everything.source_word, 0);
    check_words("target.word", everything.target_word, 1);
}

static void check_tensors(struct setup *setup)
{
    real *gradient;

    run(setup);
    setup->scale = 1.0 / (double)setup->loss.words;
    gradient = gradient_of(setup);
    for (int i = 0; i < setup->model.layout.count; i++) {
        const struct tensor *tensor = &setup->model.layout.tensors[i];

        check_gradient(tensor->name, setup->model.values + tensor->offset, gradient + tensor->offset, tensor->rows, tensor->columns,
                       tensor->columns, loss, setup);
    }
    free(gradient);
}

static void check_model(struct config choices, const struct dropout *dropout, double smoothing)
{
    struct setup setup;

    setup_make(&setup, choices);
    setup.dropout = dropout;
    setup.smoothing = smoothing;
    if (dropout == &everything)
        check_masks(&setup.config);
    check_tensors(&setup);
    setup_release(&setup);
}

/* A guide for every word: rows that sum to 1, to less, and to 0. */
static void guide_make(real **weights, const struct batch *batch, struct rng *rng)
{
    for (int b = 0; b < batch->targets; b++) {
        int Tx = batch->source_length[b], Ty = batch->target_length[b];

        weights[b] = memory_new((size_t)Tx * (size_t)Ty, sizeof(real));
        for (int t = 0; t < Ty; t++)
            for (int j = 0; j < Tx; j++)
                weights[b][t * Tx + j] = (real)(t % 3 == 0 ? 0 : j % 2 ? 0 : rng_uniform(rng) / Tx);
    }
}

static void check_guided(struct config choices)
{
    struct rng rng = rng_make(5, 0, 0, 0);
    struct setup setup;
    real *weights[SENTENCES];

    setup_make(&setup, choices);
    guide_make(weights, &setup.sample.batch, &rng);
    setup.guide = (struct guide){ (const real *const *)weights, 0.7 };
    setup.dropout = &everything;
    setup.smoothing = 0.1;
    check_tensors(&setup);
    assert_true(setup.loss.guided > 0.1);
    for (int b = 0; b < SENTENCES; b++)
        free(weights[b]);
    setup_release(&setup);
}

/* A sample of all words, or of all but one that the batch does not have, where the batch's own stand for themselves and the others for 1.5. */
static void sampled_make(struct softmax_sample *sample, const struct setup *setup, int all)
{
    static int32_t words[9], place[9];
    static real weight[9];
    const struct batch *batch = &setup->sample.batch;
    int own[9] = { 0 }, left_out = all;

    *sample = (struct softmax_sample){ words, place, weight, 0 };
    for (int b = 0; b < SENTENCES; b++)
        for (int t = 0; t < batch->target_length[b]; t++)
            own[batch->target[b][t]] = 1;
    for (int v = 0; v < setup->config.Vy; v++) {
        if (!own[v] && !left_out++)
            continue;
        weight[sample->count] = own[v] || all ? 1 : (real)1.5;
        place[v] = sample->count;
        words[sample->count++] = v;
    }
    assert_int_equal(sample->count, setup->config.Vy - !all);
}

/* The loss over a sample of the words has this gradient, too; a sample of all of them is the usual loss. */
static void check_sampled(struct config choices)
{
    struct softmax_sample sampled;
    struct setup setup;
    struct loss whole;
    real *one, *two;

    setup_make(&setup, choices);
    setup.dropout = &everything;
    setup.smoothing = 0.1;
    one = gradient_of(&setup);
    whole = setup.loss;
    sampled_make(&sampled, &setup, 1);
    setup.sampled = &sampled;
    two = gradient_of(&setup);
    check_near("loss of all words", 0, setup.loss.loss, whole.loss, 1e-12);
    check_near("nll of all words", 0, setup.loss.nll, whole.nll, 1e-12);
    for (size_t i = 0; i < setup.model.layout.length; i++)
        check_near("gradient of all words", i, (double)two[i], (double)one[i], 1e-12);
    sampled_make(&sampled, &setup, 0);
    check_tensors(&setup);
    assert_true(fabs(setup.loss.nll - whole.nll) > 1e-3);
    free(one);
    free(two);
    setup_release(&setup);
}

static void sampled(void **state)
{
    (void)state;
    check_sampled((struct config){ .decoder = { .lexical = 1, .query = QUERY_WORD } });
    check_sampled((struct config){ .tie = TIE_TARGET });
    check_sampled((struct config){ .tie = TIE_ALL, .encoder.type = ENCODER_TRANSFORMER, .decoder.type = DECODER_TRANSFORMER });
}

/* The batch's first three pairs and then the same again, with other masks. */
static void make_twins(struct setup *setup)
{
    static const int twice[] = { 0, 1, 2, 0, 1, 2 };
    struct sample once = setup->sample;

    sample_pick(&setup->sample, &once, twice, 6);
    for (int b = 0; b < 6; b++) {
        for (int side = 0; side < 2; side++)
            memcpy(setup->sample.ids[side][b], once.ids[side][twice[b]], sizeof once.ids[side][b]);
        setup->sample.source[b] = setup->sample.ids[0][b];
        setup->sample.target[b] = setup->sample.ids[1][b];
        setup->sample.numbers[b] = 100 + 7 * b;
    }
    setup->twins = 5;
}

static void check_twins(struct config choices)
{
    struct rng rng = rng_make(5, 0, 0, 0);
    struct setup setup;
    real *weights[6];

    setup_make(&setup, choices);
    make_twins(&setup);
    guide_make(weights, &setup.sample.batch, &rng);
    setup.guide = (struct guide){ (const real *const *)weights, 0.7 };
    setup.dropout = &everything;
    setup.smoothing = 0.1;
    check_tensors(&setup);
    assert_true(setup.loss.apart > 0.1 && setup.loss.guided > 0.1);
    assert_int_equal(setup.loss.words, 5 + 4 + 1);
    for (int b = 0; b < 6; b++)
        free(weights[b]);
    setup_release(&setup);
}

static void twins(void **state)
{
    (void)state;
    check_twins((struct config){ .decoder = { .lexical = 1, .query = QUERY_WORD } });
    check_twins((struct config){ .tie = TIE_ALL, .encoder.layers = 2 });
    check_twins((struct config){ .encoder = { .type = ENCODER_TRANSFORMER, .layers = 1 },
                                 .decoder = { .type = DECODER_TRANSFORMER, .layers = 2, .lexical = 1 } });
}

/* Without dropout, twins are equal: their loss and gradient are those of one pass, whatever the weight. */
static void equal_twins(void **state)
{
    struct setup setup;
    struct loss once;
    real *one, *two;

    (void)state;
    setup_make(&setup, (struct config){ .decoder.query = QUERY_WORD });
    setup.smoothing = 0.1;
    setup.sample.batch = sample_batch(&setup.sample, 3);
    one = gradient_of(&setup);
    once = setup.loss;
    make_twins(&setup);
    two = gradient_of(&setup);
    check_near("loss of equal twins", 0, setup.loss.loss, once.loss, 1e-12);
    check_near("nll of equal twins", 0, setup.loss.nll, once.nll, 1e-12);
    check_near("divergence of equal twins", 0, setup.loss.apart, 0, 1e-12);
    for (size_t i = 0; i < setup.model.layout.length; i++)
        check_near("gradient of equal twins", i, (double)two[i], (double)one[i], 1e-12);
    free(one);
    free(two);
    setup_release(&setup);
}

static void lexical(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.lexical = 1 }, NULL, 0);
    check_model((struct config){ .decoder = { .lexical = 1, .query = QUERY_WORD } }, &everything, 0.1);
    check_model((struct config){ .decoder = { .lexical = 1, .attention = ATTENTION_DOT }, .encoder.layers = 2 }, &everything, 0.1);
}

static void guided(void **state)
{
    (void)state;
    check_guided((struct config){ .decoder.lexical = 1 });
    check_guided((struct config){ .decoder.query = QUERY_WORD });
    check_guided((struct config){ .decoder.attention = ATTENTION_SCALED_DOT });
}

static void plain(void **state)
{
    (void)state;
    check_model((struct config){ 0 }, NULL, 0);
}

static void dropout(void **state)
{
    (void)state;
    check_model((struct config){ 0 }, &everything, 0.1);
}

static void tied_target(void **state)
{
    (void)state;
    check_model((struct config){ .tie = TIE_TARGET }, &everything, 0.1);
}

static void tied_all(void **state)
{
    (void)state;
    check_model((struct config){ .tie = TIE_ALL }, &everything, 0.1);
}

static void dot(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.attention = ATTENTION_DOT }, &everything, 0.1);
}

static void scaled_dot(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.attention = ATTENTION_SCALED_DOT }, &everything, 0.1);
}

static void query_word(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.query = QUERY_WORD }, &everything, 0.1);
    check_model((struct config){ .decoder = { .query = QUERY_WORD, .attention = ATTENTION_DOT } }, NULL, 0);
}

static void fixed_vector(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.attention = ATTENTION_NONE }, &everything, 0.1);
}

static void two_layers(void **state)
{
    (void)state;
    check_model((struct config){ .encoder.layers = 2 }, NULL, 0);
    check_model((struct config){ .encoder.layers = 2, .tie = TIE_ALL }, &everything, 0.1);
    check_model((struct config){ .encoder.layers = 2, .decoder.attention = ATTENTION_NONE }, &everything, 0.1);
}

static void three_layers(void **state)
{
    (void)state;
    check_model((struct config){ .encoder.layers = 3 }, &everything, 0.1);
}

/* A Transformer on either side or on both. */
static void transformers(void **state)
{
    static const struct {
        int encoder, decoder;
    } kinds[] = { { ENCODER_TRANSFORMER, DECODER_TRANSFORMER },
                  { ENCODER_TRANSFORMER, DECODER_GRU },
                  { ENCODER_GRU, DECODER_TRANSFORMER } };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct config config = { .encoder = { .type = (enum encoder_type)kinds[i].encoder, .layers = 2 },
                                 .decoder = { .type = (enum decoder_type)kinds[i].decoder } };

        check_model(config, NULL, 0);
        check_model(config, &everything, 0.1);
        config.tie = TIE_ALL;
        config.encoder.norm = config.decoder.norm = NORM_POST;
        check_model(config, &everything, 0.1);
        check_guided(config);
    }
}

static void transformer_lexical(void **state)
{
    struct config config = { .encoder = { .type = ENCODER_TRANSFORMER, .layers = 1 },
                             .decoder = { .type = DECODER_TRANSFORMER, .layers = 3, .lexical = 1 } };

    (void)state;
    check_model(config, NULL, 0);
    check_guided(config);
    config.encoder.type = ENCODER_GRU;
    config.decoder.layers = 2;
    config.decoder.norm = NORM_POST;
    check_model(config, &everything, 0.1);
}

/* One layer of a Transformer, whose attention is then guided itself. */
static void one_layer(void **state)
{
    (void)state;
    check_guided((struct config){ .encoder = { .type = ENCODER_TRANSFORMER, .layers = 1 },
                                  .decoder = { .type = DECODER_TRANSFORMER, .layers = 1 } });
}

/* Several heads of a GRU decoder. */
static void heads(void **state)
{
    (void)state;
    check_model((struct config){ .decoder.heads = 2 }, &everything, 0.1);
    check_model((struct config){ .decoder = { .heads = 2, .attention = ATTENTION_SCALED_DOT, .query = QUERY_WORD } }, NULL, 0);
    check_guided((struct config){ .decoder = { .heads = 2, .attention = ATTENTION_DOT, .lexical = 1 } });
    check_model((struct config){ .encoder = { .type = ENCODER_TRANSFORMER, .layers = 1 }, .decoder = { .heads = 2, .lexical = 1 } },
                &everything, 0.1);
}

/* Two kinds of dropout can hide each other's mistakes: each kind alone. */
static void each_dropout(void **state)
{
    static const struct dropout kinds[] = { { .embedding = 0.4 }, { .state = 0.4 },       { .annotation = 0.4 },
                                            { .readout = 0.4 },   { .source_word = 0.4 }, { .target_word = 0.4 } };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int layers = 1; layers <= 2; layers++)
            check_model((struct config){ .encoder.layers = layers }, &kinds[i], 0);
}

static void each_transformer_dropout(void **state)
{
    static const struct dropout kinds[] = {
        { .residual = 0.4 }, { .attention = 0.4 }, { .feed_forward = 0.4 }, { .source_word = 0.4 }, { .target_word = 0.4 }
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_model((struct config){ .encoder = { .type = ENCODER_TRANSFORMER, .layers = 1 },
                                     .decoder = { .type = DECODER_TRANSFORMER, .layers = 1 } },
                    &kinds[i], 0);
}

/* Whatever an earlier pass left, or anybody else, a pass ends with the same gradient: of every kind of model, NaN is poured over all that
 * the second pass has to set. */
static void leaves_nothing(void **state)
{
    static const struct config choices[] = { { 0 },
                                             { .decoder.query = QUERY_WORD },
                                             { .tie = TIE_TARGET },
                                             { .tie = TIE_ALL },
                                             { .decoder.attention = ATTENTION_DOT },
                                             { .decoder.attention = ATTENTION_NONE },
                                             { .encoder.layers = 2 },
                                             { .decoder.lexical = 1 },
                                             { .decoder.heads = 2 },
                                             { .encoder.type = ENCODER_TRANSFORMER, .decoder.type = DECODER_TRANSFORMER },
                                             { .encoder.type = ENCODER_TRANSFORMER },
                                             { .decoder.type = DECODER_TRANSFORMER },
                                             { .encoder.layers = 2, .decoder.query = QUERY_WORD, .tie = TIE_ALL } };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct setup setup;
        real *first;

        setup_make(&setup, choices[i]);
        first = gradient_of(&setup);
        for (int k = 0; k < setup.model.layout.count; k++) {
            const struct tensor *tensor = &setup.model.layout.tensors[k];

            for (size_t n = tensor->offset; n < tensor->offset + tensor->count; n++)
                setup.gradient.values[n] =
                    tensor->kind == TENSOR_EMBEDDING || tensor->kind == TENSOR_SCALED ? setup.gradient.values[n] : NAN;
        }
        run(&setup);
        for (int k = 0; k < setup.model.layout.count; k++) {
            const struct tensor *tensor = &setup.model.layout.tensors[k];

            for (size_t n = tensor->offset; n < tensor->offset + tensor->count; n++)
                check_near(tensor->name, n, (double)setup.gradient.values[n], (double)first[n], 0);
        }
        free(first);
        setup_release(&setup);
    }
}

/* The loss adds to what is there; `scale` multiplies the gradient and leaves the loss. */
static void scales(void **state)
{
    struct setup setup;
    struct loss once;
    real *one, *scaled;

    (void)state;
    setup_make(&setup, (struct config){ .tie = TIE_ALL, .encoder.layers = 2 });
    setup.dropout = &everything;
    setup.smoothing = 0.1;
    one = gradient_of(&setup);
    once = setup.loss;
    setup.scale = -0.25;
    scaled = gradient_of(&setup);
    check_near("loss with scale", 0, setup.loss.loss, once.loss, 1e-12);
    for (size_t i = 0; i < setup.model.layout.length; i++)
        check_near("gradient with scale", i, (double)scaled[i], -0.25 * (double)one[i], 1e-12);
    free(one);
    free(scaled);
    setup_release(&setup);
}

/* The loss that pass_gradient reports is pass_forward's, and nothing but the tensors is written in the gradient's array. */
static void loss_and_gaps(void **state)
{
    struct setup setup;
    struct pass_input input;
    struct loss forward = { .loss = 1, .nll = 2, .words = 3 };
    real *gradient;

    (void)state;
    setup_make(&setup, (struct config){ .tie = TIE_TARGET, .encoder.layers = 2 });
    setup.smoothing = 0.1;
    gradient = gradient_of(&setup);
    input =
        (struct pass_input){ .model = &setup.model, .batch = &setup.sample.batch, .judgement = { .smoothing = 0.1, .scale = 1 } };
    pass_forward(&setup.worker, &setup.pass, &input, &forward, NULL);
    check_near("loss, added to what was there", 0, forward.loss, 1 + setup.loss.loss, 1e-12);
    check_near("nll, added to what was there", 0, forward.nll, 2 + setup.loss.nll, 1e-12);
    assert_int_equal(forward.words, 3 + setup.loss.words);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];

        memset(gradient + tensor->offset, 0, tensor->count * sizeof *gradient);
    }
    for (size_t i = 0; i < setup.model.layout.length; i++)
        assert_true(gradient[i] == 0);
    free(gradient);
    setup_release(&setup);
}

/* The output layer in chunks of one, two and three rows finds what it finds in one. */
static void chunks(void **state)
{
    struct setup setup;
    struct decoded decoded;
    real *whole, numbers[64 * 9], dtop[2][64 * 2], top[64 * 2];
    struct loss all = { 0 };
    struct rng rng = rng_make(4, 0, 0, 0);

    (void)state;
    setup_make(&setup, (struct config){ 0 });
    whole = memory_new(setup.model.layout.length, sizeof *whole);
    run(&setup);
    decoded = setup.pass.decoded;
    assert_true(decoded.rows > 7 && decoded.rows < 64 && decoded.top.columns == 2);
    check_fill(top, 64 * 2, 1, &rng);
    decoded.top = matrix_view(top, decoded.rows, 2);
    for (int chunk = 64; chunk > 0; chunk = chunk == 64 ? 3 : chunk - 1) {
        const struct output_rows rows = { &decoded,
                                          { .logits = matrix_view(numbers, chunk, 9) },
                                          { .smoothing = 0.1, .scale = 0.7 } };
        struct loss loss_now = { 0 };

        decoded.dtop = matrix_view(dtop[chunk < 64], decoded.rows, 2);
        gradient_begin(&setup.gradient);
        output_loss_backward(&setup.worker, &setup.model, &rows, chunk == 64 ? &all : &loss_now, &setup.gradient);
        gradient_end(&setup.gradient);
        if (chunk == 64) {
            memcpy(whole, setup.gradient.values, setup.model.layout.length * sizeof *whole);
            continue;
        }
        check_near("loss in chunks", 0, loss_now.loss, all.loss, 1e-12);
        for (size_t i = 0; i < setup.model.layout.length; i++)
            check_near("gradient in chunks", i, (double)setup.gradient.values[i], (double)whole[i], 1e-12);
        for (int i = 0; i < 2 * decoded.rows; i++)
            check_near("dtop in chunks", (size_t)i, (double)dtop[1][i], (double)dtop[0][i], 1e-12);
    }
    free(whole);
    setup_release(&setup);
}

/* The choices that add to the paper's model, together. */
static const struct config all_choices = { .encoder.layers = 2, .decoder.query = QUERY_WORD };

static void all_together(void **state)
{
    (void)state;
    check_model(all_choices, NULL, 0);
    check_model(all_choices, &everything, 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot),
        cmocka_unit_test(scaled_dot),
        cmocka_unit_test(query_word),
        cmocka_unit_test(fixed_vector),
        cmocka_unit_test(plain),
        cmocka_unit_test(dropout),
        cmocka_unit_test(tied_target),
        cmocka_unit_test(tied_all),
        cmocka_unit_test(each_dropout),
        cmocka_unit_test(transformers),
        cmocka_unit_test(one_layer),
        cmocka_unit_test(transformer_lexical),
        cmocka_unit_test(heads),
        cmocka_unit_test(each_transformer_dropout),
        cmocka_unit_test(leaves_nothing),
        cmocka_unit_test(scales),
        cmocka_unit_test(chunks),
        cmocka_unit_test(loss_and_gaps),
        cmocka_unit_test(two_layers),
        cmocka_unit_test(three_layers),
        cmocka_unit_test(guided),
        cmocka_unit_test(lexical),
        cmocka_unit_test(sampled),
        cmocka_unit_test(twins),
        cmocka_unit_test(equal_twins),
        cmocka_unit_test(all_together),
    };

    return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
