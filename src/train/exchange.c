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

/* ---- gradients ---- */

static uint16_t *reserve(uint16_t **numbers, size_t *room, size_t wanted)
{
    if (wanted > *room) {
        *numbers = memory_resize(*numbers, wanted, sizeof **numbers);
        *room = wanted;
    }
    return *numbers;
}

/* The part of a process's slices that is in the range. */
static struct exchange_range part_of(const struct exchange *exchange, int process, struct exchange_range range)
{
    size_t start = process_start(exchange, process), end = process_start(exchange, process + 1);
    size_t from = start > range.from ? start : range.from, to = end < range.to ? end : range.to;

    return from < to ? (struct exchange_range){ from, to } : (struct exchange_range){ start, start };
}

/* The number of roots before worker `end` that this process has (own), or that others have. */
static size_t roots_before(const struct exchange *exchange, int end, int own)
{
    size_t count = 0;

    for (int i = 0; i < end; i++)
        count += exchange->sums[i] && is_own(exchange, i) == own;
    return count;
}

/* Where the rounded numbers of this process's slices come in that another process's root sends. */
static uint16_t *received_of(const struct exchange *exchange, int root)
{
    return exchange->received + roots_before(exchange, root, 0) * process_length(exchange, cluster_rank());
}

/* Starts to send an own root's numbers to their owner, another process. */
static void send_part(struct exchange *exchange, int root, int process, struct exchange_range part)
{
    const real *numbers = exchange->gradients[root] + part.from;
    size_t count = part.to - part.from;

    if (exchange->precision == EXCHANGE_BF16) {
        uint16_t *sent = exchange->sent + roots_before(exchange, root, 1) * exchange->length + part.from;

        vec_round_bf16(sent, exchange->errors[root] + part.from, numbers, count);
        cluster_send(process, sent, count * sizeof *sent);
    } else
        cluster_send(process, numbers, count * sizeof *numbers);
}

/* Starts to receive numbers of this process's slices from another process's root. */
static void receive_part(struct exchange *exchange, int root, struct exchange_range part)
{
    size_t at = part.from - process_start(exchange, cluster_rank()), count = part.to - part.from;

    if (exchange->precision == EXCHANGE_BF16)
        cluster_receive(root / exchange->count, received_of(exchange, root) + at, count * sizeof(uint16_t));
    else
        cluster_receive(root / exchange->count, exchange->sums[root] + at, count * sizeof(real));
}

/* Starts all transfers of a range. */
static void start_range(struct exchange *exchange, struct exchange_range range)
{
    if (exchange->precision == EXCHANGE_BF16) {
        reserve(&exchange->sent, &exchange->sent_room, roots_before(exchange, exchange->workers, 1) * exchange->length);
        reserve(&exchange->received, &exchange->received_room,
                roots_before(exchange, exchange->workers, 0) * process_length(exchange, cluster_rank()));
    }
    for (int i = 0; i < exchange->workers; i++) {
        if (exchange->sums[i] && !is_own(exchange, i))
            receive_part(exchange, i, part_of(exchange, cluster_rank(), range));
        for (int process = 0; exchange->sums[i] && is_own(exchange, i) && process < cluster_count(); process++)
            if (process != cluster_rank())
                send_part(exchange, i, process, part_of(exchange, process, range));
    }
}

void exchange_early(struct exchange *exchange, struct exchange_range range)
{
    exchange->early = range;
    start_range(exchange, range);
}

void exchange_gradients(struct exchange *exchange)
{
    size_t mine = process_start(exchange, cluster_rank()), length = process_length(exchange, cluster_rank());

    if (cluster_count() == 1)
        return;
    start_range(exchange, (struct exchange_range){ 0, exchange->early.from });
    start_range(exchange, (struct exchange_range){ exchange->early.to, exchange->length });
    cluster_wait();
    exchange->early = (struct exchange_range){ 0, 0 };
    for (int i = 0; i < exchange->workers; i++) {
        if (exchange->sums[i] && is_own(exchange, i))
            memcpy(exchange->sums[i], exchange->gradients[i] + mine, length * sizeof(real));
        else if (exchange->sums[i] && exchange->precision == EXCHANGE_BF16) {
            memset(exchange->sums[i], 0, length * sizeof(real));
            vec_add_bf16(exchange->sums[i], received_of(exchange, i), length);
        }
    }
}

/* ---- weights and other arrays ---- */

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
