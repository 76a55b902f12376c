/* EM over blocks of sentences. A block's matrices of cells are filled row by row of the table (a source word's probabilities, wherever
 * it stands), turned into posteriors sentence by sentence, and counted row by row again: nothing is summed by two threads, so the
 * result does not depend on their number. */
#include "lexicon/posterior.h"
#include "lexicon/rows.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const struct lexicon_options lexicon_defaults = { .iterations = 5, .null = 0.08, .sparse = 0.01 };

/* Cells of a block, at least (one sentence may have more). */
enum { BLOCK_CELLS = 4 << 20, CHUNK = 64 /* sentences whose statistics are summed first */ };

struct direction {
    const struct team *team;
    struct lexicon_text text;
    struct lexicon *lexicon;
    const struct lexicon_options *options;
    int block_count, block_room;
    struct occurrences *blocks;
    size_t *cell;  /* [pairs] the sentence's matrix in its block's cells */
    float *cells;  /* of one block */
    float *counts; /* beside lexicon->probability */
    float *dense;  /* [team->count][targets] */
};

static size_t cells_of(const struct lexicon_text *text, size_t k)
{
    return lexicon_teaches(text, k) ? size_product((size_t)text->source_length[k] + 1, (size_t)text->target_length[k]) : 0;
}

static void make_blocks(struct direction *d)
{
    size_t first = 0, used = 0, most = 0;

    d->cell = memory_new(d->text.pairs + 1, sizeof *d->cell);
    for (size_t k = 0; k < d->text.pairs; k++) {
        d->cell[k] = used;
        used += cells_of(&d->text, k);
        most = used > most ? used : most;
        if (used >= BLOCK_CELLS || k + 1 == d->text.pairs) {
            memory_reserve_one(&d->blocks, d->block_count, &d->block_room);
            occurrences_init(&d->blocks[d->block_count++], &d->text, first, k + 1);
            first = k + 1;
            used = 0;
        }
    }
    d->cells = memory_new(most + 1, sizeof *d->cells);
}

/* Where the cell of target word 0 is, with the distance between target words in *step. */
static float *cell_column(const struct direction *d, const struct occurrence *at, size_t *step)
{
    *step = (size_t)d->text.source_length[at->sentence] + 1;
    return d->cells + d->cell[at->sentence] + (size_t)(at->position + 1);
}

static void fill(const struct direction *d, const struct occurrences *block, int32_t x, float *dense)
{
    const struct lexicon *lexicon = d->lexicon;

    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        dense[lexicon->target[e]] = lexicon->probability[e];
    for (size_t o = block->start[x]; o < block->start[x + 1]; o++) {
        size_t k = block->items[o].sentence, step;
        float *cell = cell_column(d, &block->items[o], &step);

        for (int j = 0; j < d->text.target_length[k]; j++, cell += step)
            *cell = d->text.target[k][j] < 0 ? 0 : dense[d->text.target[k][j]];
    }
}

static void count(struct direction *d, const struct occurrences *block, int32_t x, float *dense)
{
    const struct lexicon *lexicon = d->lexicon;

    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        dense[lexicon->target[e]] = 0;
    for (size_t o = block->start[x]; o < block->start[x + 1]; o++) {
        size_t k = block->items[o].sentence, step;
        const float *cell = cell_column(d, &block->items[o], &step);

        for (int j = 0; j < d->text.target_length[k]; j++, cell += step)
            if (d->text.target[k][j] >= 0)
                dense[d->text.target[k][j]] += *cell;
    }
    for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
        d->counts[e] += dense[lexicon->target[e]];
}

