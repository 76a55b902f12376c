/* The gradients of the embedding, the GRU, the readout and the output layer (tests/layer.h), with tiny odd sizes. */
#include "layers/cross_entropy.h"
#include "layers/embedding.h"
#include "layers/gru.h"
#include "layers/readout.h"

#include "../layer.h"

/* Embedding: a word twice, a word never, no word (-1). */

enum { WORDS = 5, WIDTH = 3 };

static double embedding_loss(struct layer *layer)
{
    embedding_forward(matrix_view(layer->out, layer->rows, WIDTH), &(struct weight){ .w = layer->slots[0].x, .in = WIDTH },
                      layer->ids, layer->mask);
    return weighed(layer, layer->out, layer->rows * WIDTH);
}

static void embedding_back(struct layer *layer)
{
    weights_begin(layer, 0);
    gradient_rows(&layer->gradient, 0, matrix_view(layer->R, layer->rows, WIDTH), layer->ids, layer->mask);
    weights_end(layer, 0);
}

static void check_embedding(int masked)
{
    static const int32_t ids[] = { 3, -1, 0, 3, 4, 0, 3 };
    struct layer *layer = layer_new(embedding_loss, embedding_back);

    layer->rows = 7;
    memcpy(layer->ids, ids, sizeof ids);
    add_slot(layer, "table", WORDS, WIDTH, WIDTH, SETS);
    if (masked)
        add_masks(layer, WIDTH);
    layer->forward(layer);
    for (int i = 0; i < WIDTH; i++)
        assert_true(layer->out[WIDTH + i] == 0);
    check_layer(layer);
}

static void embedding(void **state)
{
    (void)state;
    check_embedding(0);
    check_embedding(1);
}

/* GRU: rows of g and dg with a stride, as in the decoder. */

enum { G, S, S_IN, U, UNITS = 5, STRIDE = 3 * UNITS + 4 };

static struct gru_step gru_step_of(struct layer *layer)
{
    int rows = layer->rows;

    return (struct gru_step){ .g = { layer->hidden, rows, 3 * UNITS, STRIDE },
                              .s = view_of(&layer->slots[S]),
                              .s_in = view_of(&layer->slots[S_IN]),
                              .rs = matrix_view(layer->work, rows, UNITS),
                              .next = matrix_view(layer->out, rows, UNITS) };
}

static double gru_loss(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct weight weight = weight_of(&slots[U]);
    struct gru_step step = gru_step_of(layer);

    memcpy(layer->hidden, slots[G].x, (size_t)(layer->rows * STRIDE) * sizeof(real));
    gru_forward(&layer->worker, &step, &weight);
    return weighed(layer, layer->out, layer->rows * UNITS);
}

static void gru_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct weight weight = weight_of(&slots[U]);
    struct gru_step step = gru_step_of(layer);
    real drs[MOST];
    struct gru_step_gradient back = { .dnext = matrix_view(layer->R, layer->rows, UNITS),
                                      .dg = gradient_view_of(&slots[G]),
                                      .ds = gradient_view_of(&slots[S]),
                                      .ds_in = gradient_view_of(&slots[S_IN]),
                                      .drs = matrix_view(drs, layer->rows, UNITS) };

    gru_backward(&layer->worker, &back, &step, &weight);
    matmul_gradient(&layer->worker, slots[U].d, matrix_columns(back.dg, 2 * UNITS, UNITS), step.rs, ADD);
}

static void gru(void **state)
{
    struct layer *layer = layer_new(gru_loss, gru_back);

    (void)state;
    layer->rows = 3;
    add_slot(layer, "g", 3, 3 * UNITS, STRIDE, SETS);
    add_slot(layer, "s", 3, UNITS, UNITS, SETS);
    add_slot(layer, "s_in", 3, UNITS, UNITS, SETS);
    add_slot(layer, "U", UNITS, UNITS, UNITS, ADDS);
    check_layer(layer);
}

