/* pass: one batch through the whole model on one thread, forward for scores and alignments, or with the gradient for training. All
 * activations are in the worker's arena, which every pass restarts. */
#ifndef NMT_MODEL_PASS_H
#define NMT_MODEL_PASS_H

#include "model/model.h"

/* Zero-initialise; then any number of passes, with any models; pass_release. */
struct pass {
    struct encoded encoded;
    struct decoded decoded;
    void *encoder, *decoder; /* the kinds' states */
    size_t encoder_room, decoder_room;
    const struct encoder_kind *encoder_kind; /* of the last pass */
    const struct decoder_kind *decoder_kind;
    struct output_scratch output;
};

/* The input of a pass. */
struct pass_input {
    const struct model *model;
    const struct batch *batch;
    const struct dropping *dropping; /* training; NULL: none */
    const struct guide *guide;       /* training; NULL: none */
    struct judgement judgement;      /* smoothing and, for the gradient, scale */
};

/* Bytes of the arena that pass_forward or (training) pass_gradient needs. */
size_t pass_measure(const struct pass_input *input, int training);
void pass_release(struct pass *pass);

/* Runs encoder and decoder over the batch and accumulates the loss. nll gets −log p of each target word, target sentence after
 * target sentence, if not NULL. */
void pass_forward(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss, double *nll);

/* The loss of the batch, and judgement.scale times the gradient of loss + guide->strength · guided + judgement.twins / 2 · apart: one
 * pass through `gradient` (layers/gradient.h), which the caller begins and ends. */
void pass_gradient(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss,
                   struct gradient *gradient);

/* Its two halves: forward, the loss and the gradient of the output layer; then the rest, while the worker's arena is as the first half
 * left it. In between, the output layer's own numbers are complete (output_own_numbers). */
void pass_gradient_output(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss,
                          struct gradient *gradient);
void pass_gradient_rest(struct worker *worker, struct pass *pass, struct gradient *gradient);

/* The weights of attention of the last pass's target sentence b (PLACE_ENCODER: source sentence b): a row per word that looks, a column
 * per word that is looked at; valid until the next call and the worker's next pass. */
const real *pass_alignment(const struct pass *pass, int b, const struct attention_map *map);

#endif
