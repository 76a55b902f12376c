/* The alignment model's and the context vector's gradients (tests/layer.h): energy, softmax, then all of attention. */
#include "layers/attention.h"
#include "math/vec.h"

#include "../layer.h"

enum { Q, K, VA, ANNOTATIONS, A = 3, N = 7 };

static double energy_loss(struct layer *layer)
{
    vec_energy(layer->out, layer->slots[Q].x, layer->slots[K].x, A, layer->slots[VA].x, layer->rows, A);
    return weighed(layer, layer->out, layer->rows);
}

static void energy_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;

    vec_energy_backward(slots[Q].d, slots[K].d, slots[VA].d, layer->R, slots[Q].x, slots[K].x, A, slots[VA].x, layer->rows, A);
}

static void add_energy(struct layer *layer, int T)
{
    layer->rows = T;
    add_slot(layer, "q", 1, A, A, ADDS);
    add_slot(layer, "K", T, A, A, ADDS);
    add_slot(layer, "va", 1, A, A, ADDS);
}

static void energy(void **state)
{
    struct layer *layer = layer_new(energy_loss, energy_back);

    (void)state;
    add_energy(layer, 5);
    check_layer(layer);
}

static double softmax_loss(struct layer *layer)
{
    memcpy(layer->out, layer->slots[0].x, (size_t)layer->rows * sizeof(real));
    vec_softmax(layer->out, layer->rows);
    return weighed(layer, layer->out, layer->rows);
}

static void softmax_back(struct layer *layer)
{
    vec_softmax_backward(layer->slots[0].d, layer->out, layer->R, layer->rows);
}

static void softmax(void **state)
{
    struct layer *layer = layer_new(softmax_loss, softmax_back);

    (void)state;
    layer->rows = 7;
    add_slot(layer, "e", 1, 7, 7, SETS);
    check_layer(layer);
}

static enum attention_kind kind; /* of the test at hand */

static struct attention_source source_of(const struct layer *layer)
{
    return (struct attention_source){ view_of(&layer->slots[K]), view_of(&layer->slots[ANNOTATIONS]), 0 };
}

static double attention_loss(struct layer *layer)
{
    const struct attention attention = { kind, 1, layer->slots[VA].x };
    const struct attention_source source = source_of(layer);

    attention_forward(&attention, layer->out, layer->hidden, layer->slots[Q].x, &source);
    return weighed(layer, layer->out, N);
}

static void attention_back(struct layer *layer)
{
    const struct slot *slots = layer->slots;
    const struct attention attention = { kind, 1, slots[VA].x };
    const struct attention_source source = source_of(layer);
    const struct attention_gradient back = { .dq = slots[Q].d,
                                             .dva = slots[VA].d,
                                             .dkeys = gradient_view_of(&slots[K]),
                                             .dvalues = gradient_view_of(&slots[ANNOTATIONS]),
                                             .scratch = layer->work };

    attention_backward(&attention, &back, layer->R, layer->hidden, slots[Q].x, &source);
}

static void attention(void **state)
{
    struct layer *layer = layer_new(attention_loss, attention_back);

    (void)state;
    kind = ATTENTION_ADDITIVE;
    add_energy(layer, 5);
    add_slot(layer, "H", 5, N, N, ADDS);
    check_layer(layer);
}

/* The multiplicative kinds have no va; its gradient stays as it was. */
static void check_dot(enum attention_kind dot)
{
    struct layer *layer = layer_new(attention_loss, attention_back);
    const struct slot *slots = layer->slots;

    kind = dot;
    add_energy(layer, 5);
    add_slot(layer, "H", 5, N, N, ADDS);
    layer_run(layer, 0);
    check_gradient("q", slots[Q].x, slots[Q].d, 1, A, A, layer_loss, layer);
    check_gradient("K", slots[K].x, slots[K].d, 5, A, A, layer_loss, layer);
    check_gradient("H", slots[ANNOTATIONS].x, slots[ANNOTATIONS].d, 5, N, N, layer_loss, layer);
    for (int i = 0; i < A; i++)
        check_near("va", (size_t)i, (double)slots[VA].d[i], 0, 0);
    layer_free(layer);
}

static void attention_dot(void **state)
{
    (void)state;
    check_dot(ATTENTION_DOT);
}

static void attention_scaled_dot(void **state)
{
    (void)state;
    check_dot(ATTENTION_SCALED_DOT);
}

/* One position gets all the weight, whatever the energies: nothing reaches them. */
static void attention_of_one(void **state)
{
    struct layer *layer = layer_new(attention_loss, attention_back);

    (void)state;
    kind = ATTENTION_ADDITIVE;
    add_energy(layer, 1);
    add_slot(layer, "H", 1, N, N, ADDS);
    layer_run(layer, 0);
    for (int i = 0; i < A; i++)
        for (int slot = Q; slot <= VA; slot++)
            check_near(layer->slots[slot].name, (size_t)i, (double)layer->slots[slot].d[i], 0, 1e-15);
    check_gradient("H", layer->slots[ANNOTATIONS].x, layer->slots[ANNOTATIONS].d, 1, N, N, layer_loss, layer);
    layer_free(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy),           cmocka_unit_test(softmax),       cmocka_unit_test(attention),
        cmocka_unit_test(attention_of_one), cmocka_unit_test(attention_dot), cmocka_unit_test(attention_scaled_dot),
    };

    return cmocka_run_group_tests_name("attention", tests, NULL, NULL);
}
