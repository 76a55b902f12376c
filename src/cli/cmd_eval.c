/* nmt eval: scores of translations and of alignments, and the significance of a difference. */
#include "cli/commands.h"

#include "base/io.h"
#include "base/json.h"
#include "base/report.h"
#include "cli/lines.h"
#include "cli/options.h"
#include "eval/aer.h"
#include "eval/scores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    const char *reference, *hypothesis, *source, *compare, *alignment;
    int metric, tokenize, lowercase, word_order, json, by_length, samples;
    long seed;
};

static int score_translations(const struct settings *settings, const struct metric *metric)
{
    const char *files[] = { settings->hypothesis, settings->compare };
    struct lines reference = { 0 }, source = { 0 }, hypotheses[2] = { { 0 } };
    struct scores scores = { .metric = metric, .samples = settings->samples, .seed = settings->seed };
    long *statistics[2] = { NULL, NULL };
    int *buckets = NULL, status = -1;

    if (lines_read(&reference, settings->reference))
        goto out;
    for (int k = 0; k < 2 && files[k]; k++)
        if (lines_read(&hypotheses[k], files[k]) || lines_check(&hypotheses[k], &reference))
            goto out;
    if (settings->by_length) {
        if (lines_read(&source, settings->source) || lines_check(&source, &reference))
            goto out;
        buckets = memory_new(source.count, sizeof *buckets);
        for (size_t i = 0; i < source.count; i++)
            buckets[i] = scores_bucket(source.items[i]);
    }
    for (int k = 0; k < 2 && files[k]; k++)
        scores.statistics[k] = statistics[k] = metric_statistics(metric, hypotheses[k].items, reference.items, reference.count);
    scores.lines = reference.count;
    scores.buckets = buckets;
    scores_print(&scores, settings->json);
    status = 0;
out:
    for (int k = 0; k < 2; k++) {
        lines_release(&hypotheses[k]);
        free(statistics[k]);
    }
    lines_release(&reference);
    lines_release(&source);
    free(buckets);
    return status;
}

static void print_alignment_score(const struct settings *settings, const struct aer *aer, size_t lines)
{
    double rate = 100 * aer_rate(aer), precision = 100 * aer_precision(aer), recall = 100 * aer_recall(aer);
    struct json json = { 0 };

    if (!settings->json) {
        printf("AER = %.2f precision = %.2f recall = %.2f (links = %ld sure = %ld possible = %ld)\n", rate, precision, recall,
               aer->links, aer->sure, aer->possible);
        return;
    }
    json_open(&json, NULL, '{');
    json_string(&json, "name", "AER");
    json_real(&json, "score", rate, METRIC_DIGITS);
    json_real(&json, "precision", precision, METRIC_DIGITS);
    json_real(&json, "recall", recall, METRIC_DIGITS);
    json_integer(&json, "lines", (long)lines);
    json_integer(&json, "links", aer->links);
    json_integer(&json, "sure", aer->sure);
    json_integer(&json, "possible", aer->possible);
    json_close(&json, '}');
    json_print(&json, stdout);
    json_release(&json);
}

static int score_alignments(const struct settings *settings)
{
    struct lines links = { 0 }, gold = { 0 };
    struct text where[2] = { { 0 } };
    struct aer aer = { 0 };
    int status = -1;

    if (lines_read(&links, settings->hypothesis) || lines_read(&gold, settings->alignment) || lines_check(&links, &gold))
        goto out;
    for (size_t i = 0; i < links.count; i++) {
        text_clear(&where[0]);
        text_clear(&where[1]);
        text_format(&where[0], "%s:%zu", links.name, i + 1);
        text_format(&where[1], "%s:%zu", gold.name, i + 1);
        if (aer_add(&aer, links.items[i], where[0].data, gold.items[i], where[1].data))
            goto out;
    }
    print_alignment_score(settings, &aer, links.count);
    status = 0;
out:
    lines_release(&links);
    lines_release(&gold);
    text_release(&where[0]);
    text_release(&where[1]);
    return status;
}

/* --alignment compares links, so most other options do not apply to it. An option given with its default value has no effect and is
 * accepted. */
