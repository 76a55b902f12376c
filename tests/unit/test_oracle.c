/* The numbers of an independent autograd program: loss, logits, alignments and the gradient of every tensor of toy models (files in
 * tests/unit/oracle, blocks `NAME ROWS COLUMNS` and the rows). Met to 1e-9 where real is double and to 1e-4 where it is float. */
#include "../files.h"
#include "base/memory.h"
#include "model/pass.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const double tolerance = sizeof(real) == 8 ? 1e-9 : 1e-4;

struct oracle_block {
    char name[64];
    int rows, columns;
    double *values;
};

enum { BLOCKS = 512 };

struct oracle {
    struct oracle_block blocks[BLOCKS];
    int count;
};

static void oracle_read(struct oracle *oracle, const char *path)
{
    struct text text = { 0 };
    char *at;

    memset(oracle, 0, sizeof *oracle);
    get_file(path, &text);
    at = text.data;
    while (*at) {
        struct oracle_block *block = &oracle->blocks[oracle->count];
        int used = 0;

        if (*at == '#' || *at == '\n') {
            at = strchr(at, '\n') + 1;
            continue;
        }
        assert_int_equal(sscanf(at, "%63s %d %d%n", block->name, &block->rows, &block->columns, &used), 3);
        at += used;
        block->values = memory_new((size_t)(block->rows * block->columns), sizeof(double));
        for (int i = 0; i < block->rows * block->columns; i++)
            block->values[i] = strtod(at, &at);
        at = strchr(at, '\n') + 1;
        oracle->count++;
        assert_true(oracle->count < BLOCKS);
    }
    text_release(&text);
}

static void oracle_release(struct oracle *oracle)
{
    for (int i = 0; i < oracle->count; i++)
        free(oracle->blocks[i].values);
}

static const struct oracle_block *find(const struct oracle *oracle, const char *prefix, const char *name)
{
    char full[128];

    snprintf(full, sizeof full, "%s%s", prefix, name);
    for (int i = 0; i < oracle->count; i++)
        if (strcmp(oracle->blocks[i].name, full) == 0)
            return &oracle->blocks[i];
    return NULL;
}

static const struct oracle_block *numbered(const struct oracle *oracle, const char *prefix, int n)
{
    char name[16];

    snprintf(name, sizeof name, "%d", n);
    return find(oracle, prefix, name);
}

/* Relative to the larger of the two, or absolute below 1. */
static void close_to(const char *what, int index, double got, double wanted)
{
    double difference = fabs(got - wanted) / fmax(1, fabs(wanted));

    if (!(difference <= tolerance))
        fail_msg("%s [%d]: got %.12g, the oracle has %.12g", what, index, got, wanted);
}

enum { MOST = 8 };

struct toy {
    struct oracle oracle;
    struct config config;
    struct model model;
    struct batch batch;
    double smoothing;
    int32_t ids[2][MOST][64];
    const int32_t *source[MOST], *target[MOST];
    int lengths[2][MOST];
};

/* The sizes of a GRU model, and of one with several heads or a Transformer on one side or both. */
static void read_config(struct toy *toy, const char *path)
{
    const struct oracle_block *sizes = find(&toy->oracle, "", "sizes.Vx.Vy.E.H.A.L");
    struct config *config = &toy->config;
    int n[10], several = !sizes, transformer = strstr(path, "transformer") != NULL;

    if (!sizes)
        sizes = find(&toy->oracle, "", "sizes.Vx.Vy.E.F.H.A.L.heads.Nx.Ny");
    assert_non_null(sizes);
    for (int i = 0; i < sizes->columns; i++)
        n[i] = (int)sizes->values[i];
    *config = (struct config){ .Vx = n[0], .Vy = n[1], .E = n[2], .encoder.layers = 1, .decoder.heads = 1 };
    config->encoder.width = config->decoder.width = n[several ? 4 : 3];
    config->decoder.alignment = n[several ? 5 : 4];
    config->decoder.maxout = n[several ? 6 : 5];
    if (!several)
        return;
    config->decoder.heads = n[7];
    config->decoder.attention = strstr(path, "scaled-dot") ? ATTENTION_SCALED_DOT : ATTENTION_ADDITIVE;
    if (transformer || strstr(path, "mixed"))
        config->encoder = (struct encoder_config){ ENCODER_TRANSFORMER, n[8], 0, n[7], n[3], NORM_PRE };
    if (transformer)
        config->decoder = (struct decoder_config){ DECODER_TRANSFORMER, .heads = n[7], .layers = n[9], .feed_forward = n[3] };
    if (strstr(path, "post"))
        config->encoder.norm = config->decoder.norm = NORM_POST;
}

static void toy_make(struct toy *toy, const char *path)
{
    oracle_read(&toy->oracle, path);
    read_config(toy, path);
    model_init(&toy->model, &toy->config, NULL);
    for (int i = 0; i < toy->model.layout.count; i++) {
        const struct tensor *tensor = &toy->model.layout.tensors[i];
        const struct oracle_block *block = find(&toy->oracle, "weight:", tensor->name);

        if (!block)
            fail_msg("the oracle lacks %s", tensor->name);
        assert_int_equal(block->rows * block->columns, tensor->count);
        for (size_t k = 0; k < tensor->count; k++)
            toy->model.values[tensor->offset + k] = (real)block->values[k];
    }
    toy->smoothing = find(&toy->oracle, "", "label_smoothing")->values[0];
    toy->batch = (struct batch){
        .source = toy->source, .target = toy->target, .source_length = toy->lengths[0], .target_length = toy->lengths[1]
    };
    for (int b = 0; numbered(&toy->oracle, "source.", b); b++) {
        const struct oracle_block *sides[2] = { numbered(&toy->oracle, "source.", b), numbered(&toy->oracle, "target.", b) };

        for (int side = 0; side < 2; side++) {
            toy->lengths[side][b] = sides[side]->columns;
            for (int i = 0; i < sides[side]->columns; i++)
                toy->ids[side][b][i] = (int32_t)sides[side]->values[i];
        }
        toy->source[b] = toy->ids[0][b];
        toy->target[b] = toy->ids[1][b];
        toy->batch.sentences = toy->batch.targets = b + 1;
    }
}

