/* ter: translation edit rate (Snover et al. 2006), equal to that of sacreBLEU 2.6 with its default settings, which
 * follow tercom.
 *
 *   TER = 100 · edits / words of the references      edits: words inserted, deleted or replaced, and blocks of words shifted
 *
 * Words are separated by white space and lower-cased. Finding the fewest edits with shifts is intractable: as in tercom, the shift
 * that lowers the edit distance most is made, repeatedly, until none lowers it. Lower is better; TER can exceed 100.
 *
 * tercom's limits apply: the edit distance is computed within 25 words of the diagonal, and 1,000 shifts are tried per sentence.
 * So time and memory grow with the length of a line, not with its square: some 300 bytes per word. */
#ifndef NMT_EVAL_TER_H
#define NMT_EVAL_TER_H

#include <stddef.h>

enum { TER_STATISTICS = 2 };

struct ter {
    double score; /* 0.. */
    long edits, reference_length;
};

/* statistics[lines, TER_STATISTICS], set: for each sentence its edits and the words of its reference. The statistics of a corpus
 * are their sums. */
void ter_statistics(char *const *hypotheses, char *const *references, size_t lines, long *statistics);

/* TER of (summed) statistics. Where the references have no word, it is 100 if there are edits, else 0. */
void ter_score(const long *statistics, struct ter *ter);

#endif
