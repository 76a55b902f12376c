/* step: the model one word at a time, for many hypotheses of many sentences at once (search). The source is encoded once, and
 * the decoder computes everything that depends only on it once (model/kinds.h, `start`). */
#ifndef NMT_MODEL_STEP_H
#define NMT_MODEL_STEP_H

#include "model/model.h"

/* Rows of logits computed at a time: those of all hypotheses would not fit into the cache. */
enum { STEP_CHUNK = 64 };

/* Zero-initialise, set worker and model; step_release. */
struct step {
    struct worker *worker; /* not owned; activations are in its arena */
    const struct model *model;
    struct encoded encoded;
    void *encoder, *decoder;   /* the kinds' states */
    struct matrix top;         /* of the last step_run */
    struct matrix logits;      /* [STEP_CHUNK, Vy or words.count] */
    struct output_words words; /* set words.words and words.count before step_measure: only they have logits */
};

/* Bytes of the worker's arena for a search over the sources of this batch, with at most `room` ≥ sentences rows at a time. */
size_t step_measure(struct step *step, const struct batch *batch, int room);

/* Takes them from the arena, which the caller has restarted (worker_reserve: several models of an ensemble share it), and
 * encodes the batch. Row b is then sentence b before its first word. */
void step_start(struct step *step, const struct batch *batch, int room);

/* Advances each row by a step, given its previous word (-1 at the start) and its sentence. */
void step_run(struct step *step, const int32_t *previous, const int *sentence, int rows);

/* logits [rows, Vy or words.count] of the next word, for `rows` ≤ STEP_CHUNK rows of the last step_run from `first` on. */
void step_logits(struct step *step, int first, int rows);

/* Row i continues from the new state of row parents[i]. */
void step_select(struct step *step, const int *parents, int rows);

void step_release(struct step *step);

#endif
