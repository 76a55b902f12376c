/* pass: one batch through the whole model on one thread, forwards for scores and alignments or with the gradient for training. All
 * activations live in the caller's arena, which is started afresh by every pass and grows when a batch needs more. */
#ifndef NMT_MODEL_PASS_H
#define NMT_MODEL_PASS_H

#include "model/decoder.h"

struct pass {
    struct arena arena;
    struct masks masks;
    struct encoder encoder;
    struct decoder decoder;
};

/* Bytes that pass_forward or (training) pass_gradient will take for this batch. */
size_t pass_measure(const struct batch *batch, const struct config *config, const struct dropout *dropout, int training);

/* Makes the arena at least this large, so that no later pass need allocate. */
void pass_reserve(struct pass *pass, size_t bytes);
void pass_release(struct pass *pass);

/* Runs encoder and decoder over the batch without dropout and adds up the loss. nll [target words in time-major order] gets each
 * word's −log p if not NULL. Afterwards pass->decoder holds the alignments (decoder_alignment) and the order of the sentences. */
void pass_forward(struct matmul *matmul, struct pass *pass, struct loss *loss, double *nll, const struct batch *batch,
                  const struct model *model, double smoothing);

/* The loss of the batch and `scale` times its gradient, added to `gradient`. numbers [sentences], seed and update choose the dropout
 * masks (model/batch.h); dropout may be NULL. */
void pass_gradient(struct matmul *matmul, struct pass *pass, struct loss *loss, const struct params *gradient,
                   const struct batch *batch, const struct model *model, const struct dropout *dropout, double smoothing,
                   double scale, uint64_t seed, uint64_t update, const int *numbers);

#endif