/* The first step: the state before is zero (layer->copy) and there is no U. */
static struct gru_step gru_first_step_of(struct layer *layer)
{
    struct gru_step step = { .g = { layer->hidden, layer->rows, 3 * UNITS, STRIDE },
                             .s = matrix_view(layer->copy, layer->rows, UNITS),
                             .rs = matrix_view(layer->work, layer->rows, UNITS),
                             .next = matrix_view(layer->out, layer->rows, UNITS) };

    step.s_in = step.s;
    return step;
}

static double gru_first_loss(struct layer *layer)
{
    struct gru_step step = gru_first_step_of(layer);

    memcpy(layer->hidden, layer->slots[G].x, (size_t)(layer->rows * STRIDE) * sizeof(real));
    gru_forward(&layer->worker, &step, NULL);
    return weighed(layer, layer->out, layer->rows * UNITS);
}

static void gru_first_back(struct layer *layer)
{
    real ds[MOST], ds_in[MOST], drs[MOST];
    struct gru_step step = gru_first_step_of(layer);
    struct gru_step_gradient back = { .dnext = matrix_view(layer->R, layer->rows, UNITS),
                                      .dg = gradient_view_of(&layer->slots[G]),
                                      .ds = matrix_view(ds, layer->rows, UNITS),
                                      .ds_in = matrix_view(ds_in, layer->rows, UNITS),
                                      .drs = matrix_view(drs, layer->rows, UNITS) };

    gru_backward(&layer->worker, &back, &step, NULL);
    for (int i = 0; i < layer->rows * UNITS; i++)
        check_near("ds_in", (size_t)i, (double)ds_in[i], 0, 0);
}

static void gru_first(void **state)
{
    struct layer *layer = layer_new(gru_first_loss, gru_first_back);

    (void)state;
    layer->rows = 3;
    add_slot(layer, "g at the first step", 3, 3 * UNITS, STRIDE, SETS);
    check_layer(layer);
}

/* Readout. */

enum { STATE, WORD, CONTEXT, UO, VO, CO, BO, L = 3, H = 5, E = 3, C = 7 };

static struct readout_rows readout_rows_of(struct layer *layer)
{
    return (struct readout_rows){ .s = view_of(&layer->slots[STATE]),
                                  .y = view_of(&layer->slots[WORD]),
                                  .c = view_of(&layer->slots[CONTEXT]),
                                  .t = matrix_view(layer->hidden, layer->rows, 2 * L),
                                  .m = matrix_view(layer->out, layer->rows, L),
                                  .mask = layer->mask };
}

static double readout_loss(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    const struct weight Uo = weight_of(&slots[UO]), Vo = weight_of(&slots[VO]), Co = weight_of(&slots[CO]);
    const struct readout readout = { &Uo, &Vo, &Co, { 0, 1, 2, 3 } };
    const struct readout_rows rows = readout_rows_of(layer);

    matrix_fill(rows.t, slots[BO].x);
    readout_forward(&layer->worker, &rows, &readout);
    return weighed(layer, layer->out, layer->rows * L);
}

static void readout_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    const struct weight Uo = weight_of(&slots[UO]), Vo = weight_of(&slots[VO]), Co = weight_of(&slots[CO]);
    const struct readout readout = { &Uo, &Vo, &Co, { 0, 1, 2, 3 } };
    const struct readout_rows rows = readout_rows_of(layer);
    const struct readout_gradient back = { .dm = matrix_view(layer->copy, layer->rows, L),
                                           .ds = gradient_view_of(&slots[STATE]),
                                           .dy = gradient_view_of(&slots[WORD]),
                                           .dc = gradient_view_of(&slots[CONTEXT]),
                                           .dt = matrix_view(layer->work, layer->rows, 2 * L) };

    memcpy(layer->copy, layer->R, (size_t)(layer->rows * L) * sizeof(real));
    weights_begin(layer, UO);
    readout_backward(&layer->worker, &layer->gradient, &back, &rows, &readout);
    weights_end(layer, UO);
}

