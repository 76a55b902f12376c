/* encoder: the bidirectional GRU (paper, section 3.2 and appendix A.2.1). →h reads the source from its first word to its last, ←h
 * from its last to its first, both from a zero state; the annotation of position j is h_j = [→h_j ; ←h_j].
 *
 * Layers above the first (encoder_layers) read the annotations below them in the same two ways, and add to them:
 *
 *     h_j ← h_j + [→h_j ; ←h_j] of a layer whose input is mask ∘ h_j
 *
 * where the mask is that of the annotations' dropout, the same for every layer's input and for the annotations in the end; what is
 * handed on past a layer is not masked.
 *
 * Both directions run time-major (layers/sequence.h); the backward one reads each sentence from its own end, so that in both a
 * step's active sentences are a prefix. Annotations and keys lie sentence-major, as attention reads them: those of sentence b are the
 * rows start[b] … start[b] + length[b] − 1. */
#ifndef NMT_MODEL_ENCODER_H
#define NMT_MODEL_ENCODER_H

#include "layers/sequence.h"
#include "model/batch.h"
#include "model/model.h"

struct encoder {
    struct sequence sequence; /* of the source side */
    int rows;                 /* source words of the batch */
    int *start;               /* [sentences] */
    int32_t *ids[2];          /* [rows] by direction, in its time-major order; -1 = dropped */
    const real **mask[2];     /* [rows] embedding masks likewise, or NULL */
    struct direction {
        real *X, *g, *rs, *s_in, *s; /* [rows, E (above the first layer 2H) | 3H | H | H | H] */
    } directions[ENCODER_LAYERS_MOST][2];
    real *zero;        /* [sentences, H] */
    real *annotations; /* [rows, 2H] */
    real *keys;        /* [rows, A]: Ua h_j */
};

struct encoder_backward {
    real *dannotations;             /* [rows, 2H], filled by the decoder's backward */
    real *dkeys;                    /* [rows, A], likewise */
    real *dinput;                   /* [rows, 2H]: of a layer's input above the first; NULL where there is one layer */
    real *dg, *dX, *ds_out;         /* [rows, 3H | E or 2H as X | H] */
    real *dnext, *ds, *ds_in, *drs; /* [sentences, H] */
};

/* Takes the activations' room from the arena (or measures) and lays out the batch. */
void encoder_bind(struct encoder *encoder, const struct batch *batch, const struct config *config, const struct masks *masks,
                  struct arena *arena);
void encoder_backward_bind(struct encoder_backward *back, const struct encoder *encoder, const struct config *config,
                           struct arena *arena);

/* Fills annotations and keys. */
void encoder_forward(struct matmul *matmul, struct encoder *encoder, const struct model *model, const struct masks *masks);

/* c [2H] = [→h_Tx ; ←h_1] of sentence b with Tx words: what there is without attention. Its backward adds dc to dannotations. */
void encoder_fixed_context(real *c, const struct encoder *encoder, int b, int Tx, int H);
void encoder_fixed_context_backward(struct encoder_backward *back, const real *dc, const struct encoder *encoder, int b, int Tx,
                                    int H);

/* From dannotations and dkeys: adds to the gradient of the encoder's tensors, the source embedding and Ua. dannotations is changed. */
void encoder_backward(struct matmul *matmul, const struct params *gradient, struct encoder_backward *back,
                      const struct encoder *encoder, const struct model *model, const struct masks *masks);

#endif