static int check_alignment(const struct options *options)
{
    static const char *const others[] = { "reference", "metric", "tokenize", "lowercase", "word-order",
                                          "by-length", "source", "compare",  "samples",   "seed" };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (options_changed(options, others[i]))
            return error("eval: --alignment can be combined only with --hypothesis and --json, not with --%s", others[i]);
    return 0;
}

static int check_translation(const struct options *options, const struct settings *settings, const struct metric *metric)
{
    if (options_require(options, "reference", settings->reference))
        return -1;
    if (settings->by_length != (settings->source != NULL))
        return error("eval: --by-length and --source must be given together");
    if (metric->tokenizer != BLEU_13A && metric->kind != METRIC_BLEU)
        return error("eval: --tokenize is for --metric bleu only");
    if (metric->word_order != 0 && metric->kind != METRIC_CHRF)
        return error("eval: --word-order is for --metric chrf only");
    if (metric->word_order != 0 && metric->word_order != CHRF_WORDS)
        return error("eval: --word-order: %d is neither 0 nor %d", metric->word_order, CHRF_WORDS);
    if (!settings->compare && (options_changed(options, "samples") || options_changed(options, "seed")))
        return error("eval: --%s is for --compare only", options_changed(options, "samples") ? "samples" : "seed");
    return 0;
}

static int check_settings(const struct options *options, const struct settings *settings, const struct metric *metric)
{
    const char *files[] = { settings->hypothesis, settings->reference, settings->compare, settings->source, settings->alignment };
    int from_stdin = 0;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        from_stdin += files[i] && strcmp(files[i], "-") == 0;
    if (from_stdin > 1)
        return error("eval: only one file can be standard input (\"-\")");
    return settings->alignment ? check_alignment(options) : check_translation(options, settings, metric);
}

#define ROW(type, member) OPTION(struct settings, type, member)

static const struct option table[] = {
    { "hypothesis", ROW(TEXT, hypothesis), .value = "FILE",
      .help = "the translations to score, one per line (\"-\": standard input)" },
    { "reference", ROW(TEXT, reference), .value = "FILE", .help = "the reference translations" },
    { "metric", ROW(CHOICE, metric), .value = "NAME", .initial = "bleu", .names = metric_names, .help = "metric to compute" },
    { "tokenize", ROW(CHOICE, tokenize), .value = "NAME", .initial = "13a", .names = bleu_tokenizer_names,
      .help = "BLEU's tokenizer" },
    { "lowercase", ROW(FLAG, lowercase), .help = "ignore case (TER always does)" },
    { "word-order", ROW(INT, word_order), .value = "N", .initial = "0", .high = CHRF_WORDS,
      .help = "0: chrF2; 2: chrF2++, with word n-grams" },
    { "json", ROW(FLAG, json), .help = "print one JSON object" },
    { "by-length", ROW(FLAG, by_length), .help = "also print scores by source length in words; needs --source" },
    { "source", ROW(TEXT, source), .value = "FILE", .help = "the source sentences" },
    { "compare", ROW(TEXT, compare), .value = "FILE",
      .help = "a second system's translations: significance test by paired bootstrap resampling" },
    { "samples", ROW(INT, samples), .value = "N", .initial = "1000", .low = 1, .high = 1000000,
      .help = "number of bootstrap samples" },
    { "seed", ROW(LONG, seed), .value = "N", .initial = "1", .high = OPTION_ANY, .help = "random seed of the bootstrap samples" },
    { "alignment", ROW(TEXT, alignment), .value = "FILE",
      .help = "gold-standard word alignments (i-j sure, i?j possible): print the error rate of the alignments in --hypothesis" },
    OPTIONS_END,
};

static const struct command command = { "eval", "--hypothesis FILE (--reference FILE | --alignment FILE) [OPTION...]", table,
                                        sizeof(struct settings), 0 };

int cmd_eval(int argc, const char **argv)
{
    struct settings settings;
    struct metric metric = { 0 };
    struct options options;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (options_require(&options, "hypothesis", settings.hypothesis))
        goto out;
    metric = (struct metric){ .kind = (enum metric_kind)settings.metric,
                              .tokenizer = (enum bleu_tokenizer)settings.tokenize,
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
