#define _POSIX_C_SOURCE 200809L
#include "serve/queue.h"

#include "base/memory.h"
#include "base/report.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t work; /* there are texts, or an end */
    struct job *first, *last;
    size_t jobs, texts, translating, most;
    int stopping, workers, started;
    pthread_t threads[QUEUE_WORKERS_MOST];
    struct nmt *model; /* the first one */
    struct metrics *metrics;
};

/* Texts that are translated together. A job may be gone as soon as its results have landed, so the load has what all of them share. */
struct load {
    struct nmt *model;
    struct nmt_options options;
    struct job *jobs[QUEUE_BATCH]; /* [job_count] */
    size_t from[QUEUE_BATCH + 1];  /* [job_count + 1] the batch's texts from … of each job */
    size_t start[QUEUE_BATCH];     /* the job's text that is the first of these */
    int job_count;
    const char *texts[QUEUE_BATCH], *prefixes[QUEUE_BATCH];
    struct nmt_result *results; /* out */
    char *problem;              /* out, where results is NULL */
};

double queue_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- the list; everything here and below with the lock held, unless it says otherwise ---- */

static void append(struct queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
    job->waiting = 1;
    queue->jobs++;
    queue->texts += job->count - job->taken;
}

static void unlink_job(struct queue *queue, struct job *job)
{
    struct job *before = NULL;

    for (struct job *at = queue->first; at != job; at = at->next)
        before = at;
    if (before)
        before->next = job->next;
    else
        queue->first = job->next;
    if (queue->last == job)
        queue->last = before;
    job->waiting = 0;
    queue->jobs--;
    queue->texts -= job->count - job->taken;
}

static int ended(const struct job *job)
{
    return job->flying == 0 && (job->taken == job->count || job->state != JOB_GOOD);
}

static void wake(struct job *job)
{
    if (!job->sleeping)
        return;
    job->sleeping = 0;
    job->wake(job->context);
}

static void job_free(struct job *job)
{
    nmt_free(job->results, job->count);
    job->results = NULL;
    job->release(job);
}

/* No more texts of it are taken. */
static void end_job(struct queue *queue, struct job *job, enum job_state state, const char *problem)
{
    if (job->waiting)
        unlink_job(queue, job);
    if (job->state == JOB_GOOD) {
        job->state = state;
        snprintf(job->problem, sizeof job->problem, "%s", problem);
    }
    if (ended(job))
        wake(job);
}

/* ---- workers ---- */

static int together(const struct job *a, const struct job *b)
{
    const struct nmt_options *x = &a->options, *y = &b->options;

    return a->model == b->model && x->beam == y->beam && x->n_best == y->n_best && x->alignment == y->alignment &&
           x->scores == y->scores && x->tree == y->tree && x->shortlist == y->shortlist && x->max_length == y->max_length &&
           x->length_penalty == y->length_penalty;
}

/* The texts of a batch: all workers get some, but not fewer than are worth a batch. */
static size_t batch_of(const struct queue *queue)
{
    size_t share = (queue->texts + (size_t)queue->workers - 1) / (size_t)queue->workers;

    share = share > QUEUE_LEAST ? share : QUEUE_LEAST;
    return share < QUEUE_BATCH ? share : QUEUE_BATCH;
}

static size_t slice_of(const struct job *job, size_t room)
{
    size_t slice = job->count - job->taken, most = job->gradual ? 1 + job->taken : QUEUE_SLICE;

    slice = slice < most ? slice : most;
    slice = slice < QUEUE_SLICE ? slice : QUEUE_SLICE;
    return slice < room ? slice : room;
}

/* Takes the first job's texts and those that fit to them. */
static void load_take(struct queue *queue, struct load *load)
{
    struct job *next, *first = queue->first, *stop = NULL;
    size_t count = 0, most = batch_of(queue);

    *load = (struct load){ .model = first->model, .options = first->options };
    for (struct job *job = queue->first; job && job != stop && count < most; job = next) {
        size_t slice = slice_of(job, most - count);

        next = job->next;
        if (!together(first, job))
            continue;
        load->jobs[load->job_count] = job;
        load->start[load->job_count] = job->taken;
        for (size_t i = 0; i < slice; i++) {
            load->texts[count + i] = job->texts[job->taken + i];
            load->prefixes[count + i] = job->prefixes ? job->prefixes[job->taken + i] : NULL;
        }
        count += slice;
        load->from[++load->job_count] = count;
        unlink_job(queue, job);
        job->taken += slice;
        if (job->gradual)
            job->deadline = queue_clock() + job->patience;
        job->flying++;
        if (job->taken < job->count) {
            append(queue, job);
            pthread_cond_signal(&queue->work);
            stop = stop ? stop : job;
        }
    }
    queue->translating += count;
}

/* Without the lock: texts from … to-1 of the load. */
static void load_translate(struct load *load, size_t from, size_t to)
{
    struct nmt_options options = load->options;

    options.prefixes = load->prefixes + from;
    load->problem = NULL;
    load->results = nmt_translate(load->model, load->texts + from, to - from, &options, &load->problem);
}

