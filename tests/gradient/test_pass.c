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

static const struct dropout everything = {
    .embedding = 0.3, .state = 0.3, .annotation = 0.3, .readout = 0.3, .source_word = 0.3, .target_word = 0.3
};

struct setup {
    struct config config;
    struct model model;
    struct pairs pairs;
    struct pass pass;
    struct matmul *matmul;
    const struct dropout *dropout;
    double smoothing, scale;
    struct params gradient;
    real *array;      /* of the gradient */
    struct loss loss; /* of the last run */
};

/* The choices with sizes that are odd and, but for E and L (which ties make equal), all different. One layer unless said otherwise. */
static void setup_make(struct setup *setup, struct config choices)
{
    struct rng rng = rng_make(1, 0, 0, 0);

    *setup = (struct setup){ .config = choices, .scale = 1 };
    setup->config.Vx = 7;
    setup->config.Vy = choices.tie == TIE_NONE ? 9 : 7;
    setup->config.E = choices.encoder_layers == 3 ? 13 : 3; /* 13: the words wider than the upper layers' input, 2H */
    setup->config.H = 5;
    setup->config.A = choices.attention == ATTENTION_NONE ? 0 : 4;
    setup->config.L = choices.tie == TIE_NONE ? 2 : 3;
    if (!choices.encoder_layers)
        setup->config.encoder_layers = 1;
    assert_int_equal(config_check(&setup->config, "test"), 0);
    model_init(&setup->model, &setup->config, NULL);
    check_fill(setup->model.values, setup->model.layout.length, 0.7, &rng);
    pairs_make(&setup->pairs, &setup->config, lengths, SENTENCES, 2);
    setup->matmul = matmul_new(BACKEND_OPENBLAS, PRECISION_F32);
    setup->array = memory_new(setup->model.layout.length, sizeof *setup->array);
    params_view(&setup->gradient, &setup->model.layout, &setup->config, setup->array);
}

static void setup_release(struct setup *setup)
{
    free(setup->array);
    matmul_free(setup->matmul);
    pass_release(&setup->pass);
    model_release(&setup->model);
}

static void run(struct setup *setup)
{
    setup->loss = (struct loss){ 0 };
    pass_gradient(setup->matmul, &setup->pass, &setup->loss, &setup->gradient, &setup->pairs.batch, &setup->model, setup->dropout,
                  setup->smoothing, setup->scale, 11, 3, setup->pairs.numbers);
}

/* What pass_gradient's gradient is the gradient of. The gradients it adds on the way are thrown away afterwards. */
static double loss(void *context)
{
    struct setup *setup = context;

    run(setup);
    return setup->scale * setup->loss.loss;
}

/* Runs with a gradient that starts at zero, and returns a copy of it. */
static real *gradient_of(struct setup *setup)
{
    size_t length = setup->model.layout.length;
    real *copy = memory_new(length, sizeof *copy);

    memset(setup->array, 0, length * sizeof *copy);
    run(setup);
    memcpy(copy, setup->array, length * sizeof *copy);
    return copy;
}

/* Zeros and others in a mask, or the kind of dropout would not have been tested. */
static void check_mask(const char *name, const real *mask, int n)
{
    int zeros = 0;

    assert_non_null(mask);
    for (int i = 0; i < SENTENCES * n; i++)
        zeros += mask[i] == 0;
    if (zeros == 0 || zeros == SENTENCES * n)
        fail_msg("the mask %s drops %d of %d", name, zeros, SENTENCES * n);
}

static void check_masks(const struct setup *setup)
{
    const struct masks *masks = &setup->pass.masks;
    int source = 0, target = 0;

    check_mask("source embedding", masks->source_embedding, setup->config.E);
    check_mask("target embedding", masks->target_embedding, setup->config.E);
    for (int i = 0; i < 2 * setup->config.encoder_layers; i++)
        check_mask("encoder state", masks->encoder_state[i / 2][i % 2], setup->config.H);
    check_mask("decoder state", masks->decoder_state, setup->config.H);
    check_mask("annotation", masks->annotation, 2 * setup->config.H);
    check_mask("readout", masks->readout, setup->config.L);
    for (int i = 0; i < setup->pass.encoder.rows; i++)
        source += masks->source_word[i];
    for (int i = 0; i < setup->pass.decoder.rows; i++)
        target += masks->target_word[i];
    assert_true(source > 0 && source < setup->pass.encoder.rows - SENTENCES);
    assert_true(target > 0 && target < setup->pass.decoder.rows - SENTENCES);
}

static void check_model(struct config choices, const struct dropout *dropout, double smoothing)
{
    struct setup setup;
    real *gradient;

    setup_make(&setup, choices);
    setup.dropout = dropout;
    setup.smoothing = smoothing;
    run(&setup);
    if (dropout == &everything)
        check_masks(&setup);
    setup.scale = 1.0 / (double)setup.loss.words;
    gradient = gradient_of(&setup);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];

        check_gradient(tensor->name, setup.model.values + tensor->offset, gradient + tensor->offset, tensor->rows, tensor->columns,
                       tensor->columns, loss, &setup);
    }
    free(gradient);
    setup_release(&setup);
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
    check_model((struct config){ .attention = ATTENTION_DOT }, &everything, 0.1);
}

