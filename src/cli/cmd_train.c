/* nmt train: options, corpus, vocabulary, what is about to happen, and then the trainer. */
#define _POSIX_C_SOURCE 200809L
#include "base/claims.h"
#include "base/io.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/recipe.h"
#include "model/model_file.h"
#include "train/checkpoint.h"
#include "train/progress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile int stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

/* The first signal ends training gracefully; a second one ends the program. */
static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* MODEL.gguf → MODEL.checkpoint.gguf; heap. */
static char *checkpoint_name(const char *model)
{
    size_t length = strlen(model);
    struct text name = { 0 };

    if (length > 5 && strcmp(model + length - 5, ".gguf") == 0)
        length -= 5;
    text_add(&name, model, length);
    text_add_string(&name, ".checkpoint.gguf");
    return name.data;
}

static void print_corpus(const char *name, const struct corpus *corpus)
{
    const struct dropped *dropped = &corpus->dropped;

    note("%s: %zu pairs, %ld source and %ld target tokens; left out: %ld empty, %ld too long, %ld not UTF-8", name, corpus->pairs,
         corpus_tokens(corpus, SOURCE), corpus_tokens(corpus, TARGET), dropped->empty, dropped->too_long, dropped->bad_utf8);
    if (corpus->replaced)
        warning("%s: %ld invalid UTF-8 sequences were replaced by U+FFFD", name, corpus->replaced);
}

/* Reads both corpora, and learns the tokenizer unless a checkpoint brought one. 0, or -1 after reporting. */
static int prepare_text(const struct train_settings *settings, struct recipe *recipe, struct tokenizer *tokenizer,
                        int have_tokenizer, struct corpus *corpus, struct corpus *valid)
{
    struct corpus_files files = { settings->source, settings->target, settings->pairs };
    struct corpus_files valid_files = { settings->valid_source, settings->valid_target, settings->valid_pairs };

    if (corpus_read(corpus, &files, recipe->bad_utf8, settings->lowercase, 0))
        return -1;
    if (settings->first > 0)
        corpus_keep(corpus, (size_t)settings->first);
    if (recipe_has_valid(settings) && corpus_read(valid, &valid_files, recipe->bad_utf8, settings->lowercase, 0))
        return -1;
    recipe_scale(recipe, settings, corpus);
    if (!have_tokenizer)
        tokenizer_learn(tokenizer, &recipe->tokenizer, corpus->lines[SOURCE], corpus->lines[TARGET], corpus->pairs);
    corpus_encode(corpus, tokenizer, settings->max_length);
    if (corpus->pairs == 0)
        return error("every pair has more than %d tokens; use a higher --max-length", settings->max_length);
    print_corpus("training", corpus);
    if (recipe_has_valid(settings)) {
        corpus_encode(valid, tokenizer, 0);
        print_corpus("validation", valid);
    }
    return 0;
}

static void print_plan(struct trainer *trainer, const struct recipe *recipe)
{
    const struct learner *learner = &trainer->learner;
    const struct config *config = &learner->model.config;
    size_t array = learner->model.layout.length * sizeof(real), before = progress_memory();
    struct trainer_memory memory = trainer_reserve(trainer);
    size_t in_use = (1 + (learner->average != NULL)) * array; /* of the parameters, counted in `before` too */
    size_t text = before > in_use ? before - in_use : 0;

    note("vocabulary: %d source and %d target entries, %d merges", config->Vx, config->Vy, trainer->tokenizer->merge_count);
    note("model: embedding %d, hidden %d, alignment %d, maxout %d, encoder layers %d, tie %s: %zu parameters", config->E,
         config->decoder.width, config->decoder.alignment, config->decoder.maxout, config->encoder.layers, tie_names[config->tie],
         learner->model.layout.parameters);
    note("chosen: %s", recipe->reasons.data);
    note("products: %s, %s, %d threads", backend_names[learner->team->backend], precision_names[learner->team->precision],
         learner->team->count);
    note("memory: %zu MB predicted: parameters %zu, activations %zu, products %zu, validation %zu, program and text %zu",
         (memory.parameters + memory.activations + memory.products + memory.validation + text) / 1000000,
         memory.parameters / 1000000, memory.activations / 1000000, memory.products / 1000000, memory.validation / 1000000,
         text / 1000000);
}

/* Whether the model can be written where it shall be: better known before training than after. */
static int check_writable(const char *model)
{
    struct output output;

    if (io_begin(&output, model))
        return -1;
    io_abandon(&output);
    return 0;
}

/* 0, or -1 after reporting that one file would be overwritten by another. */
static int check_files(const struct train_settings *settings, const char *checkpoint)
{
    struct claims claims = { 0 };

    claims_input(&claims, "--source", settings->source);
    claims_input(&claims, "--target", settings->target);
    claims_input(&claims, "--pairs", settings->pairs);
    claims_input(&claims, "--valid-source", settings->valid_source);
    claims_input(&claims, "--valid-target", settings->valid_target);
    claims_input(&claims, "--valid-pairs", settings->valid_pairs);
    claims_output(&claims, "--model", settings->model);
    claims_output(&claims, "--model (its checkpoint)", checkpoint);
    claims_output(&claims, "--log", settings->log);
    return claims_check(&claims, "train");
}

