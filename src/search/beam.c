#include "search/beam.h"

#include "base/rng.h"
#include "math/vec.h"
#include "search/repeat.h"
#include "text/vocab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A word of a hypothesis and its predecessor: hypotheses with a common prefix share its nodes. */
struct node {
    int before; /* -1: none */
    int32_t id;
};

struct live {
    int sentence, node;
    int number; /* of the sample */
    int32_t id; /* the previous word, -1 at the start */
    double log_probability;
    int grown; /* its node in the sentence's tree */
};

struct candidate {
    int parent; /* row */
    int32_t id;
    double log_probability;
};

/* The continuations of a sentence, at most `most`: the best ones, best first, or one of each sample, in the samples' order. */
struct list {
    struct candidate *items;
    int count, most;
};

/* The words that may continue a hypothesis. */
struct words {
    real *x;            /* [count] their logits */
    const int32_t *ids; /* [count] ascending; NULL: all words */
    int count;
};

#define IMPOSSIBLE ((real)-1e30) /* the logit of a forbidden word */

/* One search in progress. Rows of live hypotheses are grouped by sentence, in the order of sentences. */
struct search {
    const struct beam_options *options;
    const struct batch *batch;
    struct node *nodes;
    int node_count, node_room;
    int length; /* of the hypotheses after this step */
    struct live *live, *next;
    int live_count;
    int *finished; /* [sentences] */
    int *copies;   /* [sentences] copies of one phrase in a row in the source; if options->repeats */
    int32_t *last; /* the last ids of the current hypothesis, the last one first */
    int last_room;
    double *scratch;         /* [Vy] of sample_word */
    struct hypothesis *done; /* [sentences, beam] */
};

void beam_init(struct beam *beam, struct worker *worker, struct model *const *models, int model_count)
{
    *beam = (struct beam){ .worker = worker, .model_count = model_count, .models = models };
    beam->steps = memory_new((size_t)model_count, sizeof *beam->steps);
    for (int i = 0; i < model_count; i++)
        beam->steps[i] = (struct step){ .worker = worker, .model = models[i] };
    beam->rows = memory_new((size_t)model_count, sizeof *beam->rows);
}

void beam_release(struct beam *beam)
{
    for (int i = 0; i < beam->model_count; i++)
        step_release(&beam->steps[i]);
    free(beam->steps);
    free(beam->rows);
    free(beam->gathered);
    candidates_release(&beam->candidates);
}

static int samples(const struct beam_options *options)
{
    return options->sampling.temperature > 0;
}

/* The sentence's prefix; without one, an empty one. */
static struct prefix prefix_of(const struct search *search, int sentence)
{
    return search->options->prefixes ? search->options->prefixes[sentence] : (struct prefix){ .ids = NULL };
}

static int longest_output(const struct search *search, int sentence)
{
    double most = search->options->length_ratio * search->batch->source_length[sentence] + 10;

    const struct prefix prefix = prefix_of(search, sentence);

    most += prefix.count + (prefix.rest ? (double)strlen(prefix.rest) : 0);
    if (search->options->exact_length)
        return search->options->exact_length[sentence];
    return most < 1e6 ? (int)most : 1000000;
}

static double score_of(const struct beam_options *options, double log_probability, int length)
{
    return log_probability / pow(length, options->length_penalty);
}

/* Puts a candidate into the list. */
static void keep(struct list *list, int parent, int32_t id, double log_probability)
{
    int i;

    if (list->count == list->most && list->items[list->most - 1].log_probability >= log_probability)
        return;
    i = list->count < list->most ? list->count++ : list->most - 1;
    for (; i > 0 && list->items[i - 1].log_probability < log_probability; i--)
        list->items[i] = list->items[i - 1];
    list->items[i] = (struct candidate){ parent, id, log_probability };
}

