/* inference: the part shared by translate and align: one model or an ensemble, opened and checked, and a team of workers. */
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
    const char *alignment, *alignment_head;
    int alignment_layer, alignment_format, alignment_level, backend, precision, threads, batch, scores, show;
};

/* The rows of the option table for the member `common` of a command's settings. */
/* clang-format off */
#define INFERENCE_OPTIONS(settings, common)                                                                                        \
    { "model", OPTION(settings, LIST, common.models), .value = "FILE", .help = "the model; repeat the option for an ensemble" },   \
    { "scores", OPTION(settings, FLAG, common.scores),                                                                             \
      .help = "print each translation's log-probability (nats, </s> included)" },                                                  \
    { "alignment", OPTION(settings, TEXT, common.alignment), .value = "FILE",                                                      \
      .help = "write alignments to FILE; if it ends in '/', one file per sentence in that directory" },                            \
    { "alignment-format", OPTION(settings, CHOICE, common.alignment_format), .value = "FORMAT", OPTION_AUTO, \
      .names = alignment_format_names, .help = "format of alignments: CSV matrices, one long CSV table, links i-j (pharaoh), JSON, a page to look at (html), or a figure (svg); auto: by the ending of FILE" }, \
    { "show", OPTION(settings, FLAG, common.show), .help = "draw the alignment of each sentence on the terminal, with the text" }, \
    { "alignment-level", OPTION(settings, CHOICE, common.alignment_level), .value = "LEVEL", .initial = "word",                    \
      .names = alignment_level_names, .help = "align words or the model's tokens" },                                               \
    { "alignment-layer", OPTION(settings, INT, common.alignment_layer), .value = "L", OPTION_AUTO, .high = 63,                     \
      .help = "layer of a Transformer decoder whose attention is written, from 0 (auto: the one chosen in training)" }, \
    { "alignment-head", OPTION(settings, TEXT, common.alignment_head), .value = "H", .initial = "auto",                            \
      .help = "attention head, from 0, or mean: the mean of all heads (auto: chosen in training; mean for another layer)" }, \
    { "batch", OPTION(settings, INT, common.batch), .value = "N", .initial = "64", .low = 1, .high = 100000,                       \
      .help = "number of sentences that one thread processes together" },                                                          \
    { "threads", OPTION(settings, INT, common.threads), .value = "N", .initial = "auto", .low = 1, .high = TEAM_MOST,              \
      .word = "auto", .help = "worker threads; auto: one per processor" },                                                         \
    { "backend", OPTION(settings, CHOICE, common.backend), .value = "NAME", .initial = "auto", .names = backend_names,             \
      .help = "library for matrix products" },                                                                                     \
    { "precision", OPTION(settings, CHOICE, common.precision), .value = "NAME", .initial = "f32", .names = precision_names,        \
      .help = "precision of matrix products (auto: bf16 where it is fast, otherwise f32; int8: fastest)" }
/* clang-format on */

struct inference {
    struct team team;
    struct saved_model *saved; /* [count] */
    struct model **models;     /* [count] */
    int count;
    const struct tokenizer *tokenizer; /* of the first model; equal in all models */
    enum alignment_format format;
    enum alignment_level level;
    int tried, packed;
};

/* Whether standard output is a terminal that wants colours (https://no-color.org). */
int inference_colours(void);

/* Claims the models, which are read. */
void inference_claim(const struct inference_settings *settings, struct claims *claims);

/* Checks the settings and opens the models. OPTIONS_GO, or the exit code after reporting. */
int inference_open(struct inference *inference, const struct inference_settings *settings, const struct options *options);
/* Before work for several threads, of which `lines` lines have come so far: checks that threads can be started, and packs the weights for
 * matrix products where that pays; each once. 0, or -1 after reporting. */
int inference_ready(struct inference *inference, long lines);
void inference_close(struct inference *inference);

#endif
