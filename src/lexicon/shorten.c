#include "lexicon/shorten.h"

#include "base/memory.h"
#include "text/vocab.h"

#include <stdlib.h>

const struct shorten_options shorten_defaults = { .translations = 30, .sources = 3, .frequent = 200 };

/* Pairs of a row and a word. */
struct entries {
    struct entry {
        int32_t row, word;
    } * items;
    int count, room;
};

static void add(struct entries *entries, int32_t row, int32_t word)
{
    memory_reserve_one(&entries->items, entries->count, &entries->room);
    entries->items[entries->count++] = (struct entry){ row, word };
}

static int by_row(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return x->row != y->row ? (x->row > y->row) - (x->row < y->row) : (x->word > y->word) - (x->word < y->word);
}

/* The most frequent target words, into the row of all sources. */
static void add_frequent(struct entries *entries, const struct lexicon *forward, int most)
{
    int32_t *best = memory_new((size_t)most + 1, sizeof *best);
    int count = 0;

    for (int v = 0; v < forward->targets; v++) {
        int at = count;

        while (at > 0 && forward->frequency[v] > forward->frequency[best[at - 1]])
            at--;
        if (at == most || forward->frequency[v] <= 0)
            continue;
        count += count < most;
        for (int i = count - 1; i > at; i--)
            best[i] = best[i - 1];
        best[at] = v;
    }
    for (int i = 0; i < count; i++)
        add(entries, forward->sources, best[i]);
    add(entries, forward->sources, VOCAB_END);
    add(entries, forward->sources, VOCAB_UNKNOWN);
    free(best);
}

void lexicon_shorten(struct shortlist *shortlist, const struct lexicon_pair *lexicon, const struct shorten_options *options)
{
    struct entries entries = { 0 };
    int most = options->translations > options->sources ? options->translations : options->sources;
    int32_t *some = memory_new((size_t)most + 1, sizeof *some);
    int sources = lexicon->forward.sources, kept = 0;

    for (int32_t x = 0; x < sources; x++)
        for (int i = lexicon_translations(&lexicon->forward, x, some, options->translations); i > 0; i--)
            add(&entries, x, some[i - 1]);
    for (int32_t y = 0; y < lexicon->forward.targets; y++)
        for (int i = lexicon_translations(&lexicon->backward, y, some, options->sources); i > 0; i--)
            add(&entries, some[i - 1], y);
    add_frequent(&entries, &lexicon->forward, options->frequent);
    qsort(entries.items, (size_t)entries.count, sizeof *entries.items, by_row);

    shortlist->sources = sources;
    shortlist->counts = shortlist->own_counts = memory_new((size_t)sources + 1, sizeof *shortlist->own_counts);
    shortlist->words = shortlist->own_words = memory_new((size_t)entries.count, sizeof *shortlist->own_words);
    for (int i = 0; i < entries.count; i++)
        if (i == 0 || by_row(&entries.items[i - 1], &entries.items[i]) != 0) {
            shortlist->own_counts[entries.items[i].row]++;
            shortlist->own_words[kept++] = entries.items[i].word;
        }
    shortlist_index(shortlist);
    free(entries.items);
    free(some);
}
