#include "layers/dropout.h"

#include "base/rng.h"
#include "math/vec.h"

static struct rng stream_of(const struct dropping *dropping, const char *name, int sentence)
{
    return rng_make(dropping->seed, rng_stream(name), dropping->update, (uint64_t)dropping->numbers[sentence]);
}

/* Four decisions of 16 bits from each random number: a resolution of 1/65536 is sufficient for a rate. */
static void draw(real *mask, size_t n, double rate, struct rng *rng)
{
    uint64_t limit = (uint64_t)(rate * 65536 + 0.5), bits;
    real keep = (real)(1 / (1 - rate));

    for (size_t i = 0; i < n; i += 4) {
        size_t count = n - i < 4 ? n - i : 4;

        bits = rng_next(rng);
        for (size_t k = 0; k < count; k++)
            mask[i + k] = (bits >> 16 * k & 0xffff) < limit ? 0 : keep;
    }
}

real *dropout_masks(struct arena *arena, const struct dropping *dropping, double rate, const char *name, int sentences, int n)
{
    real *masks = rate > 0 ? arena_take(arena, size_product((size_t)sentences, (size_t)n) * sizeof *masks) : NULL;

    for (int b = 0; masks && b < sentences; b++) {
        struct rng rng = stream_of(dropping, name, b);

        draw(masks + (size_t)b * (size_t)n, (size_t)n, rate, &rng);
    }
    return masks;
}

size_t extent_of(const struct extent *extent, int b)
{
    size_t count = size_product((size_t)extent->n, (size_t)extent->rows[b]);

    return extent->columns ? size_product(count, (size_t)extent->columns[extent->of ? extent->of[b] : b]) : count;
}

real *dropout_each(struct arena *arena, const struct dropping *dropping, double rate, const char *name, const struct extent *extent)
{
    size_t count = 0;
    real *masks, *at;

    for (int b = 0; b < extent->sentences; b++)
        count += extent_of(extent, b);
    masks = at = rate > 0 ? arena_take(arena, size_product(count, sizeof *masks)) : NULL;
    for (int b = 0; masks && b < extent->sentences; at += extent_of(extent, b++)) {
        struct rng rng = stream_of(dropping, name, b);

        draw(at, extent_of(extent, b), rate, &rng);
    }
    return masks;
}

void dropout_apply(struct matrix m, const real *mask)
{
    for (int i = 0; mask && i < m.rows; i++)
        vec_product(matrix_row(m, i), matrix_row(m, i), mask + (size_t)i * (size_t)m.columns, m.columns);
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
