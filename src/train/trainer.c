#include "train/trainer.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/report.h"
#include "train/checkpoint.h"
#include "train/progress.h"
#include "train/validate.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* What a worker's compiled products take in the end for each weight, as measured (math/matmul_onednn.c). */
enum { COMPILED_PRODUCTS = 3300000 };

const char *const stop_metric_names[] = { "bleu", "loss", NULL };

/* Whether a checkpoint belongs to this corpus: a hash of the ids of all pairs. */
static uint64_t hash_corpus(const struct corpus *corpus)
{
    uint64_t hash = HASH_START;

    for (int side = 0; side < 2; side++)
        for (size_t k = 0; k < corpus->pairs; k++)
            hash = hash_bytes(hash, corpus->sentence[side][k], (size_t)corpus->length[side][k] * sizeof(int32_t));
    return hash >> 1; /* fits a signed number, which is how whole numbers are read back */
}

void trainer_init(struct trainer *trainer, const struct train_options *options, struct team *team, const struct model *model,
                  enum optimizer_kind optimizer, struct tokenizer *tokenizer, struct corpus *corpus, struct corpus *valid,
                  uint64_t seed)
{
    *trainer = (struct trainer){ .options = *options, .corpus = corpus, .valid = valid, .tokenizer = tokenizer };
    trainer->state = (struct trainer_state){ .epoch = 1, .rate_factor = 1 };
    trainer->corpus_hash = hash_corpus(corpus);
    learner_init(&trainer->learner, team, model, optimizer);
    trainer->learner.seed = seed;
}

void trainer_release(struct trainer *trainer)
{
    learner_release(&trainer->learner);
    history_release(&trainer->history);
    free(trainer->best);
    *trainer = (struct trainer){ 0 };
}

/* Activations of the largest batch of the epoch, all workers together. */
static size_t largest_batch(const struct trainer *trainer)
{
    const struct learner *learner = &trainer->learner;
    struct plan plan;
    size_t most = 0;

    plan_make(&plan, trainer->corpus, &trainer->options.batches, learner->seed, (uint64_t)trainer->state.epoch);
    for (size_t i = 0; i < plan.batches; i++) {
        const struct pairs pairs = plan_batch(&plan, trainer->corpus, i);
        size_t bytes = learner_measure(learner, &pairs);

        most = bytes > most ? bytes : most;
    }
    plan_release(&plan);
    return most;
}

/* The backend's own copies of all weights, for one direction. */
static size_t packed_bytes(const struct learner *learner)
{
    int matrices;

    if (!matmul_packs(&learner->team->workers[0]))
        return 0;
    return model_product_numbers(&learner->model, &matrices) * (learner->team->precision == PRECISION_BF16 ? 2 : 4);
}

static size_t weight_count(const struct model *model)
{
    int matrices;

    model_product_numbers(model, &matrices);
    return (size_t)matrices;
}

struct trainer_memory trainer_reserve(struct trainer *trainer)
{
    struct learner *learner = &trainer->learner;
    size_t array = learner->model.layout.length * sizeof(real), packed = packed_bytes(learner);
    size_t threads = (size_t)learner->team->count;
    struct trainer_memory memory = { .activations = largest_batch(trainer) };

    for (size_t i = 0; i < threads; i++)
        worker_reserve(&learner->team->workers[i], memory.activations / threads + memory.activations / threads / 16);
    memory.parameters =
        (1 + threads + (size_t)learner->optimizer.moments + (learner->average != NULL) + (trainer->valid != NULL)) * array;
    if (packed)
        memory.products = 2 * packed + threads * weight_count(&learner->model) * COMPILED_PRODUCTS;
    if (trainer->valid)
        memory.validation = (learner->average ? packed : 0) + 2 * threads * validate_measure(trainer->valid, &learner->model);
    return memory;
}

static double rate_now(const struct trainer *trainer)
{
    const struct train_options *options = &trainer->options;
    double rate = options->rate * trainer->state.rate_factor;

    if (trainer->state.update < options->warmup)
        rate *= (double)(trainer->state.update + 1) / (double)options->warmup;
    return rate;
}

/* The model as validation and the user shall see it: the averaged weights, where there are any. */
static const real *current_values(const struct trainer *trainer)
{
    return trainer->learner.average ? trainer->learner.average : trainer->learner.model.values;
}

static void validate_now(struct trainer *trainer, struct validation *result)
{
    struct learner *learner = &trainer->learner;

    if (learner->average) {
        struct model average;
        struct team *team = learner->team;

        model_init(&average, &learner->model.config, learner->average);
#pragma omp parallel num_threads(team->count) if (team->count > 1)
        TEAM_EACH(team, worker)
        model_pack(&average, worker, team->count, 0);
        validate(result, &average, trainer->tokenizer, learner->team, trainer->valid);
        model_release(&average);
    } else {
        validate(result, &learner->model, trainer->tokenizer, learner->team, trainer->valid);
    }
}

/* Validates, and moves what depends on it: history, best model, learning rate, patience. 0, or -1 after reporting. */
static int validation_point(struct trainer *trainer, struct progress *progress)
{
    struct trainer_state *state = &trainer->state;
    const struct train_options *options = &trainer->options;
    struct validation result;
    struct history_entry entry = { .update = state->update, .epoch = state->epoch, .rate = rate_now(trainer) };
    double score;
    int better;

    entry.train_loss = state->loss_words ? state->loss_sum / (double)state->loss_words : 0;
    state->loss_sum = 0;
    state->loss_words = 0;
    validate_now(trainer, &result);
    entry.loss = result.loss;
    entry.perplexity = result.perplexity;
    entry.bleu = result.bleu;
    history_add(&trainer->history, &entry);
    score = options->metric == STOP_BLEU ? result.bleu : -result.loss;
    better = isfinite(score) && (!state->best_update || score > state->best);
    progress_validation(progress, &entry, better);
    if (better) {
        state->best = score;
        state->best_update = state->update;
        state->worse = state->worse_since_halving = 0;
        if (!trainer->best)
            trainer->best = memory_new(trainer->learner.model.layout.length, sizeof(real));
        memcpy(trainer->best, current_values(trainer), trainer->learner.model.layout.length * sizeof(real));
        return checkpoint_save_model(trainer, trainer->best);
    }
    state->worse++;
    state->worse_since_halving++;
    if (options->halve_after && state->worse_since_halving >= options->halve_after) {
        state->rate_factor /= 2;
        state->worse_since_halving = 0;
    }
    return 0;
}

