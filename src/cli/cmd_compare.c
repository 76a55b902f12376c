/* nmt compare: what distinguishes the translations of several systems, as a page to look at or as JSON. */
#include "base/claims.h"
#include "base/io.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/matrices.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "eval/bootstrap.h"
#include "eval/compare.h"
#include "eval/scores.h"

#include <stdlib.h>
#include <string.h>

enum { LISTED = 20 };

struct compare_settings {
    const char *reference, *source, *train, *output;
    struct option_list hypotheses, alignments;
    int tokenize, lowercase, samples;
    long seed;
};

/* BLEU and chrF, in this order everywhere. */
enum { METRICS = 2 };

struct comparison {
    const struct compare_settings *settings;
    struct metric metrics[METRICS];
    struct lines reference, source, hypotheses[COMPARE_MOST];
    struct matrices alignments[COMPARE_MOST];
    long *statistics[METRICS][COMPARE_MOST];
    struct compare words;
    int systems;
};

/* 0, or -1 after reporting. */
static int read_files(struct comparison *x)
{
    const struct compare_settings *s = x->settings;

    x->systems = s->hypotheses.count;
    if (lines_read(&x->reference, s->reference))
        return -1;
    for (int k = 0; k < x->systems; k++)
        if (lines_read(&x->hypotheses[k], s->hypotheses.items[k]) || lines_check(&x->hypotheses[k], &x->reference))
            return -1;
    if (s->source && (lines_read(&x->source, s->source) || lines_check(&x->source, &x->reference)))
        return -1;
    for (int k = 0; k < s->alignments.count; k++)
        if (matrices_read(&x->alignments[k], s->alignments.items[k], x->reference.count))
            return -1;
    return 0;
}

/* The words of the training text, which is not kept. 0, or -1 after reporting. */
static int count_training(struct comparison *x)
{
    const struct compare_settings *s = x->settings;
    struct reader reader;
    struct text words = { 0 };
    char *line;
    size_t length;
    int got;

    if (!s->train)
        return 0;
    if (reader_open(&reader, s->train))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) > 0) {
        tokenize_line((enum bleu_tokenizer)s->tokenize, s->lowercase, line, &words);
        compare_train(&x->words, words.data);
    }
    reader_close(&reader);
    text_release(&words);
    return got;
}

static void count_words(struct comparison *x)
{
    const struct compare_settings *s = x->settings;
    struct text reference = { 0 }, hypotheses[COMPARE_MOST] = { { 0 } };
    const char *texts[COMPARE_MOST];

    for (size_t i = 0; i < x->reference.count; i++) {
        tokenize_line((enum bleu_tokenizer)s->tokenize, s->lowercase, x->reference.items[i], &reference);
        for (int k = 0; k < x->systems; k++) {
            tokenize_line((enum bleu_tokenizer)s->tokenize, s->lowercase, x->hypotheses[k].items[i], &hypotheses[k]);
            texts[k] = hypotheses[k].data;
        }
        compare_add(&x->words, reference.data, texts);
    }
    text_release(&reference);
    for (int k = 0; k < x->systems; k++)
        text_release(&hypotheses[k]);
}

/* The score of the lines of a bucket (-1: of all), and their number. */
static double score_of(const struct comparison *x, int metric, int system, const int *buckets, int bucket, size_t *lines)
{
    size_t width = (size_t)metric_width(&x->metrics[metric]);
    long sum[METRIC_MOST_STATISTICS] = { 0 };

    *lines = 0;
    for (size_t i = 0; i < x->reference.count; i++)
        if (bucket < 0 || buckets[i] == bucket) {
            metric_add(&x->metrics[metric], x->statistics[metric][system] + i * width, sum);
            ++*lines;
        }
    return metric_score(&x->metrics[metric], sum);
}

/* ---- the data of the page ---- */

static void add_test(const struct comparison *x, int metric, int system, struct json *json)
{
    const long *const both[2] = { x->statistics[metric][0], x->statistics[metric][system] };
    struct bootstrap test;

    bootstrap_paired(&x->metrics[metric], both, x->reference.count, x->settings->samples, (uint64_t)x->settings->seed, &test);
    json_open(json, NULL, '{');
    json_real(json, "difference", test.system[1].score - test.system[0].score, METRIC_DIGITS);
    json_real(json, "p", test.p_value, METRIC_DIGITS);
    json_close(json, '}');
}

