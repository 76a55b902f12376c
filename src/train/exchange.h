/* exchange: how the workers of all processes add up their gradients and share the new weights. With one process (base/cluster), there is
 * nothing to send, and only the order of addition is left.
 *
 * The numbers of the model are dealt over all workers: worker w owns a slice, and a process owns those of its workers, which follow one
 * another. Gradients are added by a binary tree over all workers, whatever the processes:
 *
 *     worker      0   1   2   3   4   5
 *                 0+1     2+3     4+5        stride 1
 *                 (0+1)+(2+3)                stride 2
 *                 ((0+1)+(2+3))+(4+5)        stride 4
 *
 * A process first does the additions that need its own workers only; what is left (a root: with a power of two of workers per
 * process, one) goes to the owners of the slices, which do the rest. So P processes of T workers give the bits of one process of P T
 * workers. The owner steps its slice, and hands the new weights to all.
 *
 * bf16: numbers are rounded to bfloat16 before they are sent; the rounding error is added to the next update's numbers. What is sent of
 * the weights is their change: all processes, the owner too, compute with the sum of what was sent, and only the owner has the exact
 * weights. */
#ifndef NMT_TRAIN_EXCHANGE_H
#define NMT_TRAIN_EXCHANGE_H

#include "math/real.h"

#include <stddef.h>
#include <stdint.h>

enum exchange_precision { EXCHANGE_F32, EXCHANGE_BF16 };

/* Names in the order of the enum, NULL-terminated. */
extern const char *const exchange_names[];

/* Numbers from … to − 1. */
struct exchange_range {
    size_t from, to;
};

/* Seconds that a process has spent so far. */
struct process_time {
    double computing, exchanging, waiting;
};

struct exchange {
    int workers, first, count; /* of all processes; those of this process are first … first + count - 1 */
    size_t length;
    enum exchange_precision precision;
    real **gradients;           /* [workers]: of each worker of this process; set by the learner */
    struct process_time *times; /* [processes], as of the last update */

    /* with several processes */
    struct exchange_range early; /* what exchange_early has begun to send of this update */
    real **sums;                 /* [workers]: of each root, the numbers of this process's slices; else NULL */
    real **errors;               /* [workers]: bf16: of each root of this process, what was lost in rounding [length]; else NULL */
    real *weights;               /* bf16: the exact weights of this process's slices, or NULL */
    uint16_t *sent, *received;   /* bf16: numbers on the way: of each own root [length]; of each other [this process's slices] */
    size_t sent_room, received_room;
};

/* For `count` workers in each process. */
void exchange_init(struct exchange *exchange, int count, size_t length);
void exchange_release(struct exchange *exchange);

/* Starts with these weights [length], equal in all processes. */
void exchange_begin(struct exchange *exchange, enum exchange_precision precision, const real *values);

/* Numbers that are processed at a time: few enough to stay in the cache from sum to step. */
enum { EXCHANGE_GRAIN = 4096 };

/* The start of a worker's slice (worker = workers: the end of the last one): a multiple of EXCHANGE_GRAIN, but for the end. */
size_t exchange_slice(const struct exchange *exchange, int worker);

/* Adds the numbers from … to-1 of this process's gradients, as far as the tree needs no other process. Different ranges may be added by
 * different threads. */
void exchange_add(const struct exchange *exchange, size_t from, size_t to);

/* Calls `add` (gradient_adopt) for each addition of exchange_add. */
void exchange_each(const struct exchange *exchange, void (*add)(void *context, int to, int from), void *context);

/* Sends the roots' numbers to their owners, and receives those of this process's slices. Main thread; nothing with one process.
 * exchange_early begins with a part of them, the same in all processes, which is complete before the others and moves whenever
 * cluster_progress is called; exchange_gradients then does the rest, and waits for both. */
void exchange_early(struct exchange *exchange, struct exchange_range range);
void exchange_gradients(struct exchange *exchange);

/* Adds the rest: numbers from … to-1 of this process's slices. exchange_summed returns the sum's numbers, from number `from` on. */
void exchange_finish(const struct exchange *exchange, size_t from, size_t to);
const real *exchange_summed(const struct exchange *exchange, size_t from);

/* The weights that the owner of number `from` steps. */
real *exchange_owned(struct exchange *exchange, real *values, size_t from);

/* Hands round the weights that the owners have stepped; values [length] are then equal in all processes. Main thread. */
void exchange_weights(struct exchange *exchange, real *values);

/* Completes an array [length] of which each process has its slices: in all processes, or in process 0 only. Main thread. */
void exchange_spread(struct exchange *exchange, real *array);
void exchange_collect(struct exchange *exchange, real *array);

#endif
