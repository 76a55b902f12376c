#include "train/forecast.h"

#include "model/output.h"
#include "train/progress.h"
#include "train/validate.h"

/* Activations of the largest batch of the epoch, all workers together. */
static size_t largest_batch(const struct trainer *trainer)
{
    const struct plan_options batches = settings_batches(trainer->settings);
    const struct learner *learner = &trainer->learner;
    struct plan plan;
    size_t most = 0;

    plan_make(&plan, trainer->corpus, &batches, learner->seed, (uint64_t)trainer->state.epoch);
    for (size_t i = 0; i < plan.batches; i++) {
        const struct pairs pairs = plan_batch(&plan, trainer->corpus, i);
        size_t bytes = learner_measure(learner, &pairs);

        most = bytes > most ? bytes : most;
    }
    plan_release(&plan);
    return most;
}

/* The backend's own copies of all weights in both directions, what it compiles, and each thread's copies of operands, of which the output layer's
 * are the largest (with room to grow by a quarter). */
static size_t product_bytes(const struct learner *learner)
{
    const struct worker *worker = &learner->team->workers[0];
    size_t each = learner->team->precision == PRECISION_BF16 ? 2 : 4, outputs = (size_t)learner->model.config.Vy, numbers;
    int sizes;

    if (!matmul_packs(worker))
        return 0;
    numbers = model_product_numbers(&learner->model, &sizes);
    return 2 * numbers * each + (size_t)sizes * matmul_compiled(worker) +
           (size_t)learner->team->count * (OUTPUT_CHUNK * outputs * each * 5 / 4);
}

struct forecast forecast_memory(const struct trainer *trainer)
{
    const struct learner *learner = &trainer->learner;
    size_t array = learner->model.layout.length * sizeof(real), threads = (size_t)learner->team->count;
    size_t before = progress_memory_now();
    size_t most = (size_t)trainer->settings->keep_best, best = !trainer->valid ? 0
                                                               : most > 1      ? most + 1
                                                                               : 1; /* and their average */
    size_t restored = trainer->state.update ? (size_t)learner->optimizer.moments + (size_t)trainer->best.count : 0;
    size_t in_use = (1 + threads + (learner->average != NULL) + restored) * array; /* of the parameters, also counted in `before` */
    struct forecast forecast = { .text = before > in_use ? before - in_use : 0, .activations = largest_batch(trainer) };

    forecast.parameters = (1 + threads + (size_t)learner->optimizer.moments + (learner->average != NULL) + best) * array;
    forecast.products = product_bytes(learner);
    if (trainer->valid) {
        size_t validation = threads * validate_measure(trainer->valid, &learner->model);

        forecast.validation = validation > forecast.activations ? validation - forecast.activations : 0;
    }
    return forecast;
}

size_t forecast_total(const struct forecast *forecast)
{
    return forecast->text + forecast->parameters + forecast->activations + forecast->products + forecast->validation;
}

int forecast_reserve(struct trainer *trainer, const struct forecast *forecast)
{
    struct learner *learner = &trainer->learner;
    size_t each = forecast->activations / (size_t)learner->team->count;

    if (team_probe(learner->team, forecast->activations + forecast->products + forecast->validation))
        return -1;
    for (int i = 0; i < learner->team->count; i++)
        worker_reserve(&learner->team->workers[i], each + each / 16);
    return 0;
}
