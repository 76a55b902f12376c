/* batch: sentences that the model processes together. */
#ifndef NMT_MODEL_BATCH_H
#define NMT_MODEL_BATCH_H

#include <stddef.h>
#include <stdint.h>

/* Ids are borrowed. Lengths include the final </s> on both sides; each is at least 1. Several target sentences may belong to one
 * source sentence, which is then encoded once. */
struct batch {
    int sentences;                /* source sentences */
    const int32_t *const *source; /* [sentences][source_length] */
    const int *source_length;
    int targets;                  /* target sentences; 0 if only the encoder runs */
    const int32_t *const *target; /* [targets][target_length] */
    const int *target_length;
    const int *source_of; /* [targets] which source sentence each belongs to; NULL: target b to source b */
};

/* The longest of `count` lengths. */
static inline int batch_longest(const int *lengths, int count)
{
    int longest = 0;

    for (int i = 0; i < count; i++)
        longest = lengths[i] > longest ? lengths[i] : longest;
    return longest;
}

static inline int batch_source_of(const struct batch *batch, int target)
{
    return batch->source_of ? batch->source_of[target] : target;
}

#endif
