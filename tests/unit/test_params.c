/* The tensor table: sizes, views and ties, and how the weights start. */
#include "base/memory.h"
#include "model/model.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

/* Large enough for statistics; sizes all different but for E and L, which ties make equal. */
static const struct config sizes = {
    .Vx = 120, .Vy = 110, .E = 40, .H = 50, .A = 45, .L = 40, .encoder_layers = 2, .tie = TIE_NONE
};

struct start {
    struct layout layout;
    real *array;
};

static struct start start_new(const struct config *config, enum initial initial, unsigned long seed)
{
    struct start start;

    params_layout(&start.layout, config);
    start.array = memory_new(start.layout.length, sizeof(real));
    for (size_t i = 0; i < start.layout.length; i++)
        start.array[i] = 77; /* params_initialize sets every number */
    params_initialize(start.array, &start.layout, initial, seed);
    return start;
}

static const struct tensor *tensor_of(const struct start *start, const char *name)
{
    int i = params_find(&start->layout, name);

    if (i < 0)
        fail_msg("no tensor %s", name);
    return &start->layout.tensors[i];
}

/* Mean, deviation and largest size of a tensor's numbers. */
struct moments {
    double mean, deviation, most;
};

static struct moments moments_of(const struct start *start, const char *name)
{
    const struct tensor *tensor = tensor_of(start, name);
    struct moments moments = { 0 };
    double squares = 0;

    for (size_t i = 0; i < tensor->count; i++) {
        double x = (double)start->array[tensor->offset + i];

        moments.mean += x / (double)tensor->count;
        squares += x * x / (double)tensor->count;
        moments.most = fmax(moments.most, fabs(x));
    }
    moments.deviation = sqrt(squares - moments.mean * moments.mean);
    return moments;
}

static void check_normal(const struct start *start, const char *name, double deviation)
{
    struct moments moments = moments_of(start, name);
    double count = (double)tensor_of(start, name)->count;

    check_near(name, 0, moments.mean, 0, 5 * deviation / sqrt(count));
    check_near(name, 1, moments.deviation, deviation, 5 * deviation / sqrt(2 * count));
    assert_true(moments.most > 2.5 * deviation && moments.most < 6 * deviation);
}

static void check_uniform(const struct start *start, const char *name)
{
    const struct tensor *tensor = tensor_of(start, name);
    struct moments moments = moments_of(start, name);
    double most = sqrt(6.0 / (tensor->rows + tensor->columns)), count = (double)tensor->count;

    assert_true(moments.most <= most * 1.000001 && moments.most > most * (1 - 10 / count));
    check_near(name, 0, moments.mean, 0, 5 * most / sqrt(3 * count));
    check_near(name, 1, moments.deviation, most / sqrt(3), 5 * most / sqrt(3 * count));
}

static void check_zero(const struct start *start, const char *name)
{
    if (moments_of(start, name).most != 0)
        fail_msg("%s does not start at zero", name);
}

/* Rows of length 1 and at right angles; none of two matrices the same. */
static void check_orthogonal(const struct start *start, const char *name)
{
    const struct tensor *tensor = tensor_of(start, name);
    const real *w = start->array + tensor->offset;
    int n = tensor->rows;

    assert_int_equal(n, tensor->columns);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double dot = 0;

            for (int k = 0; k < n; k++)
                dot += (double)w[i * n + k] * (double)w[j * n + k];
            check_near(name, (size_t)(i * n + j), dot, i == j, 1e-5);
        }
}

static const char *const recurrent[] = { "encoder.forward.Ur",
                                         "encoder.forward.Uz",
                                         "encoder.forward.U",
                                         "encoder.backward.Ur",
                                         "encoder.backward.Uz",
                                         "encoder.backward.U",
                                         "decoder.Ur",
                                         "decoder.Uz",
                                         "decoder.U",
                                         "encoder.2.forward.Ur",
                                         "encoder.2.forward.Uz",
                                         "encoder.2.forward.U",
                                         "encoder.2.backward.Ur",
                                         "encoder.2.backward.Uz",
                                         "encoder.2.backward.U" };
static const char *const biases[] = { "encoder.forward.br",
                                      "encoder.forward.bz",
                                      "encoder.forward.b",
                                      "encoder.backward.br",
                                      "encoder.backward.bz",
                                      "encoder.backward.b",
                                      "decoder.br",
                                      "decoder.bz",
                                      "decoder.b",
                                      "decoder.start.b",
                                      "attention.ba",
                                      "readout.bo",
                                      "output.b",
                                      "encoder.2.forward.br",
                                      "encoder.2.forward.bz",
                                      "encoder.2.forward.b",
                                      "encoder.2.backward.br",
                                      "encoder.2.backward.bz",
                                      "encoder.2.backward.b" };
