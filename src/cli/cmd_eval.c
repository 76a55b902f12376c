#include "cli/commands.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"
#include "cli/options.h"
#include "eval/aer.h"
#include "eval/bootstrap.h"
#include "eval/metric.h"
#include "eval/tokenize.h"
#include "eval/unicode.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_STEP = 10, LENGTH_BUCKETS = 12 }; /* 0 words, 1-10, 11-20, … 91-100, more */

/* A text file in memory. */
struct lines {
    const char *name;
    char **items;
    size_t count, room;
};

struct settings {
    const char *reference, *hypothesis, *metric, *tokenize, *source, *compare, *alignment;
    int lowercase, word_order, json, by_length, samples;
    long seed;
};

/* A system's translations: statistics[lines, width] of its sentences. */
struct system {
    struct lines hypothesis;
    long *statistics;
};

static void release_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
    *lines = (struct lines){ 0 };
}

static int read_lines(struct lines *lines, const char *name)
{
    struct reader reader;
    char *line;
    size_t length, valid;
    int got;

    if (reader_open(&reader, name))
        return -1;
    lines->name = reader.name;
    while ((got = reader_line(&reader, &line, &length)) > 0) {
        valid = unicode_check(line, length);
        if (valid < length) {
            got = error("%s:%ld: byte %zu (0x%02X) is not UTF-8 text; convert the file first", reader.name, reader.line, valid + 1,
                        (unsigned char)line[valid]);
            break;
        }
        memory_reserve_one(&lines->items, lines->count, &lines->room);
        lines->items[lines->count++] = memory_copy_text(line, length);
    }
    if (got == 0 && lines->count == 0)
        got = error("%s: has no lines, so there is nothing to score", lines->name);
    reader_close(&reader);
    return got;
}

static int check_same_count(const struct lines *a, const struct lines *b)
{
    const struct lines *shorter = a->count < b->count ? a : b;

    if (a->count == b->count)
        return 0;
    return error("%s has %zu lines, %s has %zu: line %zu is missing in %s", a->name, a->count, b->name, b->count,
                 shorter->count + 1, shorter->name);
}

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

static int find_bucket(const char *line)
{
    int bucket = (count_words(line) + LENGTH_STEP - 1) / LENGTH_STEP;

    return bucket < LENGTH_BUCKETS ? bucket : LENGTH_BUCKETS - 1;
}

static void name_bucket(int bucket, char name[16])
{
    int high = bucket * LENGTH_STEP;

    if (bucket == 0)
        strcpy(name, "0");
    else if (bucket == LENGTH_BUCKETS - 1)
        snprintf(name, 16, ">%d", high - LENGTH_STEP);
    else
        snprintf(name, 16, "%d-%d", high - LENGTH_STEP + 1, high);
}

/* The sum of the statistics of the sentences in a bucket (-1: of all), and their number. */
static size_t sum_statistics(const struct metric *metric, const struct system *system, const int *buckets, int bucket, long *sum)
{
    size_t width = (size_t)metric_width(metric), count = 0;

    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < system->hypothesis.count; i++) {
        if (bucket >= 0 && buckets[i] != bucket)
            continue;
        for (size_t k = 0; k < width; k++)
            sum[k] += system->statistics[i * width + k];
        count++;
    }
    return count;
}

/* One system as text: sacreBLEU's line, and with `buckets` a line for each length. */
static void add_text(const struct metric *metric, const struct system *system, const int *buckets, struct text *out)
{
    long sum[METRIC_MOST_STATISTICS];

    sum_statistics(metric, system, NULL, -1, sum);
    text_format(out, "%s|", metric_name(metric));
    metric_add_signature(metric, out);
    text_add_string(out, " = ");
    metric_add_result(metric, sum, out);
    text_add_string(out, "\n");
    for (int bucket = 0; buckets && bucket < LENGTH_BUCKETS; bucket++) {
        size_t count = sum_statistics(metric, system, buckets, bucket, sum);
        char name[16];

        if (!count)
            continue;
        name_bucket(bucket, name);
        text_format(out, "%s source words, %zu lines: %s = ", name, count, metric_name(metric));
        metric_add_result(metric, sum, out);
        text_add_string(out, "\n");
    }
}

/* The members of a system's JSON object. */
static void add_json(const struct metric *metric, const struct system *system, const int *buckets, struct text *out)
{
    long sum[METRIC_MOST_STATISTICS];
    const char *comma = "";

    sum_statistics(metric, system, NULL, -1, sum);
    text_format(out, "\"name\": \"%s\", \"score\": %.15g, \"signature\": \"", metric_name(metric), metric_score(metric, sum));
    metric_add_signature(metric, out);
    text_format(out, "\", \"lines\": %zu, ", system->hypothesis.count);
    metric_add_details(metric, sum, out);
    if (!buckets)
        return;
    text_add_string(out, ", \"by_length\": [");
    for (int bucket = 0; bucket < LENGTH_BUCKETS; bucket++) {
        size_t count = sum_statistics(metric, system, buckets, bucket, sum);
        char name[16];

        if (!count)
            continue;
        name_bucket(bucket, name);
        text_format(out, "%s{\"source_words\": \"%s\", \"lines\": %zu, \"score\": %.15g, ", comma, name, count,
                    metric_score(metric, sum));
        metric_add_details(metric, sum, out);
        text_add_string(out, "}");
        comma = ", ";
    }
    text_add_string(out, "]");
}

