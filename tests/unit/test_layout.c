/* The tensor table: tensors, blocks and ties, and how the weights start. */
#include "base/memory.h"
#include "model/model.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { ENCODER_LAYERS = 64 }; /* the most that are accepted */

/* Large enough for statistics; sizes all different but for E and the maxout's, which ties make equal, and the two H. */
static const struct config sizes = { .Vx = 120,
                                     .Vy = 110,
                                     .E = 40,
                                     .tie = TIE_NONE,
                                     .encoder = { .layers = 2, .width = 50 },
                                     .decoder = { .heads = 1, .width = 50, .alignment = 45, .maxout = 40 } };

struct start {
    struct model model; /* declared, not placed */
    const struct layout *layout;
    real *array;
};

static void start_make(struct start *start, const struct config *config, enum initial initial, unsigned long seed)
{
    model_declare(&start->model, config);
    start->layout = &start->model.layout;
    start->array = layout_array(start->layout);
    for (size_t i = 0; i < start->layout->length; i++)
        start->array[i] = 77; /* layout_initialize sets every number */
    layout_initialize(start->layout, start->array, initial, seed);
}

static void start_release(struct start *start)
{
    free(start->array);
    model_release(&start->model);
}

static const struct tensor *tensor_of(const struct start *start, const char *name)
{
    int i = layout_find(start->layout, name);

    if (i < 0)
        fail_msg("no tensor %s", name);
    return &start->layout->tensors[i];
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
    struct start start;

    (void)state;
    start_make(&start, &sizes, INITIAL_GLOROT, 1);
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
    assert_int_equal(start.layout->count, RECURRENT + BIASES + MATRICES + 5); /* all of them */
    start_release(&start);
}

/* Appendix B.1: recurrent matrices orthogonal; Wa and Ua with deviation 0.001; va and biases zero; all others with 0.01. */
static void paper(void **state)
{
    struct start start;

    (void)state;
    start_make(&start, &sizes, INITIAL_PAPER, 1);
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
    start_release(&start);
}

/* A function of the seed; no two tensors alike; the gaps between tensors are zero. */
static void seeds(void **state)
{
    struct start one, same, other;
    size_t end = 0;

    (void)state;
    start_make(&one, &sizes, INITIAL_GLOROT, 1);
    start_make(&same, &sizes, INITIAL_GLOROT, 1);
    start_make(&other, &sizes, INITIAL_GLOROT, 2);
    assert_memory_equal(one.array, same.array, one.layout->length * sizeof(real));
    for (int i = 0; i < one.layout->count; i++) {
        const struct tensor *tensor = &one.layout->tensors[i];
        const real *w = one.array + tensor->offset;
        int zero = w[0] == 0;

        for (; end < tensor->offset; end++)
            assert_true(one.array[end] == 0);
        end += tensor->count;
        assert_true(zero || memcmp(w, other.array + tensor->offset, tensor->count * sizeof(real)) != 0);
        for (int k = 0; k < i && !zero; k++)
            assert_true(memcmp(w, one.array + one.layout->tensors[k].offset, 4 * sizeof(real)) != 0);
    }
    for (; end < one.layout->length; end++)
        assert_true(one.array[end] == 0);
    start_release(&one);
    start_release(&same);
    start_release(&other);
}

/* Tensors follow each other without overlap, and every one is in one block. */
static void table(void **state)
{
    struct start start;
    size_t end = 0, parameters = 0;
    int next = 0;

    (void)state;
    start_make(&start, &sizes, INITIAL_GLOROT, 1);
    for (int i = 0; i < start.layout->count; i++) {
        const struct tensor *tensor = &start.layout->tensors[i];

        assert_true(tensor->rows > 0 && tensor->columns > 0);
        assert_true(tensor->offset >= end && tensor->count == (size_t)tensor->rows * (size_t)tensor->columns);
        end = tensor->offset + tensor->count;
        parameters += tensor->count;
        assert_int_equal(layout_find(start.layout, tensor->name), i);
    }
    assert_true(start.layout->length >= end);
    assert_int_equal(start.layout->parameters, parameters);
    assert_int_equal(layout_find(start.layout, "decoder"), -1);
    for (int i = 0; i < start.layout->block_count; i++) {
        assert_int_equal(start.layout->blocks[i].first, next);
        next += start.layout->blocks[i].tensors;
    }
    assert_int_equal(next, start.layout->count);
    start_release(&start);
}

/* Every block starts at a multiple of 32 bytes, a model file's alignment, and is one matrix of its tensors' rows, one after the other
 * without a gap. */
