#include "layers/dropout.h"

#include "base/rng.h"

static struct rng stream_of(const struct dropping *dropping, const char *name, int sentence)
{
    return rng_make(dropping->seed, rng_stream(name), dropping->update, (uint64_t)dropping->numbers[sentence]);
}

/* Four decisions of 16 bits from each random number: a resolution of 1/65536 is sufficient for a rate. */
static void draw(real *mask, int n, double rate, struct rng *rng)
{
    uint64_t limit = (uint64_t)(rate * 65536 + 0.5), bits = 0;
    real keep = (real)(1 / (1 - rate));

    for (int i = 0; i < n; i++) {
        if (i % 4 == 0)
            bits = rng_next(rng);
        mask[i] = (bits & 0xffff) < limit ? 0 : keep;
        bits >>= 16;
    }
}

real *dropout_masks(struct arena *arena, const struct dropping *dropping, double rate, const char *name, int sentences, int n)
{
    real *masks = rate > 0 ? arena_take(arena, size_product((size_t)sentences, (size_t)n) * sizeof *masks) : NULL;

    for (int b = 0; masks && b < sentences; b++) {
        struct rng rng = stream_of(dropping, name, b);

        draw(masks + (size_t)b * (size_t)n, n, rate, &rng);
    }
    return masks;
}

unsigned char *dropout_words(struct arena *arena, const struct dropping *dropping, double rate, const char *name, int sentences,
                             const int *lengths)
{
    size_t words = 0;
    unsigned char *dropped, *at;

    for (int b = 0; b < sentences; b++)
        words += (size_t)lengths[b];
    dropped = at = rate > 0 ? arena_take(arena, words) : NULL;
    for (int b = 0; dropped && b < sentences; at += lengths[b++]) {
        struct rng rng = stream_of(dropping, name, b);

        for (int i = 0; i < lengths[b]; i++)
            at[i] = i + 1 < lengths[b] && rng_uniform(&rng) < rate;
    }
    return dropped;
}
