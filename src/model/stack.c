#include "model/stack.h"

#include "base/report.h"
#include "layers/positions.h"
#include "math/vec.h"
#include "model/model.h"

#include <string.h>

static const char ATTENTION[] = "attention", FEED_FORWARD[] = "feed-forward";

/* ---- tensors ---- */

int stack_check(const struct stack_config *config, int E, const char *side, const char *where)
{
    struct text name = { 0 };
    int result;

    text_format(&name, "%s layers", side);
    result = config_size(where, name.data, config->layers, 64) || config_size(where, "heads", config->heads, 1024) ||
             config_size(where, "feed-forward", config->feed_forward, 65536);
    text_release(&name);
    if (!result && E % config->heads)
        return error("%s: %d heads do not divide the embedding of %d; use --heads %d, or a multiple of %d for --embedding", where,
                     config->heads, E, E % 4 ? 1 : 4, config->heads);
    return result ? -1 : 0;
}

/* SIDE.NUMBER.PART, "encoder.0.self", in `text`. */
static const char *name_of(struct text *text, const char *side, int number, const char *part)
{
    text_clear(text);
    text_format(text, "%s.%d.%s", side, number, part);
    return text->data;
}

static struct norm declare_norm(struct layout *layout, int E, struct text *name)
{
    text_add_string(name, ".norm");
    return norm_declare(layout, E, name->data);
}

struct attention_blocks attention_declare(struct layout *layout, int E, const char *side, int number, const char *part)
{
    int cross = strcmp(part, "cross") == 0;
    struct text name = { 0 };
    struct attention_blocks blocks = { .multihead =
                                           multihead_declare(layout, E, cross ? E : 0, name_of(&name, side, number, part)) };

    blocks.norm = declare_norm(layout, E, &name);
    text_release(&name);
    return blocks;
}

struct feed_blocks feed_declare(struct layout *layout, int E, int F, const char *side, int number)
{
    struct text name = { 0 };
    struct feed_blocks blocks = { .feed = feed_forward_declare(layout, E, F, name_of(&name, side, number, "feed")) };

    blocks.norm = declare_norm(layout, E, &name);
    text_release(&name);
    return blocks;
}

/* ---- laying out a batch ---- */

struct stack_rows stack_rows_of(int sentences, const int *lengths, int keys)
{
    struct stack_rows rows = { .sentences = sentences, .lengths = lengths, .queries = batch_longest(lengths, sentences) };

    for (int b = 0; b < sentences; b++)
        rows.rows += lengths[b];
    rows.keys = rows.queries > keys ? rows.queries : keys;
    return rows;
}

static void bind_backward(struct stack *stack, struct arena *arena)
{
    stack->din = matrix_take(arena, stack->rows, 3 * stack->E);
    stack->dmixed = matrix_take(arena, stack->rows, stack->E);
    stack->df = matrix_take(arena, stack->rows, stack->E);
    stack->dout = matrix_take(arena, stack->rows, stack->E);
    stack->dhidden = matrix_take(arena, stack->rows, stack->config.feed_forward);
}

void stack_bind(struct stack *stack, const struct binding *binding, const struct stack_config *config, const char *side,
                const struct stack_rows *rows)
{
    struct arena *arena = binding->arena;
    int E = binding->model->config.E;

    *stack = (struct stack){ .model = binding->model,
                             .side = side,
                             .config = *config,
                             .E = E,
                             .rows = rows->rows,
                             .sentences = rows->sentences,
                             .lengths = rows->lengths };
    stack->spans = arena_take(arena, (size_t)rows->sentences * sizeof *stack->spans);
    stack->positions = matrix_take(arena, rows->sentences ? rows->queries : 0, E);
    stack->out = matrix_take(arena, rows->rows, E);
    stack->scratch = matrix_take(arena, 2 * rows->queries, rows->keys).at;
    if (binding->training)
        bind_backward(stack, arena);
    if (!arena->base)
        return;
    positions_fill(stack->positions, 0);
    for (int b = 0, row = 0; b < rows->sentences; row += rows->lengths[b++])
        stack->spans[b] = (struct span){ row, rows->lengths[b] };
}

