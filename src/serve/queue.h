/* queue: texts that wait for translation, and the workers that translate them.
 *
 * A job is a number of texts for one model. A worker takes the texts of the first job in the queue, and with them those of all other jobs
 * that can be translated together with it (same model, same options), up to QUEUE_BATCH; a job of many texts goes to the end of the
 * queue each time, so that it does not hold up the others:
 *
 *     queue:  A a1 a2 … a90 | B b1 | C c1 c2        one batch: a1 … a32 b1 c1 c2; then the queue is A a33 … a90
 *
 * Workers allocate nothing outside nmt_translate, which returns errors. If a batch of several jobs fails, each of them is tried alone,
 * so that one that needs too much memory fails by itself. */
#ifndef NMT_SERVE_QUEUE_H
#define NMT_SERVE_QUEUE_H

#include "serve/metrics.h"
#include "serve/nmt.h"

enum { QUEUE_BATCH = 64, QUEUE_LEAST = 8, QUEUE_SLICE = 32, QUEUE_WORKERS_MOST = 256 };

enum job_state { JOB_GOOD, JOB_FAILED, JOB_LATE, JOB_STOPPED };

struct job {
    /* Set by the caller, who owns what is pointed to; unchanged until queue_drop. */
    struct nmt *model;
    struct nmt_options options; /* without prefixes */
    char **texts;
    char **prefixes; /* [count], each of which may be NULL; or NULL */
    size_t count;
    int gradual;                 /* first slices are small, so that the first results come early */
    double deadline;             /* seconds of queue_clock: until then all texts must have been taken; if gradual, the next ones */
    double patience;             /* what this is put off by each time, if gradual */
    void (*wake)(void *context); /* called while the queue is locked: must not call it, nor wait */
    void *context;

    struct nmt_result *results; /* [count] out: zeroed, from malloc; the queue's from queue_add on */

    /* Of the queue. `state` and `problem` may be read once the job has ended; results below queue_ready always. */
    enum job_state state;
    char problem[256];
    size_t taken, ready;
    int flying;   /* batches that have texts of it */
    int sleeping; /* `wake` is to be called */
    int waiting;  /* is in the list */
    void (*release)(struct job *job);
    struct job *next;
};

struct queue_counts {
    size_t jobs, texts, translating;
};

struct queue;

/* Seconds since some moment. */
double queue_clock(void);

/* Starts workers; at most `most` jobs wait. `first` is one of the models: each worker translates something with it at once, so that the
 * libraries have what they need for a thread before memory may be short. NULL after an error. */
struct queue *queue_start(int workers, size_t most, struct nmt *first, struct metrics *metrics);

/* Adds a job. `wake` will be called when it has ended, or before. 0, or -1 if the queue is full. */
int queue_add(struct queue *queue, struct job *job);

/* How many results from the first on are ready; *ended: no more will be. If there are no more than `seen`, and the job has not ended, `sleep`
 * (unless it is NULL) is called with the context while the queue is locked, and later `wake`. */
size_t queue_ready(struct queue *queue, struct job *job, size_t seen, int *ended, void (*sleep)(void *context));

/* Takes a job out and frees its results. `release` is then called with it, by this function or, if a batch has texts of it, by a worker: while
 * the queue is locked. */
void queue_drop(struct queue *queue, struct job *job, void (*release)(struct job *job));

/* Ends jobs that wait and whose deadline is over. */
void queue_expire(struct queue *queue, double now);

struct queue_counts queue_count(struct queue *queue);

/* Ends all jobs that wait, and the workers when they are done with their batches. queue_free: no job may be left. */
void queue_stop(struct queue *queue);
void queue_free(struct queue *queue);

#endif