static int by_id(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* The place of a word, or -1. */
static int place_of(const struct words *words, int32_t id)
{
    const int32_t *found;

    if (!words->ids)
        return id;
    found = bsearch(&id, words->ids, (size_t)words->count, sizeof id, by_id);
    return found ? (int)(found - words->ids) : -1;
}

static void exclude(const struct words *words, int32_t id)
{
    int place = place_of(words, id);

    if (place >= 0)
        words->x[place] = IMPOSSIBLE;
}

/* Excludes the words that must not follow row `row`. */
static void forbid(struct search *search, int row, const struct words *words)
{
    const struct beam_options *options = search->options;
    const struct live *live = &search->live[row];
    int32_t forbidden[REPEAT_LONGEST];
    int count = 0, window;

    if (options->forbidden >= 0)
        exclude(words, options->forbidden);
    if (options->exact_length)
        exclude(words, VOCAB_END);
    if (!options->repeats)
        return;
    window = repeat_window(options->repeats, search->copies[live->sentence]);
    for (int i = live->node; i >= 0 && count < window; i = search->nodes[i].before) {
        memory_reserve_one(&search->last, count, &search->last_room);
        search->last[count++] = search->nodes[i].id;
    }
    count = repeat_forbidden(search->last, count, options->repeats, search->copies[live->sentence], forbidden);
    for (int i = 0; i < count; i++)
        exclude(words, forbidden[i]);
}

/* What is left of the beginning of a word in row `row`; NULL if nothing. */
static const char *rest_of(const struct search *search, int row, const struct prefix *prefix)
{
    size_t length = prefix->rest ? strlen(prefix->rest) : 0, seen = 0;
    int tokens = search->length - 1 - prefix->count;

    if (tokens < 0 || (size_t)tokens >= length) /* each token has a byte at least */
        return NULL;
    for (int i = search->live[row].node; tokens > 0; tokens--, i = search->nodes[i].before)
        seen += strlen(prefix->pieces[search->nodes[i].id]);
    return seen < length ? prefix->rest + seen : NULL;
}

/* Adds the continuations that the sentence's prefix allows; 0 if it is over. Parameters as those of extend. */
static int follow_prefix(const struct search *search, struct list *list, int row, const struct words *words, double before)
{
    const struct prefix prefix = prefix_of(search, search->live[row].sentence);
    const char *rest;
    size_t wanted;

    if (search->length <= prefix.count) {
        int32_t id = prefix.ids[search->length - 1];

        keep(list, row, id, before + (double)words->x[place_of(words, id)]);
        return 1;
    }
    rest = rest_of(search, row, &prefix);
    wanted = rest ? strlen(rest) : 0;
    for (int v = prefix.specials; wanted && v < words->count; v++) { /* of all words (choose_words) */
        size_t length = strlen(prefix.pieces[v]);

        if (strncmp(prefix.pieces[v], rest, length < wanted ? length : wanted) == 0)
            keep(list, row, v, before + (double)words->x[v]);
    }
    return wanted > 0;
}

/* Adds the best continuations of one row to its sentence's list. `before` is the log-probability of a logit of 0. */
static void extend(struct list *list, int row, const struct words *words, double before)
{
    enum { BLOCK = 64 };
    const real *x = words->x;
    int V = words->count;

    /* Most blocks of logits contain no good enough candidate, which their maximum shows. */
    for (int from = 0; from < V; from += BLOCK) {
        int to = from + BLOCK < V ? from + BLOCK : V;

        if (list->count == list->most &&
            before + (double)vec_maximum(x + from, to - from) <= list->items[list->most - 1].log_probability)
            continue;
        for (int v = from; v < to; v++)
            if (!(x[v] <= IMPOSSIBLE))
                keep(list, row, words->ids ? words->ids[v] : v, before + (double)x[v]);
    }
}

/* Draws the next word of one row's sample; before the first word, of all samples of its sentence. Parameters as those of extend. */
static void draw(struct search *search, struct list *list, int row, const struct words *words, double before)
{
    const struct beam_options *options = search->options;
    const struct live *live = &search->live[row];
    int count = search->length == 1 ? list->most : 1;

    for (int i = 0; i < count; i++) {
        struct rng rng =
            rng_make(options->keys[live->sentence], rng_stream("sample"), (uint64_t)(live->number + i), (uint64_t)search->length);
        int32_t id = sample_word(&options->sampling, words->x, words->count, rng_uniform(&rng), search->scratch);

        list->items[list->count++] = (struct candidate){ row, id, before + (double)words->x[id] };
    }
}

/* Ends a hypothesis: `number` is the sample's. Samples stay in the order of their numbers, all others are ranked by score. */
static void finish(struct search *search, int number, const struct candidate *candidate)
{
    const struct live *parent = &search->live[candidate->parent];
    int beam = search->options->beam, at;
    struct hypothesis *list = search->done + (size_t)parent->sentence * (size_t)beam, one;

    one = (struct hypothesis){ .ids = memory_new((size_t)search->length, sizeof(int32_t)),
                               .length = search->length,
                               .log_probability = candidate->log_probability,
                               .score = samples(search->options)
                                            ? -number
                                            : score_of(search->options, candidate->log_probability, search->length) };
    one.ids[search->length - 1] = VOCAB_END;
    for (int i = parent->node, k = search->length - 2; i >= 0; i = search->nodes[i].before)
        one.ids[k--] = search->nodes[i].id;
    for (at = search->finished[parent->sentence]++; at > 0 && list[at - 1].score < one.score; at--)
        list[at] = list[at - 1];
    list[at] = one;
}

/* Whether no live hypothesis of the sentence, at best log-probability `best`, can still beat the finished ones requested. */
static int settled(const struct search *search, int sentence, double best)
{
    const struct beam_options *options = search->options;
    int finished = search->finished[sentence];

    if (finished == 0 || finished < options->n_best)
        return 0;
    return score_of(options, best, longest_output(search, sentence)) <=
           search->done[(size_t)sentence * (size_t)options->beam + (size_t)options->n_best - 1].score;
}

/* Adds a candidate to the sentence's tree, if one is wanted; its node. */
static int grow(const struct search *search, int sentence, const struct candidate *candidate)
{
    struct beam_tree *tree = search->options->trees ? &search->options->trees[sentence] : NULL;

    if (!tree)
        return -1;
    memory_reserve_one(&tree->nodes, tree->count, &tree->room);
    tree->nodes[tree->count] =
        (struct beam_node){ search->live[candidate->parent].grown, candidate->id, candidate->log_probability };
    return tree->count++;
}

/* Continues a sentence by its best candidates; parents and search->next have `next_count` rows before it. Returns their number
 * afterwards. */
static int advance(struct search *search, int sentence, const struct list *list, int *parents, int next_count)
{
    int before = next_count, beam = search->options->beam;

    for (int i = 0; i < list->count; i++) {
        const struct candidate *candidate = &list->items[i];
        const struct live *parent = &search->live[candidate->parent];
        int number = search->length == 1 ? i : parent->number, grown = grow(search, sentence, candidate);

        if (candidate->id == VOCAB_END) {
            finish(search, number, candidate);
            continue;
        }
        memory_reserve_one(&search->nodes, search->node_count, &search->node_room);
        search->nodes[search->node_count] = (struct node){ parent->node, candidate->id };
        parents[next_count] = candidate->parent;
        search->next[next_count++] =
            (struct live){ sentence, search->node_count++, number, candidate->id, candidate->log_probability, grown };
    }
    if (next_count > before &&
        (search->finished[sentence] == beam || settled(search, sentence, search->next[before].log_probability)))
        next_count = before;
    return next_count;
}

/* The words that may continue row `row` of the chunk, a hypothesis of this sentence, and sets the models' rows of logits. */
static struct words words_of(struct beam *beam, int row, int sentence)
{
    const struct candidates *candidates = &beam->candidates;
    int V = beam->models[0]->config.Vy;
    struct words words = { .count = V };
    const int *columns;

    for (int i = 0; i < beam->model_count; i++)
        beam->rows[i] = matrix_row(beam->steps[i].logits, row);
    if (beam->steps[0].words.words) {
        columns = candidates->columns + candidates->first[sentence];
        words.ids = candidates->own + candidates->first[sentence];
        words.count = (int)(candidates->first[sentence + 1] - candidates->first[sentence]);
        for (int i = 0; i < beam->model_count; i++) {
            real *own = beam->gathered + (size_t)i * (size_t)V;

            for (int k = 0; k < words.count; k++)
                own[k] = beam->rows[i][columns[k]];
            beam->rows[i] = own;
        }
    }
    words.x = beam->rows[0];
    return words;
}

/* Turns the models' logits of a row into one row of log-probabilities (in the first model's place); returns its log Σ exp. */
static double combine(struct beam *beam, const struct words *words)
{
    double sum = vec_log_sum_exp(words->x, words->count);

    if (beam->model_count == 1)
        return sum;
    vec_exponentials(words->x, words->x, sum, words->count);
    for (int i = 1; i < beam->model_count; i++)
        vec_add_exponentials(words->x, beam->rows[i], vec_log_sum_exp(beam->rows[i], words->count), words->count);
    vec_logarithms(words->x, 1.0 / beam->model_count, words->count);
    return 0;
}

/* Adds the best continuations of row `row` of live hypotheses, which is row `row` - `chunk` of the logits. */
static void continue_row(struct beam *beam, struct search *search, struct list *list, int row, int chunk)
{
    const struct live *live = &search->live[row];
    struct words words = words_of(beam, row - chunk, live->sentence);
    double before = live->log_probability - combine(beam, &words), end = before + (double)words.x[place_of(&words, VOCAB_END)];

    if (follow_prefix(search, list, row, &words, before)) {
        ; /* has added what may come */
    } else if (search->length >= longest_output(search, live->sentence)) {
        keep(list, row, VOCAB_END, end);
    } else {
        forbid(search, row, &words);
        if (samples(search->options))
            draw(search, list, row, &words, before);
        else
            extend(list, row, &words, before);
    }
    if (list->count == 0) /* numbers that overflowed */
        keep(list, row, VOCAB_END, end);
}

/* One step of all live hypotheses; returns the number still live. */
static int search_step(struct beam *beam, struct search *search, struct candidate *items, int *parents)
{
    int next = 0, chunk = 0, chunk_end = 0; /* the rows whose logits are computed */

    for (int row = 0; row < search->live_count;) {
        int sentence = search->live[row].sentence;
        struct list list = { items, 0, search->options->beam - search->finished[sentence] };

        for (; row < search->live_count && search->live[row].sentence == sentence; row++) {
            if (row == chunk_end) {
                chunk = row;
                chunk_end = search->live_count - row < STEP_CHUNK ? search->live_count : row + STEP_CHUNK;
                for (int i = 0; i < beam->model_count; i++)
                    step_logits(&beam->steps[i], chunk, chunk_end - chunk);
            }
            continue_row(beam, search, &list, row, chunk);
        }
        next = advance(search, sentence, &list, parents, next);
    }
    return next;
}

static void search_init(struct search *search, const struct batch *batch, const struct beam_options *options)
{
    size_t sentences = (size_t)batch->sentences, room = sentences * (size_t)options->beam;

    *search = (struct search){ .options = options, .batch = batch, .live_count = batch->sentences };
    search->live = memory_new(room, sizeof *search->live);
    search->next = memory_new(room, sizeof *search->next);
    search->finished = memory_new(sentences, sizeof *search->finished);
    search->done = memory_new(room, sizeof *search->done);
    search->copies = memory_new(sentences, sizeof *search->copies);
    for (int b = 0; b < batch->sentences; b++) {
        search->live[b] = (struct live){ .sentence = b, .node = -1, .id = -1, .grown = -1 };
        search->copies[b] = options->repeats ? repeat_copies(batch->source[b], batch->source_length[b]) : 0;
    }
}

/* Returns the best hypotheses and releases the rest. */
static void search_end(struct search *search, struct hypothesis *best)
{
    int beam = search->options->beam, n_best = search->options->n_best;

    for (int b = 0; b < search->batch->sentences; b++)
        for (int i = 0; i < beam; i++) {
            struct hypothesis *one = &search->done[(size_t)b * (size_t)beam + (size_t)i];

            if (i < n_best)
                best[(size_t)b * (size_t)n_best + (size_t)i] = *one;
            else
                free(one->ids);
        }
    free(search->live);
    free(search->next);
    free(search->nodes);
    free(search->finished);
    free(search->done);
    free(search->copies);
    free(search->last);
    free(search->scratch);
}

/* Gives the steps the words of the batch, if the search is to have a shortlist, and all models have one. */
static void choose_words(struct beam *beam, const struct batch *batch, const struct beam_options *options)
{
    int count = beam->model_count, V = beam->models[0]->config.Vy, shortened = options->shortlist && !samples(options);
    const struct shortlist **lists = memory_new((size_t)count, sizeof *lists);
    int *whole = memory_new((size_t)batch->sentences, sizeof *whole);

    for (int i = 0; i < count; i++) {
        lists[i] = &beam->models[i]->shortlist;
        shortened = shortened && lists[i]->sources;
    }
    for (int b = 0; options->prefixes && b < batch->sentences; b++)
        whole[b] = options->prefixes[b].count > 0 || options->prefixes[b].rest;
    if (shortened) {
        candidates_find(&beam->candidates, lists, count, batch, whole, V);
        if (!beam->gathered)
            beam->gathered = memory_new((size_t)count * (size_t)V, sizeof *beam->gathered);
    }
    for (int i = 0; i < count; i++) {
        beam->steps[i].words.words = shortened ? beam->candidates.words : NULL;
        beam->steps[i].words.count = beam->candidates.count;
    }
    free(lists);
    free(whole);
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
    int room = batch->sentences * options->beam;
    struct search search;
    struct candidate *items = memory_new((size_t)options->beam, sizeof *items);
    int *parents = memory_new((size_t)room, sizeof *parents), *sentence = memory_new((size_t)room, sizeof *sentence);
    int32_t *previous = memory_new((size_t)room, sizeof *previous);

    search_init(&search, batch, options);
    choose_words(beam, batch, options);
    start(beam, batch, room);
    if (samples(options))
        search.scratch = memory_new((size_t)beam->models[0]->config.Vy, sizeof *search.scratch);
    for (search.length = 1; search.live_count > 0; search.length++) {
        struct live *swap = search.live;

        for (int row = 0; row < search.live_count; row++) {
            previous[row] = search.live[row].id;
            sentence[row] = search.live[row].sentence;
        }
        for (int i = 0; i < beam->model_count; i++)
            step_run(&beam->steps[i], previous, sentence, search.live_count);
        search.live_count = search_step(beam, &search, items, parents);
        search.live = search.next;
        search.next = swap;
        for (int i = 0; i < beam->model_count; i++)
            step_select(&beam->steps[i], parents, search.live_count);
    }
    search_end(&search, best);
    free(items);
    free(parents);
    free(sentence);
    free(previous);
}
