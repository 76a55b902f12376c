/* translate: from lines to translated lines, in the order they came. Lines are normalised, encoded, cut into pieces where they
 * are too long, sorted by length and searched in batches by all workers.
 *
 * A blank line (nothing is left of it when it is normalised) is not searched: its translation is a blank line.
 *
 * What is printed is text, so scores and alignments are those of the text: the text of a hypothesis is encoded again and, if
 * asked for, run through the model by forced decoding (search/score.h). `nmt align` on the same text therefore gives the same
 * numbers. */
#ifndef NMT_SEARCH_TRANSLATE_H
#define NMT_SEARCH_TRANSLATE_H

#include "math/team.h"
#include "search/alignment.h"
#include "search/beam.h"
#include "search/score.h"
#include "text/tokenizer.h"

#include <signal.h>

/* What no phrase is repeated more often than, where the user says nothing (search/repeat.h). */
enum { TRANSLATE_REPEATS = 2 };

struct translate_options {
    struct beam_options beam;
    int batch;       /* pieces searched together by one worker */
    int longest;     /* a line of more tokens is translated in pieces of at most this many */
    int refused;     /* translator_align leaves out pairs with more tokens on a side (0: none) */
    int want_scores; /* log-probabilities of the texts; always so for more than one text */
    int want_alignment;
    enum alignment_level level;
    const volatile sig_atomic_t *stop; /* NULL, or looked at before each batch: not 0 ends the work (a signal, say) */
};

/* One line and what became of it. Zero-initialise; set source or call translation_read; translation_release. */
struct translation {
    const char *source; /* normalised; the caller's, or own_source */
    char *own_source;   /* of translation_read */
    int count;          /* texts: n_best at most, at least 1; best first, no two alike */
    char **texts;       /* normalised, owned */
    double
        *log_probability; /* [count] nats, if scores were wanted: of text and </s>, summed over the pieces; a blank line's is 0 */
    struct alignment alignment; /* of texts[0], if wanted */
    int pieces;                 /* 0 for a blank line, 1, or more where the line was too long */
};

struct translator {
    const struct tokenizer *tokenizer;
    struct model *const *models;
    int model_count;
    struct team *team;
    struct translate_options options;
    struct beam *beams;  /* [team->count] */
    struct pass *passes; /* [team->count] */
};

/* The models' weights are packed (model_pack) by the caller, when it pays. */
void translator_init(struct translator *translator, const struct tokenizer *tokenizer, struct model *const *models, int model_count,
                     struct team *team, const struct translate_options *options);
void translator_release(struct translator *translator);

/* Takes in a line of any `length` bytes, as text/utf8.h normalises it. Returns the number of invalid sequences that became
 * U+FFFD; *bad is the first one's offset. */
int translation_read(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                     size_t *bad);

/* Translates `count` lines. 0; or 1 if options.stop ended it: lines that were not finished then have count 0. */
int translator_run(struct translator *translator, struct translation *translations, size_t count);
void translation_release(struct translation *translation);

/* Log-probability and (if wanted) alignment of given pairs of normalised lines, with the same options and labels.
 * log_probability and alignments are [count]; alignments may be NULL. Two blank lines have log-probability 0; a pair that has
 * more than options.refused tokens on a side is not computed, its log-probability is NAN and its alignment empty. 0; or 1 if
 * options.stop ended it: what was computed means nothing then. */
int translator_align(struct translator *translator, char *const *source, char *const *target, size_t count, double *log_probability,
                     struct alignment *alignments);

#endif
