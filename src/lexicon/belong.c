#include "lexicon/belong.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL = 12000,       /* pairs: a smaller vocabulary suffices */
    PIECES_SMALL = 4000, /* entries of the vocabulary */
    PIECES = 8000,
    LARGE = 50000, /* pairs: half of them teach enough */
    PARTNERS = 8,  /* targets drawn per source */
    WINDOW = 20,   /* lines in a row */
    ROUNDS = 20    /* of expectation-maximisation */
};

static const double PROBABLE = 1; /* log odds: 3 to 1 */
static const double LEAST_SHARE = 0.0005;

/* ---- learning ---- */

/* Converts the lines to ids of pieces of words: rare words share pieces with others. */
static void encode(struct belong *belong)
{
    const struct survey *survey = belong->survey;
    const struct tokenizer_options options = { .units = UNITS_BPE, .vocabulary = survey->pairs < SMALL ? PIECES_SMALL : PIECES };
    struct corpus *corpus = &belong->corpus;
    struct tokenizer tokenizer;

    *corpus = (struct corpus){ .pairs = survey->pairs, .lines = { survey->lines[0], survey->lines[1] } };
    tokenizer_learn(&tokenizer, &options, survey->lines[SOURCE], survey->lines[TARGET], survey->pairs);
    corpus_encode(corpus, &tokenizer);
    corpus->lines[0] = corpus->lines[1] = NULL; /* the survey's */
    belong->pieces[0] = tokenizer.sides[0].count;
    belong->pieces[1] = tokenizer.sides[1].count;
    tokenizer_release(&tokenizer);
}

/* The target line that each source line belongs to by the shifts; `pairs` where there is none. Heap. */
static size_t *find_partners(const struct shifts *shifts, size_t pairs)
{
    size_t *partner = memory_new(pairs, sizeof *partner);

    for (size_t k = 0; k < pairs; k++)
        partner[k] = k;
    for (int n = 0; n < shifts->count; n++)
        for (size_t k = shifts->items[n].first; k <= shifts->items[n].last; k++) {
            size_t moved = k + (size_t)shifts->items[n].offset; /* wraps below 0 */

            partner[k] = moved < pairs ? moved : pairs;
        }
    return partner;
}

/* The fold of pair k: the pairs are dealt out in turn. */
static int fold_of(const struct belong *belong, size_t k)
{
    return (int)(k % (size_t)belong->folds);
}

static void learn(struct belong *belong, const struct team *team, int fold, const size_t *partner, uint32_t excluded)
{
    const struct corpus *corpus = &belong->corpus;
    struct lexicon_text text = { .sources = belong->pieces[0], .targets = belong->pieces[1] };
    const int32_t **sentences[2];
    int *lengths[2];

    for (int side = 0; side < 2; side++) {
        sentences[side] = memory_new(corpus->pairs, sizeof *sentences[side]);
        lengths[side] = memory_new(corpus->pairs, sizeof *lengths[side]);
    }
    for (size_t k = 0; k < corpus->pairs; k++) {
        size_t line[2] = { k, partner[k] };

        if (fold_of(belong, k) == fold || line[1] == corpus->pairs || fold_of(belong, line[1]) == fold ||
            ((belong->survey->flaws[k] | belong->survey->flaws[line[1]]) & excluded))
            continue;
        for (int side = 0; side < 2; side++) {
            sentences[side][text.pairs] = corpus->sentence[side][line[side]];
            lengths[side][text.pairs] = corpus->length[side][line[side]] - 1;
        }
        text.pairs++;
    }
    text.source = sentences[0];
    text.target = sentences[1];
    text.source_length = lengths[0];
    text.target_length = lengths[1];
    lexicon_learn(&belong->lexicons[fold], team, &text, &lexicon_defaults);
    for (int side = 0; side < 2; side++) {
        free(sentences[side]);
        free(lengths[side]);
    }
}

/* ---- judging ---- */

static double score(const struct belong *belong, size_t i, size_t j)
{
    const struct corpus *corpus = &belong->corpus;
    const struct lexicon_sentences sentences = { corpus->sentence[0][i], corpus->sentence[1][j], corpus->length[0][i] - 1,
                                                 corpus->length[1][j] - 1 };

    return lexicon_score(&belong->lexicons[fold_of(belong, i)], &sentences, 0);
}

static double pieces_of(const struct belong *belong, size_t i, size_t j)
{
    return fmax(belong->corpus.length[0][i] + belong->corpus.length[1][j] - 2, 1);
}

/* Sets chance, excess and random. */
static void compare_with_chance(struct belong *belong, const struct team *team)
{
    size_t pairs = belong->corpus.pairs;
    float *variance = memory_new(pairs, sizeof *variance);
    double sum = 0;

#pragma omp parallel for num_threads(team->count) if (team->count > 1) schedule(dynamic, 64)
    for (size_t k = 0; k < pairs; k++) {
        double drawn[PARTNERS], mean = 0, squares = 0, pieces = 0;

        for (int i = 0; i < PARTNERS; i++) {
            size_t j = (k + 1 + (k * 7919 + (size_t)i * 104729) % (pairs - 1)) % pairs; /* never k itself */

            drawn[i] = score(belong, k, j);
            mean += drawn[i] / PARTNERS;
            pieces += pieces_of(belong, k, j) / PARTNERS;
        }
        for (int i = 0; i < PARTNERS; i++)
            squares += (drawn[i] - mean) * (drawn[i] - mean) / (PARTNERS - 1);
        variance[k] = (float)(squares * pieces);
        belong->chance[k] = (float)mean;
        belong->excess[k] = (float)(score(belong, k, k) - mean);
    }
    for (size_t k = 0; k < pairs; k++)
        sum += variance[k];
    belong->random = sqrt(fmax(sum / (double)pairs, 1e-4));
    free(variance);
}

