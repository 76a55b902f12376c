#include "search/beam.h"

#include "math/vec.h"
#include "text/vocab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A word of a hypothesis and the one before it: hypotheses that share a beginning share its nodes. */
struct node {
    int before; /* -1: none */
    int32_t id;
};

struct live {
    int sentence, node;
    int32_t id; /* the word before, -1 at the start */
    double log_probability;
};

struct candidate {
    int parent; /* row */
    int32_t id;
    double log_probability;
};

/* One search in progress. Rows of live hypotheses are grouped by sentence, in the order of sentences. */
struct search {
    const struct beam_options *options;
    const struct batch *batch;
    struct node *nodes;
    int node_count, node_room;
    struct live *live, *next;
    int live_count;
    int *finished;           /* [sentences] */
    struct hypothesis *done; /* [sentences, beam] */
};

void beam_init(struct beam *beam, struct worker *worker, struct model *const *models, int model_count)
{
    *beam = (struct beam){ .worker = worker, .model_count = model_count };
    for (int i = 0; i < model_count; i++) {
        beam->models[i] = models[i];
        beam->steps[i] = (struct step){ .worker = worker, .model = models[i] };
    }
}

void beam_release(struct beam *beam)
{
    for (int i = 0; i < beam->model_count; i++)
        step_release(&beam->steps[i]);
}

static int longest_output(const struct search *search, int sentence)
{
    double most = search->options->length_ratio * search->batch->source_length[sentence] + 10;

    if (search->options->exact_length)
        return search->options->exact_length[sentence];
    return most < 1e6 ? (int)most : 1000000;
}

static double score_of(const struct beam_options *options, double log_probability, int length)
{
    return log_probability / pow(length, options->length_penalty);
}

/* Puts a candidate into the list of the best `most`, kept in falling order. */
static void keep(struct candidate *list, int *count, int most, struct candidate candidate)
{
    int i;

    if (*count == most && list[most - 1].log_probability >= candidate.log_probability)
        return;
    i = *count < most ? (*count)++ : most - 1;
    for (; i > 0 && list[i - 1].log_probability < candidate.log_probability; i--)
        list[i] = list[i - 1];
    list[i] = candidate;
}

/* Adds the best continuations of one row to its sentence's list. x [V] are logits whose log Σ exp is `log_sum`. */
static void extend(const struct search *search, struct candidate *list, int *count, int most, int row, const real *x, int V,
                   double log_sum, int only_end)
{
    enum { BLOCK = 64 };
    double before = search->live[row].log_probability - log_sum;

    if (only_end) {
        keep(list, count, most, (struct candidate){ row, VOCAB_END, before + (double)x[VOCAB_END] });
        return;
    }
    /* Most blocks of logits hold nothing that is good enough: their maximum says so. */
    for (int from = 0; from < V; from += BLOCK) {
        int to = from + BLOCK < V ? from + BLOCK : V;

        if (*count == most && before + (double)vec_maximum(x + from, to - from) <= list[most - 1].log_probability)
            continue;
        for (int v = from; v < to; v++)
            if (v != search->options->forbidden && (v != VOCAB_END || !search->options->exact_length))
                keep(list, count, most, (struct candidate){ row, v, before + (double)x[v] });
    }
}

static void finish(struct search *search, int sentence, int node, double log_probability)
{
    int beam = search->options->beam, length = 1, at;
    struct hypothesis *list = search->done + (size_t)sentence * (size_t)beam, one;

    for (int i = node; i >= 0; i = search->nodes[i].before)
        length++;
    one = (struct hypothesis){ .ids = memory_new((size_t)length, sizeof(int32_t)),
                               .length = length,
                               .log_probability = log_probability,
                               .score = score_of(search->options, log_probability, length) };
    one.ids[length - 1] = VOCAB_END;
    for (int i = node, k = length - 2; i >= 0; i = search->nodes[i].before)
        one.ids[k--] = search->nodes[i].id;
    for (at = search->finished[sentence]++; at > 0 && list[at - 1].score < one.score; at--)
        list[at] = list[at - 1];
    list[at] = one;
}

/* Whether no live hypothesis of the sentence, at best log-probability `best`, can still beat the finished ones that are wanted. */
static int settled(const struct search *search, int sentence, double best)
{
    const struct beam_options *options = search->options;
    int finished = search->finished[sentence];

    if (finished == 0 || finished < options->n_best)
        return 0;
    return score_of(options, best, longest_output(search, sentence)) <=
           search->done[(size_t)sentence * (size_t)options->beam + (size_t)options->n_best - 1].score;
}

