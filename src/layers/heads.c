#include "layers/heads.h"

#include "layers/attention.h"
#include "math/vec.h"

#include <math.h>
#include <string.h>

/* The columns of head i. */
static struct matrix part(const struct heads *heads, struct matrix m, int i)
{
    int d = m.columns / heads->count;

    return matrix_columns(m, i * d, d);
}

static real scale_of(const struct heads *heads, struct matrix q)
{
    return (real)(1 / sqrt((double)q.columns / heads->count));
}

/* The weights of head i, a matrix [Tq, Tk]. */
static struct matrix weights_of(const struct heads_rows *x, int i)
{
    return matrix_view(x->weights + (size_t)i * (size_t)x->q.rows * (size_t)x->k.rows, x->q.rows, x->k.rows);
}

/* P ∘ mask of head i in `masked`; P itself where there is no mask. */
static struct matrix mask_weights(const struct heads_rows *x, struct matrix P, int i, struct matrix masked)
{
    int count = P.rows * P.columns;

    if (!x->mask)
        return P;
    vec_product(masked.at, P.at, x->mask + (size_t)i * (size_t)count, count);
    return masked;
}

void heads_forward(struct worker *worker, const struct heads *heads, const struct heads_rows *x, struct matrix out)
{
    int Tq = x->q.rows, Tk = x->k.rows;

    for (int i = 0; i < heads->count; i++) {
        struct matrix P = weights_of(x, i);

        matmul_abt(worker, P, part(heads, x->q, i), part(heads, x->k, i), SET);
        vec_scale(P.at, scale_of(heads, x->q), (size_t)Tq * (size_t)Tk);
        for (int t = 0; t < Tq; t++) {
            int seen = heads->causal ? t + 1 : Tk;

            vec_softmax(matrix_row(P, t), seen);
            memset(matrix_row(P, t) + seen, 0, (size_t)(Tk - seen) * sizeof(real));
        }
        P = mask_weights(x, P, i, matrix_view(x->scratch, Tq, Tk));
        matmul_ab(worker, part(heads, out, i), P, part(heads, x->v, i), SET);
    }
}

/* parameters: a query's, and the size of its parts. */
void heads_gather(const struct heads *heads, real *out, const real *q, const real *const *kv, int count, real *scratch, int n)
{
    int d = n / heads->count;
    real scale = (real)(1 / sqrt((double)d));

    memset(out, 0, (size_t)n * sizeof *out);
    for (int i = 0; i < n; i += d) {
        for (int t = 0; t < count; t++)
            vec_dots(scratch + t, q + i, kv[t] + i, 0, 1, d);
        vec_scale(scratch, scale, (size_t)count);
        vec_softmax(scratch, count);
        for (int t = 0; t < count; t++)
            vec_add_outer(out + i, scratch + t, kv[t] + n + i, 0, 1, d);
    }
}

/* From dP, the gradient of the weights P of one head, to that of the scores, in dS. */
static void softmax_backward(const struct heads_gradient *back, int i, struct matrix dS, struct matrix dP, struct matrix P)
{
    int Tk = P.columns;

    for (int t = 0; t < P.rows; t++) {
        real *ds = matrix_row(dS, t);

        if (back->dweights && i == 0)
            vec_add(matrix_row(dP, t), back->dweights + (size_t)t * (size_t)Tk, Tk);
        vec_softmax_backward(ds, matrix_row(P, t), matrix_row(dP, t), Tk);
        if (back->guide && i == 0)
            attention_follow(ds, matrix_row(P, t), back->guide + (size_t)t * (size_t)Tk, back->guide_scale, Tk);
    }
}

void heads_backward(struct worker *worker, const struct heads *heads, const struct heads_gradient *back, struct matrix dout,
                    const struct heads_rows *x)
{
    int Tq = x->q.rows, Tk = x->k.rows, count = Tq * Tk;
    struct matrix dP = matrix_view(x->scratch, Tq, Tk), dS = matrix_view(x->scratch + count, Tq, Tk);

    for (int i = 0; i < heads->count; i++) {
        struct matrix P = weights_of(x, i), dout_i = part(heads, dout, i);

        matmul_atb(worker, part(heads, back->dv, i), mask_weights(x, P, i, dS), dout_i, ADD);
        matmul_abt(worker, dP, dout_i, part(heads, x->v, i), SET);
        if (x->mask)
            vec_product(dP.at, dP.at, x->mask + (size_t)i * (size_t)count, count);
        softmax_backward(back, i, dS, dP, P);
        vec_scale(dS.at, scale_of(heads, x->q), (size_t)count);
        matmul_ab(worker, part(heads, back->dq, i), dS, part(heads, x->k, i), SET);
        matmul_atb(worker, part(heads, back->dk, i), dS, part(heads, x->q, i), ADD);
    }
}
