#include "lexicon/lexicon.h"

#include "base/memory.h"
#include "lexicon/posterior.h"

#include <math.h>
#include <stdlib.h>

/* Of the score: links by which an estimate is drawn to chance, and links that a pair itself has taught about its words. */
#define SMOOTH 3.0
#define OWN 1.0

float lexicon_probability(const struct lexicon *lexicon, int32_t source, int32_t target)
{
    size_t low, high;

    if (source < 0 || target < 0)
        return 0;
    low = lexicon->row[source];
    high = lexicon->row[source + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (lexicon->target[middle] < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lexicon->row[source + 1] && lexicon->target[low] == target ? lexicon->probability[low] : 0;
}

int lexicon_translations(const struct lexicon *lexicon, int32_t source, int32_t *targets, int most)
{
    int count = 0;

    for (size_t e = lexicon->row[source]; e < lexicon->row[source + 1]; e++) {
        float p = lexicon->probability[e];
        int at = count;

        while (at > 0 && p > lexicon_probability(lexicon, source, targets[at - 1]))
            at--;
        if (at == most)
            continue;
        count += count < most;
        for (int i = count - 1; i > at; i--)
            targets[i] = targets[i - 1];
        targets[at] = lexicon->target[e];
    }
    return count;
}

static void release_one(struct lexicon *lexicon)
{
    free(lexicon->row);
    free(lexicon->target);
    free(lexicon->probability);
    free(lexicon->frequency);
    free(lexicon->count);
    *lexicon = (struct lexicon){ 0 };
}

void lexicon_release(struct lexicon_pair *pair)
{
    release_one(&pair->forward);
    release_one(&pair->backward);
}

void lexicon_guide(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, real *out)
{
    size_t Tx = (size_t)sentences->Tx, Ty = (size_t)sentences->Ty;
    struct lexicon_sentences back = { sentences->target, sentences->source, sentences->Ty, sentences->Tx };
    real *other = memory_new(size_product(Tx, Ty) + 1, sizeof *other);

    lexicon_posterior(&pair->forward, sentences, out);
    lexicon_posterior(&pair->backward, &back, other);
    for (size_t j = 0; j < Ty; j++) {
        double sum = 0;

        for (size_t i = 0; i < Tx; i++) {
            out[j * Tx + i] = (real)sqrt((double)out[j * Tx + i] * (double)other[i * Ty + j]);
            sum += (double)out[j * Tx + i];
        }
        for (size_t i = 0; i < Tx && sum > 1; i++)
            out[j * Tx + i] = (real)((double)out[j * Tx + i] / sum);
    }
    free(other);
}

/* p(y | x) / p(y), from the links of x and y in other pairs; the fewer they are, the nearer to 1. */
static double ratio(const struct lexicon *lexicon, int32_t x, int32_t y, double own)
{
    double links = (double)lexicon->count[x], both = links * (double)lexicon_probability(lexicon, x, y);

    links = fmax(links - own, 0);
    both = fmax(both - own, 0);
    return (both / (double)lexicon->frequency[y] + SMOOTH) / (links + SMOOTH);
}

/* Σ_j log p(y_j | x) − log p(y_j) over the target words that the corpus has, which are added to *words. */
static double gain(const struct lexicon *lexicon, const struct lexicon_sentences *pair, double own, long *words)
{
    double total = 0;

    for (int j = 0; j < pair->Ty; j++) {
        int32_t y = pair->target[j];
        double sum = 0;

        if (y < 0 || lexicon->frequency[y] <= 0)
            continue;
        for (int i = 0; i < pair->Tx; i++)
            sum += pair->source[i] < 0 ? 1 : ratio(lexicon, pair->source[i], y, own);
        total += log(lexicon->null + (1 - lexicon->null) * sum / pair->Tx);
        ++*words;
    }
    return total;
}

double lexicon_score(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, int learned)
{
    struct lexicon_sentences back = { sentences->target, sentences->source, sentences->Ty, sentences->Tx };
    double own = learned ? OWN : 0, total;
    long words = 0;

    if (sentences->Tx == 0 || sentences->Ty == 0)
        return 0;
    total = gain(&pair->forward, sentences, own, &words) + gain(&pair->backward, &back, own, &words);
    return words ? total / (double)words : 0;
}
