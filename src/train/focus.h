/* focus: chooses the attention weights that alignments are made of, in a model that has several: of each head of each layer, and the
 * mean of each layer's heads, those that agree best with the lexicon (train/guide.h) on validation pairs, where agreement is
 * Σ A_tj α_tj over all target words but </s>, A being the lexicon's posterior probabilities. */
#ifndef NMT_TRAIN_FOCUS_H
#define NMT_TRAIN_FOCUS_H

#include "train/learner.h"

/* Sets the alignment of the learner's model by what it does with these values on the first 200 pairs of `valid`. Does nothing where there
 * is no choice, or no lexicon. */
void focus_choose(struct learner *learner, const real *values, const struct corpus *valid);

#endif
