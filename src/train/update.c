#include "train/update.h"

#include "math/vec.h"

#include <math.h>

static const char OPTIMIZER[] = "optimizer", WAITING[] = "waiting";

enum { SLICE = 4096 }; /* numbers that a worker processes at a time: few enough to stay in the cache from sum to step */

/* The data shared by the three steps. */
struct job {
    struct learner *learner;
    const struct pairs *pairs;
    long words, number;
    double factor, rate; /* of the step */
};

/* ---- gradient ---- */

static void part_gradient(const struct job *job, struct worker *worker)
{
    struct learner *learner = job->learner;
    struct apprentice *mine = &learner->apprentices[worker->index];
    const struct dropping dropping = {
        .rates = learner->dropout, .seed = learner->seed, .update = (uint64_t)job->number, .numbers = mine->part.numbers
    };
    int guided = learner->guidance && learner->guide_strength > 0;
    const struct pass_input input = { .model = &learner->model,
                                      .batch = &mine->part.batch,
                                      .dropping = &dropping,
                                      .guide = guided ? &mine->guide.guide : NULL,
                                      .judgement = { learner->smoothing, 1.0 / (double)job->words } };

    if (guided) {
        guide_part_fill(&mine->guide, learner->guidance, job->pairs, &mine->part);
        mine->guide.guide.strength = learner->guide_strength;
    }
    mine->loss = (struct loss){ 0 };
    gradient_begin(&mine->gradient);
    if (mine->part.batch.sentences)
        pass_gradient(worker, &mine->pass, &input, &mine->loss, &mine->gradient);
    gradient_end(&mine->gradient);
}

/* ---- reduce ---- */

/* The start of a worker's slice, a multiple of SLICE. */
static size_t slice_start(const struct learner *learner, int worker)
{
    size_t length = learner->model.layout.length, slices = (length + SLICE - 1) / SLICE;
    size_t start = slices * (size_t)worker / (size_t)learner->team->count * SLICE;

    return start < length ? start : length;
}

/* Sums the workers' gradients of a slice into the first one's, and stores the sum of squares. */
static void reduce_slice(struct learner *learner, int worker)
{
    struct gradient *sum = &learner->apprentices[0].gradient;
    size_t end = slice_start(learner, worker + 1);
    double squares = 0;

    for (size_t from = slice_start(learner, worker); from < end; from += SLICE) {
        size_t to = from + SLICE < end ? from + SLICE : end;

        for (int i = 1; i < learner->team->count; i++)
            gradient_add(sum, &learner->apprentices[i].gradient, from, to);
        squares += vec_sum_squares(sum->values + from, to - from);
    }
    learner->apprentices[worker].squares = squares;
}

/* The loss and norm of the whole batch; whether they are finite numbers. */
static int conclude(struct learner *learner, struct update *update)
{
    double squares = 0;

    *update = (struct update){ 0 };
    for (int i = 0; i < learner->team->count; i++) {
        const struct apprentice *one = &learner->apprentices[i];

        squares += one->squares;
        update->loss.loss += one->loss.loss;
        update->loss.nll += one->loss.nll;
        update->loss.guided += one->loss.guided;
        update->loss.words += one->loss.words;
        if (i > 0)
            gradient_adopt(&learner->apprentices[0].gradient, &one->gradient);
    }
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
    size_t end = slice_start(learner, worker + 1);

    for (size_t from = slice_start(learner, worker); from < end; from += SLICE) {
        const struct optimizer_range range = { from, from + SLICE < end ? from + SLICE : end };
        const struct optimizer_step step = { job->factor, job->rate, job->number };

        optimizer_step(&learner->optimizer, learner->model.values, learner->apprentices[0].gradient.values, range, &step);
        if (learner->average)
            vec_average(learner->average + from, learner->model.values + from, range.to - from, keep_now(learner, job->number));
    }
}

int learner_update(struct learner *learner, struct update *update, const struct pairs *pairs, double rate, long number)
{
    struct team *team = learner->team;
    struct job job = { .learner = learner, .pairs = pairs, .number = number, .rate = rate };
    int finite = 1;

    for (int k = 0; k < pairs->count; k++)
        job.words += pairs->corpus->length[TARGET][pairs->numbers[k]];
#pragma omp parallel num_threads(team->count) if (team->count > 1)
    {
        vec_flush_denormals();
        TEAM_EACH (team, worker) {
            worker_enter(worker, METER_ELEMENTWISE);
            part_make(&learner->apprentices[worker->index].part, pairs, worker->index, team->count);
            part_gradient(&job, worker);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            reduce_slice(learner, worker->index);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
#pragma omp single
        {
            finite = conclude(learner, update);
            job.factor = learner->clip > 0 && update->norm > learner->clip ? learner->clip / update->norm : 1;
        }
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            if (finite)
                step_slice(&job, worker->index);
            worker_enter(worker, WAITING);
        }
#pragma omp barrier
        TEAM_EACH (team, worker) {
            worker_enter(worker, OPTIMIZER);
            if (finite)
                model_pack(&learner->model, worker, team->count, 1);
            worker_enter(worker, WAITING);
        }
    }
    return finite ? 0 : -1;
}