static void scaled_dot(void **state)
{
    (void)state;
    check_model((struct config){ .attention = ATTENTION_SCALED_DOT }, &everything, 0.1);
}

static void query_word(void **state)
{
    (void)state;
    check_model((struct config){ .query = QUERY_WORD }, &everything, 0.1);
    check_model((struct config){ .query = QUERY_WORD, .attention = ATTENTION_DOT }, NULL, 0);
}

static void fixed_vector(void **state)
{
    (void)state;
    check_model((struct config){ .attention = ATTENTION_NONE }, &everything, 0.1);
}

static void two_layers(void **state)
{
    (void)state;
    check_model((struct config){ .encoder_layers = 2 }, NULL, 0);
    check_model((struct config){ .encoder_layers = 2, .tie = TIE_ALL }, &everything, 0.1);
    check_model((struct config){ .encoder_layers = 2, .attention = ATTENTION_NONE }, &everything, 0.1);
}

static void three_layers(void **state)
{
    (void)state;
    check_model((struct config){ .encoder_layers = 3 }, &everything, 0.1);
}

/* Two kinds of dropout can hide each other's mistakes: each kind alone. */
static void each_dropout(void **state)
{
    static const struct dropout kinds[] = { { .embedding = 0.4 }, { .state = 0.4 },       { .annotation = 0.4 },
                                            { .readout = 0.4 },   { .source_word = 0.4 }, { .target_word = 0.4 } };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int layers = 1; layers <= 2; layers++)
            check_model((struct config){ .encoder_layers = layers }, &kinds[i], 0);
}

/* With matmul_overwrite, the gradients of weights need not be emptied: every one is set by some product before anything adds to it. */
static void overwrites(void **state)
{
    static const struct config choices[] = { { 0 },
                                             { .query = QUERY_WORD },
                                             { .tie = TIE_TARGET },
                                             { .tie = TIE_ALL },
                                             { .attention = ATTENTION_DOT },
                                             { .attention = ATTENTION_NONE },
                                             { .encoder_layers = 2 },
                                             { .encoder_layers = 2, .query = QUERY_WORD, .tie = TIE_ALL } };

    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct setup setup;
        real *from_zero;

        setup_make(&setup, choices[i]);
        from_zero = gradient_of(&setup);
        for (int k = 0; k < setup.model.layout.count; k++) {
            const struct tensor *tensor = &setup.model.layout.tensors[k];

            for (size_t n = tensor->offset; n < tensor->offset + tensor->count; n++)
                setup.array[n] = tensor->gradient == GRADIENT_PRODUCT ? NAN : 0;
        }
        matmul_overwrite(setup.matmul, setup.array, setup.model.layout.length);
        run(&setup);
        for (size_t n = 0; n < setup.model.layout.length; n++)
            check_near("gradient over what was there", n, (double)setup.array[n], (double)from_zero[n], 1e-12);
        free(from_zero);
        setup_release(&setup);
    }
}

/* A second call adds to the gradient and to the loss; `scale` multiplies the gradient and leaves the loss. */
static void accumulates_and_scales(void **state)
{
    struct setup setup;
    struct loss once;
    real *one, *scaled;

    (void)state;
    setup_make(&setup, (struct config){ .tie = TIE_ALL, .encoder_layers = 2 });
    setup.dropout = &everything;
    setup.smoothing = 0.1;
    one = gradient_of(&setup);
    once = setup.loss;
    run(&setup);
    for (size_t i = 0; i < setup.model.layout.length; i++)
        check_near("gradient after two calls", i, (double)setup.array[i], 2 * (double)one[i], 1e-12);
    pass_gradient(setup.matmul, &setup.pass, &setup.loss, &setup.gradient, &setup.pairs.batch, &setup.model, setup.dropout,
                  setup.smoothing, 1, 11, 3, setup.pairs.numbers);
    check_near("loss after two calls", 0, setup.loss.loss, 2 * once.loss, 1e-12);
    assert_int_equal(setup.loss.words, 2 * once.words);
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
    struct loss forward = { 0 };
    real *gradient;

    (void)state;
    setup_make(&setup, (struct config){ .tie = TIE_TARGET, .encoder_layers = 2 });
    setup.smoothing = 0.1;
    gradient = gradient_of(&setup);
    pass_forward(setup.matmul, &setup.pass, &forward, NULL, &setup.pairs.batch, &setup.model, 0.1);
    check_near("loss", 0, setup.loss.loss, forward.loss, 1e-12);
    check_near("nll", 0, setup.loss.nll, forward.nll, 1e-12);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];

        memset(gradient + tensor->offset, 0, tensor->count * sizeof *gradient);
    }
    for (size_t i = 0; i < setup.model.layout.length; i++)
        assert_true(gradient[i] == 0);
    free(gradient);
    setup_release(&setup);
}

/* The choices that add to the paper's model, together. */
static const struct config all_choices = { .encoder_layers = 2, .query = QUERY_WORD };

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
        cmocka_unit_test(overwrites),
        cmocka_unit_test(accumulates_and_scales),
        cmocka_unit_test(loss_and_gaps),
        cmocka_unit_test(two_layers),
        cmocka_unit_test(three_layers),
        cmocka_unit_test(all_together),
    };

    return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
