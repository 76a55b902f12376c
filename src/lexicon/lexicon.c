#include "lexicon/lexicon.h"

#include "base/memory.h"
#include "lexicon/posterior.h"

#include <math.h>
#include <stdlib.h>

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

/* Σ_j log p(y_j | x) − log p(y_j) over the target words that the corpus has| x) − log p(y_j | NULL) over the target words of the vocabulary, which are added to *words. */
static double gain(const struct lexicon *lexicon, const struct lexicon_sentences *pair, long *words)
{
    double total = 0;

    for (int j = 0; j < pair->Ty; j++) {
        double chance = pair->target[j] < 0 ? 0 : (double)lexicon->frequency[pair->target[j]], sum = 0;

        if (chance <= 0)
            continue;
        for (int i = 0; i < pair->Tx; i++)
            if (pair->source[i] >= 0)
                sum += (double)lexicon_probability(lexicon, pair->source[i], pair->target[j]);
        total += log(lexicon->null + (1 - lexicon->null) * sum / pair->Tx / chance);
        ++*words;
    }
    return total;
}

double lexicon_score(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences)
{
    struct lexicon_sentences back = { sentences->target, sentences->source, sentences->Ty, sentences->Tx };
    long words = 0;
    double total;

    if (sentences->Tx == 0 || sentences->Ty == 0)
        return 0;
    total = gain(&pair->forward, sentences, &words) + gain(&pair->backward, &back, &words);
    return words ? total / (double)words : 0;
}
