#include "lexicon/words.h"

#include "text/table.h"
#include "text/words.h"

#include <stdlib.h>

/* The number of a word, which gets one if it is new. */
static int32_t number_of(struct lexicon_words *words, int side, const struct word *word)
{
    int count = (int)words->ids[side].count, id = table_add(&words->ids[side], word->start, word->length, count);

    if (id >= 0)
        return id;
    memory_reserve_one(&words->words[side], count, &words->room[side]);
    words->words[side][count] = (struct lexicon_word){ word->start, word->length };
    return count;
}

static void split_side(struct lexicon_words *words, const struct corpus *corpus, int side)
{
    size_t used = 0, room = 0;

    words->sentence[side] = memory_new(corpus->pairs + 1, sizeof(int32_t *));
    words->length[side] = memory_new(corpus->pairs + 1, sizeof(int));
    for (size_t k = 0; k < corpus->pairs; k++) {
        struct words rest = words_begin(corpus->lines[side][k], 0);
        struct word word;

        while (words_next(&rest, &word)) {
            memory_reserve_one(&words->tokens[side], used, &room);
            words->tokens[side][used++] = number_of(words, side, &word);
            words->length[side][k]++;
        }
    }
    used = 0;
    for (size_t k = 0; k < corpus->pairs; used += (size_t)words->length[side][k++])
        words->sentence[side][k] = words->tokens[side] + used;
}

void lexicon_words_init(struct lexicon_words *words, const struct corpus *corpus)
{
    *words = (struct lexicon_words){ 0 };
    for (int side = 0; side < 2; side++)
        split_side(words, corpus, side);
    words->text = (struct lexicon_text){ .source = words->sentence[SOURCE],
                                         .source_length = words->length[SOURCE],
                                         .target = words->sentence[TARGET],
                                         .target_length = words->length[TARGET],
                                         .pairs = corpus->pairs,
                                         .sources = (int)words->ids[SOURCE].count,
                                         .targets = (int)words->ids[TARGET].count };
}

void lexicon_words_release(struct lexicon_words *words)
{
    for (int side = 0; side < 2; side++) {
        free(words->words[side]);
        table_release(&words->ids[side]);
        free(words->tokens[side]);
        free(words->sentence[side]);
        free(words->length[side]);
    }
    *words = (struct lexicon_words){ 0 };
}
