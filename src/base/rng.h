/* rng: seeded random numbers (xoshiro256**, Blackman and Vigna 2021; seeded by splitmix64).
 *
 * A generator is made from a seed and up to three counters, so that all randomness in training is a function of its purpose
 * (seed, epoch, update, sentence) and not of the worker that computes it: any number of workers draws the same masks, and resuming
 * needs no saved generator state. */
#ifndef NMT_BASE_RNG_H
#define NMT_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* A separate stream for each (seed, a, b, c). */
struct rng rng_make(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* The seed of further streams that belong to (seed, a, b, c). */
uint64_t rng_key(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* A number for the purpose of a stream, as an argument of rng_make: a hash of its name (FNV-1a). */
uint64_t rng_stream(const char *name);

uint64_t rng_next(struct rng *rng);
double rng_uniform(struct rng *rng);                             /* [0, 1), 53 bits */
double rng_normal(struct rng *rng);                              /* mean 0, deviation 1 (Box-Muller) */
size_t rng_below(struct rng *rng, size_t limit);                 /* 0 … limit-1, without bias; limit > 0 */
void rng_shuffle(struct rng *rng, int32_t *items, size_t count); /* Fisher-Yates */

#endif
