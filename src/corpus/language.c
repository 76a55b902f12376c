#include "corpus/language.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BITS = 18, /* of a sequence's hash */
    SEQUENCES = 1 << BITS,
    ROUNDS = 12,
    LEAST = 12,        /* sequences: shorter lines are not judged */
    LOOKED_AT = 8000,  /* lines in which a third language is looked for first */
    SEEDS = 6,         /* lines with which the search begins: among the strangest, and as many among all */
    ENOUGH = 200,      /* lines of a side, without which no language is looked for */
    FOREIGN_LEAST = 10 /* lines of a third language: fewer are oddities, not a language */
};

static const double PRIOR = 1000; /* m */
static const double STRANGE =
    6.5; /* deviations by which a third language must differ: clean corpora had up to 4.8, others 8.3 and more */
static const double MARGIN = 12; /* nats by which a line must fit another language better */

/* The sequences of all lines of a side. */
struct grams {
    uint32_t *items;
    size_t *start; /* [pairs + 1] */
};

/* What lines are compared by. */
struct comparison {
    const struct grams *grams;
    const struct language_counts *a, *b;
    const float *prior; /* [SEQUENCES] m q */
};

/* ---- sequences ---- */

/* Adds the sequences of a normalised line, without case and accents. Digits and punctuation count as spaces. */
static void add_line(struct grams *grams, size_t *total, const struct text *line)
{
    uint64_t before = ' ', last = ' ';

    for (size_t at = 0; at < line->length;) {
        uint32_t code;

        at += utf8_next(line->data + at, line->length - at, &code);
        if (code >= 0x80 && utf8_kind(code) == UTF8_MARK)
            continue;
        if (script_of(code) == SCRIPT_NONE)
            code = ' ';
        if (code != ' ' || last != ' ') {
            uint64_t hash = ((before << 42) ^ (last << 21) ^ code) * UINT64_C(0x9E3779B97F4A7C15);

            grams->items[(*total)++] = (uint32_t)(hash >> (64 - BITS));
            before = last;
            last = code;
        }
    }
}

static void grams_init(struct grams *grams, const struct survey *survey, int side)
{
    size_t total = 0;
    struct text line = { 0 };

    grams->start = memory_new(survey->pairs + 1, sizeof *grams->start);
    for (size_t k = 0; k < survey->pairs; k++)
        total += strlen(survey->lines[side][k]);
    grams->items = memory_new(total + 1, sizeof *grams->items);
    total = 0;
    for (size_t k = 0; k < survey->pairs; k++) {
        utf8_normalize(survey->lines[side][k], strlen(survey->lines[side][k]), 1, &line, NULL);
        add_line(grams, &total, &line);
        grams->start[k + 1] = total;
    }
    grams->items = memory_resize(grams->items, total + 1, sizeof *grams->items);
    text_release(&line);
}

static void grams_release(struct grams *grams)
{
    free(grams->items);
    free(grams->start);
}

static size_t length_of(const struct grams *grams, size_t k)
{
    return grams->start[k + 1] - grams->start[k];
}

/* ---- tables ---- */

static void counts_init(struct language_counts *counts)
{
    *counts = (struct language_counts){ .items = memory_new(SEQUENCES, sizeof *counts->items) };
}

static void counts_add(struct language_counts *counts, const struct grams *grams, size_t k)
{
    for (size_t i = grams->start[k]; i < grams->start[k + 1]; i++)
        counts->items[grams->items[i]]++;
    counts->total += (double)length_of(grams, k);
}

static void counts_clear(struct language_counts *counts)
{
    memset(counts->items, 0, SEQUENCES * sizeof *counts->items);
    counts->total = 0;
}

/* m q of all sequences; heap. */
static float *make_prior(const struct language_counts *all)
{
    float *prior = memory_new(SEQUENCES, sizeof *prior);

    for (int i = 0; i < SEQUENCES; i++)
        prior[i] = (float)(PRIOR * (all->items[i] + 0.5) / (all->total + 0.5 * SEQUENCES));
    return prior;
}

