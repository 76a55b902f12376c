#include "train/trainer.h"

#include "base/cluster.h"
#include "base/memory.h"
#include "base/report.h"
#include "math/meter.h"
#include "train/checkpoint.h"
#include "train/focus.h"
#include "train/progress.h"
#include "train/update.h"
#include "train/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What all processes know alike before each update: decisions depend on nothing else outside of the state. */
struct look {
    int signal;     /* of any process; 0: none */
    int save_due;   /* of process 0, like the time */
    double seconds; /* since the start of the run */
};

/* A run of the program: the part of the state that is not saved. */
struct run {
    struct progress progress;
    struct plan plan;
    struct pairs *batches; /* [settings.accumulate] of the next update */
    long planned_epoch;    /* of the plan; 0: there is none */
    double bpe_dropout;    /* with which the corpus is encoded; 0: plainly, as at the start of a run */
    long first_update;     /* updates done before */
    const volatile sig_atomic_t *signal;
    struct look now, *looks; /* [processes] */
};

void trainer_init(struct trainer *trainer, struct team *team, const struct model *model)
{
    const struct train_settings *settings = trainer->settings;
    struct learner *learner = &trainer->learner;

    trainer->state = (struct trainer_state){ .epoch = 1, .rate_factor = 1 };
    trainer->corpus_hash = corpus_hash(trainer->corpus);
    trainer->valid_hash = trainer->valid ? corpus_hash(trainer->valid) : 0;
    learner_init(learner, team, model, (enum optimizer_kind)settings->optimizer);
    if (settings->optimizer == OPTIMIZER_ADAM) {
        learner->optimizer.beta1 = settings->adam_beta1;
        learner->optimizer.beta2 = settings->adam_beta2;
        learner->optimizer.epsilon = settings->adam_epsilon;
    }
    learner->seed = (uint64_t)settings->seed;
    learner->clip = settings->clip;
    learner->smoothing = settings->label_smoothing;
    learner->r_drop = settings->r_drop;
    learner->softmax_sample = settings->softmax_sample;
    learner->dropout = settings_dropout(settings);
    if (settings->guided_weight > 0 || (trainer->valid && attention_has_choice(&model->config)))
        learner->guidance = &trainer->guidance; /* also to choose the head that alignments are made of */
    learner_average(learner, settings->average);
    best_init(&trainer->best, settings->keep_best, model->layout.length);
}

void trainer_release(struct trainer *trainer)
{
    guidance_release(&trainer->guidance);
    learner_release(&trainer->learner);
    history_release(&trainer->history);
    best_release(&trainer->best);
    *trainer = (struct trainer){ 0 };
}

static void look(struct trainer *trainer, struct run *run)
{
    struct look *all = run->looks;

    all[cluster_rank()] = (struct look){ *run->signal, saver_due(trainer), progress_seconds(&run->progress) };
    cluster_gather(all, sizeof *all);
    run->now = all[0];
    for (int i = 1; i < cluster_count() && !run->now.signal; i++)
        run->now.signal = all[i].signal;
}

#define PI 3.14159265358979323846

double trainer_rate(const struct trainer *trainer)
{
    const struct train_settings *settings = trainer->settings;
    double rate = settings->learning_rate * trainer->state.rate_factor;

    double update = (double)trainer->state.update + 1, warmup = settings->warmup, last = (double)settings->max_updates;

    if (update <= warmup)
        return rate * update / warmup;
    if (settings->schedule == SCHEDULE_INVERSE_SQRT)
        return rate * sqrt((warmup > 0 ? warmup : 1) / update);
    if (settings->schedule == SCHEDULE_COSINE)
        return update < last ? rate * (1 + cos(PI * (update - warmup) / (last - warmup))) / 2 : 0;
    return rate;
}

