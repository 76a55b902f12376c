/* encoder_transformer: layers of self-attention and feed-forward (Vaswani et al. 2017, section 3.1; architecture and equations:
 * src/README.md):
 *
 *     x_j = √E · E x_j + PE(j)                 layers/positions.h
 *     each layer:  self-attention, feed-forward, each within a residual connection and layer normalisation (model/stack.h)
 *     h = norm(x) after the last layer where sub-layers normalise their input, else x
 *
 * The summary, for decoders that begin with a state, is the mean of a sentence's h. */
#include "layers/embedding.h"
#include "math/vec.h"
#include "model/model.h"
#include "model/stack.h"

struct layer_blocks {
    struct attention_blocks self;
    struct feed_blocks feed;
};

struct blocks {
    struct norm norm; /* pre only */
    struct layer_blocks layers[];
};

struct layer {
    struct attention_layer self;
    struct feed_layer feed;
};

struct state {
    const struct blocks *blocks;
    struct encoded *encoded;
    struct stack stack;
    int32_t *ids;      /* [rows] -1 = dropped */
    struct matrix X;   /* [rows, E] */
    const real *mask;  /* [rows, E] of X, or NULL */
    real *stats;       /* of the last norm */
    real *mean;        /* [longest²] mean weights of several heads */
    struct matrix top; /* [rows, E] of the last layer */
    struct layer layers[];
};

static struct stack_config stack_of(const struct config *config)
{
    const struct encoder_config *e = &config->encoder;

    return (struct stack_config){ e->layers, e->heads, e->feed_forward, e->norm };
}

static int check(const struct config *config, const char *where)
{
    const struct stack_config stack = stack_of(config);

    return stack_check(&stack, config->E, "encoder", where);
}

static void *declare(struct layout *layout, const struct config *config)
{
    struct stack_config stack = stack_of(config);
    struct blocks *b = memory_new(1, sizeof *b + (size_t)stack.layers * sizeof *b->layers);

    for (int i = 0; i < stack.layers; i++) {
        b->layers[i].self = attention_declare(layout, config->E, "encoder", i, "self");
        b->layers[i].feed = feed_declare(layout, config->E, stack.feed_forward, "encoder", i);
    }
    if (stack.norm == NORM_PRE)
        b->norm = norm_declare(layout, config->E, "encoder.norm");
    return b;
}

static int width(const struct config *config)
{
    return config->E;
}

static size_t state_bytes(const struct config *config)
{
    return sizeof(struct state) + (size_t)config->encoder.layers * sizeof(struct layer);
}

static void bind_words(struct state *x, const struct binding *binding)
{
    const struct dropping *dropping = binding->dropping;
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    const struct extent extent = { batch->sentences, x->stack.E, batch->source_length, NULL, NULL };
    const unsigned char *dropped =
        dropout_words(arena, dropping, dropping->rates.source_word, "source.word", batch->sentences, batch->source_length);

    x->ids = arena_take(arena, (size_t)x->stack.rows * sizeof *x->ids);
    x->mask = dropout_each(arena, dropping, dropping->rates.residual, "source.positions", &extent);
    for (int b = 0, row = 0; arena->base && b < batch->sentences; b++)
        for (int j = 0; j < batch->source_length[b]; j++, row++)
            x->ids[row] = dropped && dropped[row] ? -1 : batch->source[b][j];
}

static void bind(void *state, struct encoded *encoded, const struct binding *binding)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    const struct stack_config stack = stack_of(config);
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    const struct stack_rows rows = stack_rows_of(batch->sentences, batch->source_length, 0);

    x->blocks = binding->model->encoder;
    x->encoded = encoded;
    stack_bind(&x->stack, binding, &stack, "encoder", &rows);
    bind_words(x, binding);
    x->X = matrix_take(arena, x->stack.rows, config->E);
    for (int i = 0; i < stack.layers; i++) {
        x->layers[i].self.blocks = &x->blocks->layers[i].self;
        x->layers[i].feed.blocks = &x->blocks->layers[i].feed;
        attention_bind_self(&x->layers[i].self, &x->stack, binding, i, 0);
        feed_bind(&x->layers[i].feed, &x->stack, binding, i);
    }
    x->stats = arena_take(arena, 2 * (size_t)x->stack.rows * sizeof(real));
    x->mean = matrix_take(arena, rows.queries, rows.queries).at;
}

static void forward(struct worker *worker, void *state)
{
    struct state *x = state;
    const struct model *model = x->stack.model;
    struct encoded *encoded = x->encoded;
    struct matrix rows = x->X;

    embedding_forward(rows, &model->weights[model->source_embedding], x->ids, NULL);
    stack_enter(&x->stack, rows, x->mask);
    for (int i = 0; i < x->stack.config.layers; i++) {
        rows = attention_layer_forward(worker, &x->stack, &x->layers[i].self, rows);
        rows = feed_layer_forward(worker, &x->stack, &x->layers[i].feed, rows);
    }
    x->top = rows;
    if (x->stack.config.norm == NORM_PRE)
        norm_forward(model->weights, &x->blocks->norm, encoded->h, x->stats, rows);
    else
        matrix_copy(encoded->h, rows);
    matrix_zero(encoded->summary);
    for (int b = 0; b < encoded->sentences; b++) {
        struct matrix h = matrix_rows(encoded->h, encoded->start[b], encoded->length[b]);

        vec_sum_rows(matrix_row(encoded->summary, b), h.at, h.stride, h.rows, h.columns);
        vec_scale(matrix_row(encoded->summary, b), 1 / (real)h.rows, (size_t)h.columns);
    }
}

static void backward(struct worker *worker, struct gradient *gradient, void *state)
{
    struct state *x = state;
    const struct model *model = x->stack.model;
    struct encoded *encoded = x->encoded;
    struct matrix dx = encoded->dh;

    for (int b = 0; b < encoded->sentences; b++) {
        real *dmean = matrix_row(encoded->dsummary, b);

        vec_scale(dmean, 1 / (real)encoded->length[b], (size_t)dx.columns);
        for (int j = 0; j < encoded->length[b]; j++)
            vec_add(matrix_row(dx, encoded->start[b] + j), dmean, dx.columns);
    }
    if (x->stack.config.norm == NORM_PRE)
        norm_backward(gradient, model->weights, &x->blocks->norm, dx, dx, x->stats, x->top, SET);
    for (int i = x->stack.config.layers - 1; i >= 0; i--) {
        feed_layer_backward(worker, gradient, &x->stack, &x->layers[i].feed, dx);
        attention_layer_backward(worker, gradient, &x->stack, &x->layers[i].self, dx);
    }
    stack_enter_backward(dx, x->mask);
    gradient_rows(gradient, model->source_embedding, dx, x->ids, NULL);
}

static const real *alignment(void *state, int b, const struct attention_map *map)
{
    struct state *x = state;

    return multihead_weights(&x->layers[map->layer].self.rows, b, map->head, x->mean);
}

static double operations(const struct config *config, const struct work *work)
{
    const struct encoder_config *e = &config->encoder;
    double E = config->E, length = work->sentences > 0 ? work->source / work->sentences : 0;

    return e->layers * work->source * (4 * E * E + 2 * E * e->feed_forward + 2 * E * length);
}

const struct encoder_kind encoder_transformer = { .name = "transformer",
                                                  .check = check,
                                                  .declare = declare,
                                                  .width = width,
                                                  .summary = width,
                                                  .state = state_bytes,
                                                  .bind = bind,
                                                  .forward = forward,
                                                  .backward = backward,
                                                  .alignment = alignment,
                                                  .operations = operations };
