/* EM over blocks of sentences, both directions at once.
 *
 * A direction's cells of a block (posterior.h) are filled source word by source word: its row of the table, wherever it stands. They
 * become posteriors sentence by sentence, and are counted source word by source word again. So no two threads add to one sum, and
 * the result does not depend on their number.
 *
 * From the second iteration on, the directions learn from what they agree on: a link counts with the product of its posteriors in
 * both (Liang, Taskar and Klein 2006, "Alignment by agreement", section 3.2). */
#include "lexicon/posterior.h"
#include "lexicon/rows.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const struct lexicon_options lexicon_defaults = { .iterations = 5, .null = 0.08, .sparse = 0.01 };

enum {
    BLOCK = 2 << 20, /* cells of a direction in a block; one more sentence may go beyond */
    CHUNK = 64       /* sentences whose distances are summed on their own */
};

/* The range of the tension, and where it starts. */
#define TENSION_LEAST 0.1
#define TENSION_MOST 14.0
#define TENSION_START 4.0

/* Probabilities below are as good as those of words that never met; left out at the end. */
#define PROBABILITY_LEAST 1e-8F

struct direction {
    struct lexicon_text text; /* as this direction sees it */
    struct lexicon *lexicon;
    struct occurrences *blocks; /* [block_count] */
    float *cells;               /* of the current block */
    size_t *cell;               /* [pairs] where a sentence's cells begin */
    float *counts;              /* beside lexicon->probability */
    float *dense;               /* [workers, targets], a row of the table spread out */
    float *prior;               /* [workers, LEXICON_LONGEST] */
};

struct learning {
    const struct team *team;
    const struct lexicon_options *options;
    struct direction directions[2];
    int block_count;
};

static size_t cells_of(const struct lexicon_text *text, size_t k)
{
    return lexicon_teaches(text, k) ? ((size_t)text->source_length[k] + 1) * (size_t)text->target_length[k] : 0;
}

static void add_block(struct learning *learning, size_t first, size_t last)
{
    for (int side = 0; side < 2; side++) {
        struct direction *d = &learning->directions[side];

        d->blocks = memory_resize(d->blocks, (size_t)learning->block_count + 1, sizeof *d->blocks);
        occurrences_init(&d->blocks[learning->block_count], &d->text, first, last);
    }
    learning->block_count++;
}

static void make_blocks(struct learning *learning)
{
    size_t first = 0, used[2] = { 0, 0 }, most[2] = { 0, 0 }, pairs = learning->directions[0].text.pairs;

    for (size_t k = 0; k < pairs; k++) {
        for (int side = 0; side < 2; side++) {
            struct direction *d = &learning->directions[side];

            d->cell[k] = used[side];
            used[side] += cells_of(&d->text, k);
            most[side] = used[side] > most[side] ? used[side] : most[side];
        }
        if (used[0] >= BLOCK || used[1] >= BLOCK || k + 1 == pairs) {
            add_block(learning, first, k + 1);
            first = k + 1;
            used[0] = used[1] = 0;
        }
    }
    for (int side = 0; side < 2; side++)
        learning->directions[side].cells = memory_new(most[side] + 1, sizeof(float));
}

static void init_direction(struct direction *d, const struct team *team, const struct lexicon_options *options)
{
    size_t entries, workers = (size_t)team->count;

    lexicon_rows(d->lexicon, team, &d->text);
    entries = d->lexicon->row[d->text.sources + 1];
    for (size_t e = 0; e < entries; e++)
        d->lexicon->probability[e] = 1;
    d->lexicon->tension = TENSION_START;
    d->lexicon->count = memory_new((size_t)d->text.sources + 1, sizeof *d->lexicon->count);
    d->lexicon->null = options->null;
    d->cell = memory_new(d->text.pairs + 1, sizeof *d->cell);
    d->counts = memory_new(entries + 1, sizeof *d->counts);
    d->dense = memory_new(size_product(workers, (size_t)d->text.targets) + 1, sizeof *d->dense);
    d->prior = memory_new(size_product(workers, LEXICON_LONGEST), sizeof *d->prior);
}

