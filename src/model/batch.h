/* batch: sentence pairs that go through the model together, and what is dropped of them in training. */
#ifndef NMT_MODEL_BATCH_H
#define NMT_MODEL_BATCH_H

#include "base/memory.h"
#include "math/real.h"
#include "model/config.h"

#include <stdint.h>

/* Ids are borrowed. Lengths count the final </s> of both sides; each is at least 1. */
struct batch {
    int sentences;
    const int32_t *const *source; /* [sentences][source_length] */
    const int32_t *const *target; /* [sentences][target_length]; NULL when only the encoder runs */
    const int *source_length, *target_length;
};

/* Rates of dropout, each in [0, 1). */
struct dropout {
    double embedding;                /* word vectors, both sides */
    double state;                    /* recurrent states, where a GRU reads its state before */
    double annotation;               /* the encoder's output */
    double readout;                  /* the maxout layer's output */
    double source_word, target_word; /* whole words whose vector becomes zero */
};

/* Masks of one batch, each drawn once per sentence: [sentences, size], NULL where the rate is 0. The word masks have one byte a
 * word, sentence after sentence; 1 = dropped. */
struct masks {
    struct dropout rates;                                        /* all 0 without dropout */
    real *source_embedding, *target_embedding;                   /* E */
    real *encoder_state[ENCODER_LAYERS_MOST][2], *decoder_state; /* H; the encoder's by layer and direction */
    real *annotation;                                            /* 2H */
    real *readout;                                               /* L */
    unsigned char *source_word, *target_word;
};

/* Takes room from the arena and draws the masks; a sentence's masks depend on (seed, update, its number in `numbers`) alone.
 * dropout NULL: every mask is NULL, which is how inference runs. */
void masks_draw(struct masks *masks, const struct batch *batch, const struct config *config, const struct dropout *dropout,
                uint64_t seed, uint64_t update, const int *numbers, struct arena *arena);

/* The mask of sentence b, or NULL. */
static inline const real *mask_of(const real *masks, int b, int n)
{
    return masks ? masks + (size_t)b * (size_t)n : NULL;
}

#endif
