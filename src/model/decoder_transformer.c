/* decoder_transformer: layers of masked self-attention, attention to the source, and feed-forward (Vaswani et al. 2017, section 3.1;
 * equations: src/README.md):
 *
 *     x_t = √E · E y_{t−1} + PE(t)             the word before the first is the zero vector
 *     each layer:  masked self-attention, cross-attention over h, feed-forward, each within a residual connection and layer
 *                  normalisation (model/stack.h)
 *     top = norm(x) after the last layer where sub-layers normalise their input, else x
 *
 * h are the encoder's rows, or their projection to E columns where the encoder has another width.
 *
 * Lexical output (model/lexical.h) reads the source words that head 0 of the guided layer looks at (model/kinds.h); then top_t is
 * [norm(x) ; h_t].
 *
 * Given words: rows are sentence after sentence, and a mask keeps each position from seeing later ones. Search: a step computes one
 * row per hypothesis, and finds the keys and values of its earlier words in a cache (model/cache.h); those of the source are
 * computed once per sentence (`start`). */
#include "base/report.h"
#include "layers/embedding.h"
#include "layers/positions.h"
#include "math/vec.h"
#include "model/cache.h"
#include "model/lexical.h"
#include "model/model.h"
#include "model/stack.h"

#include <string.h>

static const char ATTENTION[] = "attention";

struct layer_blocks {
    struct attention_blocks self, cross;
    struct feed_blocks feed;
};

struct blocks {
    int bridge;       /* [E, width], or without numbers */
    struct norm norm; /* pre only */
    struct lexical_blocks lexical;
    struct layer_blocks layers[];
};

struct layer {
    struct attention_layer self, cross;
    struct feed_layer feed;
};

struct state {
    struct cache cache; /* search */
    const struct blocks *blocks;
    struct encoded *encoded;
    struct decoded *decoded;
    struct stack stack;
    struct span *sources;          /* [targets] the rows of each one's source sentence */
    struct matrix source, dsource; /* [source rows, E]: h, or its projection */
    int32_t *ids;                  /* [rows] y_{t−1} (-1: none, or dropped) */
    struct matrix X;               /* [rows, E] */
    const real *mask;              /* [rows, E] of X, or NULL */
    struct matrix last;            /* [rows, E] of the last layer */
    real *stats;                   /* of the last norm */
    real *mean;        /* [longest target · longest side] mean weights of several heads; search: of a sentence's rows */
    struct matrix top; /* search: [room, E] */
    real *position;    /* search: [E] */
    struct lexical lexical;
    int *target, *source_of; /* [rows] the target sentence; [targets] the source sentence */
    real **dlook;            /* [targets] gradient [Ty, Tx] of the weights that lexical output reads */
    struct layer layers[];
};

static struct stack_config stack_of(const struct config *config)
{
    const struct decoder_config *d = &config->decoder;

    return (struct stack_config){ d->layers, d->heads, d->feed_forward, d->norm };
}

static int check(const struct config *config, const char *where)
{
    const struct stack_config stack = stack_of(config);

    if (config->decoder.lexical < 0 || config->decoder.lexical > 1)
        return error("%s: lexical output %d is not valid", where, config->decoder.lexical);
    return stack_check(&stack, config->E, "decoder", where);
}

static int width(const struct config *config)
{
    return encoder_kinds[config->encoder.type]->width(config);
}

static void *declare(struct layout *layout, const struct config *config)
{
    struct stack_config stack = stack_of(config);
    int E = config->E;
    struct blocks *b = memory_new(1, sizeof *b + (size_t)stack.layers * sizeof *b->layers);

    b->bridge = layout_add(layout, TENSOR_MATRIX, width(config) == E ? 0 : E, width(config), "decoder.bridge");
    for (int i = 0; i < stack.layers; i++) {
        b->layers[i].self = attention_declare(layout, E, "decoder", i, "self");
        b->layers[i].cross = attention_declare(layout, E, "decoder", i, "cross");
        b->layers[i].feed = feed_declare(layout, E, stack.feed_forward, "decoder", i);
    }
    if (stack.norm == NORM_PRE)
        b->norm = norm_declare(layout, E, "decoder.norm");
    if (config->decoder.lexical)
        lexical_declare(&b->lexical, layout, config);
    return b;
}