static void bind_residual(struct residual *residual, const struct stack *stack, const struct binding *binding,
                          const struct norm *norm, const char *name)
{
    const struct extent extent = { stack->sentences, stack->E, stack->lengths, NULL, NULL };
    struct text text = { 0 };

    residual_take(residual, binding->arena, stack->rows, stack->E, stack->config.norm);
    residual->norm = *norm;
    text_format(&text, "%s.residual", name);
    residual->mask = dropout_each(binding->arena, binding->dropping, binding->dropping->rates.residual, text.data, &extent);
    text_release(&text);
}

/* Weights of attention from the side's rows to the sentences' keys, and their mask. */
static void bind_weights(struct attention_layer *layer, const struct stack *stack, const struct binding *binding,
                         const struct extent *extent, const char *name)
{
    struct multihead_rows *rows = &layer->rows;
    struct arena *arena = binding->arena;
    size_t *start = arena_take(arena, (size_t)stack->sentences * sizeof *start), count = 0;

    for (int b = 0; b < stack->sentences; count += extent_of(extent, b++))
        if (arena->base)
            start[b] = count;
    rows->heads.count = stack->config.heads;
    rows->sentences = stack->sentences;
    rows->queries = stack->spans;
    rows->start = start;
    rows->weights = arena_take(arena, size_product(count, sizeof(real)));
    rows->scratch = stack->scratch;
    rows->mixed = matrix_take(arena, stack->rows, stack->E);
    rows->mask = dropout_each(arena, binding->dropping, binding->dropping->rates.attention, name, extent);
}

void attention_bind_self(struct attention_layer *layer, const struct stack *stack, const struct binding *binding, int number,
                         int causal)
{
    const struct extent extent = { stack->sentences, stack->config.heads, stack->lengths, stack->lengths, NULL };
    struct text name = { 0 };

    *layer = (struct attention_layer){ .blocks = layer->blocks };
    name_of(&name, stack->side, number, "self");
    bind_residual(&layer->residual, stack, binding, &layer->blocks->norm, name.data);
    bind_weights(layer, stack, binding, &extent, name.data);
    text_release(&name);
    layer->rows.heads.causal = causal;
    layer->rows.keys = stack->spans;
    layer->rows.in = matrix_take(binding->arena, stack->rows, 3 * stack->E);
}

void attention_bind_cross(struct attention_layer *layer, const struct stack *stack, const struct binding *binding, int number,
                          const struct cross *cross)
{
    const struct extent extent = { stack->sentences, stack->config.heads, stack->lengths, cross->lengths, cross->of };
    struct text name = { 0 };

    *layer = (struct attention_layer){ .blocks = layer->blocks };
    name_of(&name, stack->side, number, "cross");
    bind_residual(&layer->residual, stack, binding, &layer->blocks->norm, name.data);
    bind_weights(layer, stack, binding, &extent, name.data);
    text_release(&name);
    layer->rows.keys = cross->keys;
    layer->rows.in = matrix_take(binding->arena, stack->rows, stack->E);
    layer->rows.source = matrix_take(binding->arena, cross->rows, 2 * stack->E);
    if (binding->training)
        layer->dsource = matrix_take(binding->arena, cross->rows, 2 * stack->E);
}

void feed_bind(struct feed_layer *layer, const struct stack *stack, const struct binding *binding, int number)
{
    const struct extent extent = { stack->sentences, stack->config.feed_forward, stack->lengths, NULL, NULL };
    struct text name = { 0 };

    *layer = (struct feed_layer){ .blocks = layer->blocks };
    name_of(&name, stack->side, number, "feed");
    bind_residual(&layer->residual, stack, binding, &layer->blocks->norm, name.data);
    layer->hidden = matrix_take(binding->arena, stack->rows, stack->config.feed_forward);
    layer->mask = dropout_each(binding->arena, binding->dropping, binding->dropping->rates.feed_forward, name.data, &extent);
    text_release(&name);
}