/* Logits, −log p and alignments. */
static void check_alignments(const struct toy *toy, const struct pass *pass, int b)
{
    const struct config *config = &toy->config;
    int layers = config->decoder.type == DECODER_TRANSFORMER ? config->decoder.layers : 1,
        cells = toy->lengths[0][b] * toy->lengths[1][b];

    for (int layer = 0; layer < layers; layer++)
        for (int head = 0; head < config->decoder.heads; head++) {
            const struct attention_map map = { layer, head, PLACE_SOURCE };
            const struct oracle_block *block = numbered(&toy->oracle, "alignment.", b);
            char name[64];

            snprintf(name, sizeof name, "attention.%d.%d.%d", b, layer, head);
            block = block ? block : find(&toy->oracle, "", name);
            assert_non_null(block);
            for (int i = 0; i < cells; i++)
                close_to(block->name, i, (double)pass_alignment(pass, b, &map)[i], block->values[i]);
        }
}

static void check_rows(const struct toy *toy, const struct pass *pass, const double *nll)
{
    size_t word = 0;

    for (int b = 0; b < toy->batch.targets; b++) {
        const struct oracle_block *logits = numbered(&toy->oracle, "logits.", b), *oracle_nll = numbered(&toy->oracle, "nll.", b);
        int Ty = toy->lengths[1][b], V = toy->config.Vy;

        check_alignments(toy, pass, b);
        for (int t = 0; t < Ty; t++, word++) {
            int row = 0;

            while (pass->decoded.place[row] != word)
                row++;
            close_to(oracle_nll->name, t, nll[word], oracle_nll->values[t]);
            for (int v = 0; v < V; v++)
                close_to(logits->name, t * V + v, (double)matrix_row(pass->output.logits, row)[v], logits->values[t * V + v]);
        }
    }
}

static void check_gradients(const struct toy *toy, const struct gradient *gradient)
{
    for (int i = 0; i < toy->model.layout.count; i++) {
        const struct tensor *tensor = &toy->model.layout.tensors[i];
        const struct oracle_block *block = find(&toy->oracle, "gradient:", tensor->name);
        double largest = 0;

        assert_non_null(block);
        for (size_t k = 0; k < tensor->count; k++) {
            close_to(block->name, (int)k, (double)gradient->values[tensor->offset + k], block->values[k]);
            largest = fmax(largest, fabs(block->values[k]));
        }
        assert_true(largest > 0);
    }
}

static void check_oracle(const char *path)
{
    struct toy toy = { 0 };
    struct worker worker;
    struct pass pass = { 0 };
    struct pass_input input = { .model = &toy.model, .batch = &toy.batch };
    struct loss loss = { 0 }, again = { 0 };
    struct gradient gradient;
    double *nll;
    int words = 0;

    toy_make(&toy, path);
    worker_init(&worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    for (int b = 0; b < toy.batch.targets; b++)
        words += toy.lengths[1][b];
    nll = memory_new((size_t)words, sizeof *nll);
    input.judgement = (struct judgement){ .smoothing = toy.smoothing, .scale = 1.0 / words };
    pass_forward(&worker, &pass, &input, &loss, nll);
    assert_int_equal(loss.words, words);
    close_to("loss", 0, loss.loss / words, find(&toy.oracle, "", "loss")->values[0]);
    check_rows(&toy, &pass, nll);
    gradient_init(&gradient, &toy.model.layout);
    gradient_begin(&gradient);
    pass_gradient(&worker, &pass, &input, &again, &gradient);
    gradient_end(&gradient);
    close_to("loss with gradient", 0, again.loss / words, find(&toy.oracle, "", "loss")->values[0]);
    check_gradients(&toy, &gradient);
    gradient_release(&gradient);
    free(nll);
    pass_release(&pass);
    worker_release(&worker);
    model_release(&toy.model);
    oracle_release(&toy.oracle);
}

static void tiny(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/tiny.txt");
}

static void smoothed(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/smoothed.txt");
}

static void transformer_pre(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/transformer-pre.txt");
}

static void transformer_post(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/transformer-post.txt");
}

static void mixed(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/mixed.txt");
}

static void heads_additive(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/heads-additive.txt");
}

static void heads_scaled_dot(void **state)
{
    (void)state;
    check_oracle("tests/unit/oracle/heads-scaled-dot.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tiny),
                                        cmocka_unit_test(smoothed),
                                        cmocka_unit_test(transformer_pre),
                                        cmocka_unit_test(transformer_post),
                                        cmocka_unit_test(mixed),
                                        cmocka_unit_test(heads_additive),
                                        cmocka_unit_test(heads_scaled_dot) };

    return cmocka_run_group_tests_name("oracle", tests, NULL, NULL);
}
