/* survey: all pairs of a corpus, what each shows by itself (corpus/inspect.h), and what shows against the rest: duplicates, foreign
 * scripts, unusual lengths, copies of held-out pairs. One pass and two sorts; no text is changed. */
#ifndef NMT_CORPUS_SURVEY_H
#define NMT_CORPUS_SURVEY_H

#include "corpus/corpus.h"
#include "corpus/inspect.h"

/* A line as it is in the file. */
struct raw_line {
    const char *text;
    size_t length;
};

struct survey {
    const char *names[2]; /* the files, for reports; equal for a file of pairs. The caller's strings */
    size_t pairs;
    long *number;                /* [pairs] line of the file, from 1 */
    char **lines[2];             /* [pairs] normalised text */
    struct raw_line *raw[2];     /* [pairs], or NULL where only the normalised text is known */
    struct line_facts *facts[2]; /* [pairs] */
    uint32_t *flaws;             /* [pairs] a set of flaws; survey_judge and others add to it */
    long letters[2][SCRIPTS];
    double ratio, spread; /* of lengths: see survey_judge */
    int home[2][SCRIPTS]; /* whether a script family is at home on a side */
    struct text store;    /* private: all text */
};

/* Reads a corpus, whatever is in it: empty sides and invalid UTF-8 are findings, not errors. 0, or -1 after reporting that it cannot be
 * read, that its sides have unequal numbers of lines, or that it is empty; survey_release is needed in either case. */
int survey_read(struct survey *survey, const struct corpus_files *files);

/* The same for a corpus in memory, which must outlive the survey. Its text is normalised, so control characters do not show. */
void survey_corpus(struct survey *survey, const struct corpus *corpus);
void survey_release(struct survey *survey);

/* Adds to the flaws of each pair those that inspect_pair finds, and
 *
 *     DUPLICATE  for all but the first of equal pairs
 *     SCRIPT     for lines in a family of scripts in which less than a quarter of the lines of their side are written
 *     LENGTH     where d = (t − ratio s) / √(ratio s + t), for s and t characters, is extraordinary. `ratio` is the median of t/s,
 *                `spread` the deviation of d, estimated by its median (after Gale and Church 1993, "A program for aligning sentences
 *                in bilingual corpora": the variance of a length is proportional to the length). */
void survey_judge(struct survey *survey);

/* How many pairs have the flaw. */
size_t survey_count(const struct survey *survey, enum flaw flaw);

/* Sources with several different targets (side SOURCE), or targets with several sources: how many pairs have such a side. */
size_t survey_ambiguous(const struct survey *survey, enum side side);

/* What a corpus shares with a held-out set: how many of the held-out pairs are also in the corpus, how many have a source that is also a
 * source there, and a target. */
struct overlap {
    size_t pairs, sources, targets;
};

/* Also marks the corpus's copies of held-out pairs as HELD_OUT. */
struct overlap survey_overlap(struct survey *survey, const struct survey *held_out);

/* One side in numbers. Lengths are in words. */
struct side_summary {
    long words, characters, distinct;
    int percentile[5]; /* 1, 5, 50, 95, 99 per cent of the lines have at most so many words */
    int longest;
    long longest_line; /* its number in the file */
    double mean;
    double unseen; /* share of the words of every 20th line that stand in none of the other lines: how new a new line is */
};

extern const int survey_percents[5];

struct side_summary survey_summary(const struct survey *survey, enum side side);

#endif
