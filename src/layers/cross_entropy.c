#include "layers/cross_entropy.h"

#include "math/vec.h"

#include <string.h>

/* logits [rows, V] = Wo m + b */
static void output(struct matmul *matmul, real *logits, const real *m, const struct weight *Wo, const real *b, int rows)
{
    for (int i = 0; i < rows; i++)
        memcpy(logits + (size_t)i * (size_t)Wo->out, b, (size_t)Wo->out * sizeof *logits);
    matmul_forward(matmul, logits, Wo->out, m, Wo->in, Wo, rows, 1);
}

static void count(struct loss *loss, double nll, double uniform, double smoothing)
{
    loss->loss += (1 - smoothing) * nll + smoothing * uniform;
    loss->nll += nll;
    loss->words++;
}

void cross_entropy_forward(struct matmul *matmul, struct loss *loss, double *nll, real *logits, const real *m, const int32_t *y,
                           const struct weight *Wo, const real *b, double smoothing, int rows)
{
    int V = Wo->out, L = Wo->in;

    for (int from = 0; from < rows; from += CROSS_ENTROPY_CHUNK) {
        int chunk = rows - from < CROSS_ENTROPY_CHUNK ? rows - from : CROSS_ENTROPY_CHUNK;

        output(matmul, logits, m + (size_t)from * (size_t)L, Wo, b, chunk);
        for (int i = 0; i < chunk; i++) {
            double uniform, one = vec_nll(logits + (size_t)i * (size_t)V, V, y[from + i], &uniform);

            count(loss, one, uniform, smoothing);
            if (nll)
                nll[from + i] = one;
        }
    }
}

void cross_entropy_forward_backward(struct matmul *matmul, struct loss *loss, real *dm, real *dWo, real *db, real *logits,
                                    const real *m, const int32_t *y, const struct weight *Wo, const real *b, double smoothing,
                                    double scale, int rows)
{
    int V = Wo->out, L = Wo->in;

    for (int from = 0; from < rows; from += CROSS_ENTROPY_CHUNK) {
        int chunk = rows - from < CROSS_ENTROPY_CHUNK ? rows - from : CROSS_ENTROPY_CHUNK;
        const real *m_chunk = m + (size_t)from * (size_t)L;
        enum meter_part part;

        output(matmul, logits, m_chunk, Wo, b, chunk);
        part = meter_enter(matmul_meter(matmul), METER_SOFTMAX);
        for (int i = 0; i < chunk; i++) {
            double uniform, one = vec_cross_entropy(logits + (size_t)i * (size_t)V, V, y[from + i], smoothing, scale, &uniform);

            count(loss, one, uniform, smoothing);
        }
        meter_enter(matmul_meter(matmul), part);
        matmul_backward(matmul, dm + (size_t)from * (size_t)L, L, logits, V, Wo, chunk, 0);
        matmul_gradient(matmul, dWo, logits, V, m_chunk, L, chunk, V, L);
        vec_sum_rows(db, logits, V, chunk, V);
    }
}
