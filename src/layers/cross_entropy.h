/* cross_entropy: the output layer, logits = Wo m + b, with softmax, label-smoothed cross entropy and its gradient, in chunks of rows
 * so that the logits of a whole batch never exist at once. For the right word y of each row, in nats:
 *
 *     loss = (1 − ε) · −log p_y + ε · mean over v of −log p_v          p = softmax(logits) */
#ifndef NMT_LAYERS_CROSS_ENTROPY_H
#define NMT_LAYERS_CROSS_ENTROPY_H

#include "math/matmul.h"

#include <stdint.h>

struct loss {
    double loss; /* smoothed, summed over the target words */
    double nll;  /* plain −log p, summed */
    long words;
};

/* How many rows of logits are computed at a time. */
enum { CROSS_ENTROPY_CHUNK = 512 };

/* Adds the loss of m [rows, L] with right words y [rows]; nll [rows] gets each row's −log p_y if not NULL. logits [CHUNK, V] is
 * scratch; afterwards it holds the last chunk's logits. */
void cross_entropy_forward(struct matmul *matmul, struct loss *loss, double *nll, real *logits, const real *m, const int32_t *y,
                           const struct weight *Wo, const real *b, double smoothing, int rows);

/* The same and its gradient in one go: sets dm [rows, L], adds to dWo [V, L] and db [V], all times `scale`. */
void cross_entropy_forward_backward(struct matmul *matmul, struct loss *loss, real *dm, real *dWo, real *db, real *logits,
                                    const real *m, const int32_t *y, const struct weight *Wo, const real *b, double smoothing,
                                    double scale, int rows);

#endif
