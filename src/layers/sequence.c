#include "layers/sequence.h"

#include <assert.h>
#include <string.h>

void sequence_make(struct sequence *sequence, const int *lengths, int sentences, struct arena *arena)
{
    int steps = 0, rows = 0;

    for (int i = 0; i < sentences; i++) {
        assert(lengths[i] > 0);
        steps = lengths[i] > steps ? lengths[i] : steps;
        rows += lengths[i];
    }
    sequence->sentences = sentences;
    sequence->steps = steps;
    sequence->rows = rows;
    sequence->order = arena_take(arena, (size_t)sentences * sizeof(int));
    sequence->length = arena_take(arena, (size_t)sentences * sizeof(int));
    sequence->active = arena_take(arena, (size_t)steps * sizeof(int));
    sequence->first = arena_take(arena, ((size_t)steps + 1) * sizeof(int));
    if (!arena->base)
        return;
    /* Counting sort: active[t] = number of sentences longer than t, which is also the first rank of length t. */
    memset(sequence->active, 0, (size_t)steps * sizeof(int));
    for (int i = 0; i < sentences; i++)
        sequence->active[lengths[i] - 1]++;
    for (int t = steps - 2; t >= 0; t--)
        sequence->active[t] += sequence->active[t + 1];
    for (int t = 0; t <= steps; t++)
        sequence->first[t] = t < steps ? sequence->active[t] : 0; /* next free rank of length t */
    for (int i = 0; i < sentences; i++) {
        int rank = sequence->first[lengths[i]]++;

        sequence->order[rank] = i;
        sequence->length[rank] = lengths[i];
    }
    sequence->first[0] = 0;
    for (int t = 0; t < steps; t++)
        sequence->first[t + 1] = sequence->first[t] + sequence->active[t];
}
