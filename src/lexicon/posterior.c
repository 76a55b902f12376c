#include "lexicon/posterior.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* t of two words that never met; and of a source word outside the vocabulary, which may be the source of any target word. For a
 * target word outside the vocabulary these are the only ones: it goes to such a source word, or else to the nearest. */
#define NEVER 1e-9F
#define FROM_UNKNOWN 1e-4F

static float translation(const struct lexicon *lexicon, int32_t x, int32_t y)
{
    float t;

    if (x < 0 || lexicon->row[x] == lexicon->row[x + 1])
        return FROM_UNKNOWN;
    t = lexicon_probability(lexicon, x, y);
    return t > NEVER ? t : NEVER;
}

void posterior_begin(const struct lexicon *lexicon, const struct lexicon_sentences *pair, float *cells)
{
    for (int j = 0; j < pair->Ty; j++) {
        *cells++ = translation(lexicon, lexicon->sources, pair->target[j]);
        for (int i = 0; i < pair->Tx; i++)
            *cells++ = translation(lexicon, pair->source[i], pair->target[j]);
    }
}

static double distance(int i, int j, int Tx, int Ty)
{
    return -fabs((i + 1.0) / Tx - (j + 1.0) / Ty);
}

/* prior[i] = exp(λ d), relative to the largest, without its sum, which is returned: from the source word nearest to the diagonal it
 * falls by the same factor with each step. */
static double make_prior(double tension, int Tx, int Ty, int j, float *prior)
{
    int before = (int)((long)(j + 1) * Tx / Ty); /* source words on this side of the diagonal, or on it */
    double factor = exp(-tension / Tx), weight = exp(tension * distance(before - 1, j, Tx, Ty)), sum = 0;

    for (int i = before - 1; i >= 0; i--, weight *= factor)
        sum += prior[i] = (float)weight;
    weight = exp(tension * distance(before, j, Tx, Ty));
    for (int i = before; i < Tx; i++, weight *= factor)
        sum += prior[i] = (float)weight;
    return sum;
}

static void add_distances(struct distances *distances, const float *cells, const float *prior, int Tx, int Ty, int j)
{
    double links = 0, sum = 0, mean = 0, square = 0;

    for (int i = 0; i < Tx; i++) {
        double d = distance(i, j, Tx, Ty), p = (double)prior[i];

        distances->found += (double)cells[i + 1] * d;
        links += (double)cells[i + 1];
        sum += p;
        mean += p * d;
        square += p * d * d;
    }
    mean /= sum;
    distances->expected += links * mean;
    distances->variance += links * (square / sum - mean * mean);
}

void posterior_finish(const struct lexicon *lexicon, int Tx, int Ty, float *cells, float *prior, struct distances *distances)
{
    for (int j = 0; j < Ty; j++, cells += Tx + 1) {
        double share = (1 - lexicon->null) / make_prior(lexicon->tension, Tx, Ty, j, prior), sum;

        sum = cells[0] *= (float)lexicon->null;
        for (int i = 0; i < Tx; i++)
            sum += cells[i + 1] *= (float)(share * (double)prior[i]);
        for (int i = 0; i <= Tx; i++)
            cells[i] = sum > 0 ? (float)((double)cells[i] / sum) : 0;
        if (distances)
            add_distances(distances, cells, prior, Tx, Ty, j);
    }
}

void lexicon_posterior(const struct lexicon *lexicon, const struct lexicon_sentences *pair, real *out)
{
    int Tx = pair->Tx, Ty = pair->Ty;
    float *cells = memory_new(size_product((size_t)Tx + 1, (size_t)Ty) + (size_t)Tx + 1, sizeof *cells), *cell = cells + Tx;

    posterior_begin(lexicon, pair, cell);
    posterior_finish(lexicon, Tx, Ty, cell, cells, NULL);
    for (int j = 0; j < Ty; j++, cell++)
        for (int i = 0; i < Tx; i++)
            *out++ = (real) * ++cell;
    free(cells);
}
