#include "corpus/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pair and its sort key. */
struct keyed {
    int32_t target, source, pair;
};

static int by_length(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

/* Sorts a pool and cuts it into batches, whose ends are added to plan->first. */
static void cut(struct plan *plan, struct keyed *pool, size_t count, size_t offset, const struct plan_options *options)
{
    long tokens = 0, source = 0;
    int sentences = 0;

    qsort(pool, count, sizeof *pool, by_length);
    for (size_t i = 0; i < count; i++) {
        int full = options->sentences
                       ? sentences == options->sentences
                       : tokens + pool[i].target > options->tokens || source + pool[i].source > options->tokens * 3L / 2;

        if (sentences && full) {
            plan->first[++plan->batches] = offset + i;
            tokens = source = 0;
            sentences = 0;
        }
        plan->pairs[offset + i] = pool[i].pair;
        tokens += pool[i].target;
        source += pool[i].source;
        sentences++;
    }
    if (count)
        plan->first[++plan->batches] = offset + count;
}

static void shuffle_batches(struct plan *plan, struct rng *rng)
{
    size_t count = plan->first[plan->batches], at = 0;
    int32_t *order = memory_new(plan->batches, sizeof *order), *pairs = memory_new(count, sizeof *pairs);
    size_t *first = memory_new(plan->batches + 1, sizeof *first);

    for (size_t i = 0; i < plan->batches; i++)
        order[i] = (int32_t)i;
    rng_shuffle(rng, order, plan->batches);
    for (size_t i = 0; i < plan->batches; i++) {
        size_t from = plan->first[order[i]], length = plan->first[order[i] + 1] - from;

        memcpy(pairs + at, plan->pairs + from, length * sizeof *pairs);
        at += length;
        first[i + 1] = at;
    }
    free(order);
    free(plan->pairs);
    free(plan->first);
    plan->pairs = pairs;
    plan->first = first;
}

/* How often the epoch has this pair. */
static size_t times_of(const struct corpus *corpus, size_t pair, struct rng *rng)
{
    double weight = corpus_weight(corpus, pair), whole = floor(weight);

    return (size_t)whole + (weight > whole && rng_uniform(rng) < weight - whole);
}

/* The pairs of the epoch, in the order of the corpus, copies adjacent; heap. */
static int32_t *choose_pairs(const struct corpus *corpus, uint64_t seed, uint64_t epoch, size_t *count)
{
    struct rng rng = rng_make(seed, rng_stream("weight"), epoch, 0);
    size_t chosen = 0, room = corpus->pairs;
    int32_t *order = memory_new(room, sizeof *order);

    for (size_t k = 0; k < corpus->pairs; k++)
        for (size_t times = times_of(corpus, k, &rng); times > 0; times--) {
            memory_reserve_one(&order, chosen, &room);
            order[chosen++] = (int32_t)k;
        }
    for (size_t k = 0, all = chosen == 0; all && k < corpus->pairs; k++)
        order[chosen++] = (int32_t)k;
    *count = chosen;
    return order;
}

void plan_make(struct plan *plan, const struct corpus *corpus, const struct plan_options *options, uint64_t seed, uint64_t epoch)
{
    size_t count, from = 0;
    int32_t *order = choose_pairs(corpus, seed, epoch, &count);
    struct keyed *keyed = memory_new(count, sizeof *keyed);
    struct rng rng = rng_make(seed, 0x706c616e, epoch, 0);

    *plan = (struct plan){ .pairs = memory_new(count, sizeof *plan->pairs), .first = memory_new(count + 1, sizeof *plan->first) };
    rng_shuffle(&rng, order, count);
    while (from < count) {
        size_t to = from;
        long tokens = 0,
             most = options->sentences ? (long)options->sentences * options->pool : (long)options->tokens * options->pool;

        while (to < count && (to == from || tokens < most)) {
            int32_t pair = order[to];

            keyed[to] = (struct keyed){ corpus->length[TARGET][pair], corpus->length[SOURCE][pair], pair };
            tokens += options->sentences ? 1 : keyed[to].target;
            to++;
        }
        cut(plan, keyed + from, to - from, from, options);
        from = to;
    }
    free(keyed);
    free(order);
    shuffle_batches(plan, &rng);
}

void plan_release(struct plan *plan)
{
    free(plan->pairs);
    free(plan->first);
    *plan = (struct plan){ 0 };
}

struct pairs plan_batch(const struct plan *plan, const struct corpus *corpus, size_t batch)
{
    return (struct pairs){ corpus, plan->pairs + plan->first[batch], (int)(plan->first[batch + 1] - plan->first[batch]) };
}
