/* layer: a layer under test. Its backward is held against central differences of its forward, and against what its header
 * promises of each gradient: set, or added to. The loss is Σ R ∘ output with fixed random R. */
#ifndef NMT_TESTS_LAYER_H
#define NMT_TESTS_LAYER_H

#include "base/memory.h"
#include "layers/gradient.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum rule { SETS, ADDS };
enum { MOST = 4096, SLOTS = 8 };

/* One input or weight x [rows, columns], row stride ld, and its gradient d in the same layout. */
struct slot {
    const char *name;
    int rows, columns, ld;
    enum rule rule;
    real *x, *d;
};

/* A layer under test. forward() computes the loss from the slots' x and may not change them; backward() follows it and fills the
 * d. */
struct layer {
    struct slot slots[SLOTS];
    int count;
    double (*forward)(struct layer *layer);
    void (*backward)(struct layer *layer);
    struct worker worker;
    struct layout layout; /* of the slots that are weights, where the layer writes through a struct gradient */
    struct gradient gradient;
    struct rng rng;
    int rows;
    double smoothing;
    int32_t ids[MOST];
    const real *masks[MOST];
    const real *const *mask; /* NULL: none */
    real R[MOST], mask_numbers[MOST];
    real out[MOST], hidden[MOST], work[MOST], copy[MOST]; /* forward's and backward's */
};

static inline struct layer *layer_new(double (*forward)(struct layer *), void (*backward)(struct layer *))
{
    struct layer *layer = memory_new(1, sizeof *layer);

    layer->forward = forward;
    layer->backward = backward;
    worker_init(&layer->worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    layer->rng = rng_make(4, 0, 0, 0);
    check_fill(layer->R, MOST, 1, &layer->rng);
    return layer;
}

static inline void layer_free(struct layer *layer)
{
    for (int i = 0; i < layer->count; i++) {
        free(layer->slots[i].x);
        free(layer->slots[i].d);
    }
    worker_release(&layer->worker);
    if (layer->gradient.layout)
        gradient_release(&layer->gradient);
    layout_release(&layer->layout);
    free(layer);
}

/* One more input or weight, of random numbers. */
static inline void add_slot(struct layer *layer, const char *name, int rows, int columns, int ld, enum rule rule)
{
    struct slot *slot = &layer->slots[layer->count++];
    size_t count = (size_t)rows * (size_t)ld;

    assert_true(layer->count <= SLOTS && count <= MOST);
    *slot = (struct slot){ .name = name, .rows = rows, .columns = columns, .ld = ld, .rule = rule };
    slot->x = memory_new(count, sizeof(real));
    slot->d = memory_new(count, sizeof(real));
    check_fill(slot->x, count, 1, &layer->rng);
}

/* Masks of `n` numbers for every row: rows 0, 2, 4 … share one, as the steps of one sentence do. */
static inline void add_masks(struct layer *layer, int n)
{
    for (int i = 0; i < 2 * n; i++)
        layer->mask_numbers[i] = i % 3 == 1 ? 0 : (real)1.5;
    for (int i = 0; i < layer->rows; i++)
        layer->masks[i] = layer->mask_numbers + i % 2 * n;
    layer->mask = layer->masks;
}

/* The loss of an output: Σ R ∘ out. */
static inline double weighed(const struct layer *layer, const real *out, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += (double)layer->R[i] * (double)out[i];
    return sum;
}

static inline double layer_loss(void *layer)
{
    return ((struct layer *)layer)->forward(layer);
}

/* Forward and backward over gradients that hold `before`. */
static inline void layer_run(struct layer *layer, real before)
{
    for (int i = 0; i < layer->count; i++)
        for (int k = 0; k < layer->slots[i].rows * layer->slots[i].ld; k++)
            layer->slots[i].d[k] = before;
    layer->forward(layer);
    layer->backward(layer);
}

/* The whole check; the layer is freed. */
static inline void check_layer(struct layer *layer)
{
    real *first[SLOTS];

    layer_run(layer, 0);
    for (int i = 0; i < layer->count; i++) {
        struct slot *slot = &layer->slots[i];
        size_t bytes = (size_t)(slot->rows * slot->ld) * sizeof(real);

        check_gradient(slot->name, slot->x, slot->d, slot->rows, slot->columns, slot->ld, layer_loss, layer);
        first[i] = memory_new(bytes, 1);
        memcpy(first[i], slot->d, bytes);
    }
    layer_run(layer, (real)0.75);
    for (int i = 0; i < layer->count; i++) {
        struct slot *slot = &layer->slots[i];

        for (int k = 0; k < slot->rows * slot->ld; k++) {
            double wanted = (double)first[i][k] + (slot->rule == ADDS ? 0.75 : 0);

            if (k % slot->ld >= slot->columns) /* between the rows: not the layer's */
                wanted = 0.75;
            if (fabs((double)slot->d[k] - wanted) > 1e-12)
                fail_msg("d%s [%d] should be %s: got %.12g, wanted %.12g", slot->name, k, slot->rule == ADDS ? "added to" : "set",
                         (double)slot->d[k], wanted);
        }
        free(first[i]);
    }
    layer_free(layer);
}

static inline struct matrix view_of(const struct slot *slot)
{
    return (struct matrix){ slot->x, slot->rows, slot->columns, slot->ld };
}

static inline struct matrix gradient_view_of(const struct slot *slot)
{
    return (struct matrix){ slot->d, slot->rows, slot->columns, slot->ld };
}

/* A pass through the gradient: makes a block of each weight slot from `first` on (once), and begins. */
static inline void weights_begin(struct layer *layer, int first)
{
    if (!layer->gradient.layout) {
        for (int i = first; i < layer->count; i++)
            layout_add(&layer->layout, layer->slots[i].columns == 1 ? TENSOR_VECTOR : TENSOR_MATRIX, layer->slots[i].rows,
                       layer->slots[i].columns, "%s", layer->slots[i].name);
        gradient_init(&layer->gradient, &layer->layout);
    }
    gradient_begin(&layer->gradient);
}

/* Ends it, and puts the weights' gradients into their slots. */
static inline void weights_end(struct layer *layer, int first)
{
    gradient_end(&layer->gradient);
    for (int i = first; i < layer->count; i++) {
        const struct block *block = &layer->layout.blocks[i - first];

        memcpy(layer->slots[i].d, layer->gradient.values + block->offset, block->count * sizeof(real));
    }
}

static inline struct weight weight_of(const struct slot *slot)
{
    return (struct weight){ .w = slot->x, .out = slot->rows, .in = slot->columns };
}

#endif
