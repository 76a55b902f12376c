#include "train/part.h"

#include <stdlib.h>

static void reserve(struct part *part, int room)
{
    size_t count = (size_t)room;

    if (room <= part->room)
        return;
    part->room = room;
    part->source = memory_resize(part->source, count, sizeof *part->source);
    part->target = memory_resize(part->target, count, sizeof *part->target);
    part->source_length = memory_resize(part->source_length, count, sizeof(int));
    part->target_length = memory_resize(part->target_length, count, sizeof(int));
    part->numbers = memory_resize(part->numbers, count, sizeof(int));
}

void part_make(struct part *part, const struct pairs *pairs, int worker, int workers, int twins)
{
    const struct corpus *corpus = pairs->corpus;
    int n = 0;

    reserve(part, (pairs->count / workers + 1) * (twins ? 2 : 1));
    for (int k = pairs->count - 1; k >= 0; k--) {
        int turn = (pairs->count - 1 - k) % (2 * workers);
        int32_t pair = pairs->numbers[k];

        if ((turn < workers ? turn : 2 * workers - 1 - turn) != worker)
            continue;
        part->source[n] = corpus->sentence[SOURCE][pair];
        part->target[n] = corpus->sentence[TARGET][pair];
        part->source_length[n] = corpus->length[SOURCE][pair];
        part->target_length[n] = corpus->length[TARGET][pair];
        part->numbers[n++] = k;
    }
    for (int k = 0, one = n; twins && k < one; k++, n++) {
        part->source[n] = part->source[k];
        part->target[n] = part->target[k];
        part->source_length[n] = part->source_length[k];
        part->target_length[n] = part->target_length[k];
        part->numbers[n] = part->numbers[k] + pairs->count;
    }
    part->batch = (struct batch){ .sentences = n,
                                  .source = part->source,
                                  .source_length = part->source_length,
                                  .targets = n,
                                  .target = part->target,
                                  .target_length = part->target_length };
}

void part_release(struct part *part)
{
    free(part->source);
    free(part->target);
    free(part->source_length);
    free(part->target_length);
    free(part->numbers);
    *part = (struct part){ 0 };
}
