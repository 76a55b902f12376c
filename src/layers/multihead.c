#include "layers/multihead.h"

#include "math/vec.h"

#include <string.h>

struct multihead multihead_declare(struct layout *layout, int E, int width, const char *name)
{
    struct multihead m = { .source = { -1, -1 } };

    m.in.W = layout_add(layout, TENSOR_MATRIX, E, E, "%s.Wq", name);
    if (width)
        m.source.W = layout_add(layout, TENSOR_MATRIX, E, width, "%s.Wk", name);
    else
        layout_join(layout, TENSOR_MATRIX, E, E, "%s.Wk", name);
    layout_join(layout, TENSOR_MATRIX, E, width ? width : E, "%s.Wv", name);
    m.in.b = layout_add(layout, TENSOR_VECTOR, E, 1, "%s.bq", name);
    if (width)
        m.source.b = layout_add(layout, TENSOR_VECTOR, E, 1, "%s.bk", name);
    else
        layout_join(layout, TENSOR_VECTOR, E, 1, "%s.bk", name);
    layout_join(layout, TENSOR_VECTOR, E, 1, "%s.bv", name);
    m.out.W = layout_add(layout, TENSOR_MATRIX, E, E, "%s.Wo", name);
    m.out.b = layout_add(layout, TENSOR_VECTOR, E, 1, "%s.bo", name);
    return m;
}

/* Keys and values side by side, [rows, 2E]. */
static struct matrix keys_of(struct matrix in, struct matrix source)
{
    int E = in.columns / 3;

    return source.columns ? source : matrix_columns(in, E, 2 * E);
}

static struct heads_rows rows_of(const struct multihead_rows *x, int b)
{
    int E = x->mixed.columns;
    struct matrix queries = matrix_rows(x->in, x->queries[b].first, x->queries[b].rows);
    struct matrix keys = matrix_rows(keys_of(x->in, x->source), x->keys[b].first, x->keys[b].rows);

    return (struct heads_rows){ .q = matrix_columns(queries, 0, E),
                                .k = matrix_columns(keys, 0, E),
                                .v = matrix_columns(keys, E, E),
                                .weights = x->weights + x->start[b],
                                .mask = x->mask ? x->mask + x->start[b] : NULL,
                                .scratch = x->scratch };
}

void multihead_read(struct worker *worker, const struct weight *weights, const struct multihead *multihead,
                    const struct multihead_rows *x, struct matrix y)
{
    linear_forward(worker, weights, &multihead->source, x->source, y);
}

void multihead_forward(struct worker *worker, const struct weight *weights, const struct multihead *multihead,
                       const struct multihead_rows *x, struct matrix out, struct matrix input)
{
    linear_forward(worker, weights, &multihead->in, x->in, input);
    for (int b = 0; b < x->sentences; b++) {
        struct heads_rows rows = rows_of(x, b);

        heads_forward(worker, &x->heads, &rows, matrix_rows(x->mixed, x->queries[b].first, x->queries[b].rows));
    }
    linear_forward(worker, weights, &multihead->out, out, x->mixed);
}

const real *multihead_weights(const struct multihead_rows *x, int b, int head, real *mean)
{
    int count = x->queries[b].rows * x->keys[b].rows;
    const real *weights = x->weights + x->start[b];
    real share = 1 / (real)x->heads.count;

    if (head >= 0)
        return weights + (size_t)head * (size_t)count;
    memset(mean, 0, (size_t)count * sizeof *mean);
    for (int i = 0; i < x->heads.count; i++)
        vec_add_outer(mean, &share, weights + (size_t)i * (size_t)count, 0, 1, count);
    return mean;
}

void multihead_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                        const struct multihead *multihead, const struct multihead_gradient *back, const struct multihead_rows *x)
{
    int E = x->mixed.columns;
    struct matrix dkeys = keys_of(back->din, back->dsource);

    linear_gradient(worker, gradient, &multihead->out, back->dout, x->mixed);
    linear_backward(worker, weights, &multihead->out, back->dmixed, back->dout, SET);
    matrix_zero(dkeys);
    for (int b = 0; b < x->sentences; b++) {
        struct heads_rows rows = rows_of(x, b);
        struct span queries = x->queries[b], keys = x->keys[b];
        struct heads_gradient one = { .dq = matrix_columns(matrix_rows(back->din, queries.first, queries.rows), 0, E),
                                      .dk = matrix_columns(matrix_rows(dkeys, keys.first, keys.rows), 0, E),
                                      .dv = matrix_columns(matrix_rows(dkeys, keys.first, keys.rows), E, E),
                                      .dweights = back->dweights ? back->dweights[b] : NULL,
                                      .guide = back->guide ? back->guide[b] : NULL,
                                      .guide_scale = back->guide_scale };

        heads_backward(worker, &x->heads, &one, matrix_rows(back->dmixed, queries.first, queries.rows), &rows);
    }
    linear_gradient(worker, gradient, &multihead->in, back->din, back->input);
    linear_backward(worker, weights, &multihead->in, back->dinput, back->din, SET);
}

/* parameters: those of multihead_backward, y and its gradient. */
void multihead_read_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                             const struct multihead *multihead, struct matrix dsource, struct matrix dy, struct matrix y)
{
    linear_gradient(worker, gradient, &multihead->source, dsource, y);
    linear_backward(worker, weights, &multihead->source, dy, dsource, ADD);
}