static double log_normal(double x, double mean, double variance)
{
    return -0.5 * ((x - mean) * (x - mean) / variance + log(variance));
}

/* The evidence of an excess for n pieces. */
static double weigh(const struct belong *belong, double excess, double n)
{
    double random = belong->random * belong->random / n;

    if (excess >= belong->mean) /* no pair fits too well */
        excess = belong->mean;
    return log_normal(excess, belong->mean, belong->spread * belong->spread + random) -
           log_normal(excess, 0, random * (PARTNERS + 1) / PARTNERS);
}

double belong_evidence(const struct belong *belong, size_t i, size_t j)
{
    return weigh(belong, score(belong, i, j) - belong->chance[i], pieces_of(belong, i, j)) + shift_length_score(&belong->fit, i, j);
}

/* Log odds that a pair does not belong together. */
static double log_odds(const struct belong *belong, size_t k)
{
    return log(belong->share / (1 - belong->share)) - weigh(belong, belong->excess[k], pieces_of(belong, k, k)) -
           shift_length_score(&belong->fit, k, k);
}

static int judged(const struct belong *belong, size_t k)
{
    return belong->corpus.length[0][k] > 1 && belong->corpus.length[1][k] > 1;
}

/* Estimates mean, spread and share. */
static void estimate(struct belong *belong)
{
    size_t pairs = belong->corpus.pairs;

    belong->share = 0.1;
    belong->mean = 2;
    belong->spread = 1;
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0, squares = 0, right = 0, all = 0, noise = 0;

        for (size_t k = 0; k < pairs; k++) {
            double p;

            if (!judged(belong, k))
                continue;
            p = 1 / (1 + exp(log_odds(belong, k)));
            sum += p * belong->excess[k];
            squares += p * belong->excess[k] * belong->excess[k];
            noise += p * belong->random * belong->random / pieces_of(belong, k, k);
            right += p;
            all++;
        }
        if (right < 1)
            break;
        belong->mean = fmax(sum / right, 0.1);
        belong->spread = sqrt(fmax((squares - noise) / right - belong->mean * belong->mean, 0));
        belong->spread = fmax(belong->spread, belong->mean / 6); /* the tails are heavier than a normal distribution's */
        belong->share = fmin(fmax(1 - right / all, LEAST_SHARE), 0.9);
    }
}

void belong_init(struct belong *belong, const struct team *team, const struct fit_by_length *fit, const struct shifts *shifts,
                 uint32_t excluded)
{
    const struct survey *survey = fit->survey;
    size_t *partner = find_partners(shifts, survey->pairs);

    *belong = (struct belong){ .survey = survey, .fit = *fit, .folds = survey->pairs < LARGE ? BELONG_FOLDS : 2 };
    belong->chance = memory_new(survey->pairs, sizeof *belong->chance);
    belong->excess = memory_new(survey->pairs, sizeof *belong->excess);
    belong->suspect = memory_new(survey->pairs, 1);
    encode(belong);
    for (int fold = 0; fold < belong->folds; fold++)
        learn(belong, team, fold, partner, excluded);
    free(partner);
    compare_with_chance(belong, team);
    estimate(belong);
}

void belong_release(struct belong *belong)
{
    for (int fold = 0; fold < belong->folds; fold++)
        lexicon_release(&belong->lexicons[fold]);
    corpus_release(&belong->corpus);
    free(belong->chance);
    free(belong->excess);
    free(belong->suspect);
    *belong = (struct belong){ .folds = 0 };
}

/* ---- what follows ---- */

/* The score of a shift: the evidence, bounded, so that no single line decides; where all is well, only that the lines stay. */
static double shift_evidence(const void *context, size_t i, size_t j)
{
    const struct belong *belong = context;

    if (!belong->suspect[i])
        return i == j ? 1 : -1;
    if (!judged(belong, i) || belong->corpus.length[1][j] < 2)
        return 0;
    return fmin(fmax(belong_evidence(belong, i, j), -4), 4);
}

/* Marks the lines around those that do not belong together, where they are at least half of a window, and those of earlier shifts. */
static void find_suspects(struct belong *belong, const struct shifts *shifts)
{
    size_t pairs = belong->corpus.pairs, wrong = 0;

    memset(belong->suspect, 0, pairs);
    for (size_t k = 0; k < pairs; k++) {
        wrong += log_odds(belong, k) > 0;
        if (k >= WINDOW)
            wrong -= log_odds(belong, k - WINDOW) > 0;
        if (2 * wrong >= WINDOW)
            for (size_t i = k < 2 * WINDOW ? 0 : k - 2 * WINDOW; i < pairs && i <= k + WINDOW; i++)
                belong->suspect[i] = 1;
    }
    for (int n = 0; n < shifts->count; n++) {
        size_t first = shifts->items[n].first, last = shifts->items[n].last;

        for (size_t i = first < 2 * WINDOW ? 0 : first - 2 * WINDOW; i < pairs && i <= last + 2 * WINDOW; i++)
            belong->suspect[i] = 1;
    }
}

void belong_shifts(struct belong *belong, struct shifts *shifts)
{
    find_suspects(belong, shifts);
    shift_find(shifts, belong->corpus.pairs, shift_evidence, belong);
}

void belong_mark(const struct belong *belong, struct survey *survey, uint32_t known)
{
    for (size_t k = 0; k < survey->pairs; k++)
        if (judged(belong, k) && !(survey->flaws[k] & known) && log_odds(belong, k) > PROBABLE)
            survey->flaws[k] |= FLAW(FLAW_UNRELATED);
}
