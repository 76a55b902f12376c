/* recipe: the settings of `nmt train`: the option table, presets, and the defaults that scale with the corpus. */
#ifndef NMT_CLI_RECIPE_H
#define NMT_CLI_RECIPE_H

#include "cli/options.h"
#include "corpus/corpus.h"
#include "math/matmul.h"
#include "model/model.h"
#include "train/trainer.h"

/* One variable per option. AUTO (a number) or "auto" (a text) is replaced by recipe_scale. */
struct train_settings {
    const char *model, *source, *target, *pairs, *valid_source, *valid_target, *valid_pairs, *log, *preset;
    int resume, quiet;
    const char *units, *bad_utf8, *tie, *attention, *query, *initial, *optimizer, *stop_on, *backend, *precision;
    int pretokenized, lowercase, vocabulary, max_length, first;
    int embedding, hidden, alignment, maxout, encoder_layers;
    int batch_tokens, batch_sentences, pool;
    double learning_rate, clip, label_smoothing, dropout, dropout_embedding, dropout_state, dropout_annotation, dropout_readout;
    double word_dropout, word_dropout_source, word_dropout_target, bpe_dropout, average;
    int warmup, halve_after, patience, validate_every;
    long max_updates, max_epochs;
    double max_minutes;
    long seed;
    int threads;
};

/* The settings as training wants them. */
struct recipe {
    struct tokenizer_options tokenizer;
    struct config config;       /* without the vocabularies */
    struct train_options train; /* without the file names */
    struct dropout dropout;
    enum initial initial;
    enum optimizer_kind optimizer;
    enum bad_utf8 bad_utf8;
    enum backend backend;
    enum precision precision;
    double smoothing, average;
    struct text reasons; /* what was chosen by recipe_scale and why, for people */
};

/* Defaults, then the lines of `base` (or NULL; `where` names it in messages), then the command line. OPTIONS_GO or an exit code, as
 * options_read. */
int recipe_read(struct train_settings *settings, struct options *options, int argc, const char **argv, const char *base,
                const char *where);

/* The settings of a preset, as option lines; NULL after reporting. */
const char *recipe_preset(const struct options *options, const char *name);

/* Checks every setting and fills the recipe. 0, or -1 after reporting. */
int recipe_check(struct recipe *recipe, const struct train_settings *settings, const struct options *options);

int recipe_has_valid(const struct train_settings *settings);

/* Chooses what was left open, by the size of the corpus; recipe->reasons says what and why. */
void recipe_scale(struct recipe *recipe, const struct train_settings *settings, const struct corpus *corpus);

/* Adds all settings but those that belong to one run only, one line `name = value` each. */
void recipe_print(struct train_settings *settings, struct text *text);

void recipe_release(struct recipe *recipe);

#endif