/* log p(line | a) − log p(line | b), in nats; `own`: the table that counts the line, 'a' or 'b', or 0. */
static double compare(const struct comparison *c, size_t k, char own)
{
    double length = (double)length_of(c->grams, k), sum = 0;
    double a = c->a->total + PRIOR - (own == 'a' ? length : 0), b = c->b->total + PRIOR - (own == 'b' ? length : 0);

    for (size_t i = c->grams->start[k]; i < c->grams->start[k + 1]; i++) {
        uint32_t id = c->grams->items[i];

        sum += log((c->a->items[id] - (own == 'a') + c->prior[id]) / (c->b->items[id] - (own == 'b') + c->prior[id]));
    }
    return sum + length * log(b / a);
}

/* ---- source and target ---- */

static void fill(struct language_counts languages[2], const struct grams grams[2], char *const exchanged[2], size_t pairs)
{
    counts_clear(&languages[0]);
    counts_clear(&languages[1]);
    for (int side = 0; side < 2; side++)
        for (size_t k = 0; k < pairs; k++)
            counts_add(&languages[side ^ exchanged[side][k]], &grams[side], k);
}

/* Assigns each line to the language of the source or of the target: exchanged[side][k] = it is in the other side's. */
static void assign(struct language_counts languages[2], const struct grams grams[2], const float *prior, char *const exchanged[2],
                   size_t pairs)
{
    for (int round = 0; round < ROUNDS; round++) {
        size_t changed = 0;

        fill(languages, grams, exchanged, pairs);
        for (int side = 0; side < 2; side++) {
            const struct comparison comparison = { &grams[side], &languages[!side], &languages[side], prior };

            for (size_t k = 0; k < pairs; k++) {
                int now = length_of(&grams[side], k) >= LEAST && compare(&comparison, k, exchanged[side][k] ? 'a' : 'b') > MARGIN;

                changed += now != exchanged[side][k];
                exchanged[side][k] = (char)now;
            }
        }
        if (changed == 0)
            break;
    }
}

/* ---- a third language ---- */

/* The lines of one side, in which a third language is looked for. */
struct search {
    const struct grams *grams;
    const float *prior;
    const char *known;                   /* [pairs] lines that are not looked at */
    size_t *lines;                       /* [count] those that are looked at */
    size_t count, worst;                 /* the first `worst` of them are the least probable ones */
    double deviation;                    /* of the likeness of the others */
    struct language_counts foreign, own; /* of the lines in question, of all others */
};

struct scored {
    double score;
    size_t pair;
};

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

/* Added to each count where a language is compared with lines that are not in it. */
static const double FEW = 0.02;

/* The mean log probability of a line's sequences by the rest of its side. */
static double likeness(const struct search *search, size_t k)
{
    const struct grams *grams = search->grams;
    double sum = 0;

    for (size_t i = grams->start[k]; i < grams->start[k + 1]; i++)
        sum += log(search->own.items[grams->items[i]] - 1 + FEW);
    return sum / (double)length_of(grams, k);
}

/* Chooses the lines to look at: those least like their side, which come first, and evenly spaced others. Returns whether there are enough. */
static int choose_lines(struct search *search, size_t pairs)
{
    struct scored *scored = memory_new(pairs, sizeof *scored);
    double sum = 0, squares = 0;
    size_t count = 0, step;

    for (size_t k = 0; k < pairs; k++)
        if (!search->known[k] && length_of(search->grams, k) >= LEAST)
            scored[count++] = (struct scored){ likeness(search, k), k };
    if (count < ENOUGH) {
        free(scored);
        return 0;
    }
    qsort(scored, count, sizeof *scored, by_score);
    search->worst = count / 2 < LOOKED_AT / 2 ? count / 2 : LOOKED_AT / 2;
    step = 1 + (count - search->worst) / (LOOKED_AT / 2);
    search->count = 0;
    for (size_t i = 0; i < count; i += i < search->worst ? 1 : step) {
        scored[search->count] = scored[i];
        search->lines[search->count++] = scored[i].pair;
    }
    for (size_t i = search->worst; i < search->count; i++) {
        sum += scored[i].score;
        squares += scored[i].score * scored[i].score;
    }
    sum /= (double)(search->count - search->worst);
    search->deviation = sqrt(fmax(squares / (double)(search->count - search->worst) - sum * sum, 0.01));
    free(scored);
    return 1;
}

