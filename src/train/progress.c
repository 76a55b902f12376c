#define _POSIX_C_SOURCE 200809L
#include "train/progress.h"

#include "math/meter.h"
#include "base/report.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

size_t progress_memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

int progress_open(struct progress *progress, const char *log, int resumed)
{
    *progress = (struct progress){ .log_name = log, .live = isatty(STDERR_FILENO) };
    progress->every = progress->live ? 0.5 : 10;
    progress->started = progress->reported = meter_clock();
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

/* A number as JSON has it: what is not finite is null. */
static void json_number(FILE *log, const char *name, double value)
{
    if (isfinite(value))
        fprintf(log, ", \"%s\": %.6g", name, value);
    else
        fprintf(log, ", \"%s\": null", name);
}

static void log_update(const struct progress *progress, const struct trainer_state *state, double seconds, double rate,
                       double speed)
{
    fprintf(progress->log, "{\"update\": %ld, \"epoch\": %ld, \"tokens\": %ld, \"seconds\": %.2f", state->update, state->epoch,
            progress->tokens, seconds);
    json_number(progress->log, "loss", progress->since_loss / (double)progress->since_tokens);
    json_number(progress->log, "gradient_norm", progress->since_norm / (double)progress->since_updates);
    json_number(progress->log, "learning_rate", rate);
    json_number(progress->log, "tokens_per_second", speed);
    fputs("}\n", progress->log);
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
    if (progress->log)
        log_update(progress, state, time - progress->started, rate, speed);
    progress->reported = time;
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
    if (meter_clock() - progress->reported >= progress->every)
        report(progress, state, rate, left);
}

void progress_validation(struct progress *progress, const struct history_entry *entry, int better)
{
    end_line(progress);
    note("epoch %ld, update %ld: training loss %.3f, validation loss %.3f, perplexity %.2f, BLEU %.2f%s", entry->epoch,
         entry->update, entry->train_loss, entry->loss, entry->perplexity, entry->bleu, better ? " *" : "");
    if (!progress->log)
        return;
    fprintf(progress->log, "{\"validation\": {\"update\": %ld, \"epoch\": %ld, \"seconds\": %.2f", entry->update, entry->epoch,
            progress_seconds(progress));
    json_number(progress->log, "training_loss", entry->train_loss);
    json_number(progress->log, "loss", entry->loss);
    json_number(progress->log, "perplexity", entry->perplexity);
    json_number(progress->log, "bleu", entry->bleu);
    json_number(progress->log, "learning_rate", entry->rate);
    fprintf(progress->log, ", \"best\": %s}}\n", better ? "true" : "false");
}

int progress_close(struct progress *progress, const struct trainer_state *state, double rate)
{
    int failed = 0;

    if (progress->since_updates)
        report(progress, state, rate, -1);
    end_line(progress);
    if (progress->log) {
        failed = ferror(progress->log);
        failed |= fclose(progress->log);
        progress->log = NULL;
    }
    return failed ? error("%s: cannot be written: %s", progress->log_name, strerror(errno)) : 0;
}
