/* stack: the sub-layers of a Transformer's encoder or decoder, each with its residual connection and normalisation
 * (layers/residual.h), over the rows of many sentences at once. encoder_transformer and decoder_transformer put them in order. */
#ifndef NMT_MODEL_STACK_H
#define NMT_MODEL_STACK_H

#include "layers/feed_forward.h"
#include "layers/multihead.h"
#include "layers/residual.h"
#include "model/kinds.h"

/* Tensors. */
struct attention_blocks {
    struct multihead multihead;
    struct norm norm;
};

struct feed_blocks {
    struct feed_forward feed;
    struct norm norm;
};

/* SIDE.NUMBER.PART.Wq … and .norm.gain, .norm.bias; part is "self" or "cross", whose source has E columns, too. */
struct attention_blocks attention_declare(struct layout *layout, int E, const char *side, int number, const char *part);

/* SIDE.NUMBER.feed.W1 … */
struct feed_blocks feed_declare(struct layout *layout, int E, int F, const char *side, int number);

/* The sizes of a side. */
struct stack_config {
    int layers, heads, feed_forward;
    enum norm_place norm;
};

/* 0, or -1 after reporting a value that is out of range, or heads that do not divide E. `side` is "encoder" or "decoder". */
int stack_check(const struct stack_config *config, int E, const char *side, const char *where);

/* What the sub-layers of one side share. */
struct stack {
    const struct model *model;
    const char *side; /* "encoder" or "decoder", for the names of dropout masks */
    struct stack_config config;
    int E, rows, sentences;
    const int *lengths;      /* [sentences] */
    struct span *spans;      /* [sentences] their rows */
    struct matrix positions; /* [longest, E] PE */
    struct matrix out;       /* [rows, E] of a sub-layer */
    real *scratch;           /* of attention */
    /* training */
    struct matrix din;              /* [rows, 3E] */
    struct matrix dmixed, df, dout; /* [rows, E] gradients of the heads, of a sub-layer's input, of its output */
    struct matrix dhidden;          /* [rows, F] */
};

/* Sub-layers: attention over the side itself or, cross-attention, over another's rows; feed-forward. */
struct attention_layer {
    const struct attention_blocks *blocks;
    struct residual residual;
    struct multihead_rows rows;
    struct matrix dsource;       /* cross-attention, training */
    const real *const *dweights; /* see multihead.h */
    const real *const *guide;
    real guide_scale;
};

struct feed_layer {
    const struct feed_blocks *blocks;
    struct residual residual;
    struct matrix hidden; /* [rows, F] */
    const real *mask;
};

/* The rows of a side. Given words: its sentences, one after another. In search: `rows` hypotheses, without sentences. */
struct stack_rows {
    int sentences;
    const int *lengths; /* [sentences] */
    int rows;
    int queries, keys; /* the most of one sentence, for the scratch memory of attention */
};

/* Of sentences of these lengths; keys: the most that a sentence looks at. */
struct stack_rows stack_rows_of(int sentences, const int *lengths, int keys);
void stack_bind(struct stack *stack, const struct binding *binding, const struct stack_config *config, const char *side,
                const struct stack_rows *rows);

/* Memory for the layer `number` (from 0). Self-attention, `causal` or not. */
void attention_bind_self(struct attention_layer *layer, const struct stack *stack, const struct binding *binding, int number,
                         int causal);

/* Cross-attention over `rows` rows of the source: sentence b looks at the rows keys[b], lengths[of[b]] in number (of NULL: b). */
struct cross {
    int rows;
    const struct span *keys; /* [sentences] */
    const int *lengths, *of;
};
void attention_bind_cross(struct attention_layer *layer, const struct stack *stack, const struct binding *binding, int number,
                          const struct cross *cross);
void feed_bind(struct feed_layer *layer, const struct stack *stack, const struct binding *binding, int number);

/* y [rows, E] of x [rows, E]. */
struct matrix attention_layer_forward(struct worker *worker, struct stack *stack, struct attention_layer *layer, struct matrix x);
struct matrix feed_layer_forward(struct worker *worker, struct stack *stack, struct feed_layer *layer, struct matrix x);

/* dy [rows, E] becomes the gradient of x. */
void attention_layer_backward(struct worker *worker, struct gradient *gradient, struct stack *stack, struct attention_layer *layer,
                              struct matrix dy);
void feed_layer_backward(struct worker *worker, struct gradient *gradient, struct stack *stack, struct feed_layer *layer,
                         struct matrix dy);

/* The embedded words of a side as input of its first layer: vectors [rows, E], in place; `mask` [rows, E] or NULL. Backward: from
 * dX to the gradient of the vectors. */
void stack_enter(const struct stack *stack, struct matrix X, const real *mask);
void stack_enter_backward(struct matrix dX, const real *mask);

#endif
