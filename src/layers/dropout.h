/* dropout: masks. Recurrent layers draw them once per sentence and use them at every step of it (variational dropout, Gal and
 * Ghahramani 2016); a Transformer draws them for every position (Vaswani et al. 2017, section 5.4).
 *
 * Every mask has a name and its own random stream: a sentence's mask depends only on (seed, update, the sentence's number in the
 * batch, name). So a new layer changes no other mask, and any number of workers draws the same ones. */
#ifndef NMT_LAYERS_DROPOUT_H
#define NMT_LAYERS_DROPOUT_H

#include "math/matrix.h"

#include <stdint.h>

/* Rates, each in [0, 1). */
struct dropout {
    double embedding;                /* word vectors, both sides */
    double state;                    /* recurrent states, where a GRU reads its previous state */
    double annotation;               /* the encoder's output */
    double readout;                  /* the maxout layer's output */
    double residual;                 /* Transformer: the output of every sub-layer, and the sums of embeddings and positions */
    double attention;                /* Transformer: the weights of attention */
    double feed_forward;             /* Transformer: the hidden layer of feed-forward */
    double source_word, target_word; /* whole words whose vector becomes zero */
};

/* Dropout of one batch. Without sentence numbers (inference) every rate is 0. */
struct dropping {
    struct dropout rates;
    uint64_t seed, update;
    const int
        *numbers; /* [sentences] positions in the whole batch, of which a worker may have a part; target b has that of source b */
};

/* A mask [sentences, n] for each sentence: 0 with probability `rate`, else 1 / (1 − rate), so that the expectation is unchanged.
 * NULL where the rate is 0, and while the arena measures. */
real *dropout_masks(struct arena *arena, const struct dropping *dropping, double rate, const char *name, int sentences, int n);

/* How many numbers each sentence has a mask for: n · rows[b] · columns[of[b]] (columns NULL: 1; of NULL: b). */
struct extent {
    int sentences, n;
    const int *rows;    /* [sentences] */
    const int *columns; /* [the largest of + 1] */
    const int *of;      /* [sentences] */
};

/* Of sentence b. */
size_t extent_of(const struct extent *extent, int b);

/* Masks of different extent, sentence after sentence; otherwise as dropout_masks. */
real *dropout_each(struct arena *arena, const struct dropping *dropping, double rate, const char *name,
                   const struct extent *extent);

/* The dense matrix m ∘ its mask of the same shape; unchanged without one. */
void dropout_apply(struct matrix m, const real *mask);

/* The words that are dropped, one byte per word, sentence after sentence: 1 = dropped. A sentence's last token, </s>, never is:
 * it marks the end of the sentence. NULL where the rate is 0, and while the arena measures. */
unsigned char *dropout_words(struct arena *arena, const struct dropping *dropping, double rate, const char *name, int sentences,
                             const int *lengths);

/* The mask of sentence b, or NULL. */
static inline const real *mask_of(const real *masks, int b, int n)
{
    return masks ? masks + (size_t)b * (size_t)n : NULL;
}

#endif
