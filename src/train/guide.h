/* guide: where attention should look, for guided attention (Chen et al. 2016, "Guided alignment training for topic-aware neural
 * machine translation"). There are two sources:
 *
 *     lexicon    posterior probabilities of a statistical word alignment (lexicon/lexicon.h), which is learned from the tokens of the
 *                training corpus when training starts, fresh or resumed: a function of the corpus, it is stored nowhere
 *     a file     links between words, made elsewhere; a target token attends to all tokens of the words that its word is linked to,
 *                equally
 */
#ifndef NMT_TRAIN_GUIDE_H
#define NMT_TRAIN_GUIDE_H

#include "lexicon/lexicon.h"
#include "model/kinds.h"
#include "model/shortlist.h"
#include "train/part.h"

struct guidance {
    struct lexicon_pair lexicon;
    int32_t tag; /* of synthetic sources; 0: there is none */
    struct token_link {
        int source, target;
    } * links;     /* of a file: between tokens, pair after pair; else NULL */
    size_t *first; /* [pairs + 1] into links; NULL: the lexicon is used */
    uint64_t hash; /* of the links, by which a resumed training recognises them; 0 with the lexicon. 63 bits */
};

/* Learns the lexicon from an encoded corpus. */
void guidance_learn(struct guidance *guidance, const struct team *team, const struct corpus *corpus,
                    const struct tokenizer *tokenizer);

/* Makes the shortlist of a model for this corpus, by a lexicon of its own that keeps improbable translations, too: with those of the lexicon for
 * guided attention, which are few, translations are worse. */
void guidance_shorten(struct shortlist *shortlist, const struct team *team, const struct corpus *corpus,
                      const struct tokenizer *tokenizer);

/* Reads a file in Pharaoh format, one line per line of the corpus; words are numbered from 0, as in `nmt align`. 0, or -1 after
 * reporting. */
int guidance_read(struct guidance *guidance, const char *file, const struct corpus *corpus, const struct tokenizer *tokenizer);
void guidance_release(struct guidance *guidance);

/* A worker's memory for the guide of its part. Zero-initialise; guide_part_release. */
struct guide_part {
    struct guide guide;
    const real **weights;
    real *numbers;
    size_t room, number_room;
};

/* Sets guide.weights for the sentences of a part of these pairs. The last row of each matrix, that of </s>, is 1 at the source's
 * </s>. */
void guide_part_fill(struct guide_part *mine, const struct guidance *guidance, const struct pairs *pairs, const struct part *part);
void guide_part_release(struct guide_part *mine);

#endif