static void add_bootstrap_text(const struct bootstrap *test, const struct settings *settings, struct text *out)
{
    text_format(out,
                "paired bootstrap, %d samples, seed %ld: first %.2f ± %.2f, second %.2f ± %.2f, difference %+.2f, p = %.4f; "
                "first higher in %.1f %%, second in %.1f %% of the samples\n",
                settings->samples, settings->seed, test->system[0].mean, test->system[0].interval, test->system[1].mean,
                test->system[1].interval, test->system[1].score - test->system[0].score, test->p_value,
                100 * test->system[0].higher, 100 * test->system[1].higher);
}

static void add_bootstrap_json(const struct bootstrap *test, const struct settings *settings, struct text *out)
{
    text_format(out, "\"bootstrap\": {\"samples\": %d, \"seed\": %ld, \"difference\": %.15g, \"p_value\": %.15g", settings->samples,
                settings->seed, test->system[1].score - test->system[0].score, test->p_value);
    for (int k = 0; k < 2; k++)
        text_format(out, ", \"%s\": {\"mean\": %.15g, \"interval\": %.15g, \"higher\": %.15g}", k ? "second" : "first",
                    test->system[k].mean, test->system[k].interval, test->system[k].higher);
    text_add_string(out, "}");
}

/* The whole output for one system, or for two with their comparison. */
static void report(const struct settings *settings, const struct metric *metric, const struct system *systems, const int *buckets)
{
    struct text out = { 0 };
    struct bootstrap test;

    if (settings->compare)
        bootstrap_paired(metric, systems[0].statistics, systems[1].statistics, systems[0].hypothesis.count, settings->samples,
                         (uint64_t)settings->seed, &test);
    if (settings->json) {
        text_add_string(&out, "{");
        add_json(metric, &systems[0], buckets, &out);
        if (settings->compare) {
            text_add_string(&out, ", \"compare\": {");
            add_json(metric, &systems[1], buckets, &out);
            text_add_string(&out, "}, ");
            add_bootstrap_json(&test, settings, &out);
        }
        text_add_string(&out, "}\n");
    } else {
        add_text(metric, &systems[0], buckets, &out);
        if (settings->compare) {
            add_text(metric, &systems[1], buckets, &out);
            add_bootstrap_text(&test, settings, &out);
        }
    }
    fwrite(out.data, 1, out.length, stdout);
    text_release(&out);
}

static int score_translations(const struct settings *settings, const struct metric *metric)
{
    struct lines reference = { 0 }, source = { 0 };
    struct system systems[2] = { { { 0 }, NULL } };
    int *buckets = NULL, count = settings->compare ? 2 : 1, status = -1;

    if (read_lines(&reference, settings->reference))
        goto out;
    for (int k = 0; k < count; k++)
        if (read_lines(&systems[k].hypothesis, k ? settings->compare : settings->hypothesis) ||
            check_same_count(&systems[k].hypothesis, &reference))
            goto out;
    if (settings->by_length) {
        if (read_lines(&source, settings->source) || check_same_count(&source, &reference))
            goto out;
        buckets = memory_new(source.count, sizeof *buckets);
        for (size_t i = 0; i < source.count; i++)
            buckets[i] = find_bucket(source.items[i]);
    }
    for (int k = 0; k < count; k++)
        systems[k].statistics = metric_statistics(metric, systems[k].hypothesis.items, reference.items, reference.count);
    report(settings, metric, systems, buckets);
    status = 0;
out:
    for (int k = 0; k < 2; k++) {
        release_lines(&systems[k].hypothesis);
        free(systems[k].statistics);
    }
    release_lines(&reference);
    release_lines(&source);
    free(buckets);
    return status;
}

static int score_alignments(const struct settings *settings)
{
    struct lines links = { 0 }, gold = { 0 };
    struct text where[2] = { { 0 } };
    struct aer aer = { 0 };
    double rate, precision, recall;
    int status = -1;

    if (read_lines(&links, settings->hypothesis) || read_lines(&gold, settings->alignment) || check_same_count(&links, &gold))
        goto out;
    for (size_t i = 0; i < links.count; i++) {
        text_clear(&where[0]);
        text_clear(&where[1]);
        text_format(&where[0], "%s:%zu", links.name, i + 1);
        text_format(&where[1], "%s:%zu", gold.name, i + 1);
        if (aer_add(&aer, links.items[i], where[0].data, gold.items[i], where[1].data))
            goto out;
    }
    rate = 100 * aer_rate(&aer);
    precision = 100 * aer_precision(&aer);
    recall = 100 * aer_recall(&aer);
    if (settings->json)
        printf("{\"name\": \"AER\", \"score\": %.15g, \"precision\": %.15g, \"recall\": %.15g, \"lines\": %zu, \"links\": %ld, "
               "\"sure\": %ld, \"possible\": %ld}\n",
               rate, precision, recall, links.count, aer.links, aer.sure, aer.possible);
    else
        printf("AER = %.2f precision = %.2f recall = %.2f (links = %ld sure = %ld possible = %ld)\n", rate, precision, recall,
               aer.links, aer.sure, aer.possible);
    status = 0;
out:
    release_lines(&links);
    release_lines(&gold);
    text_release(&where[0]);
    text_release(&where[1]);
    return status;
}

