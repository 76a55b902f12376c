#include "train/start.h"

#include "base/report.h"
#include "corpus/split.h"
#include "train/checkpoint.h"
#include "train/inherit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limit of the memory for the activations of one pair; longer pairs are left out. A constant, so that training does not depend on
 * the machine: with the default model, it allows two sentences of some 3,000 tokens. */
enum { PAIR_MEMORY = 1 << 29 };

/* Reads the corpora into one, the synthetic ones last. `authentic` becomes the number of pairs that are not synthetic. 0, or -1 after
 * reporting. */
static int read_pairs(struct corpus *corpus, const struct train_settings *settings, size_t *authentic)
{
    *authentic = 0;
    for (int i = 0; i < settings_corpora(settings); i++) {
        const struct corpus_files files = settings_corpus(settings, i);
        size_t before = corpus->pairs;

        if (corpus_add(corpus, &files, (enum bad_utf8)settings->bad_utf8, settings->lowercase, 0))
            return -1;
        if (settings->first > 0 && !files.synthetic)
            corpus_keep(corpus, before + (size_t)settings->first);
        if (!files.synthetic)
            *authentic = corpus->pairs;
    }
    return 0;
}

/* Reads the corpus and the validation pairs, or sets some aside. 0, or -1 after reporting. */
static int read_corpora(struct training *training)
{
    struct train_settings *settings = training->settings;
    struct corpus *corpus = &training->corpus;
    enum bad_utf8 bad_utf8 = (enum bad_utf8)settings->bad_utf8;
    size_t authentic;

    if (read_pairs(corpus, settings, &authentic))
        return -1;
    settings_choose(settings, corpus->pairs, authentic);
    if (settings_have_valid(settings))
        return corpus_read(&training->valid, &settings->valid, bad_utf8, settings->lowercase, 0);
    if (settings->valid_split > 0)
        training->copies = corpus_split(corpus, &training->valid, (size_t)settings->valid_split, (uint64_t)settings->seed);
    if (settings->keep_best > 1 && !training->valid.pairs)
        return error("--keep-best %d needs validation pairs; give --valid-source and --valid-target, or --valid-split",
                     settings->keep_best);
    return 0;
}

static int pair_fits(const struct model *model, const struct dropout *rates, const struct corpus *corpus, size_t pair)
{
    const int numbers[] = { 0 };
    const struct dropping dropping = { .rates = *rates, .numbers = numbers };
    const struct batch batch = { .sentences = 1,
                                 .source = corpus->sentence[SOURCE] + pair,
                                 .source_length = corpus->length[SOURCE] + pair,
                                 .targets = 1,
                                 .target = corpus->sentence[TARGET] + pair,
                                 .target_length = corpus->length[TARGET] + pair };
    const struct pass_input input = { .model = model, .batch = &batch, .dropping = &dropping };

    return pass_measure(&input, 1) <= PAIR_MEMORY;
}

static int tokens_of(const struct corpus *corpus, size_t pair)
{
    int source = corpus->length[SOURCE][pair] - 1, target = corpus->length[TARGET][pair] - 1;

    return source > target ? source : target;
}

/* The --max-length that leaves out only pairs that need too much memory: one less than the shortest of them, or 0 if there is
 * none. */
static int choose_max_length(const struct model *model, const struct dropout *rates, const struct corpus *corpus)
{
    int most = 0;

    for (size_t k = 0; k < corpus->pairs; k++)
        if ((!most || tokens_of(corpus, k) <= most) && !pair_fits(model, rates, corpus, k))
            most = tokens_of(corpus, k) - 1;
    return most;
}

/* Encodes both corpora and leaves out pairs that are too long. 0, or -1 after reporting. */
static int encode_corpora(struct training *training, const struct model *model)
{
    struct train_settings *settings = training->settings;
    const struct dropout rates = settings_dropout(settings);
    struct corpus *corpus = &training->corpus;

    corpus_encode(corpus, &training->tokenizer);
    if (training->valid.pairs)
        corpus_encode(&training->valid, &training->tokenizer);
    if (settings->max_length == AUTO_SETTING)
        settings->max_length = choose_max_length(model, &rates, corpus);
    if (settings->max_length > 0) {
        corpus_limit(corpus, settings->max_length);
        if (!settings_have_valid(settings)) { /* these pairs are from the same corpus */
            corpus_limit(&training->valid, settings->max_length);
            corpus->dropped.too_long += training->valid.dropped.too_long;
        }
    }
    if (corpus->pairs == 0)
        return error("every pair has more than %d tokens; use a higher --max-length", settings->max_length);
    return 0;
}

/* 0, or -1 after reporting. */
static int init_guidance(struct training *training)
{
    const char *file = settings_guide(training->settings);
    struct guidance *guidance = &training->trainer.guidance;

    if (!training->trainer.learner.guidance)
        return 0;
    if (file)
        return guidance_read(guidance, file, &training->corpus, &training->tokenizer);
    guidance_learn(guidance, &training->team, &training->corpus, &training->tokenizer);
    guidance_shorten(&training->trainer.learner.model.shortlist, &training->team, &training->corpus, &training->tokenizer);
    return 0;
}

