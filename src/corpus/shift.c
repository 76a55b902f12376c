#include "corpus/shift.h"

#include <math.h>
#include <stdlib.h>

/* A shift must be worth more than chance finds somewhere in a large corpus. */
static const double SHIFT_COST = 20;

/* ---- the best sequence of offsets ---- */

static int exists(size_t i, int offset, size_t pairs)
{
    return offset < 0 ? i >= (size_t)-offset : i + (size_t)offset < pairs;
}

/* Fills from[i][d]: the offset (as an index) of the line above, if line i has offset index d. Returns the last line's best one. */
static int forward(unsigned char (*from)[SHIFT_OFFSETS], size_t pairs, shift_score *score, const void *context)
{
    double best[SHIFT_OFFSETS];
    int top = SHIFT_MOST;

    for (int d = 0; d < SHIFT_OFFSETS; d++)
        best[d] = d == SHIFT_MOST ? 0 : -SHIFT_COST;
    for (size_t i = 0; i < pairs; i++) {
        double change = best[top] - SHIFT_COST;
        int above = top;

        for (int d = 0; d < SHIFT_OFFSETS; d++) {
            int offset = d - SHIFT_MOST, stay = best[d] >= change;

            from[i][d] = (unsigned char)(stay ? d : above);
            best[d] = stay ? best[d] : change;
            if (exists(i, offset, pairs))
                best[d] += score(context, i, i + (size_t)offset);
        }
        for (int d = 0; d < SHIFT_OFFSETS; d++)
            if (best[d] > best[top])
                top = d;
    }
    return top;
}

static void add(struct shifts *shifts, size_t first, size_t last, int offset)
{
    memory_reserve_one(&shifts->items, shifts->count, &shifts->room);
    shifts->items[shifts->count++] = (struct shift){ first, last, offset };
}

void shift_find(struct shifts *shifts, size_t pairs, shift_score *score, const void *context)
{
    unsigned char(*from)[SHIFT_OFFSETS] = memory_new(pairs, sizeof *from);
    int at = forward(from, pairs, score, context);
    size_t last = pairs - 1;

    shifts->count = 0;
    for (size_t i = pairs; i-- > 0;) {
        int above = from[i][at];

        if (i > 0 && above == at)
            continue;
        if (at != SHIFT_MOST)
            add(shifts, i, last, at - SHIFT_MOST);
        last = i - 1;
        at = above;
    }
    free(from);
    for (int i = 0, j = shifts->count - 1; i < j; i++, j--) { /* found from the end */
        struct shift swap = shifts->items[i];

        shifts->items[i] = shifts->items[j];
        shifts->items[j] = swap;
    }
}

void shift_mark(const struct shifts *shifts, struct survey *survey)
{
    for (int n = 0; n < shifts->count; n++)
        for (size_t k = shifts->items[n].first; k <= shifts->items[n].last; k++)
            survey->flaws[k] |= FLAW(FLAW_SHIFTED);
}

void shift_release(struct shifts *shifts)
{
    free(shifts->items);
    *shifts = (struct shifts){ 0 };
}

/* ---- by length ---- */

static double normal_length(const struct fit_by_length *fit, int side, size_t k)
{
    return (log(1.0 + fit->survey->facts[side][k].characters) - fit->mean[side]) / fit->deviation[side];
}

double shift_length_score(const void *context, size_t i, size_t j)
{
    const struct fit_by_length *fit = context;
    const struct line_facts *s = &fit->survey->facts[0][i], *t = &fit->survey->facts[1][j];
    double r = fit->correlation, u, v, score = 0;

    if (s->characters == 0 || t->characters == 0)
        return 0;
    u = normal_length(fit, 0, i);
    v = normal_length(fit, 1, j);
    score = -0.5 * log(1 - r * r) - (r * r * (u * u + v * v) - 2 * r * u * v) / (2 * (1 - r * r));
    score = fmax(score, -3); /* no single pair, however odd, is worth a shift */
    if (s->digits || t->digits)
        score += s->digits == t->digits ? 3 : -0.5;
    return score;
}

/* The correlation of the log lengths of the lines, each with the one that its offset points to. */
static double correlate(const struct fit_by_length *fit, const struct shifts *shifts)
{
    size_t pairs = fit->survey->pairs, count = 0;
    double sum = 0;
    int n = 0;

    for (size_t i = 0; i < pairs; i++) {
        int offset = 0;

        while (n < shifts->count && shifts->items[n].last < i)
            n++;
        if (n < shifts->count && shifts->items[n].first <= i)
            offset = shifts->items[n].offset;
        if (!exists(i, offset, pairs) || !fit->survey->facts[0][i].characters ||
            !fit->survey->facts[1][i + (size_t)offset].characters)
            continue;
        sum += normal_length(fit, 0, i) * normal_length(fit, 1, i + (size_t)offset);
        count++;
    }
    return fmin(fmax(count ? sum / (double)count : 0, 0), 0.95);
}

static void standardise(struct fit_by_length *fit, int side)
{
    double sum = 0, squares = 0, count = 0;

    for (size_t k = 0; k < fit->survey->pairs; k++) {
        double x = log(1.0 + fit->survey->facts[side][k].characters);

        if (fit->survey->facts[side][k].characters == 0)
            continue;
        sum += x;
        squares += x * x;
        count++;
    }
    fit->mean[side] = count > 0 ? sum / count : 0;
    fit->deviation[side] = fmax(count > 0 ? sqrt(fmax(squares / count - fit->mean[side] * fit->mean[side], 0)) : 0, 0.01);
}

void shift_by_length(struct shifts *shifts, struct fit_by_length *fit, const struct survey *survey)
{
    struct shifts whole = { 0 };

    *fit = (struct fit_by_length){ .survey = survey };
    standardise(fit, 0);
    standardise(fit, 1);
    for (int offset = -SHIFT_MOST; offset <= SHIFT_MOST; offset++) { /* the whole corpus may be shifted */
        whole.count = 0;
        add(&whole, 0, survey->pairs - 1, offset);
        fit->correlation = fmax(fit->correlation, correlate(fit, &whole));
    }
    shift_release(&whole);
    for (int round = 0; round < 3; round++) {
        shift_find(shifts, survey->pairs, shift_length_score, fit);
        fit->correlation = correlate(fit, shifts);
    }
}
