/* metric: one interface to BLEU, chrF and TER: the statistics of sentences, the score of their sum, and its output as in
 * sacreBLEU 2.6. */
#ifndef NMT_EVAL_METRIC_H
#define NMT_EVAL_METRIC_H

#include "base/json.h"
#include "eval/bleu.h"
#include "eval/chrf.h"
#include "eval/ter.h"

enum metric_kind { METRIC_BLEU, METRIC_CHRF, METRIC_TER };

/* Their names on the command line, in the same order; NULL-terminated. */
extern const char *const metric_names[];

enum {
    METRIC_MOST_STATISTICS = CHRF_STATISTICS,
    METRIC_DIGITS = 15 /* significant digits of a score in JSON */
};

struct metric {
    enum metric_kind kind;
    enum bleu_tokenizer tokenizer; /* BLEU's */
    int lowercase;                 /* BLEU's and chrF's; TER always ignores case */
    int word_order;                /* chrF's: 0, or 2 for chrF2++ */
};

/* Numbers per sentence. */
int metric_width(const struct metric *metric);

/* statistics[lines, metric_width], in memory that the caller frees. */
long *metric_statistics(const struct metric *metric, char *const *hypotheses, char *const *references, size_t lines);

/* Adds a sentence's statistics to the sum of others. */
void metric_add(const struct metric *metric, const long *sentence, long *sum);

/* The score, 0..100 (TER may be more), of (summed) statistics. */
double metric_score(const struct metric *metric, const long *statistics);

/* "BLEU", "chrF2", "chrF2++" or "TER". */
const char *metric_name(const struct metric *metric);

/* Adds "nrefs:1|case:mixed|…|version:2.6": everything that a score depends on. */
void metric_add_signature(const struct metric *metric, struct text *text);

/* Adds sacreBLEU's output after the equals sign: "37.45 66.1/… (BP = …)" or "64.83". */
void metric_add_result(const struct metric *metric, const long *statistics, struct text *text);

/* Adds the details to the JSON object that is open: `"precisions": […], "bp": …`. */
void metric_add_details(const struct metric *metric, const long *statistics, struct json *json);

#endif