/* The validation pair that --watch names by its line or by its source text. 0, or -1 after reporting. */
static int init_watch(struct training *training)
{
    const char *wanted = training->settings->watch;
    const struct corpus *valid = &training->valid;
    char *end;
    long line;

    if (!wanted)
        return 0;
    if (training->trainer.learner.model.config.decoder.attention == ATTENTION_NONE)
        return error("--watch: a model with --attention none has no alignments");
    line = strtol(wanted, &end, 10);
    for (size_t i = 0; i < valid->pairs && !training->trainer.watch; i++)
        if (*end ? strcmp(valid->lines[SOURCE][i], wanted) == 0 : valid->number[i] == line)
            training->trainer.watch = (long)i + 1;
    if (!training->trainer.watch)
        return error("--watch: '%s' is neither the source text nor the line number of a validation pair", wanted);
    return 0;
}

/* Encodes the corpora for this model, which the trainer takes over. 0, or -1 after reporting. */
static int init_trainer(struct training *training, struct model *model)
{
    if (encode_corpora(training, model)) {
        model_release(model);
        return -1;
    }
    training->trainer = (struct trainer){ .settings = training->settings,
                                          .tokenizer = &training->tokenizer,
                                          .corpus = &training->corpus,
                                          .valid = training->valid.pairs ? &training->valid : NULL };
    trainer_init(&training->trainer, &training->team, model);
    return init_guidance(training) || init_watch(training) ? -1 : 0;
}

static int init(struct training *training, struct train_settings *settings)
{
    *training = (struct training){ .settings = settings };
    return team_init(&training->team, settings->threads, (enum backend)settings->backend, (enum precision)settings->precision) ||
                   read_corpora(training)
               ? EXIT_FAILED
               : 0;
}

/* The configuration of the settings, with the tokenizer's vocabularies. */
static struct config complete_config(const struct training *training)
{
    struct config config = settings_config(training->settings);

    config.Vx = training->tokenizer.sides[SOURCE].count;
    config.Vy = training->tokenizer.sides[TARGET].count;
    return config;
}

/* Learns a tokenizer and lays out an initial model. 0, or -1 after reporting. */
static int init_new(struct training *training, struct model *model)
{
    const struct train_settings *settings = training->settings;
    const struct tokenizer_options options = settings_tokenizer(settings);
    struct corpus *corpus = &training->corpus;
    struct config config;

    tokenizer_learn(&training->tokenizer, &options, corpus->lines[SOURCE], corpus->lines[TARGET], corpus->pairs);
    config = complete_config(training);
    if (config_check(&config, "train"))
        return -1;
    model_init(model, &config, NULL);
    layout_initialize(&model->layout, model->values, (enum initial)settings->initial, (unsigned long)settings->seed);
    return 0;
}

int start_fresh(struct training *training, struct train_settings *settings)
{
    struct model model;

    if (init(training, settings))
        return EXIT_FAILED;
    if (init_new(training, &model))
        return EXIT_USAGE;
    return init_trainer(training, &model) ? EXIT_FAILED : 0;
}

/* Takes over the tokenizer of an existing model, and lays out a model of the same configuration. 0, or -1 after reporting. */
static int init_like(struct training *training, struct model *model, struct saved_model *saved)
{
    struct tokenizer_options options = settings_tokenizer(training->settings);
    struct config config;

    if (options.tagged && !saved->tokenizer.options.tagged)
        return error("%s: its vocabulary has no tag for synthetic pairs; %s", saved->gguf.path,
                     training->settings->from ? "use --new-vocabulary" : "train without --resume");
    options.tagged = saved->tokenizer.options.tagged; /* a parent may have it without need */
    training->tokenizer = saved->tokenizer;
    saved->tokenizer = (struct tokenizer){ 0 };
    config = complete_config(training);
    if (memcmp(&options, &training->tokenizer.options, sizeof options) != 0 ||
        memcmp(&config, &saved->model.config, sizeof config) != 0)
        return error("%s: its model does not match its settings; the file is damaged", saved->gguf.path);
    model_init(model, &config, NULL);
    model->alignment = saved->model.alignment;
    return 0;
}

int start_adapted(struct training *training, struct train_settings *settings, struct saved_model *parent)
{
    struct model model;

    if (init(training, settings))
        return EXIT_FAILED;
    model_file_unpack(parent);
    if (settings->new_vocabulary) {
        if (init_new(training, &model))
            return EXIT_USAGE;
        inherit(&model, &training->tokenizer, &parent->model, &parent->tokenizer, training->kept);
    } else {
        if (init_like(training, &model, parent))
            return EXIT_FAILED;
        memcpy(model.values, parent->model.values, model.layout.length * sizeof *model.values);
    }
    if (init_trainer(training, &model))
        return EXIT_FAILED;
    snprintf(training->trainer.parent, sizeof training->trainer.parent, "%016" PRIx64, gguf_checksum(&parent->gguf));
    return 0;
}

int start_resumed(struct training *training, struct train_settings *settings, struct saved_model *checkpoint)
{
    struct model model;

    if (init(training, settings) || init_like(training, &model, checkpoint))
        return EXIT_FAILED;
    return init_trainer(training, &model) || checkpoint_load(&training->trainer, &checkpoint->gguf) ? EXIT_FAILED : 0;
}

void start_release(struct training *training)
{
    if (training->trainer.settings)
        trainer_release(&training->trainer);
    if (training->tokenizer.sides[SOURCE].pieces)
        tokenizer_release(&training->tokenizer);
    corpus_release(&training->valid);
    corpus_release(&training->corpus);
    team_release(&training->team);
}