static int top(const struct config *config)
{
    return config->decoder.lexical ? 2 * config->E : config->E;
}

static size_t state_bytes(const struct config *config)
{
    return sizeof(struct state) + (size_t)config->decoder.layers * sizeof(struct layer);
}

/* ---- laying out a batch ---- */

/* The source's rows; a projection where the encoder has another width. */
static void bind_source(struct state *x, struct encoded *encoded, const struct binding *binding)
{
    int E = binding->model->config.E, bridged = encoded->h.columns != E;

    x->blocks = binding->model->decoder;
    x->encoded = encoded;
    x->source = bridged ? matrix_take(binding->arena, encoded->rows, E) : encoded->h;
    x->dsource = bridged && binding->training ? matrix_take(binding->arena, encoded->rows, E) : encoded->dh;
}

static void bind_words(struct state *x, const struct binding *binding)
{
    const struct dropping *dropping = binding->dropping;
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    const struct extent extent = { batch->targets, x->stack.E, batch->target_length, NULL, NULL };
    const unsigned char *dropped =
        dropout_words(arena, dropping, dropping->rates.target_word, "target.word", batch->targets, batch->target_length);
    size_t rows = (size_t)x->stack.rows;

    x->ids = arena_take(arena, rows * sizeof *x->ids);
    x->target = arena_take(arena, rows * sizeof *x->target);
    x->decoded->labels = arena_take(arena, rows * sizeof *x->decoded->labels);
    x->decoded->place = arena_take(arena, rows * sizeof *x->decoded->place);
    x->mask = dropout_each(arena, dropping, dropping->rates.residual, "target.positions", &extent);
    for (int b = 0, row = 0; arena->base && b < batch->targets; b++)
        for (int t = 0; t < batch->target_length[b]; t++, row++) {
            x->ids[row] = t == 0 || (dropped && dropped[row - 1]) ? -1 : batch->target[b][t - 1];
            x->decoded->labels[row] = batch->target[b][t];
            x->decoded->place[row] = (size_t)row;
            x->target[row] = b;
        }
}

static void bind_layers(struct state *x, const struct binding *binding)
{
    const struct cross cross = { x->source.rows, x->sources, binding->batch->source_length, binding->batch->source_of };

    for (int i = 0; i < x->stack.config.layers; i++) {
        struct layer *layer = &x->layers[i];

        layer->self.blocks = &x->blocks->layers[i].self;
        layer->cross.blocks = &x->blocks->layers[i].cross;
        layer->feed.blocks = &x->blocks->layers[i].feed;
        attention_bind_self(&layer->self, &x->stack, binding, i, 1);
        attention_bind_cross(&layer->cross, &x->stack, binding, i, &cross);
        if (binding->guide && i == decoder_guided_layer(&binding->model->config)) {
            layer->cross.guide = binding->guide->weights;
            layer->cross.guide_scale = (real)(binding->guide->strength * binding->scale);
        }
        feed_bind(&layer->feed, &x->stack, binding, i);
    }
}

/* The layer whose head 0 lexical output reads. */
static struct attention_layer *lexical_layer(struct state *x)
{
    return &x->layers[decoder_guided_layer(&x->stack.model->config)].cross;
}

static void bind_lexical(struct state *x, const struct binding *binding, int rows, const int *order)
{
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;

    x->lexical.blocks = &x->blocks->lexical;
    lexical_bind(&x->lexical, binding, x->encoded, rows, order);
    if (!x->lexical.on || !binding->training)
        return;
    x->dlook = arena_take(arena, (size_t)batch->targets * sizeof *x->dlook);
    for (int b = 0; b < batch->targets; b++) {
        real *matrix = matrix_take(arena, batch->target_length[b], batch->source_length[batch_source_of(batch, b)]).at;

        if (arena->base)
            x->dlook[b] = matrix;
    }
    lexical_layer(x)->dweights = (const real *const *)x->dlook;
}

