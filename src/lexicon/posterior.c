#include "lexicon/posterior.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Probabilities of words that never met, and of words outside the vocabulary: a target word that is unknown is anybody's, most
 * likely that of an unknown source word. */
#define NEVER 1e-9F
#define BY_UNKNOWN 1e-4F

void posterior_translations(const struct lexicon *lexicon, const struct lexicon_sentences *pair, float *cells)
{
    for (int j = 0; j < pair->Ty; j++) {
        int32_t y = pair->target[j];

        for (int i = -1; i < pair->Tx; i++) {
            int32_t x = i < 0 ? lexicon->sources : pair->source[i];
            float p = x < 0 || lexicon->row[x] == lexicon->row[x + 1] ? BY_UNKNOWN : y < 0 ? 0 : lexicon_probability(lexicon, x, y);

            *cells++ = p > NEVER ? p : NEVER;
        }
    }
}

void posterior_from_translations(const struct lexicon *lexicon, int Tx, int Ty, float *cells, struct statistics *statistics)
{
    float *prior = memory_new((size_t)Tx, sizeof *prior);

    for (int j = 0; j < Ty; j++, cells += Tx + 1) {
        double total = 0, sum, distance = 0, square = 0, link = 0, expected = 0;

        for (int i = 0; i < Tx; i++) {
            double d = -fabs((i + 1.0) / Tx - (j + 1.0) / Ty), p = exp(lexicon->tension * d);

            prior[i] = (float)p;
            total += p;
            distance += p * d;
            square += p * d * d;
        }
        sum = cells[0] *= (float)lexicon->null;
        for (int i = 0; i < Tx; i++) {
            cells[i + 1] *= (float)((1 - lexicon->null) * prior[i] / total);
            sum += cells[i + 1];
        }
        if (!(sum > 0)) {
            sum = 1;
            cells[0] = 1;
        }
        for (int i = 0; i <= Tx; i++)
            cells[i] = (float)(cells[i] / sum);
        for (int i = 0; i < Tx; i++) {
            expected += cells[i + 1] * -fabs((i + 1.0) / Tx - (j + 1.0) / Ty);
            link += cells[i + 1];
        }
        if (statistics) {
            statistics->log_likelihood += log(sum);
            statistics->words++;
            statistics->expected += expected;
            statistics->prior += link * distance / total;
            statistics->variance += link * (square / total - distance / total * distance / total);
        }
    }
    free(prior);
}

void lexicon_posterior(const struct lexicon *lexicon, const struct lexicon_sentences *pair, real *out)
{
    int Tx = pair->Tx, Ty = pair->Ty;
    size_t count = size_product((size_t)Tx + 1, (size_t)Ty);
    float *cells = memory_new(count + 1, sizeof *cells);

    posterior_translations(lexicon, pair, cells);
    posterior_from_translations(lexicon, Tx, Ty, cells, NULL);
    for (int j = 0; j < Ty; j++)
        for (int i = 0; i < Tx; i++)
            out[(size_t)j * (size_t)Tx + (size_t)i] = cells[(size_t)j * ((size_t)Tx + 1) + (size_t)i + 1];
    free(cells);
}
