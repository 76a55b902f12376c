/* inference: what translate and align share: one model or an ensemble, opened and checked, and a team of workers. */
#ifndef NMT_CLI_INFERENCE_H
#define NMT_CLI_INFERENCE_H

#include "base/claims.h"
#include "cli/alignment_file.h"
#include "cli/options.h"
#include "math/team.h"
#include "model/model_file.h"
#include "search/translate.h"

struct inference_settings {
    struct option_list models;
    const char *backend, *precision, *alignment, *alignment_format, *alignment_level;
    int threads, batch, scores;
};

extern const struct inference_settings inference_defaults;

/* The rows of the option table for these settings. */
#define INFERENCE_OPTIONS(s)                                                                                                       \
    OPTION_LIST("model", (s).models, "the model; given several times: an ensemble", "FILE"),                                       \
        OPTION_FLAG("scores", (s).scores, "print each translation's log-probability (nats, </s> included)"),                       \
        OPTION_FILE("alignment", (s).alignment,                                                                                    \
                    "write alignments to FILE; if it ends in '/', one file per sentence in that directory", "FILE"),               \
        OPTION_TEXT("alignment-format", (s).alignment_format, "matrix (CSV), long (CSV table) or pharaoh (i-j)", "FORMAT"),        \
        OPTION_TEXT("alignment-level", (s).alignment_level, "align words or the model's tokens: word or token", "LEVEL"),          \
        OPTION_INT("batch", (s).batch, "sentences computed together by one thread", "N"),                                          \
        OPTION_INT("threads", (s).threads, "worker threads (0: one per processor)", "N"),                                          \
        OPTION_TEXT("backend", (s).backend, "library for matrix products: auto, openblas or onednn", "NAME"),                      \
        OPTION_TEXT("precision", (s).precision, "of matrix products: f32, bf16, int8 (fastest) or auto (bf16 where it is fast)",   \
                    "NAME")

struct inference {
    struct team team;
    struct saved_model *saved; /* [count] */
    struct model **models;     /* [count] */
    int count;
    const struct tokenizer *tokenizer; /* of the first model; all have the same */
    enum alignment_format format;
    enum alignment_level level;
    int packed;
};

/* Claims the models, which are read. */
void inference_claim(const struct inference_settings *settings, struct claims *claims);

/* Checks the settings and opens the models. OPTIONS_GO, or the exit code after reporting. */
int inference_open(struct inference *inference, const struct inference_settings *settings, const struct options *options);
/* Packs the weights for matrix products, unless that was done. It pays from the second or third sentence on. */
void inference_pack(struct inference *inference);
void inference_close(struct inference *inference);

#endif
