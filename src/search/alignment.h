/* alignment: the weights α of a translation as a matrix over words or tokens, and its three ways onto paper.
 *
 * Word level: the pieces of a source word are summed, those of a target word averaged, and what lay on </s> is shared out over the
 * words, so that every row sums to 1. Token level: the model's own rows and columns, </s> among them. */
#ifndef NMT_SEARCH_ALIGNMENT_H
#define NMT_SEARCH_ALIGNMENT_H

#include "math/real.h"
#include "text/tokenizer.h"

#include <stdio.h>

enum alignment_format { ALIGNMENT_MATRIX, ALIGNMENT_LONG, ALIGNMENT_PHARAOH };
enum alignment_level { ALIGNMENT_WORD, ALIGNMENT_TOKEN };

/* Names in the order of the enums, closed by NULL, for options. */
extern const char *const alignment_format_names[];
extern const char *const alignment_level_names[];

struct alignment {
    enum alignment_level level;
    char **source, **target; /* [columns], [rows] labels, owned */
    int columns, rows;
    int row_room, weight_room;
    double *weights; /* [rows, columns] */
};

/* Starts an empty matrix whose columns are the source's words, or its tokens and </s>. */
void alignment_begin(struct alignment *alignment, enum alignment_level level, const struct tokenizer *tokenizer,
                     const struct tokens *source);

/* Adds the rows of one translated piece: the source tokens from … to-1 became `target`; alpha [target->count + 1, to - from + 1] is the
 * model's, </s> last. `last`: it is the sentence's last piece (its </s> is a row at token level). */
void alignment_add(struct alignment *alignment, const struct tokenizer *tokenizer, const struct tokens *source, int from, int to,
                   const struct tokens *target, const real *alpha, int last);
void alignment_release(struct alignment *alignment);

/* Where alignments go: one stream, or one file a sentence when the name ends in '/'. */
struct alignment_file {
    const char *name;
    enum alignment_format format;
    FILE *stream; /* NULL for a folder */
    long sentences;
    int failed; /* -1 after an error was reported */
};

/* Opens ("-" is standard output) or makes the folder. 0, or -1 after reporting. */
int alignment_open(struct alignment_file *file, const char *name, enum alignment_format format);

/* Writes the matrix of the next sentence. 0, or -1 after reporting. */
int alignment_write(struct alignment_file *file, const struct alignment *alignment);

/* Flushes what was written so far; closes and checks. 0, or -1 after reporting, once. */
int alignment_flush(struct alignment_file *file);
int alignment_close(struct alignment_file *file);

#endif
