/* inspect: what one line, and the two lines of one pair, show by themselves. Nothing here knows the rest of the corpus: see
 * corpus/survey.h for that. */
#ifndef NMT_CORPUS_INSPECT_H
#define NMT_CORPUS_INSPECT_H

#include "base/memory.h"
#include "text/script.h"

#include <stddef.h>
#include <stdint.h>

/* What can be wrong with a pair. A set of flaws is a sum of FLAW(…). */
enum flaw {
    FLAW_EMPTY,        /* a side without text */
    FLAW_UTF8,         /* bytes that are not UTF-8 */
    FLAW_MOJIBAKE,     /* U+FFFD, or UTF-8 that was read as Windows-1252 and encoded again: "Ã©", "â€™" */
    FLAW_CONTROL,      /* control characters other than the tab */
    FLAW_DUPLICATE,    /* the same pair stands above */
    FLAW_HELD_OUT,     /* the same pair is in a held-out set */
    FLAW_EQUAL,        /* a source of several words is its own translation */
    FLAW_SCRIPT,       /* most letters of a side belong to a script that is foreign to it */
    FLAW_LANGUAGE,     /* a side is in another language than the rest of it */
    FLAW_SWAPPED,      /* source and target are exchanged */
    FLAW_SHIFTED,      /* the lines belong together with a neighbouring line */
    FLAW_LENGTH,       /* one side is far too long for the other */
    FLAW_UNRELATED,    /* the words of one side are not translations of the other's */
    FLAW_NUMBERS,      /* digits that only one side has */
    FLAW_PLACEHOLDERS, /* placeholders or tags that only one side has */
    FLAWS
};

#define FLAW(flaw) (UINT32_C(1) << (flaw))

/* Their names on the command line and in reports, closed by NULL. */
extern const char *const flaw_names[FLAWS + 1];

/* What a line consists of. Counts are of the normalised text. */
struct line_facts {
    uint64_t hash;         /* of the text */
    uint64_t digits;       /* equal for lines with the same digits, in any order and any script; 0: none */
    uint64_t placeholders; /* equal for lines with the same placeholders, in any order; 0: none */
    int characters;        /* with spaces */
    int words;             /* as text/words.h splits */
    int letter_words;      /* words that begin with a letter */
    int letters;           /* with a script */
    enum script script;    /* of most letters; scripts that one language mixes count together (script_family) */
    uint32_t flaws;        /* EMPTY, UTF8, MOJIBAKE, CONTROL */
};

/* Replaces `clean` by the normalised form of the `length` bytes at `raw`, and `facts` by what they show. If `letters` is not NULL, the
 * letters of each script are added to it [SCRIPTS]. */
void inspect_line(const char *raw, size_t length, struct text *clean, struct line_facts *facts, long *letters);

/* The flaws of a pair that its two lines show: those of both lines, EQUAL, NUMBERS, PLACEHOLDERS. */
uint32_t inspect_pair(const struct line_facts *source, const struct line_facts *target);

#endif
