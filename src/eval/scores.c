#include "eval/scores.h"

#include "base/memory.h"
#include "eval/bootstrap.h"

#include <stdio.h>
#include <string.h>

enum { LENGTH_STEP = 10 };

static int count_words(const char *line)
{
    struct text words = { 0 };
    int count;

    tokenize_line(BLEU_NONE, 0, line, &words);
    count = words.length > 0;
    for (size_t i = 0; i < words.length; i++)
        count += words.data[i] == ' ';
    text_release(&words);
    return count;
}

int scores_bucket(const char *source)
{
    int bucket = (count_words(source) + LENGTH_STEP - 1) / LENGTH_STEP;

    return bucket < SCORES_BUCKETS ? bucket : SCORES_BUCKETS - 1;
}

void scores_bucket_name(int bucket, char name[16])
{
    int high = bucket * LENGTH_STEP;

    if (bucket == 0)
        strcpy(name, "0");
    else if (bucket == SCORES_BUCKETS - 1)
        snprintf(name, 16, ">%d", high - LENGTH_STEP);
    else
        snprintf(name, 16, "%d-%d", high - LENGTH_STEP + 1, high);
}

/* The sum of the statistics of a system's sentences in a bucket (-1: of all), and their number. */
static size_t sum_statistics(const struct scores *scores, int system, int bucket, long *sum)
{
    size_t width = (size_t)metric_width(scores->metric), count = 0;

    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < scores->lines; i++) {
        if (bucket >= 0 && scores->buckets[i] != bucket)
            continue;
        metric_add(scores->metric, scores->statistics[system] + i * width, sum);
        count++;
    }
    return count;
}

/* sacreBLEU's line for a system, and with buckets one line for each. */
static void add_text(const struct scores *scores, int system, struct text *out)
{
    const struct metric *metric = scores->metric;
    long sum[METRIC_MOST_STATISTICS];

    sum_statistics(scores, system, -1, sum);
    text_format(out, "%s|", metric_name(metric));
    metric_add_signature(metric, out);
    text_add_string(out, " = ");
    metric_add_result(metric, sum, out);
    text_add_string(out, "\n");
    for (int bucket = 0; scores->buckets && bucket < SCORES_BUCKETS; bucket++) {
        size_t count = sum_statistics(scores, system, bucket, sum);
        char name[16];

        if (!count)
            continue;
        scores_bucket_name(bucket, name);
        text_format(out, "%s source words, %zu lines: %s = ", name, count, metric_name(metric));
        metric_add_result(metric, sum, out);
        text_add_string(out, "\n");
    }
}

/* The members of a system's JSON object. */
static void add_json(const struct scores *scores, int system, struct json *json)
{
    const struct metric *metric = scores->metric;
    long sum[METRIC_MOST_STATISTICS];
    struct text signature = { 0 };

    sum_statistics(scores, system, -1, sum);
    metric_add_signature(metric, &signature);
    json_string(json, "name", metric_name(metric));
    json_real(json, "score", metric_score(metric, sum), METRIC_DIGITS);
    json_string(json, "signature", signature.data);
    json_integer(json, "lines", (long)scores->lines);
    metric_add_details(metric, sum, json);
    text_release(&signature);
    if (!scores->buckets)
        return;
    json_open(json, "by_length", '[');
    for (int bucket = 0; bucket < SCORES_BUCKETS; bucket++) {
        size_t count = sum_statistics(scores, system, bucket, sum);
        char name[16];

        if (!count)
            continue;
        scores_bucket_name(bucket, name);
        json_open(json, NULL, '{');
        json_string(json, "source_words", name);
        json_integer(json, "lines", (long)count);
        json_real(json, "score", metric_score(metric, sum), METRIC_DIGITS);
        metric_add_details(metric, sum, json);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_test_text(const struct scores *scores, const struct bootstrap *test, struct text *out)
{
    const struct bootstrap_system *first = &test->system[0], *second = &test->system[1];

    text_format(out,
                "paired bootstrap, %d samples, seed %ld: first %.2f ± %.2f, second %.2f ± %.2f, difference %+.2f, p = %.4f; "
                "first higher in %.1f %%, second in %.1f %% of the samples\n",
                scores->samples, scores->seed, first->mean, first->interval, second->mean, second->interval,
                second->score - first->score, test->p_value, 100 * first->higher, 100 * second->higher);
}

static void add_test_json(const struct scores *scores, const struct bootstrap *test, struct json *json)
{
    json_open(json, "bootstrap", '{');
    json_integer(json, "samples", scores->samples);
    json_integer(json, "seed", scores->seed);
    json_real(json, "difference", test->system[1].score - test->system[0].score, METRIC_DIGITS);
    json_real(json, "p_value", test->p_value, METRIC_DIGITS);
    for (int k = 0; k < 2; k++) {
        json_open(json, k ? "second" : "first", '{');
        json_real(json, "mean", test->system[k].mean, METRIC_DIGITS);
        json_real(json, "interval", test->system[k].interval, METRIC_DIGITS);
        json_real(json, "higher", test->system[k].higher, METRIC_DIGITS);
        json_close(json, '}');
    }
    json_close(json, '}');
}

/* `test` is NULL when there is one system only. */
static void print_text(const struct scores *scores, const struct bootstrap *test)
{
    struct text out = { 0 };

    add_text(scores, 0, &out);
    if (test) {
        add_text(scores, 1, &out);
        add_test_text(scores, test, &out);
    }
    fwrite(out.data, 1, out.length, stdout);
    text_release(&out);
}

static void print_json(const struct scores *scores, const struct bootstrap *test)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    add_json(scores, 0, &json);
    if (test) {
        json_open(&json, "compare", '{');
        add_json(scores, 1, &json);
        json_close(&json, '}');
        add_test_json(scores, test, &json);
    }
    json_close(&json, '}');
    json_print(&json, stdout);
    json_release(&json);
}

void scores_print(const struct scores *scores, int json)
{
    struct bootstrap test, *compared = NULL;

    if (scores->statistics[1]) {
        bootstrap_paired(scores->metric, scores->statistics, scores->lines, scores->samples, (uint64_t)scores->seed, &test);
        compared = &test;
    }
    if (json)
        print_json(scores, compared);
    else
        print_text(scores, compared);
}