static void check_blocks(const struct layout *layout)
{
    for (int i = 0; i < layout->block_count; i++) {
        const struct block *block = &layout->blocks[i];
        size_t at = block->offset;
        int rows = 0;

        assert_int_equal(block->offset * sizeof(real) % 32, 0);
        assert_true(block->offset + block->count <= layout->length);
        for (int k = block->first; k < block->first + block->tensors; k++) {
            const struct tensor *tensor = &layout->tensors[k];

            assert_int_equal(tensor->offset, at);
            assert_int_equal(tensor->columns, block->columns);
            rows += tensor->rows;
            at += tensor->count;
        }
        assert_int_equal(block->rows, rows);
        assert_int_equal(block->count, at - block->offset);
        assert_int_equal(block->count, (size_t)block->rows * (size_t)block->columns);
    }
}

static void stacks(void **state)
{
    static const char *const stacked[][5] = { { "encoder.forward.Wr", "encoder.forward.Wz", "encoder.forward.W" },
                                              { "encoder.backward.Ur", "encoder.backward.Uz" },
                                              { "encoder.2.backward.Wr", "encoder.2.backward.Wz", "encoder.2.backward.W" },
                                              { "encoder.2.forward.br", "encoder.2.forward.bz", "encoder.2.forward.b" },
                                              { "attention.Wa", "decoder.Ur", "decoder.Uz" },
                                              { "attention.ba", "decoder.br", "decoder.bz", "decoder.b" },
                                              { "decoder.Cr", "decoder.Cz", "decoder.C" } };
    struct start start;

    (void)state;
    start_make(&start, &sizes, INITIAL_GLOROT, 1);
    check_blocks(start.layout);
    for (size_t i = 0; i < sizeof stacked / sizeof *stacked; i++) {
        const struct block *block = NULL;
        int tensor = layout_find(start.layout, stacked[i][0]), count = 0;

        for (int k = 0; k < start.layout->block_count; k++)
            if (start.layout->blocks[k].first == tensor && start.layout->blocks[k].tensors)
                block = &start.layout->blocks[k];
        if (!block)
            fail_msg("no block starts with %s", stacked[i][0]);
        for (; stacked[i][count]; count++)
            assert_int_equal(layout_find(start.layout, stacked[i][count]), tensor + count);
        assert_int_equal(block->tensors, count);
    }
    start_release(&start);
}

/* The table alone: what has no rows is left out, of its block too, be it first, last or all there is. */
static void nothing_of_no_rows(void **state)
{
    struct layout layout = { 0 };
    int odd, without_first, empty, last;
    real *array;

    (void)state;
    odd = layout_add(&layout, TENSOR_VECTOR, 3, 1, "%s.%d", "odd", 1);
    without_first = layout_add(&layout, TENSOR_ALIGNMENT, 0, 5, "absent");
    layout_join(&layout, TENSOR_RECURRENT, 5, 5, "first");
    layout_join(&layout, TENSOR_RECURRENT, 0, 5, "absent.too");
    layout_join(&layout, TENSOR_MATRIX, 2, 5, "second");
    empty = layout_add(&layout, TENSOR_SCORE, 0, 1, "va");
    last = layout_add(&layout, TENSOR_EMBEDDING, 7, 3, "words");
    assert_true(odd == 0 && without_first == 1 && empty == 2 && last == 3);
    assert_int_equal(layout.block_count, 4);
    assert_int_equal(layout.count, 4);
    assert_int_equal(layout_find(&layout, "odd.1"), 0);
    assert_int_equal(layout_find(&layout, "first"), 1);
    assert_int_equal(layout_find(&layout, "second"), 2);
    assert_int_equal(layout_find(&layout, "words"), 3);
    assert_int_equal(layout_find(&layout, "absent"), -1);
    assert_int_equal(layout_find(&layout, "absent.too"), -1);
    assert_int_equal(layout_find(&layout, "va"), -1);
    assert_int_equal(layout.parameters, 3 + 7 * 5 + 7 * 3);
    check_blocks(&layout);
    assert_int_equal(layout.blocks[without_first].rows, 7);
    assert_int_equal(layout.blocks[without_first].columns, 5);
    assert_true(layout.blocks[without_first].product);
    assert_int_equal(layout.blocks[empty].count, 0);
    assert_int_equal(layout.blocks[empty].tensors, 0);
    assert_false(layout.blocks[empty].product);
    assert_false(layout.blocks[odd].product);
    assert_false(layout.blocks[last].product);
    array = layout_array(&layout);
    assert_int_equal((uintptr_t)array % 64, 0);
    for (size_t i = 0; i < layout.length; i++)
        assert_true(array[i] == 0);
    free(array);
    layout_release(&layout);
    assert_true(!layout.tensors && !layout.blocks && layout.count == 0 && layout.length == 0);
}

