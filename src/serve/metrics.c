#include "serve/metrics.h"

/* The codes that the server gives; the first stands for all others. */
static const int codes[] = { 0, 200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 415, 429, 500, 501, 503 };
enum { CODES = sizeof codes / sizeof *codes };

/* Seconds; the last bucket has no end. */
static const double ends[METRICS_BUCKETS - 1] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 };

void metrics_request(struct metrics *metrics, int path, int code, int translation, double seconds)
{
    int k = CODES - 1, bucket = 0;

    while (k > 0 && codes[k] != code)
        k--;
    metrics->requests[path][k]++;
    if (!translation)
        return;
    while (bucket < METRICS_BUCKETS - 1 && seconds > ends[bucket])
        bucket++;
    metrics->buckets[bucket]++;
    metrics->microseconds += (unsigned long)(seconds * 1e6);
}

unsigned long metrics_words(const char *text)
{
    unsigned long count = 0;
    int inside = 0;

    for (; *text; text++) {
        int space = *text == ' ' || *text == '\n' || *text == '\t' || *text == '\r';

        count += !space && !inside;
        inside = !space;
    }
    return count;
}

static void head(struct text *out, const char *name, const char *type, const char *help)
{
    text_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *out, const char *name, const char *type, const char *help, unsigned long value)
{
    head(out, name, type, help);
    text_format(out, "%s %lu\n", name, value);
}

static void print_requests(struct metrics *metrics, const struct metrics_now *now, struct text *out)
{
    head(out, "nmt_requests_total", "counter", "Requests answered, by path and status code.");
    for (int path = 0; path < now->path_count; path++)
        for (int k = 0; k < CODES; k++) {
            unsigned long count = metrics->requests[path][k];

            if (count)
                text_format(out, "nmt_requests_total{path=\"%s\",code=\"%d\"} %lu\n", now->paths[path], codes[k], count);
        }
}

static void print_seconds(struct metrics *metrics, struct text *out)
{
    unsigned long sum = 0;

    head(out, "nmt_translation_seconds", "histogram",
         "Seconds from the first byte of a request for translation to the end of its answer.");
    for (int bucket = 0; bucket < METRICS_BUCKETS; bucket++) {
        sum += metrics->buckets[bucket];
        if (bucket < METRICS_BUCKETS - 1)
            text_format(out, "nmt_translation_seconds_bucket{le=\"%g\"} %lu\n", ends[bucket], sum);
    }
    text_format(out, "nmt_translation_seconds_bucket{le=\"+Inf\"} %lu\n", sum);
    text_format(out, "nmt_translation_seconds_sum %.6f\nnmt_translation_seconds_count %lu\n", (double)metrics->microseconds / 1e6,
                sum);
}

void metrics_print(struct metrics *metrics, const struct metrics_now *now, struct text *out)
{
    print_requests(metrics, now, out);
    print_seconds(metrics, out);
    one(out, "nmt_open_requests", "gauge", "Requests being read, waiting, translated or answered.", now->open_requests);
    one(out, "nmt_queue_requests", "gauge", "Requests of which some text waits for a worker.", now->waiting_requests);
    one(out, "nmt_queue_texts", "gauge", "Texts that wait for a worker.", now->waiting_texts);
    one(out, "nmt_translating_texts", "gauge", "Texts being translated.", now->translating_texts);
    one(out, "nmt_batches_total", "counter", "Batches translated.", metrics->batches);
    one(out, "nmt_texts_total", "counter", "Texts, or sentences of texts, passed to a model.", metrics->texts);
    one(out, "nmt_failed_texts_total", "counter", "Texts whose translation failed.", metrics->failed_texts);
    one(out, "nmt_source_words_total", "counter", "Words translated, as spaces separate them.", metrics->source_words);
    one(out, "nmt_target_words_total", "counter", "Words of the translations, as spaces separate them.", metrics->target_words);
    one(out, "nmt_target_bytes_total", "counter", "Bytes of the translations.", metrics->target_bytes);
    head(out, "nmt_uptime_seconds", "gauge", "Seconds since the start.");
    text_format(out, "nmt_uptime_seconds %.3f\n", now->uptime);
}