static void bind(void *state, struct decoded *decoded, struct encoded *encoded, const struct binding *binding)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    const struct stack_config stack = stack_of(config);
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    int longest = batch_longest(batch->source_length, batch->sentences), B = batch->targets;
    const struct stack_rows rows = stack_rows_of(B, batch->target_length, longest);

    *x = (struct state){ .decoded = decoded };
    bind_source(x, encoded, binding);
    stack_bind(&x->stack, binding, &stack, "decoder", &rows);
    decoded->rows = rows.rows;
    x->sources = arena_take(arena, (size_t)B * sizeof *x->sources);
    x->source_of = arena_take(arena, (size_t)B * sizeof *x->source_of);
    for (int b = 0; arena->base && b < B; b++) {
        int source = x->source_of[b] = batch_source_of(batch, b);

        x->sources[b] = (struct span){ encoded->start[source], encoded->length[source] };
    }
    bind_words(x, binding);
    x->X = matrix_take(arena, rows.rows, config->E);
    bind_layers(x, binding);
    x->stats = arena_take(arena, 2 * (size_t)rows.rows * sizeof(real));
    x->mean = matrix_take(arena, rows.queries, rows.keys).at;
    bind_lexical(x, binding, rows.rows, x->target);
    decoded->top = matrix_take(arena, rows.rows, top(config));
    if (binding->training)
        decoded->dtop = matrix_take(arena, rows.rows, top(config));
}

/* ---- given target words ---- */

static void read_source(struct worker *worker, struct state *x)
{
    const struct weight *weights = x->stack.model->weights;

    if (x->source.at != x->encoded->h.at)
        matmul_forward(worker, x->source, x->encoded->h, &weights[x->blocks->bridge], SET);
    for (int i = 0; i < x->stack.config.layers; i++)
        multihead_read(worker, weights, &x->blocks->layers[i].cross.multihead, &x->layers[i].cross.rows, x->source);
}

/* The weights [Tx] of head 0 with which row `row` looks at its source sentence: their place in the sentence's matrix, too. */
static const real *lexical_weights(struct state *x, int row, size_t *place)
{
    const struct multihead_rows *look = &lexical_layer(x)->rows;
    int b = x->target[row];

    *place = (size_t)(row - look->queries[b].first) * (size_t)look->keys[b].rows;
    return multihead_weights(look, b, 0, NULL) + *place;
}

/* From the last layer's rows to `all` [rows, top]; lexical output has its sums. */
static void finish(struct worker *worker, struct state *x, struct matrix all, struct matrix rows)
{
    struct matrix out = matrix_columns(all, 0, rows.columns);

    lexical_forward(worker, &x->lexical, all);
    x->last = rows;
    if (x->stack.config.norm == NORM_PRE)
        norm_forward(x->stack.model->weights, &x->blocks->norm, out, x->stats, rows);
    else
        matrix_copy(out, rows);
}

static void forward(struct worker *worker, void *state)
{
    struct state *x = state;
    struct matrix rows = x->X;

    read_source(worker, x);
    lexical_read(&x->lexical);
    output_embed(x->stack.model, rows, x->ids, NULL);
    stack_enter(&x->stack, rows, x->mask);
    for (int i = 0; i < x->stack.config.layers; i++) {
        rows = attention_layer_forward(worker, &x->stack, &x->layers[i].self, rows);
        rows = attention_layer_forward(worker, &x->stack, &x->layers[i].cross, rows);
        rows = feed_layer_forward(worker, &x->stack, &x->layers[i].feed, rows);
    }
    for (int row = 0; x->lexical.on && row < x->stack.rows; row++) {
        size_t place;

        lexical_sum(&x->lexical, row, lexical_weights(x, row, &place), x->source_of[x->target[row]]);
    }
    finish(worker, x, x->decoded->top, rows);
}

/* Lexical output: from dtop to the gradient of head 0's weights, in dlook. */
static void top_backward(struct worker *worker, struct gradient *gradient, struct state *x)
{
    lexical_backward(worker, gradient, &x->lexical, x->decoded->dtop);
    for (int row = 0; x->lexical.on && row < x->stack.rows; row++) {
        int b = x->target[row];
        size_t place;
        const real *weights = lexical_weights(x, row, &place);

        memcpy(x->dlook[b] + place, lexical_sum_backward(&x->lexical, row, weights, x->source_of[b]),
               (size_t)x->sources[b].rows * sizeof(real));
    }
}

