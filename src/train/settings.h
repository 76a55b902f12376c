/* settings: all settings of a training run; cli/recipe.c has a row for each (name, range, default, help).
 *
 * AUTO_SETTING, where the row allows it, is replaced by settings_choose, once the number of pairs is known. */
#ifndef NMT_TRAIN_SETTINGS_H
#define NMT_TRAIN_SETTINGS_H

#include "base/lists.h"
#include "corpus/corpus.h"
#include "corpus/plan.h"
#include "layers/dropout.h"
#include "model/config.h"

enum { AUTO_SETTING = -1 };

/* The metric for early stopping and for halving the learning rate. */
enum stop_metric { STOP_BLEU, STOP_LOSS };

extern const char *const stop_metric_names[];

/* How the learning rate changes after the warm-up: halved when validation does not improve; as 1 / √update (Vaswani et al. 2017,
 * section 5.3); as a half cosine down to 0 at the last update (Loshchilov and Hutter 2017). */
enum schedule { SCHEDULE_PLATEAU, SCHEDULE_INVERSE_SQRT, SCHEDULE_COSINE };

extern const char *const schedule_names[];

/* Kinds of encoder and decoder: both GRU, both Transformer, or a Transformer encoder with a GRU decoder. */
enum model_type { MODEL_RNN, MODEL_TRANSFORMER, MODEL_MIXED };

extern const char *const model_type_names[];

/* Whether the corpus decides what is copied (text/copies.h), or nothing is. */
extern const char *const copy_names[];

struct train_settings {
    /* of one run: never stored in a model */
    const char *model, *log, *watch;
    const char *from;             /* the parent */
    const char *guided_alignment; /* auto, off, lexicon or a file; a checkpoint keeps it */
    /* the corpora and the validation pairs; a checkpoint keeps the names, to find the files again */
    struct option_list source, target, pairs, synthetic_source, synthetic_target;
    struct corpus_files valid;
    int preset, resume, quiet, new_vocabulary, ensemble_train;
    int small_file; /* 0, or 1 + its type (model/small_file.h): written at the end */

    /* corpus and tokenizer */
    struct option_reals weight, synthetic_weight; /* of each corpus; one weight: of all; none: 1 */
    int first, valid_split, max_length; /* pairs used of each corpus (0: all); set aside; tokens on a side (0: any number) */
    int units, pretokenized, lowercase, bad_utf8, vocabulary, copy;

    /* model */
    int model_type;   /* sets encoder and decoder, where they are not given */
    int kinds_chosen; /* no option: neither of them was given */
    int encoder, decoder, encoder_layers, decoder_layers, encoder_heads, heads, feed_forward, norm;
    int embedding, hidden, alignment, maxout, attention, query, lexical, tie, initial;

    /* training */
    int optimizer, schedule, warmup, halve_after, patience, stop_on, validate_every, keep_best;
    double learning_rate, clip, adam_beta1, adam_beta2, adam_epsilon;
    double guided_weight; /* of guided attention at first, and the number of epochs in which it falls to 0 (0: never) */
    int guided_epochs, bpe_dropout_updates;
    int batch_tokens, batch_sentences, pool;
    int softmax_sample;           /* target words besides the batch's own in an update's softmax; 0: all */
    int accumulate, exchange;     /* batches per update; how processes exchange numbers (train/exchange.h) */
    long max_updates, max_epochs; /* -1, 0: no bound */
    double max_minutes, save_minutes;
    long seed;
    int threads, backend, precision;

    /* regularisation; dropout_… and word_dropout_… may stay AUTO_SETTING: they then follow dropout and word_dropout */
    double label_smoothing, r_drop, dropout, dropout_embedding, dropout_state, dropout_annotation, dropout_readout;
    double dropout_residual, dropout_attention, dropout_feed_forward;
    double word_dropout, word_dropout_source, word_dropout_target, bpe_dropout, average;
};

/* Replaces AUTO_SETTING by the defaults for this number of pairs, of which `authentic` are not synthetic (except max_length, which depends
 * on the encoded corpus). */
void settings_choose(struct train_settings *settings, size_t pairs, size_t authentic);

/* The files to learn from, with their weights; the synthetic ones come last. */
int settings_corpora(const struct train_settings *settings);
struct corpus_files settings_corpus(const struct train_settings *settings, int number);

/* The settings in the form that the modules need. settings_config does not know the vocabularies. */
struct tokenizer_options settings_tokenizer(const struct train_settings *settings);
struct config settings_config(const struct train_settings *settings);
struct dropout settings_dropout(const struct train_settings *settings);
struct plan_options settings_batches(const struct train_settings *settings);

/* The reverse: sets the settings of tokenizer and network from an existing model. */
void settings_adopt(struct train_settings *settings, const struct config *config, const struct tokenizer_options *tokenizer);

/* The file of links that guides attention, or NULL. */
const char *settings_guide(const struct train_settings *settings);

/* Whether held-out pairs were given as files. */
int settings_have_valid(const struct train_settings *settings);

#endif