/* A model without attention has none of its tensors; the others' blocks stay whole. */
static void without_attention(void **state)
{
    static const char *const absent[] = { "attention.Wa", "attention.Ua", "attention.va", "attention.ba", "attention.Ya" };
    struct config config = sizes;
    struct start start;
    int Ur;

    (void)state;
    config.decoder.attention = ATTENTION_NONE;
    config.decoder.alignment = 0;
    assert_int_equal(config_check(&config, "test"), 0);
    start_make(&start, &config, INITIAL_GLOROT, 1);
    check_blocks(start.layout);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(layout_find(start.layout, absent[i]), -1);
    Ur = layout_find(start.layout, "decoder.Ur");
    assert_int_equal(layout_find(start.layout, "decoder.Uz"), Ur + 1);
    for (int i = 0; i < start.layout->block_count; i++)
        if (start.layout->blocks[i].tensors && start.layout->blocks[i].first == Ur)
            assert_int_equal(start.layout->blocks[i].rows, 2 * sizes.decoder.width);
    start_release(&start);
}

/* Every tensor of `few` is in `more`, of the same shape and with the same values. */
static void check_contained(const struct start *few, const struct start *more)
{
    for (int i = 0; i < few->layout->count; i++) {
        const struct tensor *one = &few->layout->tensors[i], *other = tensor_of(more, one->name);

        assert_int_equal(one->rows, other->rows);
        assert_int_equal(one->columns, other->columns);
        assert_memory_equal(few->array + one->offset, more->array + other->offset, one->count * sizeof(real));
    }
}

/* A layer more is more tensors; the others start as they did. */
static void layers(void **state)
{
    struct config one = sizes;
    struct start fewer, more;

    (void)state;
    one.encoder.layers = 1;
    start_make(&fewer, &one, INITIAL_GLOROT, 1);
    start_make(&more, &sizes, INITIAL_GLOROT, 1);
    assert_int_equal(more.layout->count, fewer.layout->count + 18);
    assert_int_equal(layout_find(fewer.layout, "encoder.2.forward.Wr"), -1);
    assert_int_equal(layout_find(more.layout, "encoder.3.forward.Wr"), -1);
    check_contained(&fewer, &more);
    assert_int_equal(tensor_of(&more, "encoder.2.forward.Wr")->columns, 2 * sizes.encoder.width);
    start_release(&fewer);
    start_release(&more);
}

/* Any number of layers from 1 to 64, and each really is there. */
static void many_layers(void **state)
{
    struct config config = sizes;
    struct start start;

    (void)state;
    for (config.encoder.layers = -1; config.encoder.layers <= ENCODER_LAYERS + 1; config.encoder.layers++)
        assert_int_equal(config_check(&config, "test"),
                         config.encoder.layers >= 1 && config.encoder.layers <= ENCODER_LAYERS ? 0 : -1);
    config.encoder.layers = ENCODER_LAYERS;
    config.encoder.width = 3;
    start_make(&start, &config, INITIAL_GLOROT, 1);
    check_blocks(start.layout);
    tensor_of(&start, "encoder.64.backward.U");
    assert_int_equal(layout_find(start.layout, "encoder.65.forward.Wr"), -1);
    start_release(&start);
}

/* Whether matrix products read the tensor's block. */
static int in_product(const struct start *start, const char *name)
{
    int tensor = (int)(tensor_of(start, name) - start->layout->tensors);

    for (int i = 0; i < start->layout->block_count; i++)
        if (tensor >= start->layout->blocks[i].first && tensor < start->layout->blocks[i].first + start->layout->blocks[i].tensors)
            return start->layout->blocks[i].product;
    fail_msg("%s is in no block", name);
    return 0;
}

/* The matrices of products are weights, those of all layers; biases and scores are not, nor are embeddings that are not tied. */
static void weights(void **state)
{
    struct start start;

    (void)state;
    start_make(&start, &sizes, INITIAL_GLOROT, 1);
    for (int i = 0; i < RECURRENT; i++)
        assert_true(in_product(&start, recurrent[i]));
    for (int i = 0; i < MATRICES; i++)
        assert_true(in_product(&start, matrices[i]));
    assert_true(in_product(&start, "attention.Wa") && in_product(&start, "attention.Ua"));
    for (int i = 0; i < BIASES; i++)
        assert_false(in_product(&start, biases[i]));
    assert_false(in_product(&start, "attention.va"));
    assert_false(in_product(&start, "source.embedding") || in_product(&start, "target.embedding"));
    start_release(&start);
}

