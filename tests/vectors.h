/* vectors: numbers for tests of the elementwise kernels, and comparisons with plain loops in double. */
#ifndef NMT_TESTS_VECTORS_H
#define NMT_TESTS_VECTORS_H

#include "math/vec.h"

#include "check.h"

enum { ROOM = 1 << 15 };
/* Uniform in ± 3; ± 100 beside nothing; uniform in ± 1e-20. */
enum kind { ORDINARY, EXTREME, TINY, KINDS };

/* One vector, with the numbers after its end. */
struct vector {
    real at[ROOM + 16];
    size_t n;
};

static struct vector vectors[8]; /* the tests' room: too large for the stack */

/* Vector `which` anew: n numbers, a function of the arguments. */
static inline real *fill(int which, size_t n, enum kind kind)
{
    struct vector *vector = &vectors[which];
    struct rng rng = rng_make((uint64_t)which, n, kind, 0);

    assert_true(n <= ROOM);
    vector->n = n;
    for (size_t i = 0; i < ROOM + 16; i++)
        vector->at[i] = 77;
    check_fill(vector->at, n, kind == TINY ? 1e-20 : 3, &rng);
    for (size_t i = 0; kind == EXTREME && i < n; i++)
        vector->at[i] = (real)(i % 4 == 0 ? 100 : i % 4 == 1 ? 1e-30 : i % 4 == 2 ? -100 : 0);
    return vector->at;
}

/* Numbers between 0 and 1, as gates are. */
static inline real *fill_gates(int which, size_t n)
{
    real *x = fill(which, n, ORDINARY);

    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] + 3) / 6;
    return x;
}

/* Vector `which` becomes what `from` is. */
static inline const real *copy(int which, int from)
{
    vectors[which] = vectors[from];
    return vectors[which].at;
}

/* Allowed: 1e-6 of what the result is made of (`size`), which for tanh and logistic means 1e-6 absolute; and products of tiny
 * numbers may vanish. */
static inline void near(const char *what, size_t index, double got, double wanted, double size)
{
    check_near(what, index, got, wanted, 1e-6 * size + 1e-36);
}

/* Ends one check: nothing after a vector may have changed. */
static inline void ends_kept(void)
{
    for (int which = 0; which < 8; which++)
        for (size_t i = vectors[which].n; vectors[which].n && i < vectors[which].n + 16; i++)
            if (vectors[which].at[i] != 77)
                fail_msg("number %zu after the end of vector %d was written", i - vectors[which].n, which);
    for (int which = 0; which < 8; which++)
        vectors[which].n = 0;
}

/* Runs `check` for every length and kind. */
static inline void every(void (*check)(int n, enum kind kind))
{
    static const int lengths[] = { 1, 3, 17, 512 };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int kind = 0; kind < KINDS; kind++) {
            check(lengths[i], (enum kind)kind);
            ends_kept();
        }
}

#endif