/* The results of job k of the load, of which the first is load->results[at]; moved from there. */
static void land(struct queue *queue, struct load *load, int k, size_t at)
{
    struct job *job = load->jobs[k];
    size_t count = load->from[k + 1] - load->from[k];

    for (size_t i = 0; load->results && i < count; i++) {
        job->results[load->start[k] + i] = load->results[at + i];
        load->results[at + i] = (struct nmt_result){ 0 };
    }
    job->flying--;
    if (!load->results)
        end_job(queue, job, JOB_FAILED, load->problem ? load->problem : "out of memory");
    while (job->ready < job->count && job->results[job->ready].count)
        job->ready++;
    if (job->release && job->flying == 0)
        job_free(job);
    else if (ended(job) || job->gradual)
        wake(job);
}

/* Without the lock. */
static void count_words(struct metrics *metrics, const struct load *load, size_t from, size_t to)
{
    metrics->batches++;
    metrics->texts += to - from;
    metrics->failed_texts += load->results ? 0 : to - from;
    for (size_t i = from; i < to; i++) {
        metrics->source_words += metrics_words(load->texts[i]);
        if (load->results) {
            metrics->target_words += metrics_words(load->results[i - from].texts[0]);
            metrics->target_bytes += strlen(load->results[i - from].texts[0]);
        }
    }
}

/* Without the lock: translates jobs first … last-1 of the load; each alone, if that fails. */
static void load_run(struct queue *queue, struct load *load, int first, int last)
{
    size_t from = load->from[first], to = load->from[last];

    load_translate(load, from, to);
    if (!load->results && last - first > 1) {
        nmt_free_text(load->problem);
        for (int k = first; k < last; k++)
            load_run(queue, load, k, k + 1);
        return;
    }
    count_words(queue->metrics, load, from, to);
    pthread_mutex_lock(&queue->lock);
    for (int k = first; k < last; k++)
        land(queue, load, k, load->from[k] - from);
    queue->translating -= to - from;
    pthread_mutex_unlock(&queue->lock);
    nmt_free(load->results, to - from);
    nmt_free_text(load->problem);
}

/* Texts that each worker translates at its start: so many that the libraries of matrix products are loaded, and have their buffers, before memory
 * runs short. */
enum { TRIAL = 64 };

static void *worker(void *context)
{
    struct queue *queue = context;
    struct load load;
    const char *texts[TRIAL];

    for (int i = 0; i < TRIAL; i++)
        texts[i] = ".";
    nmt_free(nmt_translate(queue->model, texts, TRIAL, NULL, NULL), TRIAL);
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        while (!queue->first && !queue->stopping)
            pthread_cond_wait(&queue->work, &queue->lock);
        if (!queue->first)
            break;
        load_take(queue, &load);
        pthread_mutex_unlock(&queue->lock);
        load_run(queue, &load, 0, load.job_count);
        pthread_mutex_lock(&queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

/* ---- for others, who do not hold the lock ---- */

struct queue *queue_start(int workers, size_t most, struct nmt *first, struct metrics *metrics)
{
    struct queue *queue = memory_new(1, sizeof *queue);

    queue->most = most;
    queue->workers = workers;
    queue->metrics = metrics;
    queue->model = first;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->work, NULL);
    for (; queue->started < workers; queue->started++)
        if (pthread_create(&queue->threads[queue->started], NULL, worker, queue)) {
            error("cannot start a thread; give a smaller number of --threads");
            queue_stop(queue);
            queue_free(queue);
            return NULL;
        }
    return queue;
}

int queue_add(struct queue *queue, struct job *job)
{
    int full;

    job->sleeping = 1;
    pthread_mutex_lock(&queue->lock);
    full = queue->jobs >= queue->most || queue->stopping;
    if (!full) {
        append(queue, job);
        pthread_cond_signal(&queue->work);
    }
    pthread_mutex_unlock(&queue->lock);
    return full ? -1 : 0;
}

size_t queue_ready(struct queue *queue, struct job *job, size_t seen, int *over, void (*sleep)(void *context))
{
    size_t ready;

    pthread_mutex_lock(&queue->lock);
    ready = job->ready;
    *over = ended(job);
    if (ready <= seen && !*over && sleep) {
        job->sleeping = 1;
        sleep(job->context);
    }
    pthread_mutex_unlock(&queue->lock);
    return ready;
}

void queue_drop(struct queue *queue, struct job *job, void (*release)(struct job *job))
{
    pthread_mutex_lock(&queue->lock);
    job->sleeping = 0;
    job->release = release;
    end_job(queue, job, JOB_STOPPED, "the client left");
    if (job->flying == 0)
        job_free(job);
    pthread_mutex_unlock(&queue->lock);
}

void queue_expire(struct queue *queue, double now)
{
    struct job *next;

    pthread_mutex_lock(&queue->lock);
    for (struct job *job = queue->first; job; job = next) {
        next = job->next;
        if (job->deadline < now)
            end_job(queue, job, JOB_LATE, "the server did not get to the request in time");
    }
    pthread_mutex_unlock(&queue->lock);
}

struct queue_counts queue_count(struct queue *queue)
{
    struct queue_counts counts;

    pthread_mutex_lock(&queue->lock);
    counts = (struct queue_counts){ queue->jobs, queue->texts, queue->translating };
    pthread_mutex_unlock(&queue->lock);
    return counts;
}

void queue_stop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->stopping = 1;
    while (queue->first)
        end_job(queue, queue->first, JOB_STOPPED, "the server is stopping");
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    for (; queue->started > 0; queue->started--)
        pthread_join(queue->threads[queue->started - 1], NULL);
}

void queue_free(struct queue *queue)
{
    pthread_cond_destroy(&queue->work);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}