static void move(struct search *search, size_t k, int to_foreign)
{
    const struct grams *grams = search->grams;
    struct language_counts *to = to_foreign ? &search->foreign : &search->own, *from = to_foreign ? &search->own : &search->foreign;

    for (size_t i = grams->start[k]; i < grams->start[k + 1]; i++) {
        to->items[grams->items[i]]++;
        from->items[grams->items[i]]--;
    }
    to->total += (double)length_of(grams, k);
    from->total -= (double)length_of(grams, k);
}

/* Assigns the lines to the two tables until nothing changes, beginning with those marked. Returns how many are foreign. */
static size_t separate(struct search *search, const size_t *lines, size_t count, char *foreign)
{
    const struct comparison comparison = { search->grams, &search->foreign, &search->own, search->prior };
    char *now = memory_new(count, 1);
    size_t found = 0;

    for (int round = 0; round < ROUNDS; round++) {
        size_t changed = 0;

        found = 0;
        for (size_t i = 0; i < count; i++) {
            now[i] = compare(&comparison, lines[i], foreign[lines[i]] ? 'a' : 'b') > MARGIN;
            found += (size_t)now[i];
        }
        for (size_t i = 0; i < count; i++)
            if (now[i] != foreign[lines[i]]) {
                foreign[lines[i]] = now[i];
                move(search, lines[i], now[i]);
                changed++;
            }
        if (changed == 0)
            break;
    }
    free(now);
    return found;
}

/* How much less probable the sequences of the foreign lines are in the side's language than its own, in nats per sequence. Frequent
 * sequences count by the square root of their number, so that a few lines of one pattern make no language. */
static double strangeness(const struct search *search)
{
    double own = 0, foreign = 0, own_sum = 0, foreign_sum = 0;

    for (int i = 0; i < SEQUENCES; i++) {
        double n = search->own.items[i], f = search->foreign.items[i];

        own += n > 0 ? sqrt(n) * log(n - 1 + FEW) : 0;
        own_sum += sqrt(n);
        foreign += sqrt(f) * log(n + FEW);
        foreign_sum += sqrt(f);
    }
    return own_sum > 0 && foreign_sum > 0 ? own / own_sum - foreign / foreign_sum : 0;
}

/* Marks one line, and then those that are most like it. */
static void seed(struct search *search, size_t line, char *foreign)
{
    const struct comparison comparison = { search->grams, &search->foreign, &search->own, search->prior };
    struct scored *scored = memory_new(search->count, sizeof *scored);
    size_t count = 0;

    foreign[line] = 1;
    move(search, line, 1);
    for (size_t i = 0; i < search->count; i++) {
        size_t k = search->lines[i];

        if (k != line)
            scored[count++] = (struct scored){ -compare(&comparison, k, 'b') / (double)length_of(search->grams, k), k };
    }
    qsort(scored, count, sizeof *scored, by_score);
    for (size_t i = 0; i < count / 100 && scored[i].score < 0; i++) {
        foreign[scored[i].pair] = 1;
        move(search, scored[i].pair, 1);
    }
    free(scored);
}

/* Looks for a third language, beginning with single lines. Marks the lines of the strangest group that was found; returns their
 * number. */
static size_t find_group(struct search *search, char *foreign, size_t pairs, double *strangest)
{
    char *tried = memory_new(pairs, 1);
    size_t best = 0;

    *strangest = 0;
    for (int n = 0; n < 2 * SEEDS && search->count; n++) {
        size_t most = n < SEEDS ? search->worst / 8 : search->count, at = most * (size_t)(n % SEEDS) / SEEDS, found;
        double strange;

        seed(search, search->lines[at], tried);
        found = separate(search, search->lines, search->count, tried);
        strange = strangeness(search);
        if (found >= FOREIGN_LEAST && strange > *strangest && 2 * search->foreign.total < search->own.total) {
            *strangest = strange;
            best = found;
            memcpy(foreign, tried, pairs);
        }
        for (size_t i = 0; i < search->count; i++)
            if (tried[search->lines[i]]) {
                tried[search->lines[i]] = 0;
                move(search, search->lines[i], 0);
            }
    }
    free(tried);
    return best;
}