/* Trains with everything in place. Returns the exit code. */
static int train(const struct train_settings *settings, struct recipe *recipe, const char *settings_text, const char *checkpoint,
                 const struct gguf *resumed)
{
    struct corpus corpus = { 0 }, valid = { 0 };
    struct tokenizer tokenizer = { 0 };
    struct saved_model saved = { 0 };
    struct team team = { 0 };
    struct trainer trainer = { 0 };
    struct model model = { 0 };
    struct train_options *options = &recipe->train;
    int code = EXIT_FAILED, ended;

    if (team_init(&team, settings->threads, recipe->backend, recipe->precision))
        return EXIT_FAILED;
    if (resumed && model_file_load(&saved, checkpoint))
        goto out;
    if (resumed) {
        tokenizer = saved.tokenizer;
        saved.tokenizer = (struct tokenizer){ 0 };
    }
    if (prepare_text(settings, recipe, &tokenizer, resumed != NULL, &corpus, &valid))
        goto out;
    if (resumed)
        recipe->config = saved.model.config;
    recipe->config.Vx = tokenizer.sides[SOURCE].count;
    recipe->config.Vy = tokenizer.sides[TARGET].count;
    if (config_check(&recipe->config, "train")) {
        code = EXIT_USAGE;
        goto out;
    }
    model_init(&model, &recipe->config, NULL);
    if (!resumed)
        layout_initialize(&model.layout, model.values, recipe->initial, (unsigned long)settings->seed);
    options->model = settings->model;
    options->checkpoint = checkpoint;
    options->log = settings->log;
    options->settings = settings_text;
    trainer_init(&trainer, options, &team, &model, recipe->optimizer, &tokenizer, &corpus,
                 recipe_has_valid(settings) ? &valid : NULL, (uint64_t)settings->seed);
    trainer.learner.clip = settings->clip;
    trainer.learner.smoothing = recipe->smoothing;
    trainer.learner.dropout = recipe->dropout;
    learner_average(&trainer.learner, recipe->average);
    if (resumed && checkpoint_load(&trainer, &saved.gguf))
        goto out;
    print_plan(&trainer, recipe);
    if (check_writable(settings->model))
        goto out;
    catch_signals();
    ended = trainer_run(&trainer, &stop_signal);
    note("memory: %zu MB used at most", progress_memory() / 1000000);
    if (ended > 0 && trainer.state.update == 0) {
        note("stopped by signal %d before the first update; nothing was written", ended);
        code = 128 + ended;
    } else if (ended > 0) {
        note("stopped by signal %d after update %ld; to go on: nmt train --resume --model %s", ended, trainer.state.update,
             settings->model);
        code = 128 + ended;
    } else if (ended == 0) {
        note("%s: the model after update %ld of %ld", settings->model,
             trainer.best ? trainer.state.best_update : trainer.state.update, trainer.state.update);
        code = EXIT_DONE;
    }
out:
    if (trainer.learner.team)
        trainer_release(&trainer);
    else if (model.values)
        model_release(&model);
    if (resumed)
        model_file_release(&saved);
    if (tokenizer.sides[SOURCE].pieces)
        tokenizer_release(&tokenizer);
    corpus_release(&corpus);
    corpus_release(&valid);
    team_release(&team);
    return code;
}

int cmd_train(int argc, const char **argv)
{
    struct train_settings settings;
    struct recipe recipe = { 0 };
    struct options options;
    struct gguf resumed = { 0 };
    struct text settings_text = { 0 };
    char *checkpoint = NULL, *base = NULL;
    int code;

    /* The first reading tells which settings to begin with: a checkpoint's or a preset's; the second puts what is given by hand on top. */
    code = recipe_read(&settings, &options, argc, argv, NULL, NULL);
    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (options_require(&options, "model", settings.model))
        goto out;
    checkpoint = checkpoint_name(settings.model);
    if (settings.resume) {
        code = EXIT_FAILED;
        if (gguf_open(&resumed, checkpoint) || !(base = checkpoint_settings(&resumed)))
            goto out;
    } else if (settings.preset) {
        const char *preset = recipe_preset(&options, settings.preset);

        if (!preset)
            goto out;
        base = memory_copy_text(preset, strlen(preset));
    }
    if (base) {
        options_release(&options);
        code = recipe_read(&settings, &options, argc, argv, base, settings.resume ? checkpoint : "preset");
        if (code != OPTIONS_GO)
            goto done;
    }
    code = EXIT_USAGE;
    if (recipe_check(&recipe, &settings, &options) || check_files(&settings, checkpoint))
        goto out;
    recipe_print(&settings, &settings_text);
    report_quiet(settings.quiet);
    code = train(&settings, &recipe, settings_text.data, checkpoint, settings.resume ? &resumed : NULL);
out:
    options_release(&options);
done:
    gguf_close(&resumed);
    recipe_release(&recipe);
    text_release(&settings_text);
    free(checkpoint);
    free(base);
    return code;
}