static void release_direction(struct direction *d, int block_count)
{
    for (int b = 0; b < block_count; b++)
        occurrences_release(&d->blocks[b]);
    free(d->blocks);
    free(d->cells);
    free(d->cell);
    free(d->counts);
    free(d->dense);
    free(d->prior);
}

/* The cell of the first target word at an occurrence; that of the next one is *step further. */
static float *first_cell(const struct direction *d, const struct occurrence *at, size_t *step)
{
    *step = (size_t)d->text.source_length[at->sentence] + 1;
    return d->cells + d->cell[at->sentence] + (size_t)(at->position + 1);
}

static void fill_cells(const struct direction *d, const struct occurrences *block, int32_t x, float *dense)
{
    const struct lexicon *lexicon = d->lexicon;

    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        dense[lexicon->target[e]] = lexicon->probability[e];
    for (size_t o = block->start[x]; o < block->start[x + 1]; o++) {
        size_t k = block->items[o].sentence, step;
        float *cell = first_cell(d, &block->items[o], &step);

        for (int j = 0; j < d->text.target_length[k]; j++, cell += step)
            *cell = d->text.target[k][j] < 0 ? 0 : dense[d->text.target[k][j]];
    }
}

static void count_cells(const struct direction *d, const struct occurrences *block, int32_t x, float *dense)
{
    const struct lexicon *lexicon = d->lexicon;

    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        dense[lexicon->target[e]] = d->counts[e];
    for (size_t o = block->start[x]; o < block->start[x + 1]; o++) {
        size_t k = block->items[o].sentence, step;
        const float *cell = first_cell(d, &block->items[o], &step);

        for (int j = 0; j < d->text.target_length[k]; j++, cell += step)
            if (d->text.target[k][j] >= 0)
                dense[d->text.target[k][j]] += *cell;
    }
    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        d->counts[e] = dense[lexicon->target[e]];
}

/* fill_cells or count_cells of one block, for all words that stand in it; inside a parallel region. */
static void each_word(const struct learning *learning, int b,
                      void (*visit)(const struct direction *, const struct occurrences *, int32_t, float *))
{
    for (int side = 0; side < 2; side++) {
        const struct direction *d = &learning->directions[side];
        const struct occurrences *block = &d->blocks[b];
        float *dense = d->dense + (size_t)omp_get_thread_num() * (size_t)d->text.targets;

#pragma omp for schedule(dynamic, 16)
        for (int32_t x = 0; x <= d->text.sources; x++)
            if (block->start[x] < block->start[x + 1])
                visit(d, block, x, dense);
    }
}

/* Replaces the links of both directions by their products. */
static void agree(float *forward, float *backward, int Tx, int Ty)
{
    for (int j = 0; j < Ty; j++)
        for (int i = 0; i < Tx; i++) {
            float *there = forward + (size_t)j * ((size_t)Tx + 1) + (size_t)i + 1;
            float *back = backward + (size_t)i * ((size_t)Ty + 1) + (size_t)j + 1;

            *there = *back = *there * *back;
        }
}

/* One sentence; distances[2]. */
static void expect_sentence(const struct learning *learning, size_t k, int agreeing, struct distances *distances)
{
    const struct direction *d = learning->directions;
    int Tx = d[0].text.source_length[k], Ty = d[0].text.target_length[k];

    for (int side = 0; side < 2; side++)
        posterior_finish(d[side].lexicon, side ? Ty : Tx, side ? Tx : Ty, d[side].cells + d[side].cell[k],
                         d[side].prior + (size_t)omp_get_thread_num() * LEXICON_LONGEST, &distances[side]);
    if (agreeing)
        agree(d[0].cells + d[0].cell[k], d[1].cells + d[1].cell[k], Tx, Ty);
}

