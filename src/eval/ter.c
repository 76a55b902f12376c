#include "eval/ter.h"

#include "base/memory.h"
#include "eval/ngram.h"
#include "eval/tokenize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* tercom's limits, and sacreBLEU's on the shifts tried for one sentence. */
enum { LONGEST_SHIFT = 10, FARTHEST_SHIFT = 50, BEAM = 25, MOST_SHIFTS_TRIED = 1000 };

enum { FAR = 1 << 29 }; /* the distance of cells outside the beam */

/* How a cell of the distance table is reached: word kept or replaced, hypothesis word deleted, reference word inserted. */
enum move { SAME, REPLACE, DELETE, INSERT };

/* One sentence. The distance table has a row per word of the hypothesis (0..H) and a column per word of the reference (0..R):
 *
 *     distance[i][j] = fewest edits that turn the first i words of the hypothesis into the first j of the reference
 *
 * As in tercom, a row has cells only near the diagonal, some 50, but the first and the last row reach to the end. Only those are
 * stored, so that time and memory grow with the length of a sentence, not with its square.
 *
 * The table is kept only for the current order of the hypothesis's words. A shift does not change the words before some position,
 * nor the rows up to there: a trial computes the rows after it, and needs only the last two of them. */
struct sentence {
    int32_t *hypothesis;      /* [H], reordered by each shift */
    const int32_t *reference; /* [R] */
    int H, R;
    int beam;             /* columns computed on either side of the diagonal */
    double slope;         /* R / H: the diagonal passes row i at column slope · i */
    size_t *start;        /* [H+2]: row i is the cells start[i] … start[i+1] of the two below */
    int *distance;        /* [start[H+1]] */
    unsigned char *moves; /* [start[H+1]] */
    int *rows;            /* [2, R+1]: of a trial */
    int32_t *trial;       /* [H]: the words of a trial */
    int *aligned;         /* [R]: the last hypothesis word at or before reference word j on the cheapest path, or -1 */
    unsigned char *wrong_hypothesis, *wrong_reference; /* [H], [R]: the word is not kept on the cheapest path */
    int tried;                                         /* shifts so far */
};

/* A block of hypothesis words and its new place; better ones have a larger gain, then are longer, start earlier, move less far. */
struct shift {
    int gain, length, start, target;
};

/* The columns of a row: low … high, never empty; neighbouring rows overlap, so that a path leads through all of them. */
struct span {
    int low, high;
};

static struct span span_of(const struct sentence *s, int i)
{
    int diagonal = (int)floor(i * s->slope);

    if (i == 0)
        return (struct span){ 0, s->R };
    return (struct span){ diagonal > s->beam ? diagonal - s->beam : 0,
                          i == s->H || diagonal + s->beam > s->R ? s->R : diagonal + s->beam - 1 };
}

/* Row i, i > 0, of a table from the row above; `moves` may be NULL. */
static void fill_row(const struct sentence *s, int i, int32_t word, const int *above, int *row, unsigned char *moves)
{
    const struct span up = span_of(s, i - 1), here = span_of(s, i);
    int behind = FAR; /* the cell above and to the left, and the one to the left */
    int left = FAR;

    if (here.low > up.low)
        behind = above[here.low - 1 - up.low];
    for (int j = here.low; j <= here.high; j++) {
        int straight = j <= up.high ? above[j - up.low] : FAR, best = FAR;
        enum move move = DELETE;

        /* Of equal moves the first is taken: keeping or replacing, then deleting, then inserting. */
        if (j > 0) {
            move = word == s->reference[j - 1] ? SAME : REPLACE;
            best = behind + (move == REPLACE);
        }
        if (straight + 1 < best) {
            best = straight + 1;
            move = DELETE;
        }
        if (left + 1 < best) {
            best = left + 1;
            move = INSERT;
        }
        row[j - here.low] = left = best;
        behind = straight;
        if (moves)
            moves[j - here.low] = (unsigned char)move;
    }
}