/* What cannot go together. 0, or -1 after reporting. */
static int check_settings(const struct options *options, const struct settings *settings, const struct metric *metric)
{
    const char *files[] = { settings->hypothesis, settings->reference, settings->compare, settings->source, settings->alignment };
    int from_stdin = 0;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        from_stdin += files[i] && strcmp(files[i], "-") == 0;
    if (from_stdin > 1)
        return error("eval: only one file can be \"-\", standard input");
    if (settings->alignment) {
        if (settings->reference || settings->compare || settings->by_length || settings->source)
            return error("eval: --alignment goes with --hypothesis and --json only");
        return 0;
    }
    if (options_require(options, "reference", settings->reference))
        return -1;
    if (settings->by_length != (settings->source != NULL))
        return error("eval: --by-length and --source go together");
    if (metric->tokenizer != BLEU_13A && metric->kind != METRIC_BLEU)
        return error("eval: --tokenize is for --metric bleu only");
    if (metric->word_order != 0 && metric->kind != METRIC_CHRF)
        return error("eval: --word-order is for --metric chrf only");
    if (metric->word_order != 0 && metric->word_order != CHRF_WORDS)
        return error("eval: --word-order: %d is neither 0 nor %d", metric->word_order, CHRF_WORDS);
    if (options_range(options, "samples", settings->samples, 1, 1000000) ||
        options_range(options, "seed", settings->seed, 0, LONG_MAX))
        return -1;
    return 0;
}

int cmd_eval(int argc, const char **argv)
{
    struct settings settings = { .metric = metric_names[0], .tokenize = bleu_tokenizer_names[0], .samples = 1000, .seed = 1 };
    const struct poptOption table[] = {
        OPTION_FILE("hypothesis", settings.hypothesis, "the translations to score, a line each (\"-\": standard input)", "FILE"),
        OPTION_FILE("reference", settings.reference, "the reference translations", "FILE"),
        OPTION_TEXT("metric", settings.metric, "bleu, chrf or ter", "NAME"),
        OPTION_TEXT("tokenize", settings.tokenize, "what cuts lines into words for bleu: 13a, none, char or intl", "NAME"),
        OPTION_FLAG("lowercase", settings.lowercase, "upper and lower case are the same (for ter always)"),
        OPTION_INT("word-order", settings.word_order, "0: chrF2; 2: chrF2++, with word n-grams", "N"),
        OPTION_FLAG("json", settings.json, "print one JSON object"),
        OPTION_FLAG("by-length", settings.by_length, "also score by number of source words; needs --source"),
        OPTION_FILE("source", settings.source, "the source sentences", "FILE"),
        OPTION_FILE("compare", settings.compare, "a second system's translations: paired bootstrap resampling", "FILE"),
        OPTION_INT("samples", settings.samples, "samples that --compare draws", "N"),
        OPTION_LONG("seed", settings.seed, "seed of the samples", "N"),
        OPTION_FILE("alignment", settings.alignment,
                    "gold word alignments (i-j sure, i?j possible): the error rate of the alignments in --hypothesis", "FILE"),
        OPTIONS_END
    };
    struct metric metric = { 0 };
    struct options options;
    const char *usage = "--hypothesis FILE (--reference FILE | --alignment FILE) [OPTION...]";
    int code = options_read(&options, "eval", usage, table, argc, argv, 0), kind, tokenizer;

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (options_require(&options, "hypothesis", settings.hypothesis) ||
        (kind = options_choice(&options, "metric", settings.metric, metric_names)) < 0 ||
        (tokenizer = options_choice(&options, "tokenize", settings.tokenize, bleu_tokenizer_names)) < 0)
        goto out;
    metric = (struct metric){ .kind = (enum metric_kind)kind,
                              .tokenizer = (enum bleu_tokenizer)tokenizer,
                              .lowercase = settings.lowercase,
                              .word_order = settings.word_order };
    if (check_settings(&options, &settings, &metric))
        goto out;
    code = (settings.alignment ? score_alignments(&settings) : score_translations(&settings, &metric)) ? EXIT_FAILED : EXIT_DONE;
    if (io_finish_stdout())
        code = EXIT_FAILED;
out:
    options_release(&options);
    return code;
}
