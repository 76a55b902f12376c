/* metrics: what a server has done, counted by all its threads, in the text format of Prometheus. */
#ifndef NMT_SERVE_METRICS_H
#define NMT_SERVE_METRICS_H

#include "base/memory.h"

#include <stdatomic.h>

enum { METRICS_PATHS = 16, METRICS_CODES = 20, METRICS_BUCKETS = 13 };

/* Zero-initialise. */
struct metrics {
    atomic_ulong requests[METRICS_PATHS][METRICS_CODES];   /* by path and code (metrics_code) */
    atomic_ulong buckets[METRICS_BUCKETS];                 /* requests for translation, by seconds: those of each bucket alone */
    atomic_ulong microseconds;                             /* of these together */
    atomic_ulong batches, texts, failed_texts;             /* passed to the models */
    atomic_ulong source_words, target_words, target_bytes; /* words: as they are separated by spaces */
};

/* What is measured when asked for. */
struct metrics_now {
    const char *const *paths; /* [path_count] labels */
    int path_count;
    size_t waiting_requests, waiting_texts, translating_texts, open_requests;
    double uptime; /* seconds */
};

/* Counts a request that was answered. `translation`: it took `seconds`, which are counted, too. */
void metrics_request(struct metrics *metrics, int path, int code, int translation, double seconds);

/* Words of a text, as spaces separate them. */
unsigned long metrics_words(const char *text);

void metrics_print(struct metrics *metrics, const struct metrics_now *now, struct text *out);

#endif
