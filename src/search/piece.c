#include "search/piece.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A batch ends when it has this many source tokens, even if it has few pieces. */
enum { TOKENS_OF_BATCH = 1 << 16 };

void pieces_init(struct pieces *pieces, size_t line_count)
{
    *pieces = (struct pieces){ .line_count = line_count };
    pieces->lines = memory_new(line_count, sizeof *pieces->lines);
    pieces->first = memory_new(line_count + 1, sizeof *pieces->first);
}

static void piece_release(struct piece *piece)
{
    for (int i = 0; i < piece->count; i++)
        guess_release(&piece->guesses[i]);
    free(piece->guesses);
    tokens_release(&piece->prefix);
    free(piece->rest);
    free(piece->ids);
    free(piece->alpha);
    free(piece->tree.nodes);
}

void pieces_release(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->line_count; i++)
        tokens_release(&pieces->lines[i]);
    for (int i = 0; i < pieces->count; i++)
        piece_release(&pieces->items[i]);
    free(pieces->lines);
    free(pieces->items);
    free(pieces->first);
}

/* The cut of a line that is too long: after the last end of a sentence in the second half of what fits, else after a comma or the
 * like, else between words, else anywhere. */
static int cut(const struct tokens *tokens, int from, int longest)
{
    static const char *const marks[] = { ".!?;:\u3002\uff01\uff1f\u0964", ",\u3001\uff0c\u060c" };
    int limit = from + longest;

    if (tokens->count - from <= longest)
        return tokens->count;
    for (size_t kind = 0; kind < 3; kind++)
        for (int i = limit; i > from + longest / 2; i--) {
            int ends_word = tokens->word_of[i - 1] != tokens->word_of[i];

            if (ends_word && (kind == 2 || strstr(marks[kind], tokens->words[tokens->word_of[i - 1]])))
                return i;
        }
    return limit;
}

int32_t *piece_ids(const struct tokens *tokens, int from, int to)
{
    int32_t *ids = memory_new((size_t)(to - from) + 1, sizeof *ids);

    if (to > from)
        memcpy(ids, tokens->ids + from, (size_t)(to - from) * sizeof *ids);
    ids[to - from] = VOCAB_END;
    return ids;
}

void pieces_cut(struct pieces *pieces, size_t line, int longest, uint64_t key)
{
    const struct tokens *tokens = &pieces->lines[line];

    for (int from = 0, to; from < tokens->count; from = to) {
        to = cut(tokens, from, longest);
        memory_reserve_one(&pieces->items, pieces->count, &pieces->room);
        pieces->items[pieces->count++] = (struct piece){ .line = line,
                                                         .from = from,
                                                         .to = to,
                                                         .last = to == tokens->count,
                                                         .key = rng_key(key, (uint64_t)from, 0, 0),
                                                         .ids = piece_ids(tokens, from, to) };
    }
    pieces->first[line + 1] = pieces->count;
}

static int longer_first(const void *a, const void *b)
{
    const struct piece *x = *(const struct piece *const *)a, *y = *(const struct piece *const *)b;
    int difference = (y->to - y->from) - (x->to - x->from);

    return difference ? difference : x->line != y->line ? (x->line < y->line ? -1 : 1) : x->from - y->from;
}

int pieces_batches(const struct pieces *pieces, int batch, int workers, struct piece ***order, int **start)
{
    int batches = 0, tokens = 0, even = pieces->count / workers + (pieces->count % workers > 0);

    *order = memory_new((size_t)pieces->count, sizeof **order);
    *start = memory_new((size_t)pieces->count + 1, sizeof **start);
    for (int i = 0; i < pieces->count; i++)
        (*order)[i] = &pieces->items[i];
    qsort(*order, (size_t)pieces->count, sizeof **order, longer_first);
    if (even < batch)
        batch = even;
    for (int i = 0; i < pieces->count; i++) {
        if (i == 0 || i - (*start)[batches - 1] == batch || tokens >= TOKENS_OF_BATCH) {
            (*start)[batches++] = i;
            tokens = 0;
        }
        tokens += (*order)[i]->to - (*order)[i]->from + 1;
    }
    (*start)[batches] = pieces->count;
    return batches;
}

int guesses_add(struct guess *guesses, int count, struct guess guess)
{
    for (int i = 0; i < count; i++)
        if (strcmp(guesses[i].text, guess.text) == 0) {
            guess_release(&guess);
            return count;
        }
    guesses[count] = guess;
    return count + 1;
}

int guesses_rank(struct guess *guesses, int count, double penalty)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        struct guess guess = guesses[i];
        double score = guess.log_probability / pow(guess.length, penalty);
        int k = i;

        guess.rank = i;
        for (; k > 0 && guesses[k - 1].log_probability / pow(guesses[k - 1].length, penalty) < score; k--)
            guesses[k] = guesses[k - 1];
        guesses[k] = guess;
    }
    for (int i = 0; i < count; i++)
        kept = guesses_add(guesses, kept, guesses[i]);
    return kept;
}

void guess_release(struct guess *guess)
{
    free(guess->text);
    tokens_release(&guess->tokens);
    *guess = (struct guess){ 0 };
}
