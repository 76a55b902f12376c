#include "train/exchange.h"

#include "base/cluster.h"
#include "base/memory.h"
#include "math/vec.h"

#include <stdlib.h>
#include <string.h>

const char *const exchange_names[] = { "f32", "bf16", NULL };

/* The processes that have the workers from … to-1, cut at the last worker, are one. */
static int within_one(const struct exchange *exchange, int from, int to)
{
    int last = (to < exchange->workers ? to : exchange->workers) - 1;

    return from / exchange->count == last / exchange->count;
}

static int is_own(const struct exchange *exchange, int worker)
{
    return worker >= exchange->first && worker < exchange->first + exchange->count;
}

/* Whether the worker's sum goes to the owners: no addition within its process took it up. */
static int is_root(const struct exchange *exchange, int worker)
{
    for (int stride = 1; stride < exchange->workers; stride *= 2)
        if (worker % (2 * stride) == stride)
            return !within_one(exchange, worker - stride, worker + stride);
    return 1;
}

static size_t process_start(const struct exchange *exchange, int process)
{
    return exchange_slice(exchange, process * exchange->count);
}

static size_t process_length(const struct exchange *exchange, int process)
{
    return process_start(exchange, process + 1) - process_start(exchange, process);
}

void exchange_init(struct exchange *exchange, int count, size_t length)
{
    *exchange =
        (struct exchange){ .workers = count * cluster_count(), .first = count * cluster_rank(), .count = count, .length = length };
    exchange->gradients = memory_new((size_t)exchange->workers, sizeof *exchange->gradients);
    exchange->times = memory_new((size_t)cluster_count(), sizeof *exchange->times);
    exchange->sums = memory_new((size_t)exchange->workers, sizeof *exchange->sums);
    exchange->errors = memory_new((size_t)exchange->workers, sizeof *exchange->errors);
    for (int i = 0; cluster_count() > 1 && i < exchange->workers; i++)
        if (is_root(exchange, i))
            exchange->sums[i] = memory_new(process_length(exchange, cluster_rank()), sizeof(real));
}

void exchange_release(struct exchange *exchange)
{
    for (int i = 0; i < exchange->workers; i++) {
        free(exchange->sums[i]);
        free(exchange->errors[i]);
    }
    free(exchange->gradients);
    free(exchange->times);
    free(exchange->sums);
    free(exchange->errors);
    free(exchange->weights);
    free(exchange->sent);
    free(exchange->received);
    *exchange = (struct exchange){ 0 };
}

void exchange_begin(struct exchange *exchange, enum exchange_precision precision, const real *values)
{
    size_t from = process_start(exchange, cluster_rank()), length = process_length(exchange, cluster_rank());

    if (cluster_count() == 1 || precision == EXCHANGE_F32)
        return;
    exchange->precision = precision;
    exchange->weights = memory_new(length, sizeof(real));
    memcpy(exchange->weights, values + from, length * sizeof(real));
    for (int i = 0; i < exchange->workers; i++)
        if (is_own(exchange, i) && is_root(exchange, i))
            exchange->errors[i] = memory_new(exchange->length, sizeof(real));
}

size_t exchange_slice(const struct exchange *exchange, int worker)
{
    size_t grains = (exchange->length + EXCHANGE_GRAIN - 1) / EXCHANGE_GRAIN;
    size_t start = grains * (size_t)worker / (size_t)exchange->workers * EXCHANGE_GRAIN;

    return start < exchange->length ? start : exchange->length;
}

void exchange_each(const struct exchange *exchange, void (*add)(void *context, int to, int from), void *context)
{
    for (int stride = 1; stride < exchange->workers; stride *= 2)
        for (int i = 0; i + stride < exchange->workers; i += 2 * stride)
            if (is_own(exchange, i) && within_one(exchange, i, i + 2 * stride))
                add(context, i, i + stride);
}

void exchange_add(const struct exchange *exchange, size_t from, size_t to)
{
    real *const *gradients = exchange->gradients;

    for (int stride = 1; stride < exchange->workers; stride *= 2)
        for (int i = 0; i + stride < exchange->workers; i += 2 * stride)
            if (is_own(exchange, i) && within_one(exchange, i, i + 2 * stride))
                vec_accumulate(gradients[i] + from, gradients[i + stride] + from, to - from);
}

void exchange_finish(const struct exchange *exchange, size_t from, size_t to)
{
    size_t at = from - process_start(exchange, cluster_rank());

    for (int stride = 1; stride < exchange->workers; stride *= 2)
        for (int i = 0; i + stride < exchange->workers; i += 2 * stride)
            if (!within_one(exchange, i, i + 2 * stride))
                vec_accumulate(exchange->sums[i] + at, exchange->sums[i + stride] + at, to - from);
}

const real *exchange_summed(const struct exchange *exchange, size_t from)
{
    return cluster_count() == 1 ? exchange->gradients[0] + from
                                : exchange->sums[0] + (from - process_start(exchange, cluster_rank()));
}

/* ---- f32 ---- */