static void backward(struct worker *worker, struct gradient *gradient, void *state)
{
    struct state *x = state;
    const struct model *model = x->stack.model;
    struct matrix dx = matrix_columns(x->decoded->dtop, 0, x->stack.E);
    int bridged = x->source.at != x->encoded->h.at;

    if (bridged)
        matrix_zero(x->dsource);
    matrix_zero(x->encoded->dsummary);
    top_backward(worker, gradient, x);
    if (x->stack.config.norm == NORM_PRE)
        norm_backward(gradient, model->weights, &x->blocks->norm, dx, dx, x->stats, x->last, SET);
    for (int i = x->stack.config.layers - 1; i >= 0; i--) {
        struct layer *layer = &x->layers[i];

        feed_layer_backward(worker, gradient, &x->stack, &layer->feed, dx);
        attention_layer_backward(worker, gradient, &x->stack, &layer->cross, dx);
        multihead_read_backward(worker, gradient, model->weights, &layer->cross.blocks->multihead, layer->cross.dsource, x->dsource,
                                x->source);
        attention_layer_backward(worker, gradient, &x->stack, &layer->self, dx);
    }
    stack_enter_backward(dx, x->mask);
    output_embed_backward(model, gradient, dx, x->ids, NULL);
    lexical_read_backward(gradient, &x->lexical);
    if (bridged) {
        gradient_product(worker, gradient, x->blocks->bridge, x->dsource, x->encoded->h);
        matmul_backward(worker, x->encoded->dh, x->dsource, &model->weights[x->blocks->bridge], ADD);
    }
}

static const real *alignment(void *state, int b, const struct attention_map *map)
{
    struct state *x = state;
    struct layer *layer = &x->layers[map->layer];

    return multihead_weights(map->place == PLACE_DECODER ? &layer->self.rows : &layer->cross.rows, b, map->head, x->mean);
}

/* ---- search ---- */

static void search_bind(void *state, struct encoded *encoded, const struct binding *binding, int room)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    const struct stack_config stack = stack_of(config);
    struct arena *arena = binding->arena;
    int longest = batch_longest(binding->batch->source_length, encoded->sentences), E = config->E;
    const struct stack_rows rows = { .rows = room, .queries = room, .keys = longest };
    const struct cache cache = x->cache;

    *x = (struct state){ .cache = cache };
    bind_source(x, encoded, binding);
    stack_bind(&x->stack, binding, &stack, "decoder", &rows);
    bind_layers(x, binding);
    x->X = matrix_take(arena, room, E);
    x->stats = arena_take(arena, 2 * (size_t)room * sizeof(real));
    x->mean = matrix_take(arena, room * stack.heads, longest).at;
    bind_lexical(x, binding, room, NULL);
    x->top = matrix_take(arena, room, top(config));
    x->position = arena_take(arena, (size_t)E * sizeof(real));
    if (arena->base)
        cache_reset(&x->cache, room, stack.layers * 2 * E);
}

static void start(struct worker *worker, void *state)
{
    struct state *x = state;

    read_source(worker, x);
    lexical_read(&x->lexical);
}

/* Masked self-attention of one new row per hypothesis: its keys and values join the cache. */
static struct matrix step_self(struct worker *worker, struct state *x, int number, struct matrix rows)
{
    const struct weight *weights = x->stack.model->weights;
    struct attention_layer *layer = &x->layers[number].self;
    const struct multihead *multihead = &layer->blocks->multihead;
    int E = x->stack.E, length = x->cache.length, own = 2 * E * number;
    struct matrix in = matrix_rows(layer->rows.in, 0, rows.rows), mixed = matrix_rows(layer->rows.mixed, 0, rows.rows);
    struct matrix out = matrix_rows(x->stack.out, 0, rows.rows);
    const char *before;

    linear_forward(worker, weights, &multihead->in, in, residual_open(weights, &layer->residual, rows));
    before = worker_enter(worker, ATTENTION);
    for (int i = 0; i < rows.rows; i++) {
        memcpy(cache_at(&x->cache, i, length - 1) + own, matrix_row(in, i) + E, 2 * (size_t)E * sizeof(real));
        heads_gather(&layer->rows.heads, matrix_row(mixed, i), matrix_row(in, i), cache_row(&x->cache, i, own), length,
                     x->cache.scratch, E);
    }
    worker_enter(worker, before);
    linear_forward(worker, weights, &multihead->out, out, mixed);
    return residual_close(weights, &layer->residual, out);
}

