/* config: the sizes and choices that make a model what it is. The letters' legend is in src/README.md. */
#ifndef NMT_MODEL_CONFIG_H
#define NMT_MODEL_CONFIG_H

#include "layers/attention.h"

enum { ENCODER_LAYERS_MOST = 4 };

enum tie { TIE_NONE, TIE_TARGET, TIE_ALL };

/* How the weights start: Glorot and Bengio's uniform, or the paper's appendix B.1. */
enum initial { INITIAL_GLOROT, INITIAL_PAPER };

struct config {
    int Vx, Vy;         /* entries of the source and target vocabularies */
    int E;              /* embedding */
    int H;              /* hidden: each GRU's state */
    int A;              /* alignment model; 0 where there is none */
    int L;              /* maxout */
    int encoder_layers; /* 1 to ENCODER_LAYERS_MOST */
    enum attention_kind attention;
    enum query_kind query; /* what the alignment model is asked with: s_{t−1}, or y_{t−1} too */
    enum tie tie;          /* which of the source embedding, target embedding and output matrix are one and the same */
};

/* Rows of Ya: A, or 0 where the query is the state alone. */
int config_word_query(const struct config *config);

/* 0, or -1 after reporting what cannot be (sizes below 1 or absurd; ties of matrices that differ in shape); `where` begins the message. */
int config_check(const struct config *config, const char *where);

extern const char *const tie_names[];
extern const char *const initial_names[];

#endif