static const char *const matrices[] = { "encoder.forward.Wr",
                                        "encoder.forward.Wz",
                                        "encoder.forward.W",
                                        "encoder.backward.Wr",
                                        "encoder.backward.Wz",
                                        "encoder.backward.W",
                                        "decoder.start.W",
                                        "decoder.Wr",
                                        "decoder.Wz",
                                        "decoder.W",
                                        "decoder.Cr",
                                        "decoder.Cz",
                                        "decoder.C",
                                        "readout.Uo",
                                        "readout.Vo",
                                        "readout.Co",
                                        "output.W",
                                        "encoder.2.forward.Wr",
                                        "encoder.2.forward.Wz",
                                        "encoder.2.forward.W",
                                        "encoder.2.backward.Wr",
                                        "encoder.2.backward.Wz",
                                        "encoder.2.backward.W" };
enum {
    RECURRENT = sizeof recurrent / sizeof *recurrent,
    BIASES = sizeof biases / sizeof *biases,
    MATRICES = sizeof matrices / sizeof *matrices
};

static void glorot(void **state)
{
    struct start start = start_new(&sizes, INITIAL_GLOROT, 1);

    (void)state;
    for (int i = 0; i < RECURRENT; i++)
        check_orthogonal(&start, recurrent[i]);
    for (int i = 0; i < BIASES; i++)
        check_zero(&start, biases[i]);
    for (int i = 0; i < MATRICES; i++)
        check_uniform(&start, matrices[i]);
    check_uniform(&start, "attention.Wa");
    check_uniform(&start, "attention.Ua");
    assert_true(moments_of(&start, "attention.va").most > 0);
    check_normal(&start, "source.embedding", 0.1);
    check_normal(&start, "target.embedding", 0.1);
    assert_int_equal(start.layout.count, RECURRENT + BIASES + MATRICES + 5); /* all of them */
    free(start.array);
}

/* Appendix B.1: recurrent matrices orthogonal; Wa and Ua with deviation 0.001; va and biases zero; all others with 0.01. */
static void paper(void **state)
{
    struct start start = start_new(&sizes, INITIAL_PAPER, 1);

    (void)state;
    for (int i = 0; i < RECURRENT; i++)
        check_orthogonal(&start, recurrent[i]);
    for (int i = 0; i < BIASES; i++)
        check_zero(&start, biases[i]);
    for (int i = 0; i < MATRICES; i++)
        check_normal(&start, matrices[i], 0.01);
    check_normal(&start, "attention.Wa", 0.001);
    check_normal(&start, "attention.Ua", 0.001);
    check_zero(&start, "attention.va");
    check_normal(&start, "source.embedding", 0.01);
    check_normal(&start, "target.embedding", 0.01);
    free(start.array);
}

/* A function of the seed; no two tensors alike; the gaps between tensors are zero. */
static void seeds(void **state)
{
    struct start one = start_new(&sizes, INITIAL_GLOROT, 1), same = start_new(&sizes, INITIAL_GLOROT, 1);
    struct start other = start_new(&sizes, INITIAL_GLOROT, 2);
    size_t end = 0;

    (void)state;
    assert_memory_equal(one.array, same.array, one.layout.length * sizeof(real));
    for (int i = 0; i < one.layout.count; i++) {
        const struct tensor *tensor = &one.layout.tensors[i];
        const real *w = one.array + tensor->offset;
        int zero = w[0] == 0;

        for (; end < tensor->offset; end++)
            assert_true(one.array[end] == 0);
        end += tensor->count;
        assert_true(zero || memcmp(w, other.array + tensor->offset, tensor->count * sizeof(real)) != 0);
        for (int k = 0; k < i && !zero; k++)
            assert_true(memcmp(w, one.array + one.layout.tensors[k].offset, 4 * sizeof(real)) != 0);
    }
    free(one.array);
    free(same.array);
    free(other.array);
}

/* Tensors follow each other without overlap, those of a stack without a gap; stacks start at multiples of 32 bytes, a model
 * file's alignment. */
static void layouts(void **state)
{
    static const char *const stacks[][5] = { { "encoder.forward.Wr", "encoder.forward.Wz", "encoder.forward.W" },
                                             { "encoder.backward.Ur", "encoder.backward.Uz" },
                                             { "encoder.2.backward.Wr", "encoder.2.backward.Wz", "encoder.2.backward.W" },
                                             { "encoder.2.forward.br", "encoder.2.forward.bz", "encoder.2.forward.b" },
                                             { "attention.Wa", "decoder.Ur", "decoder.Uz" },
                                             { "attention.ba", "decoder.br", "decoder.bz", "decoder.b" },
                                             { "decoder.Cr", "decoder.Cz", "decoder.C" } };
    struct start start = start_new(&sizes, INITIAL_GLOROT, 1);
    size_t end = 0, parameters = 0;

    (void)state;
    for (int i = 0; i < start.layout.count; i++) {
        const struct tensor *tensor = &start.layout.tensors[i];

        assert_true(tensor->offset >= end && tensor->count == (size_t)tensor->rows * (size_t)tensor->columns);
        end = tensor->offset + tensor->count;
        parameters += tensor->count;
        assert_int_equal(params_find(&start.layout, tensor->name), i);
    }
    assert_true(start.layout.length >= end);
    assert_int_equal(start.layout.parameters, parameters);
    assert_int_equal(params_find(&start.layout, "decoder"), -1);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        const struct tensor *before = tensor_of(&start, stacks[i][0]);

        assert_int_equal(before->offset * sizeof(real) % 32, 0);
        for (int k = 1; stacks[i][k]; k++) {
            const struct tensor *tensor = tensor_of(&start, stacks[i][k]);

            assert_int_equal(tensor->offset, before->offset + before->count);
            before = tensor;
        }
    }
    free(start.array);
}

