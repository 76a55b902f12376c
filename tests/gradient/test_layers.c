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
    embedding_forward(layer->out, layer->slots[0].x, layer->ids, layer->mask, layer->rows, WIDTH);
    return weighed(layer, layer->out, layer->rows * WIDTH);
}

static void embedding_back(struct layer *layer)
{
    embedding_backward(layer->slots[0].d, layer->R, layer->ids, layer->mask, layer->rows, WIDTH);
}

static void check_embedding(int masked)
{
    static const int32_t ids[] = { 3, -1, 0, 3, 4, 0, 3 };
    struct layer *layer = layer_new(embedding_loss, embedding_back);

    layer->rows = 7;
    memcpy(layer->ids, ids, sizeof ids);
    add_slot(layer, "table", WORDS, WIDTH, WIDTH, ADDS);
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

static double gru_loss(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct weight weight = weight_of(&slots[U]);

    memcpy(layer->hidden, slots[G].x, (size_t)(layer->rows * STRIDE) * sizeof(real));
    gru_forward(layer->matmul, layer->out, layer->hidden, STRIDE, layer->work, slots[S].x, slots[S_IN].x, &weight, layer->rows,
                UNITS);
    return weighed(layer, layer->out, layer->rows * UNITS);
}

static void gru_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct weight weight = weight_of(&slots[U]);
    real drs[MOST];

    gru_backward(layer->matmul, slots[G].d, STRIDE, slots[S].d, slots[S_IN].d, drs, layer->R, layer->hidden, STRIDE, slots[S].x,
                 slots[S_IN].x, &weight, layer->rows, UNITS);
    matmul_gradient(layer->matmul, slots[U].d, slots[G].d + 2 * UNITS, STRIDE, layer->work, UNITS, layer->rows, UNITS, UNITS);
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
static double gru_first_loss(struct layer *layer)
{
    memcpy(layer->hidden, layer->slots[G].x, (size_t)(layer->rows * STRIDE) * sizeof(real));
    gru_forward(layer->matmul, layer->out, layer->hidden, STRIDE, layer->work, layer->copy, layer->copy, NULL, layer->rows, UNITS);
    return weighed(layer, layer->out, layer->rows * UNITS);
}

static void gru_first_back(struct layer *layer)
{
    real ds[MOST], ds_in[MOST], drs[MOST];

    gru_backward(layer->matmul, layer->slots[G].d, STRIDE, ds, ds_in, drs, layer->R, layer->hidden, STRIDE, layer->copy,
                 layer->copy, NULL, layer->rows, UNITS);
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

static double readout_loss(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct readout readout = { weight_of(&slots[UO]), weight_of(&slots[VO]), weight_of(&slots[CO]), slots[BO].x };

    readout_forward(layer->matmul, layer->out, layer->hidden, slots[STATE].x, slots[WORD].x, slots[CONTEXT].x, &readout,
                    layer->mask, layer->rows);
    return weighed(layer, layer->out, layer->rows * L);
}

static void readout_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct readout readout = { weight_of(&slots[UO]), weight_of(&slots[VO]), weight_of(&slots[CO]), slots[BO].x };
    struct readout_gradient gradient = { slots[UO].d, slots[VO].d, slots[CO].d, slots[BO].d };

    memcpy(layer->copy, layer->R, (size_t)(layer->rows * L) * sizeof(real));
    readout_backward(layer->matmul, slots[STATE].d, slots[WORD].d, slots[CONTEXT].d, &gradient, layer->work, layer->copy,
                     layer->hidden, slots[STATE].x, slots[WORD].x, slots[CONTEXT].x, &readout, layer->mask, layer->rows);
}

static void check_readout(int masked)
{
    struct layer *layer = layer_new(readout_loss, readout_back);

    layer->rows = 5;
    add_slot(layer, "s", 5, H, H, SETS);
    add_slot(layer, "y", 5, E, E, ADDS);
    add_slot(layer, "c", 5, C, C, SETS);
    add_slot(layer, "Uo", 2 * L, H, H, ADDS);
    add_slot(layer, "Vo", 2 * L, E, E, ADDS);
    add_slot(layer, "Co", 2 * L, C, C, ADDS);
    add_slot(layer, "bo", 2 * L, 1, 1, ADDS);
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

/* Cross entropy: few rows, and one more than a chunk, so that the second chunk's gradient is added and its dm is set
 * elsewhere. */

enum { M, WO, B, V = 5, FEW = 5 };
static const double scale = 0.7;

static double cross_entropy_loss(struct layer *layer)
{
    struct weight Wo = weight_of(&layer->slots[WO]);
    struct loss sum = { 0 };

    cross_entropy_forward(layer->matmul, &sum, NULL, layer->out, layer->slots[M].x, layer->ids, &Wo, layer->slots[B].x,
                          layer->smoothing, layer->rows);
    return scale / layer->rows * sum.loss;
}

static void cross_entropy_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    struct weight Wo = weight_of(&slots[WO]);
    struct loss sum = { 0 };
    double forward = cross_entropy_loss(layer);

    cross_entropy_forward_backward(layer->matmul, &sum, slots[M].d, slots[WO].d, slots[B].d, layer->out, slots[M].x, layer->ids,
                                   &Wo, slots[B].x, layer->smoothing, scale / layer->rows, layer->rows);
    check_near("loss of forward and of forward_backward", 0, scale / layer->rows * sum.loss, forward, 1e-14);
    assert_int_equal(sum.words, layer->rows);
}

static void check_cross_entropy(int rows, double smoothing)
{
    struct layer *layer = layer_new(cross_entropy_loss, cross_entropy_back);

    assert_true(CROSS_ENTROPY_CHUNK * V <= MOST);
    layer->rows = rows;
    layer->smoothing = smoothing;
    for (int i = 0; i < rows; i++)
        layer->ids[i] = (int32_t)rng_below(&layer->rng, V);
    add_slot(layer, "m", rows, L, L, SETS);
    add_slot(layer, "Wo", V, L, L, ADDS);
    add_slot(layer, "b", V, 1, 1, ADDS);
    check_layer(layer);
}

static void cross_entropy(void **state)
{
    (void)state;
    check_cross_entropy(FEW, 0);
    check_cross_entropy(FEW, 0.1);
    check_cross_entropy(CROSS_ENTROPY_CHUNK + 1, 0.1);
}

/* The loss against its definition, and that it is added to what the struct holds. */
static void cross_entropy_values(void **state)
{
    struct layer *layer = layer_new(cross_entropy_loss, cross_entropy_back);
    struct loss sum = { .loss = 1, .nll = 2, .words = 3 };
    struct weight Wo;
    double nll[FEW], plain = 2, smoothed = 1;

    (void)state;
    add_slot(layer, "m", FEW, L, L, SETS);
    add_slot(layer, "Wo", V, L, L, ADDS);
    add_slot(layer, "b", V, 1, 1, ADDS);
    Wo = weight_of(&layer->slots[WO]);
    for (int i = 0; i < FEW; i++)
        layer->ids[i] = (7 * i + 2) % V;
    cross_entropy_forward(layer->matmul, &sum, nll, layer->out, layer->slots[M].x, layer->ids, &Wo, layer->slots[B].x, 0.2, FEW);
    for (int i = 0; i < FEW; i++) {
        double logits[V], total = 0, mean = 0;

        for (int v = 0; v < V; v++) {
            logits[v] = (double)layer->slots[B].x[v];
            for (int l = 0; l < L; l++)
                logits[v] += (double)Wo.w[v * L + l] * (double)layer->slots[M].x[i * L + l];
            total += exp(logits[v]);
        }
        for (int v = 0; v < V; v++)
            mean += (log(total) - logits[v]) / V;
        check_near("nll", (size_t)i, nll[i], log(total) - logits[layer->ids[i]], 1e-14);
        plain += log(total) - logits[layer->ids[i]];
        smoothed += 0.8 * (log(total) - logits[layer->ids[i]]) + 0.2 * mean;
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