/* Continues one sentence, whose rows are from … to-1, by its best candidates; returns how many stay live. */
static int advance(struct search *search, int sentence, const struct candidate *list, int count, int *parents, int next_count)
{
    int before = next_count, beam = search->options->beam;

    for (int i = 0; i < count; i++) {
        const struct live *parent = &search->live[list[i].parent];

        if (list[i].id == VOCAB_END) {
            finish(search, sentence, parent->node, list[i].log_probability);
            continue;
        }
        memory_reserve_one(&search->nodes, search->node_count, &search->node_room);
        search->nodes[search->node_count] = (struct node){ parent->node, list[i].id };
        parents[next_count] = list[i].parent;
        search->next[next_count++] = (struct live){ sentence, search->node_count++, list[i].id, list[i].log_probability };
    }
    if (next_count > before &&
        (search->finished[sentence] == beam || settled(search, sentence, search->next[before].log_probability)))
        next_count = before;
    return next_count;
}

/* Turns the models' logits of a row of the chunk into one row of log-probabilities (in the first model's place); returns its log Σ exp. */
static double combine(struct beam *beam, int row, int V)
{
    real *first = matrix_row(beam->steps[0].logits, row);
    double sums[BEAM_MODELS];

    if (beam->model_count == 1)
        return vec_log_sum_exp(first, V);
    for (int i = 0; i < beam->model_count; i++)
        sums[i] = vec_log_sum_exp(matrix_row(beam->steps[i].logits, row), V);
    for (int v = 0; v < V; v++) {
        double p = 0;

        for (int i = 0; i < beam->model_count; i++)
            p += exp((double)matrix_row(beam->steps[i].logits, row)[v] - sums[i]);
        first[v] = (real)log(p / beam->model_count + 1e-37);
    }
    return 0;
}

/* One step of all live hypotheses; the number that live on. */
static int search_step(struct beam *beam, struct search *search, struct candidate *list, int *parents, int length)
{
    int V = beam->models[0]->config.Vy, next = 0, chunk = 0, chunk_end = 0; /* the rows whose logits are there */

    for (int row = 0; row < search->live_count;) {
        int sentence = search->live[row].sentence, count = 0, most = search->options->beam - search->finished[sentence];
        int only_end = length >= longest_output(search, sentence);

        for (; row < search->live_count && search->live[row].sentence == sentence; row++) {
            double log_sum;

            if (row == chunk_end) {
                chunk = row;
                chunk_end = search->live_count - row < STEP_CHUNK ? search->live_count : row + STEP_CHUNK;
                for (int i = 0; i < beam->model_count; i++)
                    step_logits(&beam->steps[i], chunk, chunk_end - chunk);
            }
            log_sum = combine(beam, row - chunk, V);
            extend(search, list, &count, most, row, matrix_row(beam->steps[0].logits, row - chunk), V, log_sum, only_end);
        }
        next = advance(search, sentence, list, count, parents, next);
    }
    return next;
}

/* All models share the worker's arena. */
static void start(struct beam *beam, const struct batch *batch, int room)
{
    size_t bytes = 0;

    for (int i = 0; i < beam->model_count; i++)
        bytes += step_measure(&beam->steps[i], batch, room);
    worker_reserve(beam->worker, bytes);
    for (int i = 0; i < beam->model_count; i++)
        step_start(&beam->steps[i], batch, room);
}

void beam_search(struct beam *beam, const struct batch *batch, const struct beam_options *options, struct hypothesis *best)
{
    int B = batch->sentences, room = B * options->beam;
    struct search search = { .options = options, .batch = batch };
    struct candidate *list = memory_new((size_t)options->beam, sizeof *list);
    int *parents = memory_new((size_t)room, sizeof *parents), *sentence = memory_new((size_t)room, sizeof *sentence);
    int32_t *previous = memory_new((size_t)room, sizeof *previous);

    search.live = memory_new((size_t)room, sizeof *search.live);
    search.next = memory_new((size_t)room, sizeof *search.next);
    search.finished = memory_new((size_t)B, sizeof *search.finished);
    search.done = memory_new((size_t)room, sizeof *search.done);
    start(beam, batch, room);
    for (int b = 0; b < B; b++)
        search.live[b] = (struct live){ b, -1, -1, 0 };
    search.live_count = B;
    for (int length = 1; search.live_count > 0; length++) {
        struct live *swap = search.live;

        for (int row = 0; row < search.live_count; row++) {
            previous[row] = search.live[row].id;
            sentence[row] = search.live[row].sentence;
        }
        for (int i = 0; i < beam->model_count; i++)
            step_run(&beam->steps[i], previous, sentence, search.live_count);
        search.live_count = search_step(beam, &search, list, parents, length);
        search.live = search.next;
        search.next = swap;
        for (int i = 0; i < beam->model_count; i++)
            step_select(&beam->steps[i], parents, search.live_count);
    }
    for (int b = 0; b < B; b++)
        for (int i = 0; i < options->beam; i++) {
            struct hypothesis *one = &search.done[(size_t)b * (size_t)options->beam + (size_t)i];

            if (i < options->n_best)
                best[(size_t)b * (size_t)options->n_best + (size_t)i] = *one;
            else
                free(one->ids);
        }
    free(list);
    free(parents);
    free(sentence);
    free(previous);
    free(search.live);
    free(search.next);
    free(search.nodes);
    free(search.finished);
    free(search.done);
}