/* The weight of guided attention in this epoch. */
static double guide_strength(const struct trainer *trainer)
{
    const struct train_settings *settings = trainer->settings;
    double left = settings->guided_epochs ? 1 - (double)(trainer->state.epoch - 1) / settings->guided_epochs : 1;

    return left > 0 ? settings->guided_weight * left : 0;
}

/* The share of merges skipped in this epoch. */
static double bpe_dropout(const struct trainer *trainer)
{
    const struct train_settings *settings = trainer->settings;
    const struct trainer_state *state = &trainer->state;
    long first = state->update - state->batch / settings->accumulate; /* updates before this epoch */
    int limit = settings->bpe_dropout_updates, stalled = state->plain_epoch && state->epoch >= state->plain_epoch;

    return (limit && first >= limit) || stalled ? 0 : settings->bpe_dropout;
}

const real *trainer_values(const struct trainer *trainer)
{
    return trainer->learner.average ? trainer->learner.average : trainer->learner.model.values;
}

/* Validates these values. 0, or 1 if a signal ended it. */
static int validate_values(struct trainer *trainer, const real *values, struct validation *result,
                           const volatile sig_atomic_t *signal)
{
    struct learner *learner = &trainer->learner;
    int stopped;

    learner_point(learner, values);
    stopped = validate(result, &learner->model, trainer->tokenizer, learner->team, trainer->valid, signal);
    learner_point(learner, learner->model.values);
    return stopped;
}

/* BLEU below 1, as at the start, is chance: there the loss decides, and of two models with the same BLEU, too. */
static double score_of(const struct trainer *trainer, const struct validation *result)
{
    double bleu = result->bleu < 1 ? 0 : result->bleu;

    return trainer->settings->stop_on == STOP_BLEU ? bleu - 1e-9 * result->loss : -result->loss;
}

/* Keeps the weights if they are among the best. Whether they are the best. */
static int keep_best(struct trainer *trainer, double score)
{
    struct trainer_state *state = &trainer->state;

    if (!isfinite(score) || !best_add(&trainer->best, score, state->update, trainer_values(trainer)))
        return 0;
    state->best = score;
    state->best_update = state->update;
    state->worse = state->worse_since_halving = 0;
    trainer->saver.model_written = 0;
    return 1;
}

static void count_worse(struct trainer *trainer)
{
    struct trainer_state *state = &trainer->state;
    int halve_after = trainer->settings->halve_after;

    state->worse++;
    state->worse_since_halving++;
    if (!halve_after || state->worse_since_halving < halve_after)
        return;
    state->worse_since_halving = 0;
    if (trainer->settings->schedule == SCHEDULE_PLATEAU)
        state->rate_factor /= 2;
    if (!state->plain_epoch)
        state->plain_epoch = state->epoch + (state->batch > 0);
}

/* Validates, and updates history, best model, learning rate and patience. 0, or 1 if a signal ended it: then nothing was
 * updated. */
static int validation_point(struct trainer *trainer, struct run *run)
{
    struct trainer_state *state = &trainer->state;
    struct validation result = { .watch = trainer->watch };
    struct history_entry entry = { .update = state->update, .rate = trainer_rate(trainer) };
    int better;

    learner_complete_average(&trainer->learner);
    if (validate_values(trainer, trainer_values(trainer), &result, run->signal)) {
        alignment_release(&result.alignment);
        return 1;
    }
    entry.epoch = state->batch ? state->epoch : state->epoch - 1;
    entry.train_loss = state->loss_words ? state->loss_sum / (double)state->loss_words : 0;
    entry.loss = result.loss;
    entry.perplexity = result.perplexity;
    entry.bleu = result.bleu;
    history_add(&trainer->history, &entry);
    state->loss_sum = 0;
    state->loss_words = 0;
    better = keep_best(trainer, score_of(trainer, &result));
    progress_validation(&run->progress, &entry, better);
    if (trainer->watch)
        progress_watch(&run->progress, state->update, &result.alignment);
    alignment_release(&result.alignment);
    if (better)
        focus_choose(&trainer->learner, trainer_values(trainer), trainer->valid);
    else
        count_worse(trainer);
    state->due = 0;
    return 0;
}

