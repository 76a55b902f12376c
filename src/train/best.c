#include "train/best.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void best_init(struct best *best, int most, size_t length)
{
    *best = (struct best){ .length = length, .most = most, .items = memory_new((size_t)most, sizeof *best->items) };
}

void best_release(struct best *best)
{
    for (int i = 0; i < best->count; i++)
        free(best->items[i].values);
    free(best->items);
    free(best->average);
    *best = (struct best){ 0 };
}

int best_add(struct best *best, double score, long update, const real *values)
{
    struct kept kept = { .score = score, .update = update };
    int i = best->count;

    if (i == best->most) {
        if (score <= best->items[--i].score)
            return 0;
        kept.values = best->items[i].values;
    } else {
        kept.values = memory_new(best->length, sizeof(real));
        best->count++;
    }
    memcpy(kept.values, values, best->length * sizeof(real));
    for (; i > 0 && best->items[i - 1].score < score; i--)
        best->items[i] = best->items[i - 1];
    best->items[i] = kept;
    return i == 0;
}

real *best_mean(const struct best *best)
{
    real *mean = memory_new(best->length, sizeof(real));

    for (size_t k = 0; k < best->length; k++) {
        double sum = 0;

        for (int i = 0; i < best->count; i++)
            sum += (double)best->items[i].values[k];
        mean[k] = (real)(sum / best->count);
    }
    return mean;
}
