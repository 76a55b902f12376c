/* kinds: the interface of encoders and decoders to the rest of the program. Every kind is one file that reads from top to bottom
 * like its paper; model/pass (training, scores) and model/step (search) call it through these tables and know no kind by name.
 *
 * The only interface between an encoder and a decoder is struct encoded:
 *
 *     h        [rows, width]      one row per source token, sentence after sentence (start, length)
 *     summary  [sentences, …]     one vector per sentence, for the decoder's first state
 *
 * and, in the other direction, dh and dsummary. A kind declares its tensors once (declare) and keeps the block numbers in its
 * own structure, which the model owns; its activations are a state of `state` bytes, whose arrays are in the worker's arena. */
#ifndef NMT_MODEL_KINDS_H
#define NMT_MODEL_KINDS_H

#include "layers/cross_entropy.h"
#include "layers/dropout.h"
#include "layers/gradient.h"
#include "model/batch.h"
#include "model/config.h"

struct model;

struct encoded {
    int sentences, rows;
    int *start, *length; /* [sentences] a sentence's first row in h, and its number of rows */
    struct matrix h, dh;
    struct matrix summary, dsummary; /* d…: in training only; dh starts at zero, dsummary is set by the decoder */
};

/* Guided attention: where the decoder should look, for each target sentence weights A [target length, source length], whose rows
 * each sum to at most 1. Training then also minimises strength · Σ −A log α (layers/attention.h). */
struct guide {
    const real *const *weights; /* [targets] */
    double strength;
};

/* The inputs of bind, before a batch runs. */
struct binding {
    const struct model *model;
    const struct batch *batch;
    const struct dropping *dropping; /* rates of 0 in inference */
    const struct guide *guide;       /* or NULL */
    double scale;                    /* of the gradient */
    struct arena *arena;             /* measures while base is NULL: arrays are then NULL and nothing is laid out */
    int training;                    /* backward will run */
};

/* The amount of work of a forward pass: tokens of both sides, pairs of a target and a source token of the same sentence,
 * sentences. */
struct work {
    double source, target, pairs, sentences;
};

/* Attention to the source; self-attention of a Transformer encoder, of a Transformer decoder. */
enum attention_place { PLACE_SOURCE, PLACE_ENCODER, PLACE_DECODER, PLACES };

/* "source", "encoder", "decoder", NULL. */
extern const char *const attention_place_names[];

/* Which weights of attention: those of a head of a layer, or the mean of all heads (-1). Layers and heads count from 0; a GRU decoder
 * has one layer. */
struct attention_map {
    int layer, head;
    enum attention_place place;
};

/* The number of layers with this attention, and of the heads of each. */
int attention_layers(const struct config *config, enum attention_place place);
int attention_heads(const struct config *config, enum attention_place place);

/* Whether alignments can be made of several weights: there is more than one layer, or head, that looks at the source. */
int attention_has_choice(const struct config *config);

struct encoder_kind {
    const char *name;
    int (*check)(const struct config *config, const char *where);

    /* Adds its tensors; returns its block numbers, on the heap. */
    void *(*declare)(struct layout *layout, const struct config *config);
    int (*width)(const struct config *config);   /* of h */
    int (*summary)(const struct config *config); /* of summary */
    size_t (*state)(const struct config *config);

    /* Takes memory for its activations and lays out the batch. encoded is then complete except for its numbers. */
    void (*bind)(void *state, struct encoded *encoded, const struct binding *binding);
    void (*forward)(struct worker *worker, void *state);

    /* Computes the gradient of its tensors and of the source embedding from dh and dsummary (both may be overwritten). */
    void (*backward)(struct worker *worker, struct gradient *gradient, void *state);

    /* The weights [length, length] of self-attention of source sentence b; valid until the next call. NULL: it has none. */
    const real *(*alignment)(void *state, int b, const struct attention_map *map);

    /* Multiply-add operations of a forward pass. */
    double (*operations)(const struct config *config, const struct work *work);
};

/* The interface between a decoder and the output layer: one row per target word, in an order chosen by the decoder. */
struct decoded {
    int rows;
    int32_t *labels;         /* [rows] the reference words */
    size_t *place;           /* [rows] the word's position in the batch: target sentence after target sentence */
    struct matrix top, dtop; /* [rows, top]: the output layer's input, and in training its gradient */
};

/* The decoder over given target words (training, scores): bind, forward, backward, alignment; and one word at a time (search):
 * search_bind, start, step, select. */
struct decoder_kind {
    const char *name;
    int (*check)(const struct config *config, const char *where);
    void *(*declare)(struct layout *layout, const struct config *config);
    int (*top)(const struct config *config); /* columns of `top` */
    size_t (*state)(const struct config *config);

    void (*bind)(void *state, struct decoded *decoded, struct encoded *encoded, const struct binding *binding);
    void (*forward)(struct worker *worker, void *state);

    /* Computes the gradient of its tensors, of the target embedding's rows, and encoded's dh and dsummary from dtop. */
    void (*backward)(struct worker *worker, struct gradient *gradient, void *state);

    /* The weights [target length, source length] of the batch's target sentence b, or of self-attention [target length, target length];
     * valid until the next call. */
    const real *(*alignment)(void *state, int b, const struct attention_map *map);

    /* Takes memory for a search of at most `room` hypotheses at a time; the batch needs no targets. */
    void (*search_bind)(void *state, struct encoded *encoded, const struct binding *binding, int room);

    /* Once per search: computes everything that depends only on the source, and each sentence's first state in its row. */
    void (*start)(struct worker *worker, void *state);

    /* For each row, computes the next state from its state, its previous word (-1: none) and its source sentence; returns `top`
     * [rows, top]. */
    struct matrix (*step)(struct worker *worker, void *state, const int32_t *previous, const int *sentence, int rows);

    /* Row i continues from the new state of row parents[i]. */
    void (*select)(void *state, const int *parents, int rows);
    void (*release)(void *state); /* what a search has allocated; NULL: nothing */
    double (*operations)(const struct config *config, const struct work *work);
};

extern const struct encoder_kind encoder_gru, encoder_transformer;
extern const struct decoder_kind decoder_gru, decoder_transformer;

/* The layer whose head 0 guided attention teaches: the last but one (Garg et al. 2019, "Jointly learning to align and translate with
 * transformer models", section 4.1). */
int decoder_guided_layer(const struct config *config);

/* Lays out a batch's source side: everything in `encoded` but its numbers. */
void encoded_bind(struct encoded *encoded, const struct binding *binding);

/* Indexed by enum encoder_type and decoder_type. */
extern const struct encoder_kind *const encoder_kinds[];
extern const struct decoder_kind *const decoder_kinds[];

/* 0, or -1 after reporting that a size is outside 1 … most. */
int config_size(const char *where, const char *name, int value, int most);

#endif