/* Attention to the source; the rows of one sentence, which are adjacent, at once. */
static struct matrix step_cross(struct worker *worker, struct state *x, int number, struct matrix rows, const int *sentence)
{
    const struct weight *weights = x->stack.model->weights;
    struct attention_layer *layer = &x->layers[number].cross;
    const struct multihead *multihead = &layer->blocks->multihead;
    int E = x->stack.E;
    struct matrix in = matrix_rows(layer->rows.in, 0, rows.rows), mixed = matrix_rows(layer->rows.mixed, 0, rows.rows);
    struct matrix out = matrix_rows(x->stack.out, 0, rows.rows);
    const char *before;

    linear_forward(worker, weights, &multihead->in, in, residual_open(weights, &layer->residual, rows));
    before = worker_enter(worker, ATTENTION);
    for (int i = 0, count; i < rows.rows; i += count) {
        int b = sentence[i];
        struct matrix keys = matrix_rows(layer->rows.source, x->encoded->start[b], x->encoded->length[b]);
        struct heads_rows one = {
            .k = matrix_columns(keys, 0, E), .v = matrix_columns(keys, E, E), .weights = x->mean, .scratch = x->stack.scratch
        };

        for (count = 1; i + count < rows.rows && sentence[i + count] == b;)
            count++;
        one.q = matrix_rows(in, i, count);
        heads_forward(worker, &layer->rows.heads, &one, matrix_rows(mixed, i, count));
        for (int k = 0; layer == lexical_layer(x) && k < count; k++)
            lexical_sum(&x->lexical, i + k, one.weights + (size_t)k * (size_t)keys.rows, b);
    }
    worker_enter(worker, before);
    linear_forward(worker, weights, &multihead->out, out, mixed);
    return residual_close(weights, &layer->residual, out);
}

static struct matrix step(struct worker *worker, void *state, const int32_t *previous, const int *sentence, int count)
{
    struct state *x = state;
    struct matrix rows = matrix_rows(x->X, 0, count), out = matrix_rows(x->top, 0, count);

    cache_extend(&x->cache, count);
    positions_fill(matrix_view(x->position, 1, rows.columns), x->cache.length - 1);
    output_embed(x->stack.model, rows, previous, NULL);
    for (int i = 0; i < count; i++)
        positions_add(matrix_row(rows, i), x->position, rows.columns);
    for (int i = 0; i < x->stack.config.layers; i++) {
        rows = step_self(worker, x, i, rows);
        rows = step_cross(worker, x, i, rows, sentence);
        rows = feed_layer_forward(worker, &x->stack, &x->layers[i].feed, rows);
    }
    finish(worker, x, out, rows);
    return out;
}

static void select_rows(void *state, const int *parents, int rows)
{
    struct state *x = state;

    cache_select(&x->cache, parents, rows);
}

static void release(void *state)
{
    struct state *x = state;

    cache_release(&x->cache);
}

static double operations(const struct config *config, const struct work *work)
{
    const struct decoder_config *d = &config->decoder;
    double E = config->E, length = work->sentences > 0 ? work->target / work->sentences : 0;

    return d->layers * (work->target * (6 * E * E + 2 * E * d->feed_forward + E * length) + work->pairs * 2 * E +
                        work->source * 2 * E * E) +
           (width(config) == config->E ? 0 : work->source * E * width(config)) +
           (d->lexical ? lexical_operations(config, work) : 0);
}

const struct decoder_kind decoder_transformer = { .name = "transformer",
                                                  .check = check,
                                                  .declare = declare,
                                                  .top = top,
                                                  .state = state_bytes,
                                                  .bind = bind,
                                                  .forward = forward,
                                                  .backward = backward,
                                                  .alignment = alignment,
                                                  .search_bind = search_bind,
                                                  .start = start,
                                                  .step = step,
                                                  .select = select_rows,
                                                  .release = release,
                                                  .operations = operations };
