/* noise: damages a line word by word, so that a model trained on it as source text relies less on each word (Edunov et al. 2018,
 * section 3, "beam+noise"; Lample et al. 2018, section 2.3). In this order, each word
 *
 *     is deleted         with probability drop (at least one word is left)
 *     is replaced by "_" with probability blank
 *     is moved           by at most `shuffle` places: words are sorted by i + uniform(0, shuffle + 1)
 *
 * A word is one of text/words.h; each keeps the space before it, or its absence. */
#ifndef NMT_TEXT_NOISE_H
#define NMT_TEXT_NOISE_H

#include "base/memory.h"
#include "base/rng.h"

struct noise {
    double drop, blank;
    int shuffle;
};

/* Whether there is any. */
int noise_wanted(const struct noise *noise);

/* Adds the damaged form of the line (normalised text) to `out`. */
void noise_add(const struct noise *noise, struct rng *rng, const char *line, int pretokenized, struct text *out);

#endif
