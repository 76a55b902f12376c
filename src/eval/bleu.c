#include "eval/bleu.h"

#include "base/memory.h"
#include "eval/ngram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The offsets of matches and n-grams in a sentence's statistics; the two lengths come first. */
enum { MATCHES = 2, TOTALS = MATCHES + BLEU_ORDER };

void bleu_statistics(char *const *hypotheses, char *const *references, size_t lines, enum bleu_tokenizer tokenizer, int lowercase,
                     long *statistics)
{
    struct ngram_tree vocabulary = { 0 }, ngrams = { 0 };
    struct items hypothesis = { 0 }, reference = { 0 };
    struct text words = { 0 };

    for (size_t i = 0; i < lines; i++, statistics += BLEU_STATISTICS) {
        ngram_clear(&vocabulary);
        tokenize_line(tokenizer, lowercase, hypotheses[i], &words);
        ngram_words(&vocabulary, words.data, &hypothesis);
        tokenize_line(tokenizer, lowercase, references[i], &words);
        ngram_words(&vocabulary, words.data, &reference);
        statistics[0] = hypothesis.count;
        statistics[1] = reference.count;
        ngram_matches(&ngrams, &hypothesis, &reference, BLEU_ORDER, statistics + MATCHES);
        for (int n = 0; n < BLEU_ORDER; n++)
            statistics[TOTALS + n] = ngram_total(hypothesis.count, n + 1);
    }
    ngram_release(&vocabulary);
    ngram_release(&ngrams);
    items_release(&hypothesis);
    items_release(&reference);
    text_release(&words);
}

void bleu_score(const long *statistics, struct bleu *bleu)
{
    const long *matches = statistics + MATCHES, *totals = statistics + TOTALS;
    double share = 1, logarithms = 0;
    int scored = 0;

    *bleu = (struct bleu){ .hypothesis_length = statistics[0], .reference_length = statistics[1], .brevity = 1 };
    if (bleu->reference_length)
        bleu->ratio = (double)bleu->hypothesis_length / (double)bleu->reference_length;
    if (bleu->hypothesis_length < bleu->reference_length)
        bleu->brevity = bleu->hypothesis_length ? exp(1 - (double)bleu->reference_length / (double)bleu->hypothesis_length) : 0;
    if (!matches[0]) /* no word in common: no longer n-gram either */
        return;
    for (int n = 0; n < BLEU_ORDER && totals[n]; n++) {
        if (matches[n]) {
            bleu->precision[n] = 100. * (double)matches[n] / (double)totals[n];
        } else {
            share *= 2;
            bleu->precision[n] = 100. / (share * (double)totals[n]);
        }
        logarithms += log(bleu->precision[n]);
        scored++;
    }
    if (scored == BLEU_ORDER)
        bleu->score = bleu->brevity * exp(logarithms / BLEU_ORDER);
}

void bleu_corpus(char *const *hypotheses, char *const *references, size_t lines, enum bleu_tokenizer tokenizer, int lowercase,
                 struct bleu *bleu)
{
    long *statistics = memory_new(size_product(lines, BLEU_STATISTICS), sizeof *statistics), sum[BLEU_STATISTICS] = { 0 };

    bleu_statistics(hypotheses, references, lines, tokenizer, lowercase, statistics);
    for (size_t i = 0; i < lines * BLEU_STATISTICS; i++)
        sum[i % BLEU_STATISTICS] += statistics[i];
    bleu_score(sum, bleu);
    free(statistics);
}
