#include "train/learner.h"

#include "math/vec.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 4096 }; /* numbers that a worker steps at a time: a few of them stay in the cache from sum to step */

static void part_reserve(struct part *part, int room)
{
    size_t count = (size_t)room;

    if (room <= part->room)
        return;
    part->room = room;
    part->source = memory_resize(part->source, count, sizeof *part->source);
    part->target = memory_resize(part->target, count, sizeof *part->target);
    part->source_length = memory_resize(part->source_length, count, sizeof(int));
    part->target_length = memory_resize(part->target_length, count, sizeof(int));
    part->numbers = memory_resize(part->numbers, count, sizeof(int));
}

/* Deals the worker its part: all workers get a pair in turn, there and back, the longest first. */
static void part_make(struct part *part, const struct corpus *corpus, const int32_t *pairs, int count, int worker, int workers)
{
    int n = 0;

    part_reserve(part, count / workers + 1);
    for (int k = count - 1; k >= 0; k--) { /* a plan's batch rises in length */
        int turn = (count - 1 - k) % (2 * workers);
        int32_t pair = pairs[k];

        if ((turn < workers ? turn : 2 * workers - 1 - turn) != worker)
            continue;
        part->source[n] = corpus->sentence[SOURCE][pair];
        part->target[n] = corpus->sentence[TARGET][pair];
        part->source_length[n] = corpus->length[SOURCE][pair];
        part->target_length[n] = corpus->length[TARGET][pair];
        part->numbers[n++] = k;
    }
    part->batch = (struct batch){ n, part->source, part->target, part->source_length, part->target_length };
}

static void part_release(struct part *part)
{
    free(part->source);
    free(part->target);
    free(part->source_length);
    free(part->target_length);
    free(part->numbers);
}

void learner_init(struct learner *learner, struct team *team, const struct model *model, enum optimizer_kind optimizer)
{
    size_t length = model->layout.length;

    *learner = (struct learner){ .team = team, .model = *model };
    optimizer_init(&learner->optimizer, optimizer, length);
    for (int i = 0; i < team->count; i++) {
        learner->gradient[i] = memory_new(length, sizeof(real));
        params_view(&learner->view[i], &model->layout, &model->config, learner->gradient[i]);
    }
}

void learner_release(struct learner *learner)
{
    for (int i = 0; learner->team && i < learner->team->count; i++) {
        free(learner->gradient[i]);
        pass_release(&learner->pass[i]);
        part_release(&learner->part[i]);
    }
    free(learner->average);
    optimizer_release(&learner->optimizer);
    model_release(&learner->model);
    *learner = (struct learner){ 0 };
}

void learner_average(struct learner *learner, double keep)
{
    size_t length = learner->model.layout.length;

    learner->average_keep = keep;
    free(learner->average);
    learner->average = NULL;
    if (keep > 0) {
        learner->average = memory_new(length, sizeof(real));
        memcpy(learner->average, learner->model.values, length * sizeof(real));
    }
}

void learner_pack(struct learner *learner)
{
    int threads = learner->team->count;

#pragma omp parallel num_threads(threads) if (threads > 1)
    model_pack(&learner->model, learner->team->matmul[omp_get_thread_num()], 1);
}

size_t learner_measure(const struct learner *learner, const struct corpus *corpus, const int32_t *pairs, int count)
{
    size_t total = 0;

    for (int i = 0; i < learner->team->count; i++) {
        struct part part = { 0 };

        part_make(&part, corpus, pairs, count, i, learner->team->count);
        if (part.batch.sentences)
            total += pass_measure(&part.batch, &learner->model.config, &learner->dropout, 1);
        part_release(&part);
    }
    return total;
}

/* The slice of worker i: from … to-1, in whole SLICEs. */
static size_t slice_start(const struct learner *learner, int worker)
{
    size_t slices = (learner->model.layout.length + SLICE - 1) / SLICE, length = learner->model.layout.length;
    size_t start = slices * (size_t)worker / (size_t)learner->team->count * SLICE;

    return start < length ? start : length;
}

/* Sums the workers' gradients of a slice into the first one's, and returns the sum's squares. */
static double sum_slice(struct learner *learner, int worker)
{
    size_t end = slice_start(learner, worker + 1);
    double squares = 0;

    for (size_t from = slice_start(learner, worker); from < end; from += SLICE) {
        size_t n = from + SLICE < end ? SLICE : end - from;

        for (int i = 1; i < learner->team->count; i++)
            vec_accumulate(learner->gradient[0] + from, learner->gradient[i] + from, n);
        squares += vec_sum_squares(learner->gradient[0] + from, n);
    }
    return squares;
}

