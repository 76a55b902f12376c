/* validate: measures a model on held-out pairs: loss and perplexity by forced decoding, BLEU of greedy translations. */
#ifndef NMT_TRAIN_VALIDATE_H
#define NMT_TRAIN_VALIDATE_H

#include "corpus/corpus.h"
#include "math/team.h"
#include "model/model.h"
#include "search/alignment.h"

#include <signal.h>

struct validation {
    double loss;       /* −log p, nats per target token, no smoothing */
    double perplexity; /* e^loss */
    double bleu; /* 0..100: cased, of detokenised greedy output; words by tokenize_choice, tokeniser none for pretokenized text */

    long watch;                 /* in: a pair, from 1; 0: none */
    struct alignment alignment; /* out: its alignment, between words; alignment_release */
};

/* Bytes of the activations of one worker's largest batch of these pairs. */
size_t validate_measure(const struct corpus *corpus, const struct model *model);

/* Sets all but validation->watch. The model's weights must be packed for the team. `stop` is checked before each batch: a value other than 0 ends the
 * validation. 0, or 1 if it did; the result is then not valid. */
int validate(struct validation *validation, struct model *model, const struct tokenizer *tokenizer, struct team *team,
             const struct corpus *corpus, const volatile sig_atomic_t *stop);

#endif
