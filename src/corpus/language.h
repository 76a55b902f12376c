/* language: finds lines in another language than the rest of their side, though perhaps in the same script.
 *
 * A language is a table of how often each sequence of three characters occurs in its lines:
 *
 *     p(sequence) = (count + m q) / (total + m)      q: its frequency in all lines together, m = 1000
 *
 * The tables are made from the corpus itself, and the lines are then assigned again to the language that they fit better, until nothing
 * changes (expectation-maximisation with hard assignments); a line never counts in its own favour. So nothing has to be known about the
 * languages, as long as most lines are in the right one. A third language is looked for from single lines: one, and those most like it, become a
 * table, which grows by all lines that fit it better; it is one if its sequences are much less probable in the side's language than the
 * side's lines are. */
#ifndef NMT_CORPUS_LANGUAGE_H
#define NMT_CORPUS_LANGUAGE_H

#include "corpus/survey.h"

/* How often each sequence, by its hash, occurs in the lines of a language. */
struct language_counts {
    uint32_t *items;
    double total;
};

struct languages {
    struct language_counts sides[2]; /* of the source, of the target */
    float *prior;                    /* m q of each sequence */
    size_t foreign[2];               /* lines of a side in a third language */
};

/* Makes the languages, and adds to the flaws
 *
 *     SWAPPED    where the source is in the target's language and the target in the source's; such a pair loses SCRIPT
 *     LANGUAGE   where one side is in the language of the other, or in a third one */
void languages_init(struct languages *languages, struct survey *survey);
void languages_release(struct languages *languages);

/* How much better other pairs fit the languages as they stand than exchanged: a mean in nats per sequence. */
double languages_orientation(const struct languages *languages, const struct survey *survey);

#endif