/* The distance table of the hypothesis as it is now from row `first` on (the rows before it hold), and its cheapest path. */
static int fill_table(struct sentence *s, int first)
{
    int i = s->H, j = s->R;

    if (first == 0) {
        for (int column = 0; column <= s->R; column++) {
            s->distance[column] = column;
            s->moves[column] = INSERT;
        }
        first = 1;
    }
    for (int row = first; row <= s->H; row++)
        fill_row(s, row, s->hypothesis[row - 1], s->distance + s->start[row - 1], s->distance + s->start[row],
                 s->moves + s->start[row]);
    while (i > 0 || j > 0) {
        enum move move = (enum move)s->moves[s->start[i] + (size_t)(j - span_of(s, i).low)];

        if (move != INSERT)
            s->wrong_hypothesis[i - 1] = move != SAME;
        if (move != DELETE) {
            s->wrong_reference[j - 1] = move != SAME;
            s->aligned[j - 1] = i - 1;
        }
        i -= move != INSERT;
        j -= move != DELETE;
    }
    return s->distance[s->start[s->H + 1] - 1];
}

static int any(const unsigned char *flags, int count)
{
    return memchr(flags, 1, (size_t)count) != NULL;
}

/* The words with the block words[start..start+length) put before the word `target` into `to`. A target within the block means
 * that as many of the words that follow the block come before it. */
static void move_block(const int32_t *words, int count, const struct shift *shift, int32_t *to)
{
    int start = shift->start, length = shift->length, target = shift->target, end = start + length;
    size_t size = sizeof *words;

    memcpy(to, words, (size_t)count * size);
    if (target < start) {
        memcpy(to + target, words + start, (size_t)length * size);
        memcpy(to + target + length, words + target, (size_t)(start - target) * size);
        return;
    }
    if (target <= end)
        target = target + length < count ? target + length : count;
    memcpy(to + start, words + end, (size_t)(target - end) * size);
    memcpy(to + start + target - end, words + start, (size_t)length * size);
}

/* The distance after a shift. */
static int try_shift(struct sentence *s, const struct shift *shift)
{
    int first = shift->target < shift->start ? shift->target : shift->start;
    const int *above = s->distance + s->start[first];

    move_block(s->hypothesis, s->H, shift, s->trial);
    s->tried++;
    for (int i = first + 1; i <= s->H; i++) {
        int *row = s->rows + (i % 2 ? (size_t)s->R + 1 : 0);

        fill_row(s, i, s->trial[i - 1], above, row, NULL);
        above = row;
    }
    return above[s->R - span_of(s, s->H).low];
}

static int is_better(const struct shift *a, const struct shift *b)
{
    if (a->gain != b->gain)
        return a->gain > b->gain;
    if (a->length != b->length)
        return a->length > b->length;
    if (a->start != b->start)
        return a->start < b->start;
    return a->target < b->target;
}

/* Tries to put the block, which the reference has at word `wanted`, before it and after each of its words. */
static void try_block(struct sentence *s, int start, int wanted, int length, int distance, struct shift *best)
{
    int before = -1;

    for (int offset = -1; offset < length; offset++) {
        struct shift shift = { .length = length, .start = start };

        shift.target = wanted + offset < 0 ? 0 : s->aligned[wanted + offset] + 1;
        if (shift.target == before)
            continue;
        before = shift.target;
        shift.gain = distance - try_shift(s, &shift);
        if (best->length == 0 || is_better(&shift, best))
            *best = shift;
    }
}

/* The best shift for the current hypothesis; its length is 0 when there is none to try. */
static struct shift best_shift(struct sentence *s, int distance)
{
    struct shift best = { 0 };