/* Every tensor of `few` is in `more`, of the same shape and with the same values. */
static void check_contained(const struct start *few, const struct start *more)
{
    for (int i = 0; i < few->layout.count; i++) {
        const struct tensor *one = &few->layout.tensors[i], *other = tensor_of(more, one->name);

        assert_int_equal(one->rows, other->rows);
        assert_int_equal(one->columns, other->columns);
        assert_memory_equal(few->array + one->offset, more->array + other->offset, one->count * sizeof(real));
    }
}

/* A layer more is more tensors; the others start as they did. */
static void layers(void **state)
{
    struct config one = sizes;
    struct start fewer, more = start_new(&sizes, INITIAL_GLOROT, 1);

    (void)state;
    one.encoder_layers = 1;
    fewer = start_new(&one, INITIAL_GLOROT, 1);
    assert_int_equal(more.layout.count, fewer.layout.count + 18);
    assert_int_equal(params_find(&fewer.layout, "encoder.2.forward.Wr"), -1);
    assert_int_equal(params_find(&more.layout, "encoder.3.forward.Wr"), -1);
    check_contained(&fewer, &more);
    assert_int_equal(tensor_of(&more, "encoder.2.forward.Wr")->columns, 2 * sizes.H);
    for (one.encoder_layers = 0; one.encoder_layers <= ENCODER_LAYERS_MOST + 1; one.encoder_layers++)
        assert_int_equal(config_check(&one, "test"), one.encoder_layers >= 1 && one.encoder_layers <= ENCODER_LAYERS_MOST ? 0 : -1);
    free(fewer.array);
    free(more.array);
}

/* The matrices of products are weights, those of all layers; biases are not. */
static void weights(void **state)
{
    struct start start = start_new(&sizes, INITIAL_GLOROT, 1);

    (void)state;
    for (int i = 0; i < RECURRENT; i++)
        assert_int_equal(tensor_of(&start, recurrent[i])->gradient, GRADIENT_PRODUCT);
    for (int i = 0; i < MATRICES; i++)
        assert_int_equal(tensor_of(&start, matrices[i])->gradient, GRADIENT_PRODUCT);
    for (int i = 0; i < BIASES; i++)
        assert_int_not_equal(tensor_of(&start, biases[i])->gradient, GRADIENT_PRODUCT);
    free(start.array);
}

static void ties(void **state)
{
    struct config config = sizes;
    struct model model;
    size_t embedding = (size_t)sizes.Vy * (size_t)sizes.E, untied;

    (void)state;
    model_init(&model, &config, NULL);
    untied = model.layout.parameters;
    assert_true(model.params.output_W != model.params.target_embedding);
    assert_true(model.params.source_embedding != model.params.target_embedding);
    model_release(&model);
    config.tie = TIE_TARGET;
    model_init(&model, &config, NULL);
    assert_int_equal(model.layout.parameters, untied - embedding);
    assert_ptr_equal(model.params.output_W, model.params.target_embedding);
    assert_ptr_equal(model.weights[OUTPUT].w, model.params.target_embedding);
    assert_true(model.params.source_embedding != model.params.target_embedding);
    model_release(&model);
    config.tie = TIE_ALL;
    assert_int_equal(config_check(&config, "test"), -1); /* vocabularies differ */
    config.Vx = config.Vy;
    assert_int_equal(config_check(&config, "test"), 0);
    model_init(&model, &config, NULL);
    assert_ptr_equal(model.params.output_W, model.params.source_embedding);
    assert_ptr_equal(model.params.target_embedding, model.params.source_embedding);
    assert_int_equal(params_find(&model.layout, "output.W"), -1);
    model_release(&model);
    config.L++;
    assert_int_equal(config_check(&config, "test"), -1);
    config = sizes;
    config.H = 0;
    assert_int_equal(config_check(&config, "test"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(glorot),  cmocka_unit_test(paper),  cmocka_unit_test(seeds),
                                        cmocka_unit_test(layouts), cmocka_unit_test(layers), cmocka_unit_test(weights),
                                        cmocka_unit_test(ties) };

    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
