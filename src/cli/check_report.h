/* check_report: what `nmt check` prints: a table for people, or one JSON object. */
#ifndef NMT_CLI_CHECK_REPORT_H
#define NMT_CLI_CHECK_REPORT_H

#include "corpus/language.h"
#include "corpus/shift.h"
#include "train/estimate.h"

enum { HELD_OUT_SETS = 2 };

/* A held-out set and what the corpus shares with it. */
struct held_out {
    const char *name; /* validation, test */
    size_t pairs;
    struct overlap overlap;
    int exchanged; /* its source is in the language of the corpus's target, and the other way round */
};

struct check_report {
    const struct survey *survey;
    const struct shifts *shifts;
    const struct languages *languages;
    struct held_out held_out[HELD_OUT_SETS];
    int held_out_count;
    double unrelated_share;   /* see lexicon/belong.h; negative: not judged */
    struct estimate estimate; /* threads 0: none */
    uint32_t removed;         /* the flaws that --output leaves out */
    size_t kept;              /* pairs with none of them */
    const char *output;       /* its prefix, or NULL */
};

void check_report_print(const struct check_report *report);
void check_report_json(const struct check_report *report);

#endif
