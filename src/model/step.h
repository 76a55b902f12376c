/* step: the decoder one word at a time, for many hypotheses of many sentences at once (search).
 *
 * What depends on the source alone is computed once per sentence: the keys Ua h_j, and the annotations as the GRU and the readout will
 * see them, [C; Co] h_j. Because c_t = Σ_j α_tj h_j, the products C c_t and Co c_t are the same weighted sums of these rows, so the
 * step needs no product with C or Co, however many hypotheses look at the sentence. */
#ifndef NMT_MODEL_STEP_H
#define NMT_MODEL_STEP_H

#include "model/encoder.h"

/* Rows whose logits are held at a time: those of all hypotheses would go through memory instead of the cache. */
enum { STEP_CHUNK = 64 };

struct step {
    struct matmul *matmul; /* the thread's, not owned */
    const struct model *model;
    struct arena arena;
    struct encoder encoder;
    const int *source_length;
    int room;                           /* rows that fit */
    real *projected;                    /* [source rows, 3H + 2L] */
    real *fixed;                        /* [sentences, 2H] without attention */
    real *s, *next;                     /* [room, H] states before and after the step */
    real *Y, *g, *rs, *context, *t, *m; /* [room, E | A+3H | H | 3H+2L | 2L | L] */
    real *logits;                       /* [STEP_CHUNK, Vy] */
    real *alpha;                        /* [longest source] of the row at hand */
};

/* Encodes the batch (targets NULL); `s` then holds each sentence's s_0 in its row. At most `room` rows will be stepped at once. */
void step_start(struct step *step, struct matmul *matmul, const struct model *model, const struct batch *batch, int room);

/* For each row: from state s, the word before (previous; -1 at the start) and the sentence that the row belongs to, the state `next` and
 * what step_logits needs. */
void step_run(struct step *step, const int32_t *previous, const int *sentence, int rows);

/* logits [rows, Vy] of the next word, for `rows` ≤ STEP_CHUNK rows of the last step_run from `first` on. */
void step_logits(struct step *step, int first, int rows);

/* s [rows] = next of the given rows. */
void step_select(struct step *step, const int *parents, int rows);

void step_release(struct step *step);

#endif
