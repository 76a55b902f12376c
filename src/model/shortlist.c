#include "model/shortlist.h"

#include "base/memory.h"
#include "text/vocab.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 64 };

void shortlist_index(struct shortlist *shortlist)
{
    shortlist->first = memory_new((size_t)shortlist->sources + 2, sizeof *shortlist->first);
    for (int x = 0; x <= shortlist->sources; x++)
        shortlist->first[x + 1] = shortlist->first[x] + (size_t)shortlist->counts[x];
}

void shortlist_release(struct shortlist *shortlist)
{
    free(shortlist->first);
    free(shortlist->own_counts);
    free(shortlist->own_words);
    *shortlist = (struct shortlist){ 0 };
}

static void mark_row(const struct shortlist *list, int row, unsigned char *marked)
{
    for (size_t i = list->first[row]; i < list->first[row + 1]; i++)
        marked[list->words[i]] = 1;
}

/* Marks the words of a sentence. */
static void mark(const struct shortlist *list, const int32_t *source, int length, unsigned char *marked)
{
    mark_row(list, list->sources, marked);
    for (int i = 0; i < length; i++)
        mark_row(list, source[i], marked);
}

/* Appends the marked words to `own`, and adds the marks to those of the batch. */
static void take(struct candidates *candidates, int b, const unsigned char *marked, int vocabulary)
{
    size_t count = candidates->first[b];

    if (candidates->room < count + (size_t)vocabulary) {
        candidates->room = 2 * count + (size_t)vocabulary;
        candidates->own = memory_resize(candidates->own, candidates->room, sizeof *candidates->own);
        candidates->columns = memory_resize(candidates->columns, candidates->room, sizeof *candidates->columns);
    }
    for (int v = 0; v < vocabulary; v++)
        if (marked[v]) {
            candidates->own[count++] = v;
            candidates->marked[v] = 1;
        }
    candidates->first[b + 1] = count;
}

/* Lays out the marked words of the batch side by side, with some others up to a multiple of STEP. */
static void lay_out(struct candidates *candidates, int vocabulary)
{
    int marked = 0, wanted;

    for (int v = 0; v < vocabulary; v++)
        marked += candidates->marked[v];
    wanted = (marked + STEP - 1) / STEP * STEP;
    candidates->count = 0;
    for (int v = 0; v < vocabulary; v++) {
        if (!candidates->marked[v] && marked < wanted) {
            candidates->marked[v] = 1;
            marked++;
        }
        if (candidates->marked[v]) {
            candidates->place[v] = candidates->count;
            candidates->words[candidates->count++] = v;
        }
    }
}

/* parameters: a batch, and for each of its sentences how its words are chosen. */
void candidates_find(struct candidates *candidates, const struct shortlist *const *lists, int list_count, const struct batch *batch,
                     const int *whole, int vocabulary)
{
    size_t V = (size_t)vocabulary;
    unsigned char *marked = memory_new(V, 1);

    free(candidates->first);
    candidates->first = memory_new((size_t)batch->sentences + 1, sizeof *candidates->first);
    if (!candidates->words) {
        candidates->words = memory_new(V, sizeof *candidates->words);
        candidates->place = memory_new(V, sizeof *candidates->place);
        candidates->marked = memory_new(V, 1);
    }
    memset(candidates->marked, 0, V);
    for (int b = 0; b < batch->sentences; b++) {
        memset(marked, whole && whole[b], V);
        marked[VOCAB_END] = 1; /* whatever a file says */
        for (int i = 0; i < list_count; i++)
            mark(lists[i], batch->source[b], batch->source_length[b], marked);
        take(candidates, b, marked, vocabulary);
    }
    lay_out(candidates, vocabulary);
    for (size_t i = 0; i < candidates->first[batch->sentences]; i++)
        candidates->columns[i] = candidates->place[candidates->own[i]];
    free(marked);
}

void candidates_release(struct candidates *candidates)
{
    free(candidates->words);
    free(candidates->own);
    free(candidates->columns);
    free(candidates->first);
    free(candidates->place);
    free(candidates->marked);
    *candidates = (struct candidates){ 0 };
}
