#include "eval/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const compare_bucket_names[COMPARE_BUCKETS] = { "0", "1", "2", "3", "4", "5-9", "10-99", "100-999", "1000+" };

static int bucket_of(long seen)
{
    return seen < 5 ? (int)seen : seen < 10 ? 5 : seen < 100 ? 6 : seen < 1000 ? 7 : 8;
}

void compare_release(struct compare *compare)
{
    for (int i = 0; i < compare->word_room; i++)
        free(compare->words[i]);
    free(compare->words);
    free(compare->seen);
    free(compare->ngrams);
    ngram_release(&compare->vocabulary);
    ngram_release(&compare->tree);
    items_release(&compare->reference);
    items_release(&compare->hypothesis);
    *compare = (struct compare){ 0 };
}

/* The numbers of a line's words, whose texts are then known. */
static void number_words(struct compare *compare, const char *line, struct items *words)
{
    int room = compare->word_room;

    ngram_words(&compare->vocabulary, line, words);
    if (compare->vocabulary.nodes >= room) {
        compare->word_room = (int)memory_doubled((size_t)compare->vocabulary.nodes, INT_MAX);
        compare->words = memory_resize(compare->words, (size_t)compare->word_room, sizeof *compare->words);
        compare->seen = memory_resize(compare->seen, (size_t)compare->word_room, sizeof *compare->seen);
        for (int i = room; i < compare->word_room; i++) {
            compare->words[i] = NULL;
            compare->seen[i] = 0;
        }
    }
    for (int i = 0; i < words->count; i++) {
        size_t length = strcspn(line, " ");

        if (!compare->words[words->items[i]])
            compare->words[words->items[i]] = memory_copy_text(line, length);
        line += length + (line[length] == ' ');
    }
}

void compare_train(struct compare *compare, const char *line)
{
    number_words(compare, line, &compare->hypothesis);
    for (int i = 0; i < compare->hypothesis.count; i++)
        compare->seen[compare->hypothesis.items[i]]++;
}

/* The n-gram `before` and another word. */
static int32_t longer(struct compare *compare, int32_t before, int32_t word)
{
    int32_t ngram = ngram_add(&compare->tree, before, word);

    if (ngram >= compare->ngram_room) {
        int room = compare->ngram_room;

        compare->ngram_room = (int)memory_doubled((size_t)ngram, INT_MAX);
        compare->ngrams = memory_resize(compare->ngrams, (size_t)compare->ngram_room, sizeof *compare->ngrams);
        memset(compare->ngrams + room, 0, (size_t)(compare->ngram_room - room) * sizeof *compare->ngrams);
    }
    if (!compare->ngrams[ngram].n) {
        compare->ngrams[ngram].before = before;
        compare->ngrams[ngram].word = word;
        compare->ngrams[ngram].n = compare->ngrams[before].n + 1;
    }
    return ngram;
}

/* Does something to each n-gram of a sentence, its place in compare->ngrams. */
static void each_ngram(struct compare *compare, const struct items *words, void (*visit)(struct compare_ngram *, long *matches),
                       int system)
{
    for (int from = 0; from < words->count; from++)
        for (int32_t n = 0, ngram = 0; n < COMPARE_ORDER && from + n < words->count; n++) {
            ngram = longer(compare, ngram, words->items[from + n]);
            visit(&compare->ngrams[ngram], &compare->ngrams[ngram].matches[system]);
        }
}

static void count_reference(struct compare_ngram *ngram, long *matches)
{
    (void)matches;
    ngram->reference++;
    ngram->left++;
}

static void count_match(struct compare_ngram *ngram, long *matches)
{
    if (ngram->used < ngram->left) {
        ngram->used++;
        ++*matches;
    }
}

static void forget_used(struct compare_ngram *ngram, long *matches)
{
    (void)matches;
    ngram->used = 0;
}

static void forget_left(struct compare_ngram *ngram, long *matches)
{
    (void)matches;
    ngram->left = 0;
}

/* The words of a hypothesis, after its n-grams were counted: of each word, `used` are matches. */
static void count_words(struct compare *compare, int system)
{
    for (int i = 0; i < compare->hypothesis.count; i++) {
        int32_t word = compare->hypothesis.items[i];
        struct compare_bucket *bucket = &compare->buckets[bucket_of(compare->seen[word])];
        struct compare_ngram *ngram = &compare->ngrams[longer(compare, 0, word)];

        bucket->hypothesis[system]++;
        bucket->matches[system] += ngram->used;
        ngram->used = 0;
    }
}

void compare_add(struct compare *compare, const char *reference, const char *const *hypotheses)
{
    number_words(compare, reference, &compare->reference);
    each_ngram(compare, &compare->reference, count_reference, 0);
    for (int i = 0; i < compare->reference.count; i++)
        compare->buckets[bucket_of(compare->seen[compare->reference.items[i]])].reference++;
    for (int system = 0; system < compare->systems; system++) {
        number_words(compare, hypotheses[system], &compare->hypothesis);
        each_ngram(compare, &compare->hypothesis, count_match, system);
        count_words(compare, system);
        each_ngram(compare, &compare->hypothesis, forget_used, system);
    }
    each_ngram(compare, &compare->reference, forget_left, 0);
}

/* How much more often b has it than a, in standard deviations if both were equally likely to. */
static double difference(const struct compare_ngram *ngram, int a, int b)
{
    double x = (double)ngram->matches[a], y = (double)ngram->matches[b];

    return x + y > 0 ? (y - x) / sqrt(x + y) : 0;
}

int compare_list(const struct compare *compare, int a, int b, int n, int32_t *list, int most)
{
    int count = 0;

    for (int32_t i = 1; i <= compare->tree.nodes; i++) {
        double here = difference(&compare->ngrams[i], a, b);
        int at = count;

        if (compare->ngrams[i].n != n || here <= 0)
            continue;
        while (at > 0 && difference(&compare->ngrams[list[at - 1]], a, b) < here)
            at--;
        if (at == most)
            continue;
        count += count < most;
        memmove(list + at + 1, list + at, (size_t)(count - at - 1) * sizeof *list);
        list[at] = i;
    }
    return count;
}

void compare_text(const struct compare *compare, int32_t ngram, struct text *text)
{
    const struct compare_ngram *x = &compare->ngrams[ngram];

    if (x->n > 1) {
        compare_text(compare, x->before, text);
        text_add_string(text, " ");
    }
    text_add_string(text, compare->words[x->word]);
}

double compare_f1(const struct compare_bucket *bucket, int system)
{
    long all = bucket->reference + bucket->hypothesis[system];

    return all ? 2 * (double)bucket->matches[system] / (double)all : 0;
}
