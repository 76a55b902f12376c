#include "train/update.h"

#include "base/cluster.h"
#include "math/meter.h"
#include "math/vec.h"

#include <math.h>

static const char OPTIMIZER[] = "optimizer", WAITING[] = "waiting", EXCHANGE[] = "exchange";

/* The data shared by the three steps. */
struct job {
    struct learner *learner;
    const struct lesson *lesson;
    long words, number;
    double factor, rate; /* of the step */
    double began;        /* seconds: the end of the last exchange */
    struct process_time *time;
};

/* ---- gradient ---- */

/* The worker's part of one of the lesson's batches, as far as the output layer. */
static void batch_gradient_output(const struct job *job, struct worker *worker, int k)
{
    struct learner *learner = job->learner;
    struct apprentice *mine = &learner->apprentices[worker->index];
    const struct pairs *pairs = &job->lesson->batches[k];
    const struct dropping dropping = { .rates = learner->dropout,
                                       .seed = learner->seed,
                                       .update = (uint64_t)(job->number - 1) * (uint64_t)job->lesson->most + (uint64_t)k + 1,
                                       .numbers = mine->part.numbers };
    int guided = learner->guidance && learner->guide_strength > 0;
    const struct softmax_sample *sample = learner_sample(learner, &mine->sampler, pairs, dropping.update);
    const struct pass_input input = { .model = &learner->model,
                                      .batch = &mine->part.batch,
                                      .dropping = &dropping,
                                      .guide = guided ? &mine->guide.guide : NULL,
                                      .judgement = { learner->smoothing, 1.0 / (double)job->words, learner->r_drop, sample } };

    if (guided) {
        guide_part_fill(&mine->guide, learner->guidance, pairs, &mine->part);
        mine->guide.guide.strength = learner->guide_strength;
    }
    pass_gradient_output(worker, &mine->pass, &input, &learner->told[learner->exchange.first + worker->index].loss,
                         &mine->gradient);
}

/* The worker's gradient of the lesson, up to the last batch's output layer. */
static void part_gradient_output(const struct job *job, struct worker *worker)
{
    struct learner *learner = job->learner;
    struct apprentice *mine = &learner->apprentices[worker->index];
    int number = learner->exchange.first + worker->index;

    learner->told[number] = (struct told){ 0 };
    gradient_begin(&mine->gradient);
    for (int k = 0; k < job->lesson->count; k++) {
        part_make(&mine->part, &job->lesson->batches[k], number, learner->exchange.workers, learner->r_drop > 0);
        if (!mine->part.batch.sentences)
            continue;
        batch_gradient_output(job, worker, k);
        if (k < job->lesson->count - 1)
            pass_gradient_rest(worker, &mine->pass, &mine->gradient);
    }
}

static void part_gradient_rest(const struct job *job, struct worker *worker)
{
    struct apprentice *mine = &job->learner->apprentices[worker->index];

    if (mine->part.batch.sentences)
        pass_gradient_rest(worker, &mine->pass, &mine->gradient);
    gradient_end(&mine->gradient);
}

/* ---- reduce ---- */

/* One of a process's workers adds its share of numbers, as far as other processes are not needed. */
static void add_share(struct learner *learner, int worker, struct exchange_range range)
{
    size_t workers = (size_t)learner->team->count;
    size_t grains = (range.to - range.from + EXCHANGE_GRAIN - 1) / EXCHANGE_GRAIN, end = grains * ((size_t)worker + 1) / workers;

    for (size_t grain = grains * (size_t)worker / workers; grain < end; grain++) {
        size_t from = range.from + grain * EXCHANGE_GRAIN, to = from + EXCHANGE_GRAIN;

        exchange_add(&learner->exchange, from, to < range.to ? to : range.to);
    }
}

/* Sums all workers' gradients of a worker's slice, and stores the sum of squares. With one process, both additions are done at once, while
 * the numbers are in the cache. */
static void reduce_slice(struct learner *learner, int worker)
{
    struct exchange *exchange = &learner->exchange;
    int number = exchange->first + worker;
    size_t end = exchange_slice(exchange, number + 1);
    double squares = 0;

    for (size_t from = exchange_slice(exchange, number), to; from < end; from = to) {
        to = from + EXCHANGE_GRAIN < end ? from + EXCHANGE_GRAIN : end;
        if (cluster_count() == 1)
            exchange_add(exchange, from, to);
        exchange_finish(exchange, from, to);
        squares += vec_sum_squares(exchange_summed(exchange, from), to - from);
    }
    learner->told[number].squares = squares;
}

static void adopt(void *context, int to, int from)
{
    struct learner *learner = context;
    int first = learner->exchange.first;

    gradient_adopt(&learner->apprentices[to - first].gradient, &learner->apprentices[from - first].gradient);
}

/* The loss and norm of the whole lesson; whether they are finite numbers. */
static int conclude(struct learner *learner, struct update *update)
{
    double squares = 0;

    cluster_gather(learner->told, (size_t)learner->exchange.count * sizeof *learner->told);
    *update = (struct update){ .times = learner->exchange.times };
    for (int i = 0; i < learner->exchange.workers; i++) {
        const struct told *one = &learner->told[i];

        squares += one->squares;
        update->loss.loss += one->loss.loss;
        update->loss.nll += one->loss.nll;
        update->loss.guided += one->loss.guided;
        update->loss.words += one->loss.words;
    }
    exchange_each(&learner->exchange, adopt, learner);
    update->norm = sqrt(squares);
    return isfinite(update->norm) && isfinite(update->loss.loss);
}

