#include "eval/chrf.h"

#include "eval/ngram.h"

#include <assert.h>
#include <string.h>

enum { BETA = 2 };

/* One side of a sentence: its characters, the same without white space, and its words. */
struct side {
    struct items letters, dense, words;
};

static int is_ascii_punctuation(int32_t c)
{
    return c < 0x80 && c > ' ' && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", (int)c);
}

/* Adds the word letters[start..end); its number is the node that its characters lead to. */
static void add_word(struct ngram_tree *vocabulary, struct side *side, int start, int end)
{
    int32_t node = 0;

    for (int i = start; i < end; i++)
        node = ngram_add(vocabulary, node, side->letters.items[i]);
    items_add(&side->words, node);
}

/* One punctuation mark is split off the end of a word, or else its start: "(so)" is "(so" and ")". */
static void find_words(struct ngram_tree *vocabulary, struct side *side)
{
    const int32_t *letters = side->letters.items;
    int end;

    side->words.count = 0;
    for (int start = 0; start < side->letters.count; start = end) {
        end = start + 1;
        if (unicode_is_space(letters[start]))
            continue;
        while (end < side->letters.count && !unicode_is_space(letters[end]))
            end++;
        if (end - start > 1 && is_ascii_punctuation(letters[end - 1])) {
            add_word(vocabulary, side, start, end - 1);
            add_word(vocabulary, side, end - 1, end);
        } else if (end - start > 1 && is_ascii_punctuation(letters[start])) {
            add_word(vocabulary, side, start, start + 1);
            add_word(vocabulary, side, start + 1, end);
        } else {
            add_word(vocabulary, side, start, end);
        }
    }
}

static void read_side(struct ngram_tree *vocabulary, const char *line, int lowercase, int word_order, struct side *side)
{
    unicode_decode(line, &side->letters);
    if (lowercase)
        unicode_lower(&side->letters);
    side->dense.count = 0;
    for (int i = 0; i < side->letters.count; i++)
        if (!unicode_is_space(side->letters.items[i]))
            items_add(&side->dense, side->letters.items[i]);
    if (word_order)
        find_words(vocabulary, side);
}

/* The three numbers of each order of one kind of n-gram. */
static void count_orders(struct ngram_tree *ngrams, const struct items *hypothesis, const struct items *reference, int orders,
                         long *statistics)
{
    long matches[CHRF_LETTERS];

    ngram_matches(ngrams, hypothesis, reference, orders, matches);
    for (int n = 0; n < orders; n++, statistics += 3) {
        statistics[1] = ngram_total(reference->count, n + 1);
        statistics[0] = statistics[1] ? ngram_total(hypothesis->count, n + 1) : 0;
        statistics[2] = matches[n];
    }
}

static void release_side(struct side *side)
{
    items_release(&side->letters);
    items_release(&side->dense);
    items_release(&side->words);
}

void chrf_statistics(char *const *hypotheses, char *const *references, size_t lines, int word_order, int lowercase,
                     long *statistics)
{
    struct ngram_tree vocabulary = { 0 }, ngrams = { 0 };
    struct side hypothesis = { 0 }, reference = { 0 };

    assert(word_order == 0 || word_order == CHRF_WORDS);
    for (size_t i = 0; i < lines; i++, statistics += CHRF_STATISTICS) {
        ngram_clear(&vocabulary);
        read_side(&vocabulary, hypotheses[i], lowercase, word_order, &hypothesis);
        read_side(&vocabulary, references[i], lowercase, word_order, &reference);
        count_orders(&ngrams, &hypothesis.dense, &reference.dense, CHRF_LETTERS, statistics);
        /* Without word n-grams their sequences are empty, and so are their orders. */
        count_orders(&ngrams, &hypothesis.words, &reference.words, CHRF_WORDS, statistics + 3 * CHRF_LETTERS);
    }
    ngram_release(&vocabulary);
    ngram_release(&ngrams);
    release_side(&hypothesis);
    release_side(&reference);
}

void chrf_score(const long *statistics, struct chrf *chrf)
{
    int orders = 0;

    *chrf = (struct chrf){ 0 };
    for (int n = 0; n < CHRF_LETTERS + CHRF_WORDS; n++, statistics += 3) {
        if (!statistics[0] || !statistics[1])
            continue;
        chrf->precision += (double)statistics[2] / (double)statistics[0];
        chrf->recall += (double)statistics[2] / (double)statistics[1];
        orders++;
    }
    if (chrf->precision <= 0) /* no match: no recall either */
        return;
    chrf->precision *= 100. / orders;
    chrf->recall *= 100. / orders;
    chrf->score = (1 + BETA * BETA) * chrf->precision * chrf->recall / (BETA * BETA * chrf->precision + chrf->recall);
}
