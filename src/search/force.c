#include "search/force.h"

#include <math.h>
#include <stdlib.h>

static size_t cells(const struct batch *batch, int target)
{
    return (size_t)batch->target_length[target] * (size_t)batch->source_length[batch_source_of(batch, target)];
}

void force_batch(struct worker *worker, struct pass *pass, struct model *const *models, int model_count, const struct batch *batch,
                 struct forced *forced)
{
    size_t words = 0, word = 0;
    double *nll, *probability; /* of each target word, target sentence after target sentence */

    for (int b = 0; b < batch->targets; b++) {
        words += (size_t)batch->target_length[b];
        forced[b] = (struct forced){ .alignment = memory_new(cells(batch, b) + (size_t)batch->target_length[b], sizeof(real)) };
    }
    nll = memory_new(words, sizeof *nll);
    probability = memory_new(words, sizeof *probability);
    for (int i = 0; i < model_count; i++) {
        struct pass_input input = { .model = models[i], .batch = batch };
        struct loss loss = { 0 };

        pass_forward(worker, pass, &input, &loss, nll);
        for (size_t k = 0; k < words; k++)
            probability[k] += exp(-nll[k]) / model_count;
        for (int b = 0; b < batch->targets; b++) {
            const real *alpha = pass_alignment(pass, b, &models[i]->alignment);

            for (size_t cell = 0; cell < cells(batch, b); cell++)
                forced[b].alignment[cell] += alpha[cell] / (real)model_count;
        }
    }
    for (int b = 0; b < batch->targets; b++)
        for (int t = 0; t < batch->target_length[b]; t++, word++) {
            double log_probability = model_count == 1 ? -nll[word] : log(probability[word]);

            forced[b].log_probability += log_probability;
            forced[b].alignment[cells(batch, b) + (size_t)t] = (real)log_probability;
        }
    free(nll);
    free(probability);
}
