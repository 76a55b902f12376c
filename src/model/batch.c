#include "model/batch.h"

#include "layers/dropout.h"

static real *take(struct arena *arena, int sentences, int n, double rate)
{
    return rate > 0 ? arena_take(arena, (size_t)sentences * (size_t)n * sizeof(real)) : NULL;
}

static void draw(real *masks, int b, int n, double rate, struct rng *rng)
{
    if (masks)
        dropout_mask(masks + (size_t)b * (size_t)n, n, rate, rng);
}

static unsigned char *take_words(struct arena *arena, const int *lengths, int sentences, double rate)
{
    size_t words = 0;

    for (int b = 0; b < sentences; b++)
        words += (size_t)lengths[b];
    return rate > 0 ? arena_take(arena, words) : NULL;
}

/* </s> is never dropped on the source side: it tells where the sentence ends. */
static unsigned char *draw_words(unsigned char *dropped, int words, double rate, struct rng *rng)
{
    for (int i = 0; i < words; i++)
        dropped[i] = i + 1 < words && rng_uniform(rng) < rate;
    return dropped + words;
}

void masks_draw(struct masks *masks, const struct batch *batch, const struct config *config, const struct dropout *dropout,
                uint64_t seed, uint64_t update, const int *numbers, struct arena *arena)
{
    int B = batch->sentences;
    unsigned char *source_word, *target_word;

    *masks = (struct masks){ 0 };
    if (!dropout)
        return;
    masks->rates = *dropout;
    masks->source_embedding = take(arena, B, config->E, dropout->embedding);
    masks->target_embedding = take(arena, B, config->E, dropout->embedding);
    for (int i = 0; i < 2 * config->encoder_layers; i++)
        masks->encoder_state[i / 2][i % 2] = take(arena, B, config->H, dropout->state);
    masks->decoder_state = take(arena, B, config->H, dropout->state);
    masks->annotation = take(arena, B, 2 * config->H, dropout->annotation);
    masks->readout = take(arena, B, config->L, dropout->readout);
    source_word = masks->source_word = take_words(arena, batch->source_length, B, dropout->source_word);
    target_word = masks->target_word = take_words(arena, batch->target_length, B, dropout->target_word);
    if (!arena->base)
        return;
    for (int b = 0; b < B; b++) {
        struct rng rng = rng_make(seed, 0x64726f70, update, (uint64_t)numbers[b]);

        draw(masks->source_embedding, b, config->E, dropout->embedding, &rng);
        draw(masks->target_embedding, b, config->E, dropout->embedding, &rng);
        draw(masks->encoder_state[0][0], b, config->H, dropout->state, &rng);
        draw(masks->encoder_state[0][1], b, config->H, dropout->state, &rng);
        draw(masks->decoder_state, b, config->H, dropout->state, &rng);
        draw(masks->annotation, b, 2 * config->H, dropout->annotation, &rng);
        draw(masks->readout, b, config->L, dropout->readout, &rng);
        if (source_word)
            source_word = draw_words(source_word, batch->source_length[b], dropout->source_word, &rng);
        if (target_word)
            target_word = draw_words(target_word, batch->target_length[b], dropout->target_word, &rng);
        for (int i = 2; i < 2 * config->encoder_layers; i++) /* last, so that more layers change no other mask */
            draw(masks->encoder_state[i / 2][i % 2], b, config->H, dropout->state, &rng);
    }
}