/* ---- step ---- */

/* The decay of the average at an update: smaller in the beginning, when the weights still change fast. */
static double keep_now(const struct learner *learner, long number)
{
    double most = (1.0 + (double)number) / (10.0 + (double)number);

    return learner->average_keep < most ? learner->average_keep : most;
}

static void step_slice(const struct job *job, int worker)
{
    struct learner *learner = job->learner;
    struct exchange *exchange = &learner->exchange;
    size_t end = exchange_slice(exchange, exchange->first + worker + 1);

    for (size_t from = exchange_slice(exchange, exchange->first + worker), to; from < end; from = to) {
        const struct optimizer_step step = { job->factor, job->rate, job->number };
        real *weights = exchange_owned(exchange, learner->model.values, from);

        to = from + EXCHANGE_GRAIN < end ? from + EXCHANGE_GRAIN : end;
        optimizer_step(&learner->optimizer, weights, exchange_summed(exchange, from), (struct optimizer_range){ from, to }, &step);
        if (learner->average)
            vec_average(learner->average + from, weights, to - from, keep_now(learner, job->number));
    }
}

/* ---- several processes: the main thread, while the others wait ---- */

/* Ends a stretch of computing, and begins to exchange once all processes are ready. */
static void meet(struct job *job, struct worker *worker)
{
    double now = meter_clock();

    worker_enter(worker, EXCHANGE);
    job->time->computing += now - job->began;
    cluster_gather(job->learner->exchange.times, sizeof *job->time);
    job->began = meter_clock();
    job->time->waiting += job->began - now;
}

static void part(struct job *job, struct worker *worker)
{
    double now = meter_clock();

    job->time->exchanging += now - job->began;
    job->began = now;
    worker_enter(worker, WAITING);
}

/* Starts to exchange the output layer's gradient, which is complete first: it moves while the rest is computed. */
static void exchange_output(struct learner *learner, struct team *team)
{
    struct exchange_range output;

    output_own_numbers(&learner->model, &output.from, &output.to);
    if (output.from == output.to)
        return;
    TEAM_EACH (team, worker) {
        output_settle(&learner->model, &learner->apprentices[worker->index].gradient);
        worker_enter(worker, WAITING);
    }
#pragma omp barrier
    TEAM_EACH (team, worker) {
        worker_enter(worker, OPTIMIZER);
        add_share(learner, worker->index, output);
        worker_enter(worker, WAITING);
    }
#pragma omp barrier
#pragma omp master
    {
        exchange_early(&learner->exchange, output);
        team->workers[0].meanwhile = cluster_progress;
    }
}

static void add_over_processes(struct job *job, struct team *team)
{
    struct learner *learner = job->learner;
    const struct exchange *exchange = &learner->exchange;

    TEAM_EACH (team, worker) {
        worker_enter(worker, OPTIMIZER);
        add_share(learner, worker->index, (struct exchange_range){ 0, exchange->early.from });
        add_share(learner, worker->index, (struct exchange_range){ exchange->early.to, exchange->length });
        worker_enter(worker, WAITING);
    }
#pragma omp barrier
#pragma omp master
    {
        team->workers[0].meanwhile = NULL;
        meet(job, team->workers);
        exchange_gradients(&learner->exchange);
        part(job, team->workers);
    }
#pragma omp barrier
}

static void share_weights(struct job *job, struct team *team)
{
#pragma omp master
    {
        meet(job, team->workers);
        exchange_weights(&job->learner->exchange, job->learner->model.values);
        part(job, team->workers);
    }
#pragma omp barrier
}

int learner_update(struct learner *learner, struct update *update, const struct lesson *lesson, double rate, long number)
{
    struct team *team = learner->team;
    struct job job = { .learner = learner, .lesson = lesson, .number = number, .rate = rate, .began = meter_clock() };
    int finite = 1, several = cluster_count() > 1;

    job.time = &learner->exchange.times[cluster_rank()];
    for (int i = 0; i < lesson->count; i++)
        for (int k = 0; k < lesson->batches[i].count; k++)
            job.words += lesson->batches[i].corpus->length[TARGET][lesson->batches[i].numbers[k]];
#pragma omp parallel num_threads(team->count) if (team->count > 1)
    {
        vec_flush_denormals();
        TEAM_EACH (team, worker) {
            worker_enter(worker, METER_ELEMENTWISE);
            part_gradient_output(&job, worker);
        }
        if (several)
            exchange_output(learner, team);
        TEAM_EACH (team, worker) {
            worker_enter(worker, METER_ELEMENTWISE);
            part_gradient_rest(&job, worker);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
        if (several)
            add_over_processes(&job, team);
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            reduce_slice(learner, worker->index);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
#pragma omp master
        {
            finite = conclude(learner, update);
            job.factor = learner->clip > 0 && update->norm > learner->clip ? learner->clip / update->norm : 1;
        }
#pragma omp barrier
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            if (finite)
                step_slice(&job, worker->index);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
        if (several && finite)
            share_weights(&job, team);
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            if (finite)
                model_pack(&learner->model, worker, team->count, learner->softmax_sample ? PACK_BELOW_OUTPUT : PACK_BOTH);
            worker_enter(worker, WAITING);
        }
    }
    job.time->computing += meter_clock() - job.began;
    return finite ? 0 : -1;
}
