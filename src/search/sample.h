/* sample: draws a word from the model's distribution (back-translation: Edunov et al. 2018, "Understanding back-translation at
 * scale", section 3; truncated to the most probable words: Fan et al. 2018, section 5.2). search/beam.h draws whole sentences. */
#ifndef NMT_SEARCH_SAMPLE_H
#define NMT_SEARCH_SAMPLE_H

#include "math/real.h"

#include <stdint.h>

struct sampling {
    double temperature; /* p ^ (1/temperature), renormalised; below 1: closer to the most probable words; 0: no sampling */
    int top_k;          /* only the most probable words, and those as probable as the last of them; 0: all */
};

/* The word at `uniform` (0 … 1, 1 excluded) of the cumulative distribution. x [V] are logits, or log-probabilities; scratch [V].
 * VOCAB_END if the numbers have overflowed. */
int32_t sample_word(const struct sampling *sampling, const real *x, int V, double uniform, double *scratch);

#endif
