/* ter: translation edit rate (Snover et al. 2006), equal to sacreBLEU 2.6's with its default settings, which follow tercom.
 *
 *   TER = 100 · edits / words of the references      edits: words inserted, deleted, replaced, and blocks of words shifted
 *
 * Words are what white space parts, in lower case. Finding the fewest edits with shifts is intractable: as tercom does, the shift
 * that lowers the edit distance most is made, again and again, until none lowers it. Lower is better; it can exceed 100. */
#ifndef NMT_EVAL_TER_H
#define NMT_EVAL_TER_H

#include <stddef.h>

enum { TER_STATISTICS = 2 };

struct ter {
    double score; /* 0.. */
    long edits, reference_length;
};

/* statistics[lines, TER_STATISTICS], set: each sentence's edits and its reference's words. Those of a corpus are their sums. */
void ter_statistics(char *const *hypotheses, char *const *references, size_t lines, long *statistics);

/* TER of (summed) statistics; without any reference word 100 when there are edits, else 0. */
void ter_score(const long *statistics, struct ter *ter);

#endif
