#include "train/focus.h"

#include "base/memory.h"

#include <stdlib.h>

enum { PAIRS = 200, AT_ONCE = 20 };

/* Agreement of each map of the last pass, in the order of layers; in each, its heads and then their mean. */
static void add_agreement(double *agreement, const struct learner *learner, const struct model *model, const struct guide *guide)
{
    const struct apprentice *mine = &learner->apprentices[0];
    const struct batch *batch = &mine->part.batch;
    int layers = attention_layers(&model->config, PLACE_SOURCE), heads = attention_heads(&model->config, PLACE_SOURCE);

    for (int b = 0; b < batch->targets; b++)
        for (int k = 0; k < layers * (heads + 1); k++) {
            const struct attention_map map = { k / (heads + 1), k % (heads + 1) < heads ? k % (heads + 1) : -1, PLACE_SOURCE };
            const real *alpha = pass_alignment(&mine->pass, b, &map), *wanted = guide->weights[b];
            int cells = batch->source_length[b] * (batch->target_length[b] - 1);

            for (int i = 0; i < cells; i++)
                agreement[k] += (double)(alpha[i] * wanted[i]);
        }
}

void focus_choose(struct learner *learner, const real *values, const struct corpus *valid)
{
    struct model *model = &learner->model;
    struct apprentice *mine = &learner->apprentices[0];
    int heads = attention_heads(&model->config, PLACE_SOURCE), maps = attention_layers(&model->config, PLACE_SOURCE) * (heads + 1),
        best = 0;
    double *agreement;

    if (!attention_has_choice(&model->config) || !learner->guidance || learner->guidance->first)
        return;
    learner_point(learner, values);
    agreement = memory_new((size_t)maps, sizeof *agreement);
    for (size_t from = 0; from < valid->pairs && from < PAIRS; from += AT_ONCE) {
        int32_t numbers[AT_ONCE];
        struct pairs pairs = { .corpus = valid, .numbers = numbers };
        struct pass_input input = { .model = model, .batch = &mine->part.batch };
        struct loss loss = { 0 };

        for (; pairs.count < AT_ONCE && from + (size_t)pairs.count < valid->pairs; pairs.count++)
            numbers[pairs.count] = (int32_t)from + pairs.count;
        part_make(&mine->part, &pairs, 0, 1, 0);
        guide_part_fill(&mine->guide, learner->guidance, &pairs, &mine->part);
        pass_forward(&learner->team->workers[0], &mine->pass, &input, &loss, NULL);
        add_agreement(agreement, learner, model, &mine->guide.guide);
    }
    for (int k = 1; k < maps; k++)
        if (agreement[k] > agreement[best])
            best = k;
    model->alignment =
        (struct attention_map){ best / (heads + 1), best % (heads + 1) < heads ? best % (heads + 1) : -1, PLACE_SOURCE };
    free(agreement);
    learner_point(learner, model->values);
}
