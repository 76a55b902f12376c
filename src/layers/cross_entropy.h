/* cross_entropy: softmax and label-smoothed cross entropy of rows of logits. For the label y of each row, in nats:
 *
 *     loss = (1 − ε) · −log p_y + ε · mean over v of −log p_v          p = softmax(logits) */
#ifndef NMT_LAYERS_CROSS_ENTROPY_H
#define NMT_LAYERS_CROSS_ENTROPY_H

#include "math/matrix.h"

#include <stdint.h>

struct loss {
    double loss;   /* smoothed, summed over the target words */
    double nll;    /* plain −log p, summed */
    double guided; /* −A log α of guided attention, summed (model/kinds.h) */
    double apart;  /* divergence of twins, summed */
    long words;
};

/* Adds the loss of logits [rows, V] with labels y [rows]; nll [rows] gets each row's −log p_y if not NULL. */
void cross_entropy_forward(struct loss *loss, double *nll, struct matrix logits, const int32_t *y, double smoothing);

/* The same; the logits become `scale` times the gradient of the loss. */
void cross_entropy_backward(struct loss *loss, struct matrix logits, const int32_t *y, double smoothing, double scale);

/* Columns that stand for several words each: column j for weight[j] ≥ 1 of them, Σ weight = `total`, and its logit has log weight[j] added to it,
 * so that softmax estimates the probabilities among all words. The logits become `scale` times the gradient of the estimated loss. `offset` is
 * Σ weight[j] log weight[j] / total. */
struct stand_ins {
    const real *weight; /* [columns] */
    double total, offset;
};

void cross_entropy_sampled_backward(struct loss *loss, struct matrix logits, const int32_t *y, const struct stand_ins *stand_ins,
                                    double smoothing, double scale);

/* Twins: rows 2k and 2k + 1 are the same word under different dropout, and count as one, with their mean loss. The logits become `scale` times
 * the gradient of loss + weight/2 · apart, where apart = ½ (KL(p‖q) + KL(q‖p)) (R-Drop, Liang et al. 2021, equation 4, halved). */
void cross_entropy_twins_backward(struct loss *loss, struct matrix logits, const int32_t *y, double smoothing, double weight,
                                  double scale);

#endif
