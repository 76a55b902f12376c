/* guide: where attention should look, for guided attention (Chen et al. 2016, "Guided alignment training for topic-aware neural
 * machine translation"; here with the posterior probabilities of a statistical word alignment, lexicon/lexicon.h, instead of
 * hard links). The lexicon is learned from the tokens of the training corpus when training starts, fresh or resumed, so that it is
 * a function of the corpus alone and is stored nowhere. */
#ifndef NMT_TRAIN_GUIDE_H
#define NMT_TRAIN_GUIDE_H

#include "lexicon/lexicon.h"
#include "model/kinds.h"
#include "train/part.h"

struct guidance {
    struct lexicon_pair lexicon;
};

/* Learns from an encoded corpus; `sources` and `targets` are the sizes of the vocabularies. */
void guidance_learn(struct guidance *guidance, const struct team *team, const struct corpus *corpus, int sources, int targets);
void guidance_release(struct guidance *guidance);

/* A worker's memory for the guide of its part. Zero-initialise; guide_part_release. */
struct guide_part {
    struct guide guide;
    const real **weights;
    real *numbers;
    size_t room, number_room;
};

/* Sets guide.weights for the sentences of a part. The last row of each matrix, that of </s>, is 1 at the source's </s>. */
void guide_part_fill(struct guide_part *mine, const struct guidance *guidance, const struct part *part);
void guide_part_release(struct guide_part *mine);

#endif
