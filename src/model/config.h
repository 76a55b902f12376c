/* config: the sizes and choices that define a model: encoder, decoder and shared settings. The notation is explained in
 * src/README.md. */
#ifndef NMT_MODEL_CONFIG_H
#define NMT_MODEL_CONFIG_H

#include "layers/attention.h"
#include "layers/norm.h"

enum encoder_type { ENCODER_GRU, ENCODER_TRANSFORMER };
enum decoder_type { DECODER_GRU, DECODER_TRANSFORMER };

/* Which of the source embedding, the target embedding and the output matrix are one and the same. */
enum tie { TIE_NONE, TIE_TARGET, TIE_ALL };

/* Names in the order of the enums, NULL-terminated. */
extern const char *const tie_names[];
extern const char *const encoder_type_names[];
extern const char *const decoder_type_names[];

struct encoder_config {
    enum encoder_type type;
    int layers;
    int width;               /* GRU: H, size of the state of each */
    int heads, feed_forward; /* Transformer: the number of heads, and F */
    enum norm_place norm;    /* Transformer */
};

struct decoder_config {
    enum decoder_type type;
    int heads;
    /* GRU */
    int width;     /* H */
    int alignment; /* A: size of the alignment model; 0 with ATTENTION_NONE */
    int maxout;    /* L */
    int lexical;   /* whether the output layer also reads the source words (model/lexical.h) */
    enum attention_kind attention;
    enum query_kind query;
    /* Transformer */
    int layers, feed_forward; /* feed_forward: F */
    enum norm_place norm;
};

struct config {
    int Vx, Vy; /* entries of the source and target vocabularies */
    int E;      /* embedding, both sides */
    enum tie tie;
    struct encoder_config encoder;
    struct decoder_config decoder;
};

/* 0, or -1 after reporting an invalid value (a size out of range; a tie of matrices that differ in shape); `where` begins the
 * message. */
int config_check(const struct config *config, const char *where);

#endif
