#include "model/lexical.h"

#include "layers/embedding.h"
#include "math/vec.h"
#include "model/model.h"

void lexical_declare(struct lexical_blocks *blocks, struct layout *layout, const struct config *config)
{
    blocks->W = layout_add(layout, TENSOR_MATRIX, config->E, config->E, "lexical.W");
    blocks->b = layout_add(layout, TENSOR_VECTOR, config->E, 1, "lexical.b");
}

/* The source words in the encoder's order of rows, with the dropout that the encoder sees: masks of the same names. */
static void bind_words(struct lexical *x, const struct binding *binding)
{
    const struct dropping *dropping = binding->dropping;
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    int B = batch->sentences, E = binding->model->config.E;
    const real *masks = dropout_masks(arena, dropping, dropping->rates.embedding, "source.embedding", B, E);
    const unsigned char *dropped =
        dropout_words(arena, dropping, dropping->rates.source_word, "source.word", B, batch->source_length);
    size_t rows = (size_t)x->encoded->rows;

    x->ids = arena_take(arena, rows * sizeof *x->ids);
    x->mask = dropping->rates.embedding > 0 ? arena_take(arena, rows * sizeof *x->mask) : NULL;
    for (int b = 0; arena->base && b < B; b++)
        for (int j = 0, row = x->encoded->start[b]; j < batch->source_length[b]; j++, row++) {
            x->ids[row] = dropped && dropped[row] ? -1 : batch->source[b][j];
            if (x->mask)
                x->mask[row] = mask_of(masks, b, E);
        }
}

static void bind_out_masks(struct lexical *x, const struct binding *binding, int rows, const int *order)
{
    const struct dropping *dropping = binding->dropping;
    int E = binding->model->config.E;
    const real *masks = dropout_masks(binding->arena, dropping, dropping->rates.readout, "lexical", binding->batch->targets, E);

    x->out_mask = dropping->rates.readout > 0 ? arena_take(binding->arena, (size_t)rows * sizeof *x->out_mask) : NULL;
    for (int i = 0; x->out_mask && binding->arena->base && i < rows; i++)
        x->out_mask[i] = mask_of(masks, order[i], E);
}

void lexical_bind(struct lexical *x, const struct binding *binding, const struct encoded *encoded, int rows, const int *order)
{
    struct arena *arena = binding->arena;
    int E = binding->model->config.E;

    x->on = binding->model->config.decoder.lexical;
    if (!x->on)
        return;
    x->model = binding->model;
    x->encoded = encoded;
    bind_words(x, binding);
    bind_out_masks(x, binding, rows, order);
    x->words = matrix_take(arena, encoded->rows, E);
    x->l = matrix_take(arena, rows, E);
    x->z = matrix_take(arena, rows, E);
    if (binding->training) {
        x->dwords = matrix_take(arena, encoded->rows, E);
        x->dl = matrix_take(arena, rows, E);
        x->dz = matrix_take(arena, rows, E);
        x->dalpha = matrix_take(arena, 1, batch_longest(binding->batch->source_length, encoded->sentences)).at;
    }
}

void lexical_read(struct lexical *x)
{
    if (x->on)
        embedding_forward(x->words, &x->model->weights[x->model->source_embedding], x->ids, x->mask);
}

static struct matrix words_of(const struct lexical *x, struct matrix words, int b)
{
    return matrix_rows(words, x->encoded->start[b], x->encoded->length[b]);
}

void lexical_sum(const struct lexical *x, int row, const real *alpha, int b)
{
    struct matrix words;

    if (!x->on)
        return;
    words = words_of(x, x->words, b);
    vec_weighted_sum(matrix_row(x->l, row), alpha, words.at, words.stride, words.rows, words.columns);
}

/* The columns of h in `top`. */
static struct matrix part(const struct lexical *x, struct matrix top)
{
    int E = x->l.columns;

    return matrix_columns(top, top.columns - E, E);
}

void lexical_forward(struct worker *worker, const struct lexical *x, struct matrix top)
{
    struct matrix l, z, out;
    size_t count;

    if (!x->on)
        return;
    l = matrix_rows(x->l, 0, top.rows);
    z = matrix_rows(x->z, 0, top.rows);
    out = part(x, top);
    count = (size_t)out.rows * (size_t)out.columns;
    vec_tanh(l.at, count);
    matrix_fill(z, model_block(x->model, x->blocks->b));
    matmul_forward(worker, z, l, &x->model->weights[x->blocks->W], ADD);
    vec_tanh(z.at, count);
    matrix_copy(out, z);
    for (int i = 0; i < out.rows; i++) {
        vec_add(matrix_row(out, i), matrix_row(l, i), out.columns);
        if (x->out_mask)
            vec_product(matrix_row(out, i), matrix_row(out, i), x->out_mask[i], out.columns);
    }
}

void lexical_backward(struct worker *worker, struct gradient *gradient, const struct lexical *x, struct matrix dtop)
{
    struct matrix dout;
    size_t count;

    if (!x->on)
        return;
    dout = part(x, dtop);
    count = (size_t)dout.rows * (size_t)dout.columns;
    for (int i = 0; x->out_mask && i < dout.rows; i++)
        vec_product(matrix_row(dout, i), matrix_row(dout, i), x->out_mask[i], dout.columns);
    matrix_copy(x->dl, dout);
    vec_tanh_backward(x->dz.at, x->z.at, x->dl.at, count);
    gradient_product(worker, gradient, x->blocks->W, x->dz, x->l);
    gradient_sum(gradient, x->blocks->b, x->dz);
    matmul_backward(worker, x->dl, x->dz, &x->model->weights[x->blocks->W], ADD);
    vec_tanh_backward(x->dl.at, x->l.at, x->dl.at, count);
    matrix_zero(x->dwords);
}

const real *lexical_sum_backward(const struct lexical *x, int row, const real *alpha, int b)
{
    struct matrix words, dwords;
    const real *dl;

    if (!x->on)
        return NULL;
    words = words_of(x, x->words, b);
    dwords = words_of(x, x->dwords, b);
    dl = matrix_row(x->dl, row);
    vec_dots(x->dalpha, dl, words.at, words.stride, words.rows, words.columns);
    vec_add_outer(dwords.at, alpha, dl, dwords.stride, words.rows, words.columns);
    return x->dalpha;
}

void lexical_read_backward(struct gradient *gradient, const struct lexical *x)
{
    if (x->on)
        gradient_rows(gradient, x->model->source_embedding, x->dwords, x->ids, x->mask);
}

double lexical_operations(const struct config *config, const struct work *work)
{
    double E = config->E;

    return work->pairs * E + work->target * E * E;
}
