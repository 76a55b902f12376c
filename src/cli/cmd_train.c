/* nmt train: reads options, checks the output files, starts (train/start.h) and runs (train/trainer.h) training. */
#define _POSIX_C_SOURCE 200809L
#include "base/claims.h"
#include "base/cluster.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/report.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/recipe.h"
#include "model/small_file.h"
#include "train/checkpoint.h"
#include "train/inspection.h"
#include "train/progress.h"
#include "train/summary.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

/* The first signal ends training gracefully; a second one ends the program. The end of the terminal does not, if nohup was used. */
static void catch_signals(void)
{
    const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND }, before;

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, &before);
        if (signals[i] == SIGHUP && before.sa_handler == SIG_IGN)
            sigaction(SIGHUP, &before, NULL);
    }
}

static void claim_list(struct claims *claims, const char *option, const struct option_list *names)
{
    for (int i = 0; i < names->count; i++)
        claims_input(claims, option, names->items[i]);
}

/* The files that training may write: the model, its checkpoint, the models of --keep-best, and the small file of --export (or NULL). */
struct outputs {
    const char *model;
    char *checkpoint, **best, *small;
    int best_count;
};

static struct outputs name_outputs(const struct train_settings *settings)
{
    struct outputs outputs = { .model = settings->model, .checkpoint = recipe_checkpoint_name(settings->model) };

    if (settings->small_file)
        outputs.small = checkpoint_name(settings->model, small_names[settings->small_file - 1]);
    outputs.best_count = settings->keep_best > 1 ? settings->keep_best : 0;
    outputs.best = memory_new((size_t)outputs.best_count, sizeof *outputs.best);
    for (int i = 0; i < outputs.best_count; i++)
        outputs.best[i] = checkpoint_best_name(settings->model, i);
    return outputs;
}

static void release_outputs(struct outputs *outputs)
{
    free(outputs->checkpoint);
    for (int i = 0; i < outputs->best_count; i++)
        free(outputs->best[i]);
    free(outputs->best);
    free(outputs->small);
}

/* 0, or -1 after reporting that one file would be overwritten by another. */
static int check_files(const struct train_settings *settings, const struct outputs *outputs)
{
    struct claims claims = { 0 };

    claim_list(&claims, "--source", &settings->source);
    claim_list(&claims, "--target", &settings->target);
    claim_list(&claims, "--pairs", &settings->pairs);
    claim_list(&claims, "--synthetic-source", &settings->synthetic_source);
    claim_list(&claims, "--synthetic-target", &settings->synthetic_target);
    claims_input(&claims, "--valid-source", settings->valid.source);
    claims_input(&claims, "--valid-target", settings->valid.target);
    claims_input(&claims, "--valid-pairs", settings->valid.pairs);
    claims_input(&claims, "--from", settings->from);
    claims_input(&claims, "--guided-alignment", settings_guide(settings));
    claims_output(&claims, "--model", settings->model);
    claims_output(&claims, "--model (its checkpoint)", outputs->checkpoint);
    for (int i = 0; i < outputs->best_count; i++)
        claims_output(&claims, "--keep-best", outputs->best[i]);
    claims_output(&claims, "--export", outputs->small);
    claims_output(&claims, "--log", settings->log);
    return claims_check(&claims, "train");
}

static int try_output(const char *name)
{
    struct output output;

    if (io_begin(&output, name))
        return -1;
    io_abandon(&output);
    return 0;
}

