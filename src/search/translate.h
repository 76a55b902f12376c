/* translate: from lines to translated lines, in input order. Lines are normalised, encoded, cut into pieces if they are too long,
 * sorted by length and searched in batches by all workers.
 *
 * A line may hold several sentences (translation_read_sentences), which are translated as if each had a line of its own, and joined again:
 * the line's log-probability is their sum, its alignment has their blocks, and text r of an n-best list consists of text r of each. The
 * first sentence of a prefix is that of the first sentence's translation, and so on; if the line has fewer sentences, its last one gets the
 * rest. All sentences of the prefix but its last are complete.
 *
 * A line that is blank after normalisation is not searched: its translation is a blank line. Samples of a line that was cut are
 * joined from the samples of its pieces.
 *
 * Scores and alignments are those of the printed text: the text of a hypothesis is encoded again and, if requested, scored by
 * forced decoding (search/score.h). `nmt align` on the same text therefore gives the same numbers. */
#ifndef NMT_SEARCH_TRANSLATE_H
#define NMT_SEARCH_TRANSLATE_H

#include "math/team.h"
#include "search/alignment.h"
#include "search/beam.h"
#include "search/score.h"
#include "text/noise.h"
#include "text/tokenizer.h"

#include <signal.h>

/* Default limit of repetition (search/repeat.h). */
enum { TRANSLATE_REPEATS = 2 };

struct translate_options {
    struct beam_options beam; /* keys are chosen here */
    struct noise noise;       /* damages the texts */
    uint64_t seed;            /* of samples and noise */
    int batch;                /* pieces searched together by one worker */
    int longest;              /* a line of more tokens is translated in pieces of at most this many */
    int refused;              /* translator_align leaves out pairs with more tokens on a side (0: none) */
    int want_scores;          /* log-probabilities of the texts; always so for more than one text */
    int want_alignment;
    int want_tree; /* how the hypotheses of the search grew */
    enum alignment_level level;
    int shared; /* batches are dealt over the processes of the cluster, which all have the same lines and get all results */
    const volatile sig_atomic_t *stop; /* NULL, or checked before each batch: a value other than 0 (a signal) ends the work */
};

/* One line and its translation. Zero-initialise; set source or call translation_read; translation_release. */
struct translation {
    const char
        *source; /* normalised, with a newline between sentences that are translated by themselves; the caller's, or own_source */
    char *own_source; /* of translation_read */
    char *prefix;     /* normalised, in sentences like source: with which its translations begin; owned, NULL: none */
    int prefix_open;  /* its last word may go on */
    long number;      /* of the line: its random numbers are a function of it and of options.seed */
    int count;        /* texts: at least 1, at most n_best; best first, no duplicates; or n_best samples */
    char **texts;     /* normalised, owned */
    double
        *log_probability; /* [count] nats, if scores were requested: of text and </s>, summed over the pieces; 0 for a blank line */
    struct alignment alignment; /* of texts[0], if requested */
    struct beam_tree tree;      /* if requested, of a line of one piece */
    int sentences;              /* at least 1 */
    int pieces;                 /* 0 for a blank line, one per sentence, or more where one was too long */
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

/* The caller packs the models' weights (model_pack) when it pays. */
void translator_init(struct translator *translator, const struct tokenizer *tokenizer, struct model *const *models, int model_count,
                     struct team *team, const struct translate_options *options);
void translator_release(struct translator *translator);

/* Reads a line of `length` arbitrary bytes, normalised as in text/utf8.h. Returns the number of invalid sequences replaced by
 * U+FFFD; *bad is the offset of the first one. */
int translation_read(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                     size_t *bad);

/* The same for a line whose sentences (text/sentences.h) are translated by themselves. */
int translation_read_sentences(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                               size_t *bad);

/* Sets the prefix, of arbitrary bytes, once the line was read; nothing if it is blank. If it ends with a space, its last word is complete. */
void translation_set_prefix(struct translation *translation, const struct tokenizer *tokenizer, const char *prefix, size_t length);

/* Translates `count` lines (shared: the same in all processes, and by the main thread). 0; or 1 if options.stop ended it: lines that were not finished then have count 0. */
int translator_run(struct translator *translator, struct translation *translations, size_t count);
void translation_release(struct translation *translation);

/* Log-probability and (if requested) alignment of given pairs of normalised lines, with the same options and labels.
 * log_probability and alignments are [count]; alignments may be NULL. Two blank lines have log-probability 0; a pair that has
 * more than options.refused tokens on a side is not computed, its log-probability is NAN and its alignment empty. 0; or 1 if
 * options.stop ended it: the results are then not valid. */
int translator_align(struct translator *translator, char *const *source, char *const *target, size_t count, double *log_probability,
                     struct alignment *alignments);

#endif
