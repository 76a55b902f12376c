/* alignment: the weights α of a translation as a matrix over words or tokens.
 *
 * Word level: the pieces of a source word are summed, those of a target word averaged, and the weight of </s> is distributed over
 * the words, so that every row sums to 1. If a token stands for several words (a copied address or number), a source token's weight
 * is distributed over them in equal parts, and a target token's row is that of each of them. Token level: the model's own rows and columns, including </s>.
 *
 * A line that was translated in pieces has one block of weights per piece; elsewhere its matrix is 0, so that memory grows with the
 * line, not with its square:
 *
 *     token level   a b c d </s>        word level   a b c d
 *     x             1 1 0 0  1          x            1 1 0 0
 *     y             1 1 0 0  1          y            1 1 0 0
 *     z             0 0 1 1  1          z            0 0 1 1
 *
 * If the source is blank, so is the matrix: no rows, no columns. */
#ifndef NMT_SEARCH_ALIGNMENT_H
#define NMT_SEARCH_ALIGNMENT_H

#include "math/real.h"
#include "text/tokenizer.h"

enum alignment_level { ALIGNMENT_WORD, ALIGNMENT_TOKEN };

/* Names in the order of the enum, NULL-terminated, for options. */
extern const char *const alignment_level_names[];

/* Weights [rows, columns] of the matrix's rows first_row … and columns first_column …; at token level, the last column is that
 * of </s>, which is the matrix's last. */
struct alignment_block {
    int first_row, rows, first_column, columns;
    double *weights;
};

struct alignment {
    enum alignment_level level;
    char **source, **target; /* [columns], [rows] labels, owned */
    int columns, rows, row_room;
    struct alignment_block *blocks; /* [block_count]; each row is in exactly one of them, in order */
    int block_count, block_room;
    double *log_probability; /* [rows], nats: of each target word (all its tokens), or token; 0 if unknown */
    int log_probability_room;
    double total; /* log-probability of all tokens and </s>, and their number */
    int tokens;
};

/* How sure a model seems to be of a translation, by its attention alone (Rikters, Fishel and Bojar 2017, section 3.2); each is 0 at best and
 * negative otherwise. */
struct confidence {
    double coverage;                    /* source words that get no more and no less than the attention of one word */
    double attention_out, attention_in; /* target words that look at one word; source words that are looked at by one */
};

/* Of the words (or tokens, without </s>) of an alignment; all 0 if it is empty. */
struct confidence alignment_confidence(const struct alignment *alignment);

/* A translated piece of a line: the tokens from … to-1 of a source became `target`; alpha [target->count + 1, to - from + 1] is the
 * model's, </s> last. `last`: this is the line's last piece (its </s> is a row at token level). */
struct aligned_piece {
    int from, to, last;
    int first_column; /* of its source in the matrix: 0 for the first */
    const struct tokens *target;
    const real *alpha;
    const real *log_probability; /* [target->count + 1], or NULL */
};

/* The label of token i: its piece, with a visible space mark; a placeholder is shown as what it stands for. Heap. */
char *alignment_label(const struct tokenizer *tokenizer, enum side side, const struct tokens *tokens, int i);

/* Starts an empty matrix whose columns are the words of `count` sources (the sentences of a line), or their tokens and one </s>. */
void alignment_begin(struct alignment *alignment, enum alignment_level level, const struct tokenizer *tokenizer,
                     const struct tokens *sources, int count);

/* The number of columns of one source, without </s>. */
int alignment_width(const struct alignment *alignment, const struct tokens *source);

/* Adds the rows of a piece. */
void alignment_add(struct alignment *alignment, const struct tokenizer *tokenizer, const struct tokens *source,
                   const struct aligned_piece *piece);
void alignment_release(struct alignment *alignment);

/* The matrix's column of column j of a block, and its weight in the block's row i and the matrix's column. */
int alignment_column(const struct alignment *alignment, const struct alignment_block *block, int j);
double alignment_weight(const struct alignment *alignment, const struct alignment_block *block, int i, int column);

#endif
