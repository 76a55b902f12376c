/* Fuzz target: lines as translations and references, by turns, for every metric with every setting: scores are finite and in range, and
 * print. Shift search of TER takes a power of the words, so lines are short. */
#include "fuzz.h"

#include "eval/metric.h"

#include <math.h>

enum { LONGEST = 512 };

static void check(const struct metric *metric, char *const *hypotheses, char *const *references, size_t lines)
{
    long *statistics = metric_statistics(metric, hypotheses, references, lines), sum[METRIC_MOST_STATISTICS] = { 0 };
    struct text printed = { 0 };
    struct json details = { 0 };
    double score;

    for (size_t i = 0; i < lines; i++)
        for (int j = 0; j < metric_width(metric); j++)
            sum[j] += statistics[i * (size_t)metric_width(metric) + (size_t)j];
    score = metric_score(metric, sum);
    HOLDS(isfinite(score) && score >= 0 && (metric->kind == METRIC_TER || score <= 100 + 1e-9));
    metric_add_signature(metric, &printed);
    metric_add_result(metric, sum, &printed);
    json_open(&details, NULL, '{');
    metric_add_details(metric, sum, &details);
    json_close(&details, '}');
    json_release(&details);
    text_release(&printed);
    free(statistics);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *lines[8], *hypotheses[4], *references[4];
    int count = fuzz_lines(bytes, size < LONGEST ? size : LONGEST, lines, 8);

    for (int i = 0; i < count; i++)
        (i % 2 ? references : hypotheses)[i / 2] = lines[i];
    for (int lowercase = 0; lowercase <= 1 && count >= 2; lowercase++) {
        struct metric metric = { .lowercase = lowercase };

        for (int tokenizer = BLEU_13A; tokenizer <= BLEU_INTL; tokenizer++) {
            metric.tokenizer = (enum bleu_tokenizer)tokenizer;
            check(&metric, hypotheses, references, (size_t)count / 2);
        }
        metric.kind = METRIC_CHRF;
        for (metric.word_order = 0; metric.word_order <= 2; metric.word_order += 2)
            check(&metric, hypotheses, references, (size_t)count / 2);
        metric.kind = METRIC_TER;
        check(&metric, hypotheses, references, (size_t)count / 2);
    }
    free(lines[0]);
    return 0;
}
