#include "layers/dropout.h"

void dropout_mask(real *mask, int n, double rate, struct rng *rng)
{
    /* Four decisions of 16 bits from each random number: 1/65536 is fine enough for a rate. */
    uint64_t limit = (uint64_t)(rate * 65536 + 0.5), bits = 0;
    real keep = (real)(1 / (1 - rate));

    for (int i = 0; i < n; i++) {
        if (i % 4 == 0)
            bits = rng_next(rng);
        mask[i] = (bits & 0xffff) < limit ? 0 : keep;
        bits >>= 16;
    }
}
