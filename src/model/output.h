/* output: the target words as input and output: their embedding, and the output layer, logits = Wo top + b, which may share its
 * matrix with the embeddings (ties). Used by training and search. Logits are computed in chunks of rows, so that those of a
 * whole batch never exist at the same time. */
#ifndef NMT_MODEL_OUTPUT_H
#define NMT_MODEL_OUTPUT_H

#include "model/kinds.h"

/* Number of rows of logits that training computes at a time. */
enum { OUTPUT_CHUNK = 512 };

/* Block numbers in the layout. */
struct output_blocks {
    int embedding; /* target.embedding [Vy, E] */
    int W, b;      /* output.W [Vy, top], output.b [Vy] */
};

/* The target embedding, tied to the source embedding where the configuration says so; then the output layer. */
void output_declare_embedding(struct output_blocks *output, struct layout *layout, const struct config *config,
                              int source_embedding);
void output_declare(struct output_blocks *output, struct layout *layout, const struct config *config, int source_embedding);

/* Y [rows, E] = the vectors of target words (layers/embedding.h), and its backward. */
void output_embed(const struct model *model, struct matrix Y, const int32_t *ids, const real *const *mask);
void output_embed_backward(const struct model *model, struct gradient *gradient, struct matrix dY, const int32_t *ids,
                           const real *const *mask);

/* logits [rows, Vy] of top [rows, top]. */
void output_logits(struct worker *worker, const struct model *model, struct matrix logits, struct matrix top);

/* The output layer of some words: zero-initialise. */
struct output_words {
    const int32_t *words; /* [count], the caller's; NULL: all words */
    int count;
    struct weight W; /* [count, top] their rows of Wo */
    real *rows, *b;  /* the numbers of W; [count] */
};

/* Takes memory for the output layer of words[count], and later gathers it. Gathered once, it serves any number of logits
 * [rows, count]. */
void output_words_bind(struct output_words *output, const struct model *model, struct arena *arena);
void output_words_gather(struct output_words *output, const struct model *model);
void output_words_logits(struct worker *worker, const struct output_words *output, struct matrix logits, struct matrix top);

/* Some target words that stand for all of them in the softmax of a batch (train/softmax_sample.h). */
struct softmax_sample {
    const int32_t *words; /* [count]: those of the batch and others */
    const int32_t *place; /* [Vy] of each of them among `words` */
    const real *weight;   /* [count] the number of words that each stands for */
    int count;
};

/* Parameters of the loss in training and scoring. */
struct judgement {
    double smoothing; /* of the labels, ε */
    double scale;     /* of the gradient */
    double twins;     /* R-Drop: the second half of the batch are the first half's sentences again, and this is the weight of their
                       * divergence (layers/cross_entropy.h); 0: no twins */
    const struct softmax_sample *sample; /* of the gradient, without twins; NULL: all words */
};

/* Scratch memory of the loss. */
struct output_scratch {
    struct matrix logits;      /* [OUTPUT_CHUNK or fewer, Vy or the sample's count] */
    struct output_words words; /* of a sample: its part of the output layer, */
    struct matrix dW;          /* [count, top] and its gradient */
    real *db;                  /* [count] */
    struct matrix top, dtop;   /* twins: [the same, top], a chunk's rows side by side */
    int *row;                  /* twins: [rows] the decoder's row of each word of the batch */
};

/* For the rows of `decoded`, from the arena. judgement->sample: only for output_loss_backward. */
void output_bind(struct output_scratch *scratch, const struct model *model, const struct decoded *decoded,
                 const struct judgement *judgement, struct arena *arena);

/* The inputs of the loss: the decoder's rows, and scratch memory (the last chunk's logits remain). */
struct output_rows {
    const struct decoded *decoded;
    struct output_scratch scratch;
    struct judgement judgement;
};

/* Adds the loss of decoded->top; nll, if not NULL, gets −log p of each target word at its position in the batch. */
void output_loss(struct worker *worker, const struct model *model, const struct output_rows *rows, struct loss *loss, double *nll);

/* The same, with its gradient: sets decoded->dtop. */
void output_loss_backward(struct worker *worker, const struct model *model, const struct output_rows *rows, struct loss *loss,
                          struct gradient *gradient);

/* The numbers *from … *to − 1 of the layout are the output layer's own: nothing but output_loss_backward adds to their gradient. None
 * (*from = *to) if it shares its matrix with an embedding. output_settle makes zeros of what no loss has added to. */
void output_own_numbers(const struct model *model, size_t *from, size_t *to);
void output_settle(const struct model *model, struct gradient *gradient);

#endif
