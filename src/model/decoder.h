/* decoder: a GRU that at each step looks at the source through the alignment model (paper, section 3.1 and appendix A.2.2), run over
 * given target words (teacher forcing), with the readout of all steps after the loop.
 *
 *     s_0 = tanh(Ws ←h_1 + bs)     c_t = attention(s_{t−1}, h)     s_t = GRU(s_{t−1}, E y_{t−1}, c_t)     m_t = readout(s_t, y_{t−1}, c_t)
 *
 * Rows are time-major (layers/sequence.h). One row of g is [a | r | z | s~]: the attention's query and the three gates, because one
 * product [Wa; Ur; Uz] s_{t−1} serves the first three. */
#ifndef NMT_MODEL_DECODER_H
#define NMT_MODEL_DECODER_H

#include "layers/cross_entropy.h"
#include "model/encoder.h"

struct decoder {
    struct sequence sequence;                    /* of the target side */
    int rows;                                    /* target words of the batch */
    int32_t *ids, *labels;                       /* [rows]: y_{t−1} (-1: none or dropped) and y_t */
    const real **embedding_mask, **readout_mask; /* [rows], or NULL */
    size_t *alpha_start;                         /* [sentences] by rank: where its [Ty, Tx] block of alpha begins */
    real *Y, *g, *rs, *s_in, *s, *c;             /* [rows, E | A+3H | H | H | H | 2H] */
    real *s0;                                    /* [sentences, H] by rank */
    real *first;                                 /* [sentences, H]: ←h_1 by rank */
    real *alpha;                                 /* Σ Ty·Tx */
    real *t, *m, *logits;                        /* [rows, 2L], [rows, L], [CROSS_ENTROPY_CHUNK, Vy] */
};

struct decoder_backward {
    real *ds_out, *dc, *dY, *dg, *dt, *dm;   /* [rows, H | 2H | E | A+3H | 2L | L] */
    real *dnext, *ds, *ds_in, *drs, *dfirst; /* [sentences, H] */
    real *scratch;                           /* [2 · longest source] */
};

void decoder_bind(struct decoder *decoder, const struct batch *batch, const struct config *config, const struct masks *masks,
                  struct arena *arena);
void decoder_backward_bind(struct decoder_backward *back, const struct decoder *decoder, const struct batch *batch,
                           const struct config *config, struct arena *arena);

/* The alignment weights of sentence with rank k: [Ty, Tx]. */
static inline const real *decoder_alignment(const struct decoder *decoder, int rank)
{
    return decoder->alpha + decoder->alpha_start[rank];
}

/* Fills everything up to m, from the encoder's annotations and keys. */
void decoder_forward(struct matmul *matmul, struct decoder *decoder, const struct encoder *encoder, const struct batch *batch,
                     const struct model *model, const struct masks *masks);

/* The loss of decoder_forward's m, and the gradient of all of it: adds to the gradient of the decoder's, the attention's, the readout's
 * and the output's tensors and the target embedding, and to the encoder's dannotations and dkeys. `scale` multiplies the gradient. */
void decoder_backward(struct matmul *matmul, struct loss *loss, const struct params *gradient, struct decoder_backward *back,
                      struct encoder_backward *encoder_back, struct decoder *decoder, const struct encoder *encoder,
                      const struct batch *batch, const struct model *model, const struct masks *masks, double smoothing,
                      double scale);

#endif
