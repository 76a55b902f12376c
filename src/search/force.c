#include "search/force.h"

#include <math.h>
#include <stdlib.h>

void force_batch(struct matmul *matmul, struct pass *pass, struct model *const *models, int model_count, const struct batch *batch,
                 struct forced *forced)
{
    size_t words = 0;
    double *nll, *probability; /* in the order of the rows of the target side */

    for (int b = 0; b < batch->sentences; b++) {
        size_t cells = (size_t)batch->target_length[b] * (size_t)batch->source_length[b];

        words += (size_t)batch->target_length[b];
        forced[b] = (struct forced){ .alignment = memory_new(cells, sizeof(real)) };
    }
    nll = memory_new(words, sizeof *nll);
    probability = memory_new(words, sizeof *probability);
    for (int i = 0; i < model_count; i++) {
        struct loss loss = { 0 };
        const struct sequence *sequence = &pass->decoder.sequence;

        pass_forward(matmul, pass, &loss, nll, batch, models[i], 0);
        for (size_t row = 0; row < words; row++)
            probability[row] += exp(-nll[row]) / model_count;
        for (int k = 0; k < batch->sentences; k++) {
            int b = sequence->order[k];
            const real *alpha = decoder_alignment(&pass->decoder, k);

            for (size_t cell = 0; cell < (size_t)batch->target_length[b] * (size_t)batch->source_length[b]; cell++)
                forced[b].alignment[cell] += alpha[cell] / (real)model_count;
        }
    }
    for (int k = 0; k < batch->sentences; k++) {
        const struct sequence *sequence = &pass->decoder.sequence;

        for (int t = 0; t < sequence->length[k]; t++) {
            int row = sequence->first[t] + k;

            forced[sequence->order[k]].log_probability += model_count == 1 ? -nll[row] : log(probability[row]);
        }
    }
    free(nll);
    free(probability);
}