static void expect_block(struct direction *d, const struct occurrences *block, struct statistics *statistics)
{
    const struct team *team = d->team;
    size_t chunks = (block->last - block->first + CHUNK - 1) / CHUNK;
    struct statistics *parts = memory_new(chunks + 1, sizeof *parts);
    int words = d->text.sources + 1;

#pragma omp parallel num_threads(team->count) if (team->count > 1)
    {
        float *dense = d->dense + (size_t)omp_get_thread_num() * (size_t)d->text.targets;

#pragma omp for schedule(dynamic, 16)
        for (int32_t x = 0; x < words; x++)
            if (block->start[x] < block->start[x + 1])
                fill(d, block, x, dense);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < chunks; c++)
            for (size_t k = block->first + c * CHUNK; k < block->last && k < block->first + (c + 1) * CHUNK; k++)
                if (lexicon_teaches(&d->text, k))
                    posterior_from_translations(d->lexicon, d->text.source_length[k], d->text.target_length[k],
                                                d->cells + d->cell[k], &parts[c]);
#pragma omp for schedule(dynamic, 16)
        for (int32_t x = 0; x < words; x++)
            if (block->start[x] < block->start[x + 1])
                count(d, block, x, dense);
    }
    for (size_t c = 0; c < chunks; c++) {
        statistics->log_likelihood += parts[c].log_likelihood;
        statistics->words += parts[c].words;
        statistics->expected += parts[c].expected;
        statistics->prior += parts[c].prior;
        statistics->variance += parts[c].variance;
    }
    free(parts);
}

/* ψ(x), by recurrence and the asymptotic series. */
static double digamma(double x)
{
    double result = 0, y;

    for (; x < 7; x++)
        result -= 1 / x;
    y = 1 / (x * x);
    return result + log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y / 252));
}

/* t = exp(ψ(count + α) − ψ(Σ counts + α · entries)) */
static void maximize(struct direction *d)
{
    struct lexicon *lexicon = d->lexicon;
    int words = d->text.sources + 1;

#pragma omp parallel for num_threads(d->team->count) if (d->team->count > 1) schedule(dynamic, 16)
    for (int32_t x = 0; x < words; x++) {
        double total = 0, sparse = d->options->sparse, norm;

        for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++)
            total += d->counts[e] + sparse;
        norm = digamma(total);
        for (size_t e = lexicon->row[x]; e < lexicon->row[x + 1]; e++) {
            lexicon->probability[e] = (float)exp(digamma(d->counts[e] + sparse) - norm);
            d->counts[e] = 0;
        }
    }
}

static void learn_direction(struct lexicon *lexicon, const struct team *team, const struct lexicon_text *text,
                            const struct lexicon_options *options)
{
    struct direction d = { .team = team, .text = *text, .lexicon = lexicon, .options = options };
    size_t entries;

    lexicon_rows(lexicon, team, text);
    make_blocks(&d);
    entries = lexicon->row[text->sources + 1];
    lexicon->tension = 4;
    lexicon->null = options->null;
    d.counts = memory_new(entries + 1, sizeof *d.counts);
    d.dense = memory_new(size_product((size_t)team->count, (size_t)text->targets) + 1, sizeof *d.dense);
    for (size_t e = 0; e < entries; e++)
        lexicon->probability[e] = 1;
    for (int iteration = 0; iteration < options->iterations; iteration++) {
        struct statistics statistics = { 0 };

        for (int b = 0; b < d.block_count; b++)
            expect_block(&d, &d.blocks[b], &statistics);
        maximize(&d);
        if (iteration > 0 && statistics.variance > 0) {
            lexicon->tension += (statistics.expected - statistics.prior) / statistics.variance;
            lexicon->tension = fmax(0.1, fmin(14, lexicon->tension));
        }
    }
    for (int b = 0; b < d.block_count; b++)
        occurrences_release(&d.blocks[b]);
    free(d.blocks);
    free(d.cell);
    free(d.cells);
    free(d.counts);
    free(d.dense);
}

void lexicon_learn(struct lexicon_pair *pair, const struct team *team, const struct lexicon_text *text,
                   const struct lexicon_options *options)
{
    struct lexicon_text back = { text->target, text->target_length, text->source, text->source_length,
                                 text->pairs,  text->targets,       text->sources };

    learn_direction(&pair->forward, team, text, options);
    learn_direction(&pair->backward, team, &back, options);
}