/* Uses the average of the best models if it validates better than the best of them. A signal ends this, too. */
static void average_best(struct trainer *trainer, struct run *run)
{
    struct best *best = &trainer->best;
    real *mean = best_mean(best);
    struct validation result = { 0 };

    if (validate_values(trainer, mean, &result, run->signal) == 0) {
        double score = score_of(trainer, &result);
        int better = isfinite(score) && score > best->items[0].score;

        progress_average(&run->progress, best->count, &result, better);
        if (better) {
            best->average = mean;
            mean = NULL;
        }
    }
    free(mean);
}

static double less(double a, double b)
{
    return a < 0 || b < a ? b : a;
}

/* Seconds until the nearest known end, or -1. */
static double seconds_left(const struct trainer *trainer, const struct run *run)
{
    const struct trainer_state *state = &trainer->state;
    const struct train_settings *settings = trainer->settings;
    double spent = run->now.seconds, left = -1, each;

    if (state->update == run->first_update)
        return -1;
    each = spent / (double)(state->update - run->first_update);
    if (settings->max_updates >= 0)
        left = each * (double)(settings->max_updates - state->update);
    if (settings->max_epochs)
        left = less(left, each * (((double)settings->max_epochs - (double)state->epoch + 1) * (double)run->plan.batches -
                                  (double)state->batch));
    if (settings->max_minutes > 0)
        left = less(left, settings->max_minutes * 60 - spent);
    return left;
}

static int bound_reached(const struct trainer *trainer, const struct run *run)
{
    const struct trainer_state *state = &trainer->state;
    const struct train_settings *settings = trainer->settings;

    return (settings->max_updates >= 0 && state->update >= settings->max_updates) ||
           (settings->max_epochs && state->epoch > settings->max_epochs) ||
           (settings->max_minutes > 0 && run->now.seconds >= settings->max_minutes * 60) ||
           (settings->patience && state->worse >= settings->patience);
}

/* Makes the plan of the current epoch. 0, or -1 after reporting that a checkpoint's batch number is beyond the epoch. */
static int plan_epoch(struct trainer *trainer, struct run *run)
{
    const struct trainer_state *state = &trainer->state;
    const struct train_settings *settings = trainer->settings;
    const struct plan_options batches = settings_batches(settings);
    uint64_t seed = (uint64_t)settings->seed, epoch = (uint64_t)state->epoch;
    double share = bpe_dropout(trainer);

    if (run->planned_epoch == state->epoch)
        return 0;
    plan_release(&run->plan);
    if (share > 0 || run->bpe_dropout > 0)
        corpus_encode_again(trainer->corpus, trainer->tokenizer, share, seed, epoch);
    run->bpe_dropout = share;
    plan_make(&run->plan, trainer->corpus, &batches, seed, epoch);
    run->planned_epoch = state->epoch;
    if ((size_t)state->batch >= run->plan.batches)
        return error("%s: has completed %ld batches of epoch %ld, which has only %zu; the file is damaged", trainer->checkpoint,
                     state->batch, state->epoch, run->plan.batches);
    return 0;
}

static int report_diverged(const struct trainer *trainer)
{
    int has_model = trainer->saver.has_model;

    return error("update %ld: the loss is not a finite number; %s%s; train again with a lower --learning-rate or --clip",
                 trainer->state.update + 1, has_model ? "the last good model is in " : "no model was written",
                 has_model ? trainer->settings->model : "");
}

