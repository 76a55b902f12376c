#include "train/guide.h"

#include <stdlib.h>
#include <string.h>

void guidance_learn(struct guidance *guidance, const struct team *team, const struct corpus *corpus, int sources, int targets)
{
    /* </s>, the last token of both sides, is no word. */
    int *lengths[2];

    for (int side = 0; side < 2; side++) {
        lengths[side] = memory_new(corpus->pairs, sizeof *lengths[side]);
        for (size_t k = 0; k < corpus->pairs; k++)
            lengths[side][k] = corpus->length[side][k] - 1;
    }
    lexicon_learn(&guidance->lexicon, team,
                  &(struct lexicon_text){ .source = corpus->sentence[SOURCE],
                                          .source_length = lengths[SOURCE],
                                          .target = corpus->sentence[TARGET],
                                          .target_length = lengths[TARGET],
                                          .pairs = corpus->pairs,
                                          .sources = sources,
                                          .targets = targets },
                  &lexicon_defaults);
    free(lengths[SOURCE]);
    free(lengths[TARGET]);
}

void guidance_release(struct guidance *guidance)
{
    lexicon_release(&guidance->lexicon);
}

static void reserve(struct guide_part *mine, const struct batch *batch)
{
    size_t numbers = 0;

    for (int b = 0; b < batch->targets; b++)
        numbers += size_product((size_t)batch->source_length[b], (size_t)batch->target_length[b]);
    if ((size_t)batch->targets > mine->room) {
        mine->room = (size_t)batch->targets;
        mine->weights = memory_resize(mine->weights, mine->room, sizeof *mine->weights);
    }
    if (numbers > mine->number_room) {
        mine->number_room = numbers;
        mine->numbers = memory_resize(mine->numbers, numbers, sizeof *mine->numbers);
    }
}

/* A [Ty, Tx] of sentence b: that of the words, [Ty − 1, Tx − 1], then a row and a column for </s>. */
static void fill(const struct guidance *guidance, const struct batch *batch, int b, real *A)
{
    size_t Tx = (size_t)batch->source_length[b], Ty = (size_t)batch->target_length[b];
    const struct lexicon_sentences words = { batch->source[b], batch->target[b], (int)Tx - 1, (int)Ty - 1 };

    lexicon_guide(&guidance->lexicon, &words, A);
    for (size_t t = Ty - 1; t-- > 0;) {
        memmove(A + t * Tx, A + t * (Tx - 1), (Tx - 1) * sizeof *A);
        A[t * Tx + Tx - 1] = 0;
    }
    for (size_t j = 0; j < Tx; j++)
        A[(Ty - 1) * Tx + j] = j == Tx - 1;
}

void guide_part_fill(struct guide_part *mine, const struct guidance *guidance, const struct part *part)
{
    const struct batch *batch = &part->batch;
    real *at;

    reserve(mine, batch);
    at = mine->numbers;
    for (int b = 0; b < batch->targets; b++) {
        fill(guidance, batch, b, at);
        mine->weights[b] = at;
        at += (size_t)batch->source_length[b] * (size_t)batch->target_length[b];
    }
    mine->guide.weights = mine->weights;
}

void guide_part_release(struct guide_part *mine)
{
    free(mine->weights);
    free(mine->numbers);
    *mine = (struct guide_part){ 0 };
}
