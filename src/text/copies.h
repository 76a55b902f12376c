/* copies: parts of a source line that its translation contains unchanged: addresses, numbers, unknown names.
 *
 * Before a source line is split into words, each such span (spans.h) is replaced by a placeholder, the character U+E000 + n for the
 * nth different string of the line (from 0); so is every span of the target line that is equal to one of these strings. In a
 * translation, placeholders are replaced by the strings again:
 *
 *     source        Call Zorbek at 555-0173 or see http://a.b/c.      ->   Call <0> at <1> or see <2>.
 *     translation   Appelez <0> au <1> ou voyez <2>.                  ->   Appelez Zorbek au 555-0173 ou voyez http://a.b/c.
 *
 * The corpus decides which kinds of spans are replaced: those that usually stand unchanged in the target. Capitalised words are
 * replaced only if they are unknown: seen fewer than COPIES_KNOWN times on the source side of the corpus, in whatever case; or up to
 * COPIES_FREQUENT times, and nearly always (3 of 4 times) unchanged in the target.
 * A character of the text that is itself one of the placeholders is treated like a span, so that it survives. */
#ifndef NMT_TEXT_COPIES_H
#define NMT_TEXT_COPIES_H

#include "base/memory.h"
#include "text/spans.h"

#include <stddef.h>
#include <stdint.h>

enum { COPIES_MOST = SPAN_PRIVATE_LAST - SPAN_PRIVATE_FIRST + 1, COPIES_KNOWN = 3, COPIES_FREQUENT = 20, PLACEHOLDER_BYTES = 3 };

/* What is copied. Zeroed: nothing. */
struct copies {
    unsigned kinds;     /* bit 1 << kind for each kind of span; 0: nothing, not even placeholders in the text */
    int pretokenized;   /* a span is always a whole word */
    int64_t *known;     /* [known_count] hashes of the known words (copies_hash), ascending; owned */
    size_t known_count; /* 0 if no kind of capitalised words is copied */
};

/* A span that is replaced. */
struct copy {
    size_t start, length; /* bytes of the line */
    size_t at;            /* of its placeholder in the masked line */
    int number; /* of the placeholder; -1: the span is a private-use character that the other side lacks, and becomes U+FFFD */
    enum span_kind kind;
};

/* A line whose spans are replaced. Zero-initialise, reuse any number of times, mask_release. */
struct mask {
    const char *line;    /* the caller's; must outlive the mask */
    const char *text;    /* the masked line; `line` itself if nothing is replaced */
    struct copy *copies; /* [count], ascending */
    int count, room;
    struct copy strings[COPIES_MOST]; /* private: the first copy of each number; length 0 if there is none */
    struct text buffer;               /* private */
};

void mask_release(struct mask *mask);

/* Learns from `pairs` pairs of normalised lines what to copy: the kinds of spans of which at least half stand unchanged in the
 * target. Addresses do not need examples, but the placeholders do: with too few of them in the corpus, nothing is copied. */
void copies_learn(struct copies *copies, int pretokenized, char *const *source, char *const *target, size_t pairs);
void copies_release(struct copies *copies);
int copies_equal(const struct copies *a, const struct copies *b);

/* Masks a source line. With more than COPIES_MOST different strings, the last ones are left as they are. */
void copies_mask(const struct copies *copies, const char *line, struct mask *out);

/* Masks a target line: whatever is equal to a string of the source's mask (NULL: nothing is). */
void copies_mask_target(const struct copies *copies, const struct mask *source, const char *line, struct mask *out);

/* Masks a pair of lines for training: of the source, only what the target contains too. */
void copies_mask_pair(const struct copies *copies, const char *const lines[2], struct mask *source, struct mask *target);

/* Replaces the placeholders of a translation by the strings of the source, in place, and removes those that the source lacks. The
 * result is normalised. */
void copies_fill(const struct mask *source, struct text *text);

/* If `piece` is a placeholder of the mask, adds what it stands for to `out`: 1, else 0. */
int mask_show(const struct mask *mask, const char *piece, struct text *out);

/* The hash of a word of `length` bytes in lower case (base/hash.h). */
int64_t copies_hash(const char *word, size_t length);

/* Writes the placeholder, and a NUL. */
void copies_placeholder(int number, char out[PLACEHOLDER_BYTES + 1]);

/* The number of the placeholder at `text`, or -1. */
int copies_number(const char *text);

#endif
