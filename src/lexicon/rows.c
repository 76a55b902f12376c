#include "lexicon/rows.h"

#include "base/memory.h"

#include <stdlib.h>

int lexicon_teaches(const struct lexicon_text *text, size_t sentence)
{
    int Tx = text->source_length[sentence], Ty = text->target_length[sentence];

    return Tx > 0 && Ty > 0 && Tx <= LEXICON_LONGEST && Ty <= LEXICON_LONGEST;
}

/* Counting sort: starts are counted one place too far, and have moved to their place when all items are filled in. */
void occurrences_init(struct occurrences *occurrences, const struct lexicon_text *text, size_t first, size_t last)
{
    size_t words = (size_t)text->sources + 1, *start = memory_new(words + 2, sizeof *start);

    for (size_t k = first; k < last; k++) {
        if (!lexicon_teaches(text, k))
            continue;
        start[words + 1]++;
        for (int i = 0; i < text->source_length[k]; i++)
            if (text->source[k][i] >= 0)
                start[text->source[k][i] + 2]++;
    }
    for (size_t x = 2; x <= words + 1; x++)
        start[x] += start[x - 1];
    *occurrences = (struct occurrences){ first, last, start, memory_new(start[words + 1] + 1, sizeof *occurrences->items) };
    for (size_t k = first; k < last; k++) {
        if (!lexicon_teaches(text, k))
            continue;
        for (int i = -1; i < text->source_length[k]; i++) {
            int32_t x = i < 0 ? text->sources : text->source[k][i];

            if (x >= 0)
                occurrences->items[start[x + 1]++] = (struct occurrence){ (uint32_t)k, i };
        }
    }
}

void occurrences_release(struct occurrences *occurrences)
{
    free(occurrences->start);
    free(occurrences->items);
    *occurrences = (struct occurrences){ 0 };
}

static int ascending(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;

    return (left > right) - (left < right);
}

/* The different words that meet source word x: their number, and the words themselves into `row` unless it is NULL. seen[y] is x if y
 * has been counted. */
static size_t meet(const struct lexicon_text *text, const struct occurrences *all, int32_t x, int32_t *seen, int32_t *row)
{
    size_t count = 0;

    for (size_t at = all->start[x]; at < all->start[x + 1]; at++) {
        size_t k = all->items[at].sentence;

        for (int j = 0; j < text->target_length[k]; j++) {
            int32_t y = text->target[k][j];

            if (y < 0 || seen[y] == x)
                continue;
            seen[y] = x;
            if (row)
                row[count] = y;
            count++;
        }
    }
    if (row && count)
        qsort(row, count, sizeof *row, ascending);
    return count;
}

static void count_targets(struct lexicon *lexicon, const struct lexicon_text *text)
{
    long *counts = memory_new((size_t)text->targets + 1, sizeof *counts), total = 0;

    for (size_t k = 0; k < text->pairs; k++)
        for (int j = 0; j < text->target_length[k]; j++)
            if (text->target[k][j] >= 0) {
                counts[text->target[k][j]]++;
                total++;
            }
    lexicon->frequency = memory_new((size_t)text->targets + 1, sizeof *lexicon->frequency);
    for (int y = 0; y < text->targets; y++)
        lexicon->frequency[y] = (float)((double)counts[y] / (double)(total ? total : 1));
    free(counts);
}

void lexicon_rows(struct lexicon *lexicon, const struct team *team, const struct lexicon_text *text)
{
    int words = text->sources + 1;
    size_t targets = (size_t)text->targets;
    int32_t *seen = memory_new(size_product((size_t)team->count, targets) + 1, sizeof *seen);
    struct occurrences all;

    *lexicon = (struct lexicon){ .sources = text->sources, .targets = text->targets };
    occurrences_init(&all, text, 0, text->pairs);
    lexicon->row = memory_new((size_t)words + 1, sizeof *lexicon->row);
    for (int fill = 0; fill < 2; fill++) {
        for (size_t i = 0; i < (size_t)team->count * targets; i++)
            seen[i] = -1;
#pragma omp parallel for num_threads(team->count) if (team->count > 1) schedule(dynamic, 64)
        for (int32_t x = 0; x < words; x++) {
            int32_t *mine = seen + (size_t)omp_get_thread_num() * targets;

            if (fill)
                meet(text, &all, x, mine, lexicon->target + lexicon->row[x]);
            else
                lexicon->row[x + 1] = meet(text, &all, x, mine, NULL);
        }
        if (fill)
            break;
        for (int x = 0; x < words; x++)
            lexicon->row[x + 1] += lexicon->row[x];
        lexicon->target = memory_new(lexicon->row[words] + 1, sizeof *lexicon->target);
        lexicon->probability = memory_new(lexicon->row[words] + 1, sizeof *lexicon->probability);
    }
    occurrences_release(&all);
    free(seen);
    count_targets(lexicon, text);
}
