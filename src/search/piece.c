#include "search/piece.h"

#include "base/rng.h"
#include "text/sentences.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A batch ends when it has this many source tokens, even if it has few pieces. */
enum { TOKENS_OF_BATCH = 1 << 16 };

void pieces_init(struct pieces *pieces, size_t sentence_count)
{
    *pieces = (struct pieces){ .sentence_count = sentence_count };
    pieces->sentences = memory_new(sentence_count, sizeof *pieces->sentences);
    pieces->first = memory_new(sentence_count + 1, sizeof *pieces->first);
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
    for (size_t i = 0; i < pieces->sentence_count; i++)
        tokens_release(&pieces->sentences[i]);
    for (int i = 0; i < pieces->count; i++)
        piece_release(&pieces->items[i]);
    free(pieces->sentences);
    free(pieces->items);
    free(pieces->first);
}

/* Which words end a sentence of the text: [tokens->word_count], heap. */
static char *find_ends(const struct tokens *tokens, const char *text)
{
    char *ends = memory_new((size_t)tokens->word_count + 1, 1);
    const char *end = text;
    size_t left = strlen(text);
    int word = 0;

    for (const char *at = text; left > 0 && word < tokens->word_count; ends[word - 1] = 1) {
        size_t length = sentence_length(end, left);

        end += length;
        left -= length;
        for (; word < tokens->word_count && at < end; word++) {
            at += strlen(tokens->words[word]);
            at += strspn(at, " ");
        }
    }
    return ends;
}

/* The cut of a text that is too long: after the last sentence in the second half of what fits, else after the last mark that may end one, else
 * after a comma or the like, else between words, else anywhere. */
static int cut(const struct tokens *tokens, const char *ends, int from, int longest)
{
    enum { SENTENCE, MARK, COMMA, WORD, KINDS };
    static const char *const marks[KINDS] = { [MARK] = ".!?;:\u3002\uff01\uff1f\u0964", [COMMA] = ",\u3001\uff0c\u060c" };
    int limit = from + longest;

    if (tokens->count - from <= longest)
        return tokens->count;
    for (int kind = SENTENCE; kind < KINDS; kind++)
        for (int i = limit; i > from + longest / 2; i--) {
            if (tokens->word_of[i - 1] == tokens->word_of[i])
                continue;
            if (kind == SENTENCE ? ends[tokens->word_of[i] - 1]
                : kind == WORD   ? 1
                                 : strstr(marks[kind], tokens->words[tokens->word_of[i - 1]]) != NULL)
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

void pieces_cut(struct pieces *pieces, size_t sentence, const char *text, int longest, uint64_t key)
{
    const struct tokens *tokens = &pieces->sentences[sentence];
    char *ends = tokens->count > longest ? find_ends(tokens, text) : NULL;

    for (int from = 0, to; from < tokens->count; from = to) {
        to = cut(tokens, ends, from, longest);
        memory_reserve_one(&pieces->items, pieces->count, &pieces->room);
        pieces->items[pieces->count++] = (struct piece){ .sentence = sentence,
                                                         .from = from,
                                                         .to = to,
                                                         .key = rng_key(key, (uint64_t)from, 0, 0),
                                                         .ids = piece_ids(tokens, from, to) };
    }
    pieces->first[sentence + 1] = pieces->count;
    free(ends);
}

static int longer_first(const void *a, const void *b)
{
    const struct piece *x = *(const struct piece *const *)a, *y = *(const struct piece *const *)b;
    int difference = (y->to - y->from) - (x->to - x->from);

    return difference ? difference : x->sentence != y->sentence ? (x->sentence < y->sentence ? -1 : 1) : x->from - y->from;
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