/* The weights are the blocks, as matrices over the model's values. */
static void placed(void **state)
{
    struct model model, over;

    (void)state;
    model_init(&model, &sizes, NULL);
    assert_false(model.borrowed);
    for (int i = 0; i < model.layout.block_count; i++) {
        const struct block *block = &model.layout.blocks[i];

        assert_ptr_equal(model.weights[i].w, model.values + block->offset);
        assert_ptr_equal(model_block(&model, i), model.values + block->offset);
        assert_int_equal(model.weights[i].out, block->rows);
        assert_int_equal(model.weights[i].in, block->columns);
    }
    model_init(&over, &sizes, model.values);
    assert_true(over.borrowed && over.values == model.values);
    model_release(&over);
    model.values[0] = 1; /* released by its owner alone */
    model_release(&model);
}

static void ties(void **state)
{
    struct config config = sizes;
    struct model model;
    size_t embedding = (size_t)sizes.Vy * (size_t)sizes.E, untied;

    (void)state;
    model_init(&model, &config, NULL);
    untied = model.layout.parameters;
    assert_true(model.output.W != model.output.embedding);
    assert_true(model.source_embedding != model.output.embedding);
    model_release(&model);
    config.tie = TIE_TARGET;
    model_init(&model, &config, NULL);
    assert_int_equal(model.layout.parameters, untied - embedding);
    assert_int_equal(model.output.W, model.output.embedding);
    assert_ptr_equal(model.weights[model.output.W].w, model_block(&model, model.output.embedding));
    assert_true(model.layout.blocks[model.output.W].product);
    assert_true(model.source_embedding != model.output.embedding);
    assert_false(model.layout.blocks[model.source_embedding].product);
    assert_int_equal(layout_find(&model.layout, "output.W"), -1);
    model_release(&model);
    config.tie = TIE_ALL;
    assert_int_equal(config_check(&config, "test"), -1); /* vocabularies differ */
    config.Vx = config.Vy;
    assert_int_equal(config_check(&config, "test"), 0);
    model_init(&model, &config, NULL);
    assert_int_equal(model.layout.parameters, untied - 2 * embedding - (size_t)(sizes.Vx - sizes.Vy) * (size_t)sizes.E);
    assert_int_equal(model.output.W, model.source_embedding);
    assert_int_equal(model.output.embedding, model.source_embedding);
    assert_true(model.layout.blocks[model.source_embedding].product);
    assert_int_equal(layout_find(&model.layout, "output.W"), -1);
    assert_int_equal(layout_find(&model.layout, "target.embedding"), -1);
    model_release(&model);
    config.decoder.maxout++;
    assert_int_equal(config_check(&config, "test"), -1);
}

/* Sizes that are out of range are refused, each by itself. */
static void impossible_sizes(void **state)
{
    struct config config = sizes;
    int *const all[] = { &config.Vx,
                         &config.Vy,
                         &config.E,
                         &config.encoder.layers,
                         &config.encoder.width,
                         &config.decoder.width,
                         &config.decoder.alignment,
                         &config.decoder.maxout };

    (void)state;
    assert_int_equal(config_check(&config, "test"), 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int kept = *all[i];

        *all[i] = 0;
        assert_int_equal(config_check(&config, "test"), -1);
        *all[i] = -1;
        assert_int_equal(config_check(&config, "test"), -1);
        *all[i] = 100000000;
        assert_int_equal(config_check(&config, "test"), -1);
        *all[i] = kept;
    }
    config.decoder.attention = ATTENTION_NONE; /* has no alignment model */
    assert_int_equal(config_check(&config, "test"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glorot),
        cmocka_unit_test(paper),
        cmocka_unit_test(seeds),
        cmocka_unit_test(table),
        cmocka_unit_test(stacks),
        cmocka_unit_test(nothing_of_no_rows),
        cmocka_unit_test(without_attention),
        cmocka_unit_test(layers),
        cmocka_unit_test(many_layers),
        cmocka_unit_test(weights),
        cmocka_unit_test(placed),
        cmocka_unit_test(ties),
        cmocka_unit_test(impossible_sizes),
    };

    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