static void check_readout(int masked)
{
    struct layer *layer = layer_new(readout_loss, readout_back);

    layer->rows = 5;
    add_slot(layer, "s", 5, H, H, SETS);
    add_slot(layer, "y", 5, E, E, SETS);
    add_slot(layer, "c", 5, C, C, SETS);
    add_slot(layer, "Uo", 2 * L, H, H, SETS);
    add_slot(layer, "Vo", 2 * L, E, E, SETS);
    add_slot(layer, "Co", 2 * L, C, C, SETS);
    add_slot(layer, "bo", 2 * L, 1, 1, SETS);
    if (masked)
        add_masks(layer, L);
    layer->forward(layer);
    for (int i = 0; i < 5 * L; i++) /* no pair so close that a step of the difference would cross the kink */
        assert_true(fabs((double)(layer->hidden[2 * i] - layer->hidden[2 * i + 1])) > 5 * CHECK_STEP);
    check_layer(layer);
}

static void readout(void **state)
{
    (void)state;
    check_readout(0);
    check_readout(1);
}

/* Cross entropy. (The output layer around it: test_pass.c.) */

enum { LOGITS, V = 5, FEW = 5 };
static const double scale = 0.7;

static double cross_entropy_loss(struct layer *layer)
{
    struct loss sum = { 0 };

    cross_entropy_forward(&sum, NULL, view_of(&layer->slots[LOGITS]), layer->ids, layer->smoothing);
    return scale / layer->rows * sum.loss;
}

static void cross_entropy_back(struct layer *layer)
{
    const struct slot *slot = &layer->slots[LOGITS];
    struct loss sum = { 0 };
    double forward = cross_entropy_loss(layer);

    for (int row = 0; row < slot->rows; row++)
        memcpy(slot->d + row * slot->ld, slot->x + row * slot->ld, (size_t)slot->columns * sizeof(real));
    cross_entropy_backward(&sum, gradient_view_of(slot), layer->ids, layer->smoothing, scale / layer->rows);
    check_near("loss of forward and of backward", 0, scale / layer->rows * sum.loss, forward, 1e-14);
    assert_int_equal(sum.words, layer->rows);
}

static void check_cross_entropy(double smoothing)
{
    struct layer *layer = layer_new(cross_entropy_loss, cross_entropy_back);

    layer->rows = FEW;
    layer->smoothing = smoothing;
    for (int i = 0; i < FEW; i++)
        layer->ids[i] = (int32_t)rng_below(&layer->rng, V);
    add_slot(layer, "logits", FEW, V, V + 2, SETS);
    check_layer(layer);
}

static void cross_entropy(void **state)
{
    (void)state;
    check_cross_entropy(0);
    check_cross_entropy(0.1);
}

/* The loss against its definition, and that it is added to what the struct holds. */
static void cross_entropy_values(void **state)
{
    struct layer *layer = layer_new(cross_entropy_loss, cross_entropy_back);
    struct loss sum = { .loss = 1, .nll = 2, .words = 3 };
    double nll[FEW], plain = 2, smoothed = 1;

    (void)state;
    add_slot(layer, "logits", FEW, V, V, SETS);
    for (int i = 0; i < FEW; i++)
        layer->ids[i] = (7 * i + 2) % V;
    cross_entropy_forward(&sum, nll, view_of(&layer->slots[LOGITS]), layer->ids, 0.2);
    for (int i = 0; i < FEW; i++) {
        const real *logits = layer->slots[LOGITS].x + i * V;
        double total = 0, mean = 0;

        for (int v = 0; v < V; v++)
            total += exp((double)logits[v]);
        for (int v = 0; v < V; v++)
            mean += (log(total) - (double)logits[v]) / V;
        check_near("nll", (size_t)i, nll[i], log(total) - (double)logits[layer->ids[i]], 1e-14);
        plain += log(total) - (double)logits[layer->ids[i]];
        smoothed += 0.8 * (log(total) - (double)logits[layer->ids[i]]) + 0.2 * mean;
    }
    check_near("summed nll", 0, sum.nll, plain, 1e-13);
    check_near("smoothed loss", 0, sum.loss, smoothed, 1e-13);
    assert_int_equal(sum.words, 3 + FEW);
    layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embedding), cmocka_unit_test(gru),           cmocka_unit_test(gru_first),
        cmocka_unit_test(readout),   cmocka_unit_test(cross_entropy), cmocka_unit_test(cross_entropy_values),
    };

    return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
