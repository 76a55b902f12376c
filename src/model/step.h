/* step: the model one word at a time, for many hypotheses of many sentences at once (search). The source is encoded once, and the decoder
 * computes what depends on it alone once (model/kinds.h, `start`). */
#ifndef NMT_MODEL_STEP_H
#define NMT_MODEL_STEP_H

#include "model/model.h"

/* Rows whose logits are held at a time: those of all hypotheses would go through memory instead of the cache. */
enum { STEP_CHUNK = 64 };

/* Zero-initialise, set worker and model; step_release. */
struct step {
    struct worker *worker; /* not owned; its arena holds the activations */
    const struct model *model;
    struct encoded encoded;
    void *encoder, *decoder; /* the kinds' states */
    struct matrix top;       /* of the last step_run */
    struct matrix logits;    /* [STEP_CHUNK, Vy] */
};

/* Bytes of the worker's arena for a search over the sources of this batch, with at most `room` ≥ sentences rows at a time. */
size_t step_measure(struct step *step, const struct batch *batch, int room);

/* Takes them from the arena, which the caller has started afresh (worker_reserve: several models of an ensemble share it), and encodes the
 * batch. Row b then is sentence b before its first word. */
void step_start(struct step *step, const struct batch *batch, int room);

/* For each row: takes the word before (previous; -1 at the start) and the sentence that the row belongs to. */
void step_run(struct step *step, const int32_t *previous, const int *sentence, int rows);

/* logits [rows, Vy] of the next word, for `rows` ≤ STEP_CHUNK rows of the last step_run from `first` on. */
void step_logits(struct step *step, int first, int rows);

/* Row i goes on from what became of row parents[i]. */
void step_select(struct step *step, const int *parents, int rows);

void step_release(struct step *step);

#endif
