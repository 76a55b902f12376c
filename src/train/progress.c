#define _POSIX_C_SOURCE 200809L
#include "train/progress.h"

#include "base/cluster.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/report.h"
#include "math/meter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Significant digits in the log: enough for a week in hundredths of a second. */
enum { DIGITS = 6, SECONDS_DIGITS = 9, WEIGHT_DIGITS = 3 };

size_t progress_memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

size_t progress_memory_now(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    int read = file ? fscanf(file, "%*u %lu", &pages) : 0;

    if (file)
        fclose(file);
    return read == 1 ? pages * (size_t)sysconf(_SC_PAGESIZE) : progress_memory();
}

int progress_open(struct progress *progress, const char *log, int resumed)
{
    *progress = (struct progress){ .log_name = log, .live = isatty(STDERR_FILENO) };
    progress->every = progress->live ? 0.5 : 10;
    progress->started = progress->reported = meter_clock();
    if (cluster_count() > 1)
        progress->reported_times = memory_new((size_t)cluster_count(), sizeof *progress->reported_times);
    if (log) {
        progress->log = fopen(log, resumed ? "a" : "w");
        if (!progress->log)
            return error("%s: cannot be written: %s", log, strerror(errno));
        setvbuf(progress->log, NULL, _IOLBF, 0);
    }
    return 0;
}

double progress_seconds(const struct progress *progress)
{
    return meter_clock() - progress->started;
}

static void end_line(struct progress *progress)
{
    if (progress->line_open)
        fputs("\r\033[K", stderr);
    progress->line_open = 0;
}

static void time_left(char *text, size_t size, double seconds)
{
    if (seconds < 0)
        text[0] = '\0';
    else if (seconds < 90)
        snprintf(text, size, ", %.0f s left", seconds);
    else
        snprintf(text, size, ", %.0f min left", seconds / 60);
}

/* A process is named as slow if it computes this many times as long as the fastest, for at least this many seconds. */
#define SLOW 1.5
#define SLOW_SECONDS 5.0

/* Where the time of each process went since the last report. */
static void log_processes(const struct progress *progress, struct json *json, const struct process_time *times)
{
    json_open(json, "processes", '[');
    for (int i = 0; i < cluster_count(); i++) {
        const struct process_time *before = &progress->reported_times[i];

        json_open(json, NULL, '{');
        json_real(json, "computing", times[i].computing - before->computing, DIGITS);
        json_real(json, "exchanging", times[i].exchanging - before->exchanging, DIGITS);
        json_real(json, "waiting", times[i].waiting - before->waiting, DIGITS);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Names the slowest process, once, if the others wait for it. */
static void name_slow(struct progress *progress, const struct process_time *times)
{
    int slowest = 0;
    double least = -1, most = 0;

    for (int i = 0; i < cluster_count(); i++) {
        double computing = times[i].computing - progress->reported_times[i].computing;

        if (computing > most) {
            most = computing;
            slowest = i;
        }
        least = least < 0 || computing < least ? computing : least;
    }
    if (progress->slow || most < SLOW_SECONDS || most < SLOW * least)
        return;
    progress->slow = 1;
    warning("%s computes %.1f times as long as the fastest process, and the others wait for it; start it with more threads or on a "
            "faster machine",
            cluster_name(slowest), most / least);
}

static void log_update(const struct progress *progress, const struct trainer_state *state, double rate, double speed)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_integer(&json, "update", state->update);
    json_integer(&json, "epoch", state->epoch);
    json_integer(&json, "tokens", progress->tokens);
    json_real(&json, "seconds", progress->reported - progress->started, SECONDS_DIGITS);
    json_real(&json, "loss", progress->since_loss / (double)progress->since_tokens, DIGITS);
    json_real(&json, "gradient_norm", progress->since_norm / (double)progress->since_updates, DIGITS);
    json_real(&json, "learning_rate", rate, DIGITS);
    json_real(&json, "tokens_per_second", speed, DIGITS);
    if (progress->reported_times)
        log_processes(progress, &json, progress->times);
    json_close(&json, '}');
    json_print(&json, progress->log);
    json_release(&json);
}

static void log_validation(const struct progress *progress, const struct history_entry *entry, int better)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_open(&json, "validation", '{');
    json_integer(&json, "update", entry->update);
    json_integer(&json, "epoch", entry->epoch);
    json_real(&json, "seconds", progress_seconds(progress), SECONDS_DIGITS);
    json_real(&json, "training_loss", entry->train_loss, DIGITS);
    json_real(&json, "loss", entry->loss, DIGITS);
    json_real(&json, "perplexity", entry->perplexity, DIGITS);
    json_real(&json, "bleu", entry->bleu, DIGITS);
    json_real(&json, "learning_rate", entry->rate, DIGITS);
    json_boolean(&json, "best", better);
    json_close(&json, '}');
    json_close(&json, '}');
    json_print(&json, progress->log);
    json_release(&json);
}

