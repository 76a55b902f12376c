#include "eval/metric.h"

const char *const metric_names[] = { "bleu", "chrf", "ter", NULL };

int metric_width(const struct metric *metric)
{
    static const int widths[] = { BLEU_STATISTICS, CHRF_STATISTICS, TER_STATISTICS };

    return widths[metric->kind];
}

long *metric_statistics(const struct metric *metric, char *const *hypotheses, char *const *references, size_t lines)
{
    long *statistics = memory_new(size_product(lines, (size_t)metric_width(metric)), sizeof *statistics);

    switch (metric->kind) {
    case METRIC_BLEU: bleu_statistics(hypotheses, references, lines, metric->tokenizer, metric->lowercase, statistics); break;
    case METRIC_CHRF: chrf_statistics(hypotheses, references, lines, metric->word_order, metric->lowercase, statistics); break;
    case METRIC_TER: ter_statistics(hypotheses, references, lines, statistics); break;
    }
    return statistics;
}

void metric_add(const struct metric *metric, const long *sentence, long *sum)
{
    for (int k = 0; k < metric_width(metric); k++)
        sum[k] += sentence[k];
}

double metric_score(const struct metric *metric, const long *statistics)
{
    struct bleu bleu;
    struct chrf chrf;
    struct ter ter;

    switch (metric->kind) {
    case METRIC_BLEU: bleu_score(statistics, &bleu); return bleu.score;
    case METRIC_CHRF: chrf_score(statistics, &chrf); return chrf.score;
    case METRIC_TER: break;
    }
    ter_score(statistics, &ter);
    return ter.score;
}

const char *metric_name(const struct metric *metric)
{
    static const char *const names[] = { "BLEU", "chrF2", "TER" };

    return metric->kind == METRIC_CHRF && metric->word_order ? "chrF2++" : names[metric->kind];
}

void metric_add_signature(const struct metric *metric, struct text *text)
{
    const char *letter_case = metric->lowercase || metric->kind == METRIC_TER ? "lc" : "mixed";

    text_format(text, "nrefs:1|case:%s|", letter_case);
    switch (metric->kind) {
    case METRIC_BLEU: text_format(text, "eff:no|tok:%s|smooth:exp", bleu_tokenizer_names[metric->tokenizer]); break;
    case METRIC_CHRF: text_format(text, "eff:yes|nc:%d|nw:%d|space:no", CHRF_LETTERS, metric->word_order); break;
    case METRIC_TER: text_add_string(text, "tok:tercom|norm:no|punct:yes|asian:no"); break;
    }
    text_add_string(text, "|version:2.6");
}

void metric_add_result(const struct metric *metric, const long *statistics, struct text *text)
{
    struct bleu bleu;

    text_format(text, "%.2f", metric_score(metric, statistics));
    if (metric->kind != METRIC_BLEU)
        return;
    bleu_score(statistics, &bleu);
    for (int n = 0; n < BLEU_ORDER; n++)
        text_format(text, "%c%.1f", n ? '/' : ' ', bleu.precision[n]);
    text_format(text, " (BP = %.3f ratio = %.3f hyp_len = %ld ref_len = %ld)", bleu.brevity, bleu.ratio, bleu.hypothesis_length,
                bleu.reference_length);
}

void metric_add_details(const struct metric *metric, const long *statistics, struct json *json)
{
    struct bleu bleu;
    struct chrf chrf;
    struct ter ter;

    switch (metric->kind) {
    case METRIC_BLEU:
        bleu_score(statistics, &bleu);
        json_open(json, "precisions", '[');
        for (int n = 0; n < BLEU_ORDER; n++)
            json_real(json, NULL, bleu.precision[n], METRIC_DIGITS);
        json_close(json, ']');
        json_real(json, "bp", bleu.brevity, METRIC_DIGITS);
        json_real(json, "ratio", bleu.ratio, METRIC_DIGITS);
        json_integer(json, "hyp_len", bleu.hypothesis_length);
        json_integer(json, "ref_len", bleu.reference_length);
        break;
    case METRIC_CHRF:
        chrf_score(statistics, &chrf);
        json_real(json, "precision", chrf.precision, METRIC_DIGITS);
        json_real(json, "recall", chrf.recall, METRIC_DIGITS);
        break;
    case METRIC_TER:
        ter_score(statistics, &ter);
        json_integer(json, "edits", ter.edits);
        json_integer(json, "ref_len", ter.reference_length);
        break;
    }
}