    for (int start = 0; start < s->H; start++) {
        int first = start > FARTHEST_SHIFT ? start - FARTHEST_SHIFT : 0;

        for (int wanted = first; wanted < s->R && wanted <= start + FARTHEST_SHIFT; wanted++) {
            for (int length = 1; length <= LONGEST_SHIFT && start + length <= s->H && wanted + length <= s->R; length++) {
                if (s->hypothesis[start + length - 1] != s->reference[wanted + length - 1])
                    break;
                /* Only words that are wrong in their place and missing in the new one; and no block into itself. */
                if (!any(s->wrong_hypothesis + start, length) || !any(s->wrong_reference + wanted, length) ||
                    (start <= s->aligned[wanted] && s->aligned[wanted] < start + length))
                    continue;
                try_block(s, start, wanted, length, distance, &best);
                if (s->tried >= MOST_SHIFTS_TRIED)
                    return best;
            }
        }
    }
    return best;
}

static long count_edits(struct sentence *s)
{
    int distance = fill_table(s, 0), shifts = 0;

    for (;;) {
        struct shift best = best_shift(s, distance);

        /* A search that reached its limit makes no shift. */
        if (best.gain <= 0 || s->tried >= MOST_SHIFTS_TRIED)
            return shifts + distance;
        move_block(s->hypothesis, s->H, &best, s->trial);
        memcpy(s->hypothesis, s->trial, (size_t)s->H * sizeof *s->trial);
        shifts++;
        distance = fill_table(s, best.target < best.start ? best.target : best.start);
    }
}

static void allocate(struct sentence *s)
{
    size_t H = (size_t)s->H, R = (size_t)s->R;

    s->start = memory_new(H + 2, sizeof *s->start);
    for (int i = 0; i <= s->H; i++)
        s->start[i + 1] = s->start[i] + (size_t)(span_of(s, i).high - span_of(s, i).low + 1);
    s->distance = memory_new(s->start[H + 1], sizeof *s->distance);
    s->moves = memory_new(s->start[H + 1], 1);
    s->rows = memory_new(2 * (R + 1), sizeof *s->rows);
    s->trial = memory_new(H, sizeof *s->trial);
    s->aligned = memory_new(R, sizeof *s->aligned);
    s->wrong_hypothesis = memory_new(H, 1);
    s->wrong_reference = memory_new(R, 1);
}

static void release(struct sentence *s)
{
    free(s->start);
    free(s->distance);
    free(s->moves);
    free(s->rows);
    free(s->trial);
    free(s->aligned);
    free(s->wrong_hypothesis);
    free(s->wrong_reference);
}

static long sentence_edits(const struct items *hypothesis, const struct items *reference)
{
    int H = hypothesis->count, R = reference->count;
    struct sentence s = { .hypothesis = hypothesis->items, .reference = reference->items, .H = H, .R = R, .beam = BEAM };
    long edits;

    if (H == 0 || R == 0)
        return H + R;
    s.slope = (double)R / H;
    if (s.slope / 2 > BEAM)
        s.beam = (int)ceil(s.slope / 2 + BEAM);
    allocate(&s);
    edits = count_edits(&s);
    release(&s);
    return edits;
}

void ter_statistics(char *const *hypotheses, char *const *references, size_t lines, long *statistics)
{
    struct ngram_tree vocabulary = { 0 };
    struct items hypothesis = { 0 }, reference = { 0 };
    struct text words = { 0 };

    for (size_t i = 0; i < lines; i++, statistics += TER_STATISTICS) {
        ngram_clear(&vocabulary);
        tokenize_line(BLEU_NONE, 1, hypotheses[i], &words);
        ngram_words(&vocabulary, words.data, &hypothesis);
        tokenize_line(BLEU_NONE, 1, references[i], &words);
        ngram_words(&vocabulary, words.data, &reference);
        statistics[0] = sentence_edits(&hypothesis, &reference);
        statistics[1] = reference.count;
    }
    ngram_release(&vocabulary);
    items_release(&hypothesis);
    items_release(&reference);
    text_release(&words);
}

void ter_score(const long *statistics, struct ter *ter)
{
    *ter = (struct ter){ .edits = statistics[0], .reference_length = statistics[1] };
    if (ter->reference_length)
        ter->score = 100. * ((double)ter->edits / (double)ter->reference_length);
    else
        ter->score = ter->edits ? 100 : 0;
}