/* How much of the average is kept at an update: less in the beginning, when the weights are far from where they will be. */
static double keep_now(const struct learner *learner, long number)
{
    double most = (1.0 + (double)number) / (10.0 + (double)number);

    return learner->average_keep < most ? learner->average_keep : most;
}

static void step_slice(struct learner *learner, int worker, double factor, double rate, long number)
{
    size_t end = slice_start(learner, worker + 1);

    for (size_t from = slice_start(learner, worker); from < end; from += SLICE) {
        size_t to = from + SLICE < end ? from + SLICE : end;

        optimizer_step(&learner->optimizer, learner->model.values, learner->gradient[0], from, to, factor, rate, number);
        if (learner->average)
            vec_average(learner->average + from, learner->model.values + from, to - from, keep_now(learner, number));
    }
}

/* The worker's part of the gradient, of the part's loss divided by `words`. */
static void part_gradient(struct learner *learner, int worker, struct loss *loss, const struct part *part, long words, long number)
{
    const struct layout *layout = &learner->model.layout;
    struct matmul *matmul = learner->team->matmul[worker];
    real *gradient = learner->gradient[worker];

    for (int i = 0; i < layout->count; i++) {
        const struct tensor *tensor = &layout->tensors[i];

        if (tensor->gradient == GRADIENT_ADDED || !part->batch.sentences)
            memset(gradient + tensor->offset, 0, tensor->count * sizeof *gradient);
    }
    if (!part->batch.sentences)
        return;
    matmul_overwrite(matmul, gradient, layout->length);
    pass_gradient(matmul, &learner->pass[worker], loss, &learner->view[worker], &part->batch, &learner->model, &learner->dropout,
                  learner->smoothing, 1.0 / (double)words, learner->seed, (uint64_t)number, part->numbers);
}

static void empty_rows(real *gradient, const int32_t *const *sentences, const int *lengths, int count, int E)
{
    for (int k = 0; k < count; k++)
        for (int i = 0; i < lengths[k]; i++)
            memset(gradient + (size_t)sentences[k][i] * (size_t)E, 0, (size_t)E * sizeof *gradient);
}

/* Empties the rows of the embeddings' gradient that had a word; the others are empty still, and cost nothing. The first worker's
 * gradient has the words of all parts, because the sum is made there. */
static void empty_embeddings(struct learner *learner, int worker)
{
    const struct params *view = &learner->view[worker];
    const struct config *config = &learner->model.config;

    for (int i = worker; i < (worker ? worker + 1 : learner->team->count); i++) {
        const struct batch *batch = &learner->part[i].batch;

        if (config->tie != TIE_ALL)
            empty_rows(view->source_embedding, batch->source, batch->source_length, batch->sentences, config->E);
        if (config->tie == TIE_NONE)
            empty_rows(view->target_embedding, batch->target, batch->target_length, batch->sentences, config->E);
    }
}

int learner_update(struct learner *learner, struct update *update, const struct corpus *corpus, const int32_t *pairs, int count,
                   double rate, long number)
{
    int threads = learner->team->count, finite = 1;
    struct loss loss[TEAM_MOST] = { { 0 } };
    double squares[TEAM_MOST] = { 0 };
    long words = 0;

    for (int k = 0; k < count; k++)
        words += corpus->length[TARGET][pairs[k]];
    *update = (struct update){ 0 };
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int worker = omp_get_thread_num();
        struct meter *meter = matmul_meter(learner->team->matmul[worker]);

        meter_enter(meter, METER_ELEMENTWISE);
        vec_flush_denormals();
        part_make(&learner->part[worker], corpus, pairs, count, worker, threads);
        part_gradient(learner, worker, &loss[worker], &learner->part[worker], words, number);
        meter_enter(meter, METER_WAITING);
#pragma omp barrier
        meter_enter(meter, METER_OPTIMIZER);
        squares[worker] = sum_slice(learner, worker);
        meter_enter(meter, METER_WAITING);
#pragma omp barrier
#pragma omp single
        {
            double total = 0;

            for (int i = 0; i < threads; i++) {
                total += squares[i];
                update->loss.loss += loss[i].loss;
                update->loss.nll += loss[i].nll;
                update->loss.words += loss[i].words;
            }
            update->norm = sqrt(total);
            finite = isfinite(update->norm) && isfinite(update->loss.loss);
        }
        meter_enter(meter, METER_OPTIMIZER);
        if (finite) {
            double factor = learner->clip > 0 && update->norm > learner->clip ? learner->clip / update->norm : 1;

            step_slice(learner, worker, factor, rate, number);
#pragma omp barrier
            empty_embeddings(learner, worker);
            model_pack(&learner->model, learner->team->matmul[worker], 1);
        }
        meter_enter(meter, METER_WAITING);
    }
    return finite ? 0 : -1;
}