/* Each process sends each other its slice of the own numbers; own numbers are copied. */
static void exchange_sums(struct exchange *exchange)
{
    int me = cluster_rank();
    size_t mine = process_start(exchange, me), length = process_length(exchange, me);

    for (int i = 0; i < exchange->workers; i++) {
        if (!exchange->sums[i])
            continue;
        if (!is_own(exchange, i)) {
            cluster_receive(i / exchange->count, exchange->sums[i], length * sizeof(real));
            continue;
        }
        for (int process = 0; process < cluster_count(); process++)
            if (process != me)
                cluster_send(process, exchange->gradients[i] + process_start(exchange, process),
                             process_length(exchange, process) * sizeof(real));
        memcpy(exchange->sums[i], exchange->gradients[i] + mine, length * sizeof(real));
    }
    cluster_wait();
}

void exchange_spread(struct exchange *exchange, real *array)
{
    int me = cluster_rank();

    for (int process = 0; process < cluster_count(); process++) {
        if (process == me)
            continue;
        cluster_receive(process, array + process_start(exchange, process), process_length(exchange, process) * sizeof(real));
        cluster_send(process, array + process_start(exchange, me), process_length(exchange, me) * sizeof(real));
    }
    cluster_wait();
}

void exchange_collect(struct exchange *exchange, real *array)
{
    int me = cluster_rank();

    if (me > 0)
        cluster_send(0, array + process_start(exchange, me), process_length(exchange, me) * sizeof(real));
    for (int process = 1; me == 0 && process < cluster_count(); process++)
        cluster_receive(process, array + process_start(exchange, process), process_length(exchange, process) * sizeof(real));
    cluster_wait();
}

/* ---- bf16 ---- */

static uint16_t *reserve(uint16_t **numbers, size_t *room, size_t wanted)
{
    if (wanted > *room) {
        *numbers = memory_resize(*numbers, wanted, sizeof **numbers);
        *room = wanted;
    }
    return *numbers;
}

static int own_roots(const struct exchange *exchange)
{
    int count = 0;

    for (int i = exchange->first; i < exchange->first + exchange->count; i++)
        count += is_root(exchange, i);
    return count;
}

static int roots(const struct exchange *exchange)
{
    int count = 0;

    for (int i = 0; i < exchange->workers; i++)
        count += is_root(exchange, i);
    return count;
}

static void exchange_sums_rounded(struct exchange *exchange)
{
    int me = cluster_rank();
    size_t mine = process_start(exchange, me), length = process_length(exchange, me);
    uint16_t *sent = reserve(&exchange->sent, &exchange->sent_room, (size_t)own_roots(exchange) * exchange->length);
    uint16_t *received = reserve(&exchange->received, &exchange->received_room, (size_t)roots(exchange) * length);
    uint16_t *at = received;

    for (int i = 0; i < exchange->workers; i++) {
        if (!exchange->sums[i])
            continue;
        if (!is_own(exchange, i)) {
            cluster_receive(i / exchange->count, at, length * sizeof *at);
            at += length;
            continue;
        }
        for (int process = 0; process < cluster_count(); process++) {
            size_t from = process_start(exchange, process), count = process_length(exchange, process);

            if (process == me)
                continue;
            vec_round_bf16(sent + from, exchange->errors[i] + from, exchange->gradients[i] + from, count);
            cluster_send(process, sent + from, count * sizeof *sent);
        }
        memcpy(exchange->sums[i], exchange->gradients[i] + mine, length * sizeof(real));
        sent += exchange->length;
    }
    cluster_wait();
    for (int i = 0; i < exchange->workers; i++)
        if (exchange->sums[i] && !is_own(exchange, i)) {
            memset(exchange->sums[i], 0, length * sizeof(real));
            vec_add_bf16(exchange->sums[i], received, length);
            received += length;
        }
}

/* What is sent is the change of the weights since the last time: the exact ones less those that all have. */
static void exchange_changes(struct exchange *exchange, real *values)
{
    int me = cluster_rank();
    size_t mine = process_start(exchange, me), length = process_length(exchange, me);
    uint16_t *sent = reserve(&exchange->sent, &exchange->sent_room, length);
    uint16_t *received = reserve(&exchange->received, &exchange->received_room, exchange->length);

    vec_difference_bf16(sent, exchange->weights, values + mine, length);
    for (int process = 0; process < cluster_count(); process++)
        if (process != me) {
            cluster_receive(process, received + process_start(exchange, process),
                            process_length(exchange, process) * sizeof *received);
            cluster_send(process, sent, length * sizeof *sent);
        }
    cluster_wait();
    vec_add_bf16(values + mine, sent, length);
    vec_add_bf16(values, received, mine);
    vec_add_bf16(values + mine + length, received + mine + length, exchange->length - mine - length);
}

/* ---- both ---- */

void exchange_gradients(struct exchange *exchange)
{
    if (cluster_count() == 1)
        return;
    if (exchange->precision == EXCHANGE_BF16)
        exchange_sums_rounded(exchange);
    else
        exchange_sums(exchange);
}

real *exchange_owned(struct exchange *exchange, real *values, size_t from)
{
    return exchange->weights ? exchange->weights + (from - process_start(exchange, cluster_rank())) : values + from;
}

void exchange_weights(struct exchange *exchange, real *values)
{
    if (exchange->weights)
        exchange_changes(exchange, values);
    else
        exchange_spread(exchange, values);
}