/* Marks the lines of a side in a third language; returns their number. `known` lines are in the other side's, or spoilt. */
static size_t find_foreign(const struct grams *grams, const float *prior, const char *known, char *foreign, size_t pairs)
{
    struct search search = { .grams = grams, .prior = prior, .known = known, .lines = memory_new(pairs, sizeof *search.lines) };
    double strange = 0;
    size_t found = 0;

    counts_init(&search.own);
    counts_init(&search.foreign);
    for (size_t k = 0; k < pairs; k++)
        if (!known[k])
            counts_add(&search.own, grams, k);
    if (choose_lines(&search, pairs))
        found = find_group(&search, foreign, pairs, &strange);
    if (strange < STRANGE * search.deviation) {
        memset(foreign, 0, pairs);
        found = 0;
    } else { /* now among all lines */
        search.count = 0;
        for (size_t k = 0; k < pairs; k++) {
            if (foreign[k])
                move(&search, k, 1);
            if (!known[k] && length_of(grams, k) >= LEAST)
                search.lines[search.count++] = k;
        }
        found = separate(&search, search.lines, search.count, foreign);
    }
    free(search.own.items);
    free(search.foreign.items);
    free(search.lines);
    return found;
}

/* ---- the whole ---- */

static void mark(struct survey *survey, char *const exchanged[2], char *const foreign[2])
{
    for (size_t k = 0; k < survey->pairs; k++) {
        if (exchanged[0][k] && exchanged[1][k])
            survey->flaws[k] = (survey->flaws[k] & ~FLAW(FLAW_SCRIPT)) | FLAW(FLAW_SWAPPED);
        else if (exchanged[0][k] || exchanged[1][k] || foreign[0][k] || foreign[1][k])
            survey->flaws[k] |= FLAW(FLAW_LANGUAGE);
    }
}

void languages_init(struct languages *languages, struct survey *survey)
{
    const uint32_t spoilt = FLAW(FLAW_UTF8) | FLAW(FLAW_MOJIBAKE) | FLAW(FLAW_SCRIPT);
    char *exchanged[2], *foreign[2], *known = memory_new(survey->pairs, 1);
    struct grams grams[2];
    struct language_counts all;

    *languages = (struct languages){ .prior = NULL };
    counts_init(&all);
    for (int side = 0; side < 2; side++) {
        counts_init(&languages->sides[side]);
        grams_init(&grams[side], survey, side);
        exchanged[side] = memory_new(survey->pairs, 1);
        foreign[side] = memory_new(survey->pairs, 1);
        for (size_t k = 0; k < survey->pairs; k++)
            counts_add(&all, &grams[side], k);
    }
    languages->prior = make_prior(&all);
    assign(languages->sides, grams, languages->prior, exchanged, survey->pairs);
    for (int side = 0; side < 2; side++) {
        for (size_t k = 0; k < survey->pairs; k++)
            known[k] = exchanged[side][k] || (survey->flaws[k] & spoilt);
        languages->foreign[side] = find_foreign(&grams[side], languages->prior, known, foreign[side], survey->pairs);
    }
    mark(survey, exchanged, foreign);
    for (int side = 0; side < 2; side++) {
        grams_release(&grams[side]);
        free(exchanged[side]);
        free(foreign[side]);
    }
    free(all.items);
    free(known);
}

void languages_release(struct languages *languages)
{
    free(languages->sides[0].items);
    free(languages->sides[1].items);
    free(languages->prior);
    *languages = (struct languages){ .prior = NULL };
}

double languages_orientation(const struct languages *languages, const struct survey *survey)
{
    double sum = 0, length = 0;

    for (int side = 0; side < 2; side++) {
        struct grams grams;
        const struct comparison comparison = { &grams, &languages->sides[side], &languages->sides[!side], languages->prior };

        grams_init(&grams, survey, side);
        for (size_t k = 0; k < survey->pairs; k++)
            sum += compare(&comparison, k, 0);
        length += (double)grams.start[survey->pairs];
        grams_release(&grams);
    }
    return length > 0 ? sum / length : 0;
}
