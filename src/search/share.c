#include "search/share.h"

#include "base/cluster.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Takes bytes from *in. */
static void take(const char **in, void *bytes, size_t size)
{
    memcpy(bytes, *in, size);
    *in += size;
}

/* The part of a guess that is sent as it is; its text follows. */
struct sent_guess {
    double log_probability;
    int length, rank;
    size_t text;
};

static size_t alpha_size(const struct piece *piece)
{
    return piece->alpha ? size_product((size_t)piece->guesses[0].length, (size_t)(piece->to - piece->from + 2)) * sizeof(real) : 0;
}

static void put_piece(struct text *out, int number, const struct piece *piece)
{
    const int head[] = { number, piece->count, piece->alpha != NULL };

    text_add(out, (const char *)head, sizeof head);
    for (int k = 0; k < piece->count; k++) {
        const struct guess *guess = &piece->guesses[k];
        const struct sent_guess sent = { guess->log_probability, guess->length, guess->rank, strlen(guess->text) };

        text_add(out, (const char *)&sent, sizeof sent);
        text_add(out, guess->text, sent.text);
    }
    text_add(out, (const char *)piece->alpha, alpha_size(piece));
}

static void take_piece(struct pieces *pieces, const struct tokenizer *tokenizer, const char **in)
{
    int head[3];
    struct piece *piece;

    take(in, head, sizeof head);
    piece = &pieces->items[head[0]];
    piece->count = head[1];
    piece->guesses = memory_new((size_t)piece->count, sizeof *piece->guesses);
    for (int k = 0; k < piece->count; k++) {
        struct sent_guess sent;

        take(in, &sent, sizeof sent);
        piece->guesses[k] = (struct guess){ .log_probability = sent.log_probability, .length = sent.length, .rank = sent.rank };
        piece->guesses[k].text = memory_copy_text(*in, sent.text);
        *in += sent.text;
    }
    if (head[2]) {
        size_t numbers = size_product((size_t)piece->guesses[0].length, (size_t)(piece->to - piece->from + 2));

        piece->alpha = memory_new(numbers, sizeof(real));
        take(in, piece->alpha, numbers * sizeof(real));
        tokenizer_encode_target(tokenizer, &pieces->sentences[piece->sentence], piece->guesses[0].text, &piece->guesses[0].tokens);
    }
}

void share_pieces(struct pieces *pieces, const struct tokenizer *tokenizer)
{
    struct text mine = { 0 };
    size_t *sizes = memory_new((size_t)cluster_count(), sizeof *sizes);
    char *all;
    const char *at;

    for (int i = 0; i < pieces->count; i++)
        if (pieces->items[i].count)
            put_piece(&mine, i, &pieces->items[i]);
    at = all = cluster_gather_blocks(mine.data, mine.length, sizes);
    for (int process = 0; process < cluster_count(); process++) {
        const char *end = at + sizes[process];

        if (process == cluster_rank())
            at = end;
        while (at < end)
            take_piece(pieces, tokenizer, &at);
    }
    free(all);
    free(sizes);
    text_release(&mine);
}

void share_scores(double *scores, size_t count, size_t batch)
{
    double *all = memory_new(size_product((size_t)cluster_count(), count), sizeof *all);

    memcpy(all + (size_t)cluster_rank() * count, scores, count * sizeof *all);
    cluster_gather(all, count * sizeof *all);
    for (size_t i = 0; i < count; i++)
        scores[i] = all[i / batch % (size_t)cluster_count() * count + i];
    free(all);
}