/* ---- sub-layers ---- */

/* The input of a sub-layer in its forward pass. */
static struct matrix input_of(const struct residual *residual)
{
    return residual->place == NORM_PRE ? residual->in : residual->x;
}

struct matrix attention_layer_forward(struct worker *worker, struct stack *stack, struct attention_layer *layer, struct matrix x)
{
    const struct weight *weights = stack->model->weights;
    struct matrix in = residual_open(weights, &layer->residual, x);
    const char *before = worker_enter(worker, ATTENTION);

    multihead_forward(worker, weights, &layer->blocks->multihead, &layer->rows, stack->out, in);
    worker_enter(worker, before);
    return residual_close(weights, &layer->residual, stack->out);
}

void attention_layer_backward(struct worker *worker, struct gradient *gradient, struct stack *stack, struct attention_layer *layer,
                              struct matrix dy)
{
    const struct weight *weights = stack->model->weights;
    const struct multihead_gradient back = { .din = matrix_view(stack->din.at, dy.rows, layer->rows.in.columns),
                                             .dsource = layer->dsource,
                                             .dmixed = stack->dmixed,
                                             .dout = stack->dout,
                                             .dinput = stack->df,
                                             .input = input_of(&layer->residual),
                                             .dweights = layer->dweights,
                                             .guide = layer->guide,
                                             .guide_scale = layer->guide_scale };
    const char *before;

    residual_close_backward(gradient, weights, &layer->residual, stack->dout, dy);
    before = worker_enter(worker, ATTENTION);
    multihead_backward(worker, gradient, weights, &layer->blocks->multihead, &back, &layer->rows);
    worker_enter(worker, before);
    residual_open_backward(gradient, weights, &layer->residual, dy, stack->df);
}

struct matrix feed_layer_forward(struct worker *worker, struct stack *stack, struct feed_layer *layer, struct matrix x)
{
    const struct weight *weights = stack->model->weights;
    struct matrix in = residual_open(weights, &layer->residual, x), out = matrix_rows(stack->out, 0, x.rows);
    const char *before = worker_enter(worker, FEED_FORWARD);

    feed_forward_forward(worker, weights, &layer->blocks->feed, out, matrix_rows(layer->hidden, 0, x.rows), in, layer->mask);
    worker_enter(worker, before);
    return residual_close(weights, &layer->residual, out);
}

void feed_layer_backward(struct worker *worker, struct gradient *gradient, struct stack *stack, struct feed_layer *layer,
                         struct matrix dy)
{
    const struct weight *weights = stack->model->weights;
    const struct feed_forward_gradient back = { .din = stack->df,
                                                .dout = stack->dout,
                                                .dhidden = stack->dhidden,
                                                .hidden = layer->hidden,
                                                .in = input_of(&layer->residual),
                                                .mask = layer->mask };
    const char *before;

    residual_close_backward(gradient, weights, &layer->residual, stack->dout, dy);
    before = worker_enter(worker, FEED_FORWARD);
    feed_forward_backward(worker, gradient, weights, &layer->blocks->feed, &back);
    worker_enter(worker, before);
    residual_open_backward(gradient, weights, &layer->residual, dy, stack->df);
}

void stack_enter(const struct stack *stack, struct matrix X, const real *mask)
{
    for (int b = 0; b < stack->sentences; b++)
        for (int t = 0; t < stack->spans[b].rows; t++)
            positions_add(matrix_row(X, stack->spans[b].first + t), matrix_row(stack->positions, t), X.columns);
    dropout_apply(X, mask);
}

void stack_enter_backward(struct matrix dX, const real *mask)
{
    dropout_apply(dX, mask);
    positions_backward(dX);
}
