#include "train/learner.h"

#include <stdlib.h>
#include <string.h>

void learner_init(struct learner *learner, struct team *team, const struct model *model, enum optimizer_kind optimizer)
{
    *learner = (struct learner){ .team = team, .model = *model };
    optimizer_init(&learner->optimizer, optimizer, model->layout.length);
    learner->apprentices = memory_new((size_t)team->count, sizeof *learner->apprentices);
    exchange_init(&learner->exchange, team->count, model->layout.length);
    learner->told = memory_new((size_t)learner->exchange.workers, sizeof *learner->told);
    for (int i = 0; i < team->count; i++) {
        gradient_init(&learner->apprentices[i].gradient, &learner->model.layout);
        learner->exchange.gradients[learner->exchange.first + i] = learner->apprentices[i].gradient.values;
    }
}

void learner_release(struct learner *learner)
{
    for (int i = 0; learner->apprentices && i < learner->team->count; i++) {
        gradient_release(&learner->apprentices[i].gradient);
        pass_release(&learner->apprentices[i].pass);
        part_release(&learner->apprentices[i].part);
        guide_part_release(&learner->apprentices[i].guide);
        softmax_sampler_release(&learner->apprentices[i].sampler);
    }
    free(learner->apprentices);
    free(learner->average);
    free(learner->told);
    exchange_release(&learner->exchange);
    optimizer_release(&learner->optimizer);
    model_release(&learner->model);
    *learner = (struct learner){ 0 };
}

void learner_average(struct learner *learner, double keep)
{
    const struct layout *layout = &learner->model.layout;

    learner->average_keep = keep;
    free(learner->average);
    learner->average = NULL;
    if (keep > 0) {
        learner->average = layout_array(layout);
        memcpy(learner->average, learner->model.values, layout->length * sizeof(real));
    }
}

void learner_complete_average(struct learner *learner)
{
    if (learner->average)
        exchange_spread(&learner->exchange, learner->average);
}

void learner_collect_moments(struct learner *learner)
{
    for (int i = 0; i < learner->optimizer.moments; i++)
        exchange_collect(&learner->exchange, learner->optimizer.moment[i]);
}

static void pack(struct learner *learner)
{
    struct team *team = learner->team;

#pragma omp parallel num_threads(team->count) if (team->count > 1)
    TEAM_EACH (team, worker)
        model_pack(&learner->model, worker, team->count, PACK_BOTH);
}

void learner_begin(struct learner *learner, enum exchange_precision exchange)
{
    exchange_begin(&learner->exchange, exchange, learner->model.values);
    pack(learner);
}

void learner_point(struct learner *learner, const real *values)
{
    if (learner->model.weights->w == values && !learner->softmax_sample)
        return;
    model_point(&learner->model, values);
    pack(learner);
}

const struct softmax_sample *learner_sample(const struct learner *learner, struct softmax_sampler *sampler,
                                            const struct pairs *pairs, uint64_t number)
{
    if (!learner->softmax_sample)
        return NULL;
    return softmax_sample_draw(sampler, pairs, learner->model.config.Vy, learner->softmax_sample,
                               rng_make(learner->seed, rng_stream("softmax sample"), number, 0));
}

size_t learner_measure(const struct learner *learner, const struct pairs *pairs)
{
    const struct dropping dropping = { .rates = learner->dropout };
    struct softmax_sampler sampler = { .words = NULL };
    const struct softmax_sample *sample = learner_sample(learner, &sampler, pairs, 0);
    size_t total = 0;

    for (int i = 0; i < learner->team->count; i++) {
        struct part part = { 0 };
        struct pass_input input = { .model = &learner->model,
                                    .batch = &part.batch,
                                    .dropping = &dropping,
                                    .judgement = { .twins = learner->r_drop, .sample = sample } };

        part_make(&part, pairs, i, learner->team->count, learner->r_drop > 0);
        if (part.batch.sentences)
            total += pass_measure(&input, 1);
        part_release(&part);
    }
    softmax_sampler_release(&sampler);
    return total;
}
