#include "layers/cross_entropy.h"

#include "math/vec.h"

static void count(struct loss *loss, double nll, double uniform, double smoothing)
{
    loss->loss += (1 - smoothing) * nll + smoothing * uniform;
    loss->nll += nll;
    loss->words++;
}

void cross_entropy_forward(struct loss *loss, double *nll, struct matrix logits, const int32_t *y, double smoothing)
{
    for (int i = 0; i < logits.rows; i++) {
        double uniform, one = vec_nll(matrix_row(logits, i), logits.columns, y[i], &uniform);

        count(loss, one, uniform, smoothing);
        if (nll)
            nll[i] = one;
    }
}

void cross_entropy_backward(struct loss *loss, struct matrix logits, const int32_t *y, double smoothing, double scale)
{
    for (int i = 0; i < logits.rows; i++) {
        double uniform, one = vec_cross_entropy(matrix_row(logits, i), logits.columns, y[i], smoothing, scale, &uniform);

        count(loss, one, uniform, smoothing);
    }
}

void cross_entropy_sampled_backward(struct loss *loss, struct matrix logits, const int32_t *y, const struct stand_ins *stand_ins,
                                    double smoothing, double scale)
{
    double each = smoothing / stand_ins->total; /* the share of a word */

    for (int i = 0; i < logits.rows; i++) {
        real *row = matrix_row(logits, i), mean;
        double label = (double)row[y[i]], nll, unused;

        vec_dots(&mean, stand_ins->weight, row, logits.columns, 1, logits.columns);
        nll = vec_cross_entropy(row, logits.columns, y[i], 0, scale, &unused);
        vec_add_scaled(row, (real)(-scale * each), stand_ins->weight, logits.columns);
        row[y[i]] += (real)(scale * smoothing);
        count(loss, nll, nll + label - (double)mean / stand_ins->total + stand_ins->offset, smoothing);
    }
}

void cross_entropy_twins_backward(struct loss *loss, struct matrix logits, const int32_t *y, double smoothing, double weight,
                                  double scale)
{
    for (int i = 0; i < logits.rows; i += 2) {
        double told[3];

        vec_cross_entropy_twins(matrix_row(logits, i), matrix_row(logits, i + 1), logits.columns, y[i], smoothing, weight, scale,
                                told);
        count(loss, told[0], told[1], smoothing);
        loss->apart += told[2];
    }
}