static void add_systems(const struct comparison *x, struct json *json)
{
    static const char *const names[METRICS] = { "bleu", "chrf" };
    size_t lines;

    json_open(json, "systems", '[');
    for (int k = 0; k < x->systems; k++) {
        json_line(json);
        json_open(json, NULL, '{');
        json_string(json, "name", x->hypotheses[k].name);
        for (int metric = 0; metric < METRICS; metric++)
            json_real(json, names[metric], score_of(x, metric, k, NULL, -1, &lines), METRIC_DIGITS);
        json_open(json, "against_first", '[');
        for (int metric = 0; k > 0 && metric < METRICS; metric++)
            add_test(x, metric, k, json);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_lengths(const struct comparison *x, struct json *json)
{
    const struct lines *measured = x->source.count ? &x->source : &x->reference;
    int *buckets = memory_new(measured->count, sizeof *buckets);

    for (size_t i = 0; i < measured->count; i++)
        buckets[i] = scores_bucket(measured->items[i]);
    json_string(json, "length_of", x->source.count ? "source" : "reference");
    json_open(json, "lengths", '[');
    for (int bucket = 0; bucket < SCORES_BUCKETS; bucket++) {
        size_t lines;
        char name[16];

        score_of(x, 0, 0, buckets, bucket, &lines);
        if (!lines)
            continue;
        scores_bucket_name(bucket, name);
        json_line(json);
        json_open(json, NULL, '{');
        json_string(json, "words", name);
        json_integer(json, "lines", (long)lines);
        json_open(json, "bleu", '[');
        for (int k = 0; k < x->systems; k++)
            json_real(json, NULL, score_of(x, 0, k, buckets, bucket, &lines), METRIC_DIGITS);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
    free(buckets);
}

static void add_frequencies(const struct comparison *x, struct json *json)
{
    json_open(json, "frequencies", '[');
    for (int i = 0; x->settings->train && i < COMPARE_BUCKETS; i++) {
        const struct compare_bucket *bucket = &x->words.buckets[i];

        json_line(json);
        json_open(json, NULL, '{');
        json_string(json, "seen", compare_bucket_names[i]);
        json_integer(json, "words", bucket->reference);
        json_open(json, "f1", '[');
        for (int k = 0; k < x->systems; k++)
            json_real(json, NULL, compare_f1(bucket, k), METRIC_DIGITS);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* The n-grams that a system has found more (`won`) or less often than the first one. */
static void add_ngrams(const struct comparison *x, int system, int won, struct json *json)
{
    int32_t list[LISTED];

    json_open(json, won ? "won" : "lost", '[');
    for (int n = 1; n <= COMPARE_ORDER; n++) {
        int count = compare_list(&x->words, won ? 0 : system, won ? system : 0, n, list, LISTED);

        for (int i = 0; i < count; i++) {
            const struct compare_ngram *ngram = &x->words.ngrams[list[i]];
            struct text text = { 0 };

            compare_text(&x->words, list[i], &text);
            json_line(json);
            json_open(json, NULL, '{');
            json_integer(json, "n", n);
            json_string(json, "text", text.data);
            json_integer(json, "reference", ngram->reference);
            json_integer(json, "first", ngram->matches[0]);
            json_integer(json, "this", ngram->matches[system]);
            json_close(json, '}');
            text_release(&text);
        }
    }
    json_close(json, ']');
}

static void add_all_ngrams(const struct comparison *x, struct json *json)
{
    json_open(json, "ngrams", '[');
    for (int k = 1; k < x->systems; k++) {
        json_line(json);
        json_open(json, NULL, '{');
        add_ngrams(x, k, 1, json);
        add_ngrams(x, k, 0, json);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_sentence(const struct comparison *x, size_t i, struct json *json)
{
    size_t width = (size_t)metric_width(&x->metrics[1]);

    json_line(json);
    json_open(json, NULL, '{');
    json_integer(json, "number", (long)i + 1);
    if (x->source.count)
        json_string(json, "source", x->source.items[i]);
    json_string(json, "reference", x->reference.items[i]);
    json_open(json, "hypotheses", '[');
    for (int k = 0; k < x->systems; k++)
        json_string(json, NULL, x->hypotheses[k].items[i]);
    json_close(json, ']');
    json_open(json, "chrf", '[');
    for (int k = 0; k < x->systems; k++)
        json_real(json, NULL, metric_score(&x->metrics[1], x->statistics[1][k] + i * width), 4);
    json_close(json, ']');
    if (x->settings->alignments.count) {
        json_open(json, "alignments", '[');
        for (int k = 0; k < x->settings->alignments.count; k++)
            matrices_add(&x->alignments[k], i, json);
        json_close(json, ']');
    }
    json_close(json, '}');
}

static void add_all(const struct comparison *x, struct json *json)
{
    struct text signature = { 0 };

    json_open(json, NULL, '{');
    for (int metric = 0; metric < METRICS; metric++) {
        text_clear(&signature);
        metric_add_signature(&x->metrics[metric], &signature);
        json_string(json, metric ? "chrf_signature" : "bleu_signature", signature.data);
    }
    text_release(&signature);
    json_integer(json, "lines", (long)x->reference.count);
    json_integer(json, "samples", x->settings->samples);
    add_systems(x, json);
    add_lengths(x, json);
    add_frequencies(x, json);
    add_all_ngrams(x, json);
    json_open(json, "sentences", '[');
    for (size_t i = 0; i < x->reference.count; i++)
        add_sentence(x, i, json);
    json_close(json, ']');
    json_close(json, '}');
}

static int is_page(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && strcmp(dot, ".html") == 0;
}

/* 0, or -1 after reporting. */
static int write_all(const struct comparison *x)
{
    const char *name = x->settings->output;
    struct json json = { 0 };
    struct output output;

    if (io_begin(&output, name))
        return -1;
    add_all(x, &json);
    if (is_page(name)) {
        pages_begin(output.file, page_compare);
        pages_print(output.file, &json.text);
        pages_end(output.file, page_compare);
    } else {
        json_print(&json, output.file);
    }
    json_release(&json);
    return io_commit(&output);
}

/* 0, or -1 after reporting. */
static int compare(struct comparison *x)
{
    const struct compare_settings *s = x->settings;

    if (read_files(x))
        return -1;
    x->metrics[0] =
        (struct metric){ .kind = METRIC_BLEU, .tokenizer = (enum bleu_tokenizer)s->tokenize, .lowercase = s->lowercase };
    x->metrics[1] = (struct metric){ .kind = METRIC_CHRF, .lowercase = s->lowercase };
    x->words.systems = x->systems;
    if (count_training(x))
        return -1;
    count_words(x);
    for (int metric = 0; metric < METRICS; metric++)
        for (int k = 0; k < x->systems; k++)
            x->statistics[metric][k] =
                metric_statistics(&x->metrics[metric], x->hypotheses[k].items, x->reference.items, x->reference.count);
    return write_all(x);
}

static void comparison_release(struct comparison *x)
{
    for (int k = 0; k < COMPARE_MOST; k++) {
        lines_release(&x->hypotheses[k]);
        matrices_release(&x->alignments[k]);
        for (int metric = 0; metric < METRICS; metric++)
            free(x->statistics[metric][k]);
    }
    lines_release(&x->reference);
    lines_release(&x->source);
    compare_release(&x->words);
}

#define ROW(type, member) OPTION(struct compare_settings, type, member)

static const struct option table[] = {
    { "reference", ROW(TEXT, reference), .value = "FILE", .help = "the reference translations" },
    { "hypothesis", ROW(LIST, hypotheses), .value = "FILE",
      .help =
          "the translations of one system, one per line; give the option for each system: the others are compared with the first" },
    { "source", ROW(TEXT, source), .value = "FILE", .help = "the source sentences, which are shown and give the lengths" },
    { "train", ROW(TEXT, train), .value = "FILE",
      .help = "the target side of the training corpus: words are also counted by how often they were seen in it" },
    { "alignment", ROW(LIST, alignments), .value = "FILE",
      .help = "alignments of a system, as nmt translate --alignment FILE.json writes them; for each system, in the same order" },
    { "tokenize", ROW(CHOICE, tokenize), .value = "NAME", .initial = "13a", .names = bleu_tokenizer_names,
      .help = "how text is split into words" },
    { "lowercase", ROW(FLAG, lowercase), .help = "ignore case" },
    { "samples", ROW(INT, samples), .value = "N", .initial = "1000", .low = 1, .high = 1000000,
      .help = "number of bootstrap samples of the significance tests" },
    { "seed", ROW(LONG, seed), .value = "N", .initial = "1", .high = OPTION_ANY, .help = "random seed of the bootstrap samples" },
    { "output", ROW(TEXT, output), .value = "FILE", .help = "the page, .html, or its data, .json" },
    OPTIONS_END,
};

static const struct command command = { "compare", "--reference FILE --hypothesis FILE --hypothesis FILE --output FILE [OPTION...]",
                                        table, sizeof(struct compare_settings), 0 };

static int check_files(const struct compare_settings *s)
{
    struct claims claims = { 0 };

    claims_input(&claims, "--reference", s->reference);
    for (int k = 0; k < s->hypotheses.count; k++)
        claims_input(&claims, "--hypothesis", s->hypotheses.items[k]);
    for (int k = 0; k < s->alignments.count; k++)
        claims_input(&claims, "--alignment", s->alignments.items[k]);
    if (s->source)
        claims_input(&claims, "--source", s->source);
    if (s->train)
        claims_input(&claims, "--train", s->train);
    claims_output(&claims, "--output", s->output);
    return claims_check(&claims, "compare");
}

static int check(const struct compare_settings *s, const struct options *options)
{
    const char *dot = s->output ? strrchr(s->output, '.') : NULL;

    if (options_require(options, "reference", s->reference))
        return -1;
    if (s->hypotheses.count < 2 || s->hypotheses.count > COMPARE_MOST)
        return error("compare: give --hypothesis twice or more, at most %d times; nmt eval scores one system", COMPARE_MOST);
    if (s->alignments.count && s->alignments.count != s->hypotheses.count)
        return error("compare: give --alignment for each --hypothesis, or for none");
    if (!dot || (strcmp(dot, ".html") != 0 && strcmp(dot, ".json") != 0))
        return error("compare: give --output with a name that ends in .html or .json");
    return check_files(s);
}

int cmd_compare(int argc, const char **argv)
{
    struct compare_settings settings;
    struct comparison comparison = { .settings = &settings };
    struct options options;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (check(&settings, &options) == 0) {
        code = compare(&comparison) ? EXIT_FAILED : EXIT_DONE;
        comparison_release(&comparison);
    }
    options_release(&options);
    return code;
}