/* The E-step of a block. Adds to distances[2]. */
static void expect_block(const struct learning *learning, int b, int agreeing, struct distances *distances)
{
    size_t first = learning->directions[0].blocks[b].first, last = learning->directions[0].blocks[b].last;
    size_t chunks = (last - first + CHUNK - 1) / CHUNK;
    struct distances *parts = memory_new(2 * chunks + 1, sizeof *parts);

#pragma omp parallel num_threads(learning->team->count) if (learning->team->count > 1)
    {
        each_word(learning, b, fill_cells);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < chunks; c++)
            for (size_t k = first + c * CHUNK; k < last && k < first + (c + 1) * CHUNK; k++)
                if (lexicon_teaches(&learning->directions[0].text, k))
                    expect_sentence(learning, k, agreeing, &parts[2 * c]);
        each_word(learning, b, count_cells);
    }
    for (size_t c = 0; c < 2 * chunks; c++) {
        distances[c % 2].found += parts[c].found;
        distances[c % 2].expected += parts[c].expected;
        distances[c % 2].variance += parts[c].variance;
    }
    free(parts);
}

/* ψ(x), x > 0: by recurrence to x ≥ 7, then the asymptotic series. */
static double digamma(double x)
{
    double result = 0, square;

    for (; x < 7; x++)
        result -= 1 / x;
    square = 1 / (x * x);
    return result + log(x) - 0.5 / x - square * (1.0 / 12 - square * (1.0 / 120 - square / 252));
}

/* The M-step: t = exp(ψ(count + α) − ψ(Σ (count + α))), and a step of Newton's method for the tension. Clears the counts. */
static void maximize(const struct learning *learning, struct direction *d, const struct distances *distances, int tighten)
{
    struct lexicon *lexicon = d->lexicon;

#pragma omp parallel for num_threads(learning->team->count) if (learning->team->count > 1) schedule(dynamic, 16)
    for (int32_t x = 0; x <= d->text.sources; x++) {
        double sparse = learning->options->sparse, total = 0, norm;

        for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
            total += (double)d->counts[e];
        lexicon->count[x] = (float)total;
        norm = digamma(total + sparse * (double)(lexicon->row[x + 1] - lexicon->row[x]));
        for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++) {
            lexicon->probability[e] = (float)exp(digamma((double)d->counts[e] + sparse) - norm);
            d->counts[e] = 0;
        }
    }
    if (tighten && distances->variance > 0)
        lexicon->tension += (distances->found - distances->expected) / distances->variance;
    lexicon->tension = fmin(TENSION_MOST, fmax(TENSION_LEAST, lexicon->tension));
}

/* Leaves out the improbable. */
static void prune(struct lexicon *lexicon)
{
    size_t kept = 0, e = 0;

    for (int32_t x = 0; x <= lexicon->sources; x++) {
        for (; e < lexicon->row[x + 1]; e++)
            if (lexicon->probability[e] >= PROBABILITY_LEAST) {
                lexicon->target[kept] = lexicon->target[e];
                lexicon->probability[kept++] = lexicon->probability[e];
            }
        lexicon->row[x + 1] = kept;
    }
    lexicon->target = memory_resize(lexicon->target, kept + 1, sizeof *lexicon->target);
    lexicon->probability = memory_resize(lexicon->probability, kept + 1, sizeof *lexicon->probability);
}

void lexicon_learn(struct lexicon_pair *pair, const struct team *team, const struct lexicon_text *text,
                   const struct lexicon_options *options)
{
    struct lexicon_text back = { text->target, text->target_length, text->source, text->source_length,
                                 text->pairs,  text->targets,       text->sources };
    struct learning learning = { .team = team, .options = options };
    struct direction *directions = learning.directions;

    directions[0] = (struct direction){ .text = *text, .lexicon = &pair->forward };
    directions[1] = (struct direction){ .text = back, .lexicon = &pair->backward };
    for (int side = 0; side < 2; side++)
        init_direction(&directions[side], team, options);
    make_blocks(&learning);
    for (int iteration = 0; iteration < options->iterations; iteration++) {
        struct distances distances[2] = { { 0 } };

        for (int b = 0; b < learning.block_count; b++)
            expect_block(&learning, b, iteration > 0, distances);
        for (int side = 0; side < 2; side++)
            maximize(&learning, &directions[side], &distances[side], iteration > 0);
    }
    for (int side = 0; side < 2; side++) {
        release_direction(&directions[side], learning.block_count);
        prune(directions[side].lexicon);
    }
}
