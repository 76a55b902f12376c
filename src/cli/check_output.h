/* check_output: what `nmt check --output PREFIX` writes: the pairs that are kept, byte for byte as they were, and a table of the others.
 *
 *     PREFIX.source, PREFIX.target    or, for --pairs, PREFIX.tsv
 *     PREFIX.removed.tsv              line, reasons, source, target; the text normalised */
#ifndef NMT_CLI_CHECK_OUTPUT_H
#define NMT_CLI_CHECK_OUTPUT_H

#include "base/claims.h"
#include "corpus/survey.h"

struct check_output {
    char *names[3]; /* the kept sources, the kept targets (NULL for one file of pairs), the removed pairs; heap */
};

void check_output_init(struct check_output *output, const char *prefix, int pairs);
void check_output_claim(const struct check_output *output, struct claims *claims);
void check_output_release(struct check_output *output);

/* Writes all files: pairs with one of the flaws in `removed` are left out. 0, or -1 after reporting. */
int check_output_write(const struct check_output *output, const struct survey *survey, uint32_t removed);

/* The names of all flaws of a set, separated by commas. */
void check_output_reasons(struct text *out, uint32_t flaws);

#endif
