#define _POSIX_C_SOURCE 200809L
#include "train/estimate.h"

#include "train/forecast.h"
#include "train/start.h"
#include "train/update.h"

#include <time.h>

enum { UPDATES = 12 }; /* measured; the first third is not timed */

/* Of processor time: what other programs take does not count. */
static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Processor seconds per target token. */
static double measure(struct trainer *trainer, const struct plan *plan)
{
    double started = seconds_now(), tokens = 0;

    for (size_t i = 0; i < UPDATES && i < plan->batches; i++) {
        const struct pairs pairs = plan_batch(plan, trainer->corpus, i);
        struct update update;

        if (i == UPDATES / 3) {
            started = seconds_now();
            tokens = 0;
        }
        if (learner_update(&trainer->learner, &update, &(struct lesson){ &pairs, 1, 1 }, trainer_rate(trainer), (long)i + 1))
            break;
        for (int k = 0; k < pairs.count; k++)
            tokens += pairs.corpus->length[TARGET][pairs.numbers[k]];
    }
    return tokens > 0 ? (seconds_now() - started) / tokens : 0;
}

int estimate_training(struct estimate *estimate, struct train_settings *settings)
{
    struct training training;
    int result = -1;

    *estimate = (struct estimate){ .memory = 0 };
    if (start_fresh(&training, settings) == 0) {
        struct trainer *trainer = &training.trainer;
        const struct plan_options batches = settings_batches(settings);
        const struct forecast forecast = forecast_memory(trainer);

        if (forecast_reserve(trainer, &forecast) == 0) {
            struct plan plan;

            plan_make(&plan, trainer->corpus, &batches, trainer->learner.seed, 1);
            estimate->memory = forecast_total(&forecast);
            estimate->parameters = trainer->learner.model.layout.parameters;
            estimate->updates = plan.batches;
            estimate->epoch_seconds =
                measure(trainer, &plan) * (double)corpus_tokens(trainer->corpus, TARGET) / training.team.count;
            estimate->threads = training.team.count;
            plan_release(&plan);
            result = 0;
        }
    }
    start_release(&training);
    return result;
}