/* A line for the updates since the last report. */
static void report(struct progress *progress, const struct trainer_state *state, double rate, double left)
{
    double time = meter_clock(), speed = (double)progress->since_tokens / (time - progress->reported);
    char rest[40], line[200];

    time_left(rest, sizeof rest, left);
    snprintf(line, sizeof line, "epoch %ld, update %ld: loss %.3f, %.0f tokens/s, %zu MB%s", state->epoch, state->update,
             progress->since_loss / (double)progress->since_tokens, speed, progress_memory() / 1000000, rest);
    if (progress->live) {
        fprintf(stderr, "\r\033[K%.*s", 79, line);
        progress->line_open = 1;
    } else {
        note("%s", line);
    }
    progress->reported = time;
    if (progress->log)
        log_update(progress, state, rate, speed);
    if (progress->reported_times) {
        name_slow(progress, progress->times);
        memcpy(progress->reported_times, progress->times, (size_t)cluster_count() * sizeof *progress->times);
    }
    progress->since_tokens = progress->since_updates = 0;
    progress->since_loss = progress->since_norm = 0;
}

void progress_update(struct progress *progress, const struct trainer_state *state, const struct update *update, double rate,
                     double left)
{
    progress->tokens += update->loss.words;
    progress->since_tokens += update->loss.words;
    progress->since_loss += update->loss.loss;
    progress->since_norm += update->norm;
    progress->since_updates++;
    progress->times = update->times;
    if (meter_clock() - progress->reported >= progress->every)
        report(progress, state, rate, left);
}

void progress_validation(struct progress *progress, const struct history_entry *entry, int better)
{
    end_line(progress);
    note("epoch %ld, update %ld: training loss %.3f, validation loss %.3f, perplexity %.2f, BLEU %.2f%s", entry->epoch,
         entry->update, entry->train_loss, entry->loss, entry->perplexity, entry->bleu, better ? " *" : "");
    if (progress->log)
        log_validation(progress, entry, better);
}

static void log_labels(struct json *json, const char *name, char *const *labels, int count)
{
    json_open(json, name, '[');
    for (int i = 0; i < count; i++)
        json_string(json, NULL, labels[i]);
    json_close(json, ']');
}

static void log_weights(struct json *json, const struct alignment *alignment)
{
    json_open(json, "weights", '[');
    for (int k = 0; k < alignment->block_count; k++)
        for (int i = 0; i < alignment->blocks[k].rows; i++) {
            json_open(json, NULL, '[');
            for (int column = 0; column < alignment->columns; column++)
                json_real(json, NULL, alignment_weight(alignment, &alignment->blocks[k], i, column), WEIGHT_DIGITS);
            json_close(json, ']');
        }
    json_close(json, ']');
}

void progress_watch(struct progress *progress, long update, const struct alignment *alignment)
{
    struct json json = { 0 };

    if (!progress->log)
        return;
    json_open(&json, NULL, '{');
    json_open(&json, "watch", '{');
    json_integer(&json, "update", update);
    log_labels(&json, "source", alignment->source, alignment->columns);
    log_labels(&json, "target", alignment->target, alignment->rows);
    log_weights(&json, alignment);
    json_close(&json, '}');
    json_close(&json, '}');
    json_print(&json, progress->log);
    json_release(&json);
}

void progress_average(struct progress *progress, int count, const struct validation *result, int better)
{
    struct json json = { 0 };

    end_line(progress);
    note("average of the %d best models: validation loss %.3f, perplexity %.2f, BLEU %.2f%s", count, result->loss,
         result->perplexity, result->bleu, better ? " *" : "");
    if (!progress->log)
        return;
    json_open(&json, NULL, '{');
    json_open(&json, "average", '{');
    json_integer(&json, "models", count);
    json_real(&json, "seconds", progress_seconds(progress), SECONDS_DIGITS);
    json_real(&json, "loss", result->loss, DIGITS);
    json_real(&json, "perplexity", result->perplexity, DIGITS);
    json_real(&json, "bleu", result->bleu, DIGITS);
    json_boolean(&json, "best", better);
    json_close(&json, '}');
    json_close(&json, '}');
    json_print(&json, progress->log);
    json_release(&json);
}

int progress_close(struct progress *progress, const struct trainer_state *state, double rate)
{
    int failed = 0;

    if (progress->since_updates)
        report(progress, state, rate, -1);
    end_line(progress);
    free(progress->reported_times);
    progress->reported_times = NULL;
    if (progress->log) {
        failed = ferror(progress->log);
        failed |= fclose(progress->log);
        progress->log = NULL;
    }
    return failed ? error("%s: cannot be written: %s", progress->log_name, strerror(errno)) : 0;
}
