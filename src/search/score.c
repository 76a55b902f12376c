#include "search/score.h"

#include <stdlib.h>

/* Approximate number of source and target rows per pass; a model of the default size needs some 30 kB for each. */
enum { ROWS = 2048 };

/* The number of pairs in the next pass, at least one. */
static int chunk(const struct scored *pairs, int count)
{
    int rows = 0, n = 0;

    for (; n < count; n++) {
        rows += pairs[n].target_length;
        if (n == 0 || pairs[n].source != pairs[n - 1].source)
            rows += pairs[n].source_length;
        if (n > 0 && rows > ROWS)
            break;
    }
    return n;
}

void score(struct worker *worker, struct pass *pass, struct model *const *models, int model_count, struct scored *pairs, int count)
{
    const int32_t **source = memory_new((size_t)count, sizeof *source), **target = memory_new((size_t)count, sizeof *target);
    int *source_length = memory_new((size_t)count, sizeof(int)), *target_length = memory_new((size_t)count, sizeof(int));
    int *source_of = memory_new((size_t)count, sizeof(int));
    struct forced *forced = memory_new((size_t)count, sizeof *forced);

    for (int n; count > 0; pairs += n, count -= n) {
        struct batch batch = { .source = source,
                               .source_length = source_length,
                               .target = target,
                               .target_length = target_length,
                               .source_of = source_of };

        n = batch.targets = chunk(pairs, count);
        for (int i = 0; i < n; i++) {
            if (i == 0 || pairs[i].source != pairs[i - 1].source) {
                source[batch.sentences] = pairs[i].source;
                source_length[batch.sentences++] = pairs[i].source_length;
            }
            source_of[i] = batch.sentences - 1;
            target[i] = pairs[i].target;
            target_length[i] = pairs[i].target_length;
        }
        force_batch(worker, pass, models, model_count, &batch, forced);
        for (int i = 0; i < n; i++) {
            pairs[i].log_probability = forced[i].log_probability;
            if (pairs[i].want_alignment)
                pairs[i].alignment = forced[i].alignment;
            else
                free(forced[i].alignment);
        }
    }
    free(source);
    free(target);
    free(source_length);
    free(target_length);
    free(source_of);
    free(forced);
}
