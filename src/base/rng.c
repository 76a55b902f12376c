#include "base/rng.h"

#include <assert.h>
#include <math.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

struct rng rng_make(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    struct rng rng;
    uint64_t key[4] = { seed, a, b, c }, state = 0;

    for (int i = 0; i < 4; i++) {
        state ^= key[i];
        state = splitmix(&state);
    }
    for (int i = 0; i < 4; i++)
        rng.state[i] = splitmix(&state);
    return rng;
}

uint64_t rng_key(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    struct rng rng = rng_make(seed, a, b, c);

    return rng_next(&rng);
}

uint64_t rng_stream(const char *name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *rng)
{
    double u = 1 - rng_uniform(rng), v = rng_uniform(rng);

    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

size_t rng_below(struct rng *rng, size_t limit)
{
    uint64_t range = limit, reject = (0 - range) % range, x;

    assert(limit > 0);
    do
        x = rng_next(rng);
    while (x < reject);
    return (size_t)(x % range);
}

void rng_shuffle(struct rng *rng, int32_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = rng_below(rng, i);
        int32_t swap = items[i - 1];

        items[i - 1] = items[j];
        items[j] = swap;
    }
}