/* A log that is a pipe is not opened: its reader would see the end of file. */
static int try_log(const char *name)
{
    struct stat status;
    int exists = stat(name, &status) == 0;
    FILE *file;

    if (exists && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return 0;
    file = fopen(name, "a");
    if (!file)
        return error("%s: cannot be written: %s", name, strerror(errno));
    fclose(file);
    if (!exists)
        remove(name);
    return 0;
}

/* Checks before the corpus is read that every output file can be written. */
static int try_outputs(const struct train_settings *settings, const struct outputs *outputs)
{
    for (int i = 0; i < outputs->best_count; i++)
        if (try_output(outputs->best[i]))
            return -1;
    if (outputs->small && try_output(outputs->small))
        return -1;
    return try_output(outputs->model) || try_output(outputs->checkpoint) || (settings->log && try_log(settings->log)) ? -1 : 0;
}

/* Prints how training ended; returns the exit code. */
static int report_end(const struct trainer *trainer, int ended)
{
    const char *model = trainer->settings->model;
    const struct best *best = &trainer->best;
    long update = trainer->state.update;

    note("memory: %zu MB used at most", progress_memory() / 1000000);
    if (ended < 0)
        return EXIT_FAILED;
    if (ended == 0 && best->average)
        note("%s: the average of the %d best models", model, best->count);
    else if (ended == 0)
        note("%s: the model after update %ld of %ld", model, best->count ? best->items[0].update : update, update);
    else if (update == 0)
        note("stopped by signal %d before the first update; nothing was written", ended);
    else
        note("stopped by signal %d after update %ld; to continue: nmt train --resume --model %s", ended, update, model);
    return ended ? 128 + ended : EXIT_DONE;
}

/* The exit code, after --export where training ended with `code`. Stopped before the first update, it has written no model. */
static int export(const struct trainer *trainer, const struct outputs *outputs, int code)
{
    struct saved_model saved;
    int failed;

    if (!outputs->small || code == EXIT_FAILED || (code != EXIT_DONE && trainer->state.update == 0) || cluster_rank() > 0)
        return code;
    if (model_file_load(&saved, outputs->model))
        return EXIT_FAILED;
    failed = small_file_write(&saved, (enum small_type)(trainer->settings->small_file - 1), outputs->small);
    model_file_release(&saved);
    return failed ? EXIT_FAILED : code;
}

static int start(struct training *training, struct train_settings *settings, struct saved_model *saved)
{
    if (settings->resume)
        return start_resumed(training, settings, saved);
    return settings->from ? start_adapted(training, settings, saved) : start_fresh(training, settings);
}

/* With several processes: whether all have the same to train. 0, or -1 after reporting. */
static int compare(const struct trainer *trainer)
{
    const struct layout *layout = &trainer->learner.model.layout;
    const struct cluster_fact facts[] = {
        { "their options", hash_bytes(HASH_START, trainer->settings_text, strlen(trainer->settings_text)) },
        { "the number of threads", (uint64_t)trainer->learner.team->count },
        { "the corpus", trainer->corpus_hash },
        { "the validation pairs", trainer->valid_hash },
        { "the word alignments (--guided-alignment)", trainer->guidance.hash },
        { "the library or the precision of matrix products",
          (uint64_t)trainer->learner.team->backend * 16 + trainer->learner.team->precision },
        { "the initial weights", hash_bytes(HASH_START, trainer->learner.model.values, layout->length * sizeof(real)) },
        { "the checkpoint", (uint64_t)trainer->state.update },
    };

    return cluster_count() > 1 ? cluster_compare(facts, sizeof facts / sizeof *facts) : 0;
}

static int train(struct train_settings *settings, struct saved_model *saved)
{
    struct outputs outputs = name_outputs(settings);
    struct training training = { 0 };
    struct text stored = { 0 };
    struct forecast forecast;
    int code = EXIT_FAILED;

    if (check_files(settings, &outputs))
        code = EXIT_USAGE;
    else if (signals_listen())
        code = EXIT_FAILED;
    else if (cluster_rank() > 0 || try_outputs(settings, &outputs) == 0)
        code = start(&training, settings, saved);
    model_file_release(saved); /* of a checkpoint, several times the model */
    code = cluster_agree(code);
    if (code == 0) {
        recipe_print(settings, &stored);
        training.trainer.settings_text = stored.data;
        training.trainer.checkpoint = outputs.checkpoint;
        if (compare(&training.trainer))
            code = EXIT_FAILED;
    }
    if (code == 0) {
        forecast = forecast_memory(&training.trainer);
        summary_print(&training, &forecast);
        if (!settings->resume && cluster_rank() == 0)
            inspection_warn(&training);
        catch_signals();
        cluster_watch(&stop_signal, "continue from the last checkpoint: the same command with --resume");
        code = EXIT_FAILED;
        if (cluster_agree(forecast_reserve(&training.trainer, &forecast) ? EXIT_FAILED : EXIT_DONE) == EXIT_DONE)
            code = export(&training.trainer, &outputs, report_end(&training.trainer, trainer_run(&training.trainer, &stop_signal)));
        if (cluster_count() > 1 && code > EXIT_USAGE) {
            cluster_any(
                0);     /* the launcher kills all when the first one has ended: none ends before all have said what they had to */
            quit(code); /* the launcher that sent the signal may be gone, and MPI does not survive that */
        }
    }
    start_release(&training);
    text_release(&stored);
    release_outputs(&outputs);
    return code;
}

int cmd_train(int argc, const char **argv)
{
    struct train_settings settings;
    struct saved_model saved = { 0 };
    struct options options;
    int code = recipe_read(&settings, &options, &saved, argc, argv);

    if (code == OPTIONS_GO) {
        if (!cluster_member())
            report_quiet(settings.quiet);
        code = train(&settings, &saved);
        options_release(&options);
    }
    model_file_release(&saved);
    return code;
}
