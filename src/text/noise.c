#include "text/noise.h"

#include "text/words.h"

#include <stdlib.h>

struct placed {
    struct word word;
    double place;
};

int noise_wanted(const struct noise *noise)
{
    return noise->drop > 0 || noise->blank > 0 || noise->shuffle > 0;
}

static int by_place(const void *a, const void *b)
{
    double x = ((const struct placed *)a)->place, y = ((const struct placed *)b)->place;

    return (x > y) - (x < y);
}

void noise_add(const struct noise *noise, struct rng *rng, const char *line, int pretokenized, struct text *out)
{
    struct words words = words_begin(line, pretokenized);
    struct placed *kept = NULL, one;
    int count = 0, room = 0, left = 0;

    while (words_next(&words, &one.word)) {
        memory_reserve_one(&kept, count, &room);
        kept[count++] = one;
    }
    for (int i = 0; i < count; i++) {
        int last = left == 0 && i == count - 1;

        one = kept[i];
        if (rng_uniform(rng) < noise->drop && !last)
            continue;
        if (rng_uniform(rng) < noise->blank) {
            one.word.start = "_";
            one.word.length = 1;
        }
        one.place = left + rng_uniform(rng) * (noise->shuffle + 1);
        kept[left++] = one;
    }
    text_add(out, "", 0);
    if (noise->shuffle && left > 0)
        qsort(kept, (size_t)left, sizeof *kept, by_place);
    for (int i = 0; i < left; i++) {
        if (kept[i].word.space && i > 0)
            text_add_string(out, " ");
        text_add(out, kept[i].word.start, kept[i].word.length);
    }
    free(kept);
}