/* Seconds until the nearest known end, or -1. */
static double seconds_left(const struct trainer *trainer, const struct progress *progress, long batches, long updates_before)
{
    const struct trainer_state *state = &trainer->state;
    const struct train_options *options = &trainer->options;
    double spent = progress_seconds(progress), each, left = -1, other;

    if (state->update == updates_before)
        return -1;
    each = spent / (double)(state->update - updates_before);
    if (options->max_updates >= 0)
        left = each * (double)(options->max_updates - state->update);
    if (options->max_epochs) {
        other = each * (double)((options->max_epochs - state->epoch + 1) * batches - state->batch);
        left = left < 0 || other < left ? other : left;
    }
    if (options->max_minutes > 0) {
        other = options->max_minutes * 60 - spent;
        left = left < 0 || other < left ? other : left;
    }
    return left;
}

static int bound_reached(const struct trainer *trainer, const struct progress *progress)
{
    const struct trainer_state *state = &trainer->state;
    const struct train_options *options = &trainer->options;

    return (options->max_updates >= 0 && state->update >= options->max_updates) ||
           (options->max_epochs && state->epoch > options->max_epochs) ||
           (options->max_minutes > 0 && progress_seconds(progress) >= options->max_minutes * 60) ||
           (options->patience && state->worse >= options->patience);
}

/* Whether the validation of this update has been done. */
static int validated(const struct trainer *trainer)
{
    return trainer->history.count && trainer->history.entries[trainer->history.count - 1].update == trainer->state.update;
}

/* The end of a run: a checkpoint of the schedule as it stands, then what the user gets: the best model, with the last state among the
 * candidates unless the user is waiting for the program to stop. Nothing of that last validation enters the checkpoint, so that
 * resuming is as if it never was. */
static int finish(struct trainer *trainer, struct progress *progress, int stopped)
{
    const struct trainer_state *state = &trainer->state;

    if (stopped && state->update == 0)
        return 0;
    if (state->update > 0 && checkpoint_save(trainer))
        return -1;
    if (!stopped && trainer->valid && state->update > 0 && !validated(trainer) && validation_point(trainer, progress))
        return -1;
    return checkpoint_save_model(trainer, trainer->best ? trainer->best : current_values(trainer));
}

int trainer_run(struct trainer *trainer, const volatile int *signal)
{
    struct trainer_state *state = &trainer->state;
    const struct train_options *options = &trainer->options;
    struct learner *learner = &trainer->learner;
    struct progress progress;
    struct plan plan = { 0 };
    long updates_before = state->update, planned_epoch = 0;
    int result = 0, saved = trainer->best != NULL;

    if (progress_open(&progress, options->log, updates_before > 0))
        return -1;
    learner_pack(learner);
    if (trainer->best && checkpoint_save_model(trainer, trainer->best)) /* resumed: undo what a last validation may have left */
        result = -1;
    while (result == 0 && !*signal && !bound_reached(trainer, &progress)) {
        struct update update;
        struct pairs pairs;
        int epoch_ends;

        if (planned_epoch != state->epoch) {
            plan_release(&plan);
            if (options->bpe_dropout > 0)
                corpus_encode_again(trainer->corpus, trainer->tokenizer, options->bpe_dropout, learner->seed,
                                    (uint64_t)state->epoch);
            plan_make(&plan, trainer->corpus, &options->batches, learner->seed, (uint64_t)state->epoch);
            planned_epoch = state->epoch;
        }
        pairs = plan_batch(&plan, trainer->corpus, (size_t)state->batch);
        if (learner_update(learner, &update, &pairs, rate_now(trainer), state->update + 1)) {
            result = error("update %ld: the loss is not a finite number; %s%s; train again with a lower --learning-rate or --clip",
                           state->update + 1, saved ? "the last good model stays in " : "no model was written",
                           saved ? options->model : "");
            break;
        }
        state->loss_sum += update.loss.loss;
        state->loss_words += update.loss.words;
        state->update++;
        state->batch++;
        epoch_ends = (size_t)state->batch == plan.batches;
        progress_update(&progress, state, &update, rate_now(trainer),
                        seconds_left(trainer, &progress, (long)plan.batches, updates_before));
        if (trainer->valid && (options->validate_every ? state->update % options->validate_every == 0 : epoch_ends)) {
            result = validation_point(trainer, &progress);
            saved |= trainer->best != NULL;
            if (epoch_ends) {
                state->epoch++;
                state->batch = 0;
            }
            if (result == 0)
                result = checkpoint_save(trainer);
        } else if (epoch_ends) {
            state->epoch++;
            state->batch = 0;
            saved |= !trainer->valid;
            if (!trainer->valid)
                result = checkpoint_save_model(trainer, current_values(trainer)) || checkpoint_save(trainer) ? -1 : 0;
        }
    }
    plan_release(&plan);
    if (result == 0)
        result = finish(trainer, &progress, *signal != 0);
    if (progress_close(&progress, state, rate_now(trainer)) && result == 0)
        result = -1;
    return result ? result : *signal;
}