/* One update, and then, if due, the end of the epoch and a validation. 0, or -1 after reporting. */
static int update_once(struct trainer *trainer, struct run *run)
{
    struct trainer_state *state = &trainer->state;
    struct lesson lesson = { run->batches, 0, trainer->settings->accumulate };
    struct update update;
    int every = trainer->settings->validate_every, epoch_ends;

    while (lesson.count < lesson.most && (size_t)(state->batch + lesson.count) < run->plan.batches) {
        run->batches[lesson.count] = plan_batch(&run->plan, trainer->corpus, (size_t)(state->batch + lesson.count));
        lesson.count++;
    }
    trainer->learner.guide_strength = guide_strength(trainer);
    if (learner_update(&trainer->learner, &update, &lesson, trainer_rate(trainer), state->update + 1))
        return report_diverged(trainer);
    state->loss_sum += update.loss.loss;
    state->loss_words += update.loss.words;
    state->update++;
    state->batch += lesson.count;
    epoch_ends = (size_t)state->batch == run->plan.batches;
    progress_update(&run->progress, state, &update, trainer_rate(trainer), seconds_left(trainer, run));
    if (epoch_ends) {
        state->epoch++;
        state->batch = 0;
    }
    state->due = trainer->valid && (every ? state->update % every == 0 : epoch_ends);
    if (!trainer->valid && epoch_ends)
        saver_save(trainer);
    return 0;
}

/* Whether the validation of this update has been done. */
static int validated(const struct trainer *trainer)
{
    return trainer->history.count && trainer->history.entries[trainer->history.count - 1].update == trainer->state.update;
}

/* The end of a run: writes the files as in the regular schedule, then the final model: the best one, with the last state among
 * the candidates unless a signal stops the program. This last validation is not recorded in the checkpoint, so that resuming
 * continues as if it had not taken place. 0, or -1 after reporting that the last state is not on disk. */
static int finish(struct trainer *trainer, struct run *run)
{
    const struct trainer_state *state = &trainer->state;
    int stopped = run->now.signal != 0;

    if (state->update == 0) {
        if (stopped)
            return 0;
    } else {
        saver_save(trainer);
        if (!stopped && trainer->valid && !validated(trainer))
            validation_point(trainer, run);
    }
    look(trainer, run);
    if (!run->now.signal && trainer->best.count > 1)
        average_best(trainer, run);
    saver_save_model(trainer);
    return saver_check(trainer);
}

int trainer_run(struct trainer *trainer, const volatile sig_atomic_t *signal)
{
    const struct train_settings *settings = trainer->settings;
    struct trainer_state *state = &trainer->state;
    struct run run = { .signal = signal, .first_update = state->update };
    int result;

    if (cluster_agree(progress_open(&run.progress, cluster_rank() == 0 ? settings->log : NULL, state->update > 0)))
        return -1;
    trainer->saver = (struct saver){ .time = meter_clock(), .update = -1, .has_model = trainer->best.count > 0 };
    run.looks = memory_new((size_t)cluster_count(), sizeof *run.looks);
    run.batches = memory_new((size_t)settings->accumulate, sizeof *run.batches);
    learner_begin(&trainer->learner, (enum exchange_precision)settings->exchange);
    result = plan_epoch(trainer, &run);
    for (look(trainer, &run); result == 0 && !run.now.signal; look(trainer, &run)) {
        if (run.now.save_due && !state->due && state->update > run.first_update)
            saver_save(trainer);
        if (state->due) {
            if (validation_point(trainer, &run) == 0)
                saver_save(trainer);
        } else if (bound_reached(trainer, &run)) {
            break;
        } else {
            result = plan_epoch(trainer, &run);
            if (result == 0)
                result = update_once(trainer, &run);
        }
    }
    if (result == 0)
        result = finish(trainer, &run);
    else if (trainer->best.count && !trainer->saver.model_written)
        saver_save_model(trainer);
    plan_release(&run.plan);
    free(run.batches);
    free(run.looks);
    if (progress_close(&run.progress, state, trainer_rate(trainer)) && result == 0)
        result = -1;
    return result ? result : run.now.signal;
}
