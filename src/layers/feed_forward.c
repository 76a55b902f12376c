#include "layers/feed_forward.h"

#include "layers/dropout.h"
#include "math/vec.h"

struct feed_forward feed_forward_declare(struct layout *layout, int E, int F, const char *name)
{
    struct feed_forward feed;

    feed.first.W = layout_add(layout, TENSOR_MATRIX, F, E, "%s.W1", name);
    feed.first.b = layout_add(layout, TENSOR_VECTOR, F, 1, "%s.b1", name);
    feed.second.W = layout_add(layout, TENSOR_MATRIX, E, F, "%s.W2", name);
    feed.second.b = layout_add(layout, TENSOR_VECTOR, E, 1, "%s.b2", name);
    return feed;
}

/* parameters: three matrices and a mask. */
void feed_forward_forward(struct worker *worker, const struct weight *weights, const struct feed_forward *feed, struct matrix out,
                          struct matrix hidden, struct matrix in, const real *mask)
{
    linear_forward(worker, weights, &feed->first, hidden, in);
    vec_relu(hidden.at, (size_t)hidden.rows * (size_t)hidden.columns);
    dropout_apply(hidden, mask);
    linear_forward(worker, weights, &feed->second, out, hidden);
}

void feed_forward_backward(struct worker *worker, struct gradient *gradient, const struct weight *weights,
                           const struct feed_forward *feed, const struct feed_forward_gradient *back)
{
    struct matrix dhidden = back->dhidden;

    linear_gradient(worker, gradient, &feed->second, back->dout, back->hidden);
    linear_backward(worker, weights, &feed->second, dhidden, back->dout, SET);
    dropout_apply(dhidden, back->mask);
    vec_relu_backward(dhidden.at, back->hidden.at, (size_t)dhidden.rows * (size_t)dhidden.columns);
    linear_gradient(worker, gradient, &feed->first, dhidden, back->in);
    linear_backward(worker, weights, &feed->first, back->din, dhidden, SET);
}
