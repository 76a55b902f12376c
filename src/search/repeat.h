/* repeat: phrases that follow themselves. A translator that has lost its way says one phrase for ever ("the cat the cat the cat
 * …"); the search forbids the token that would complete one copy too many.
 *
 * A phrase is 1 … REPEAT_LONGEST tokens; "a b a b a b" is three copies of "a b". With the limit N a phrase may stand N times in
 * a row, a single token 2N times ("...", "000"), and either as often as any phrase does in the source. */
#ifndef NMT_SEARCH_REPEAT_H
#define NMT_SEARCH_REPEAT_H

#include <stdint.h>

enum { REPEAT_LONGEST = 32 };

/* The largest number of copies of one phrase in a row in the source's ids [count]; at least 1. */
int repeat_copies(const int32_t *source, int count);

/* How many of a hypothesis' last ids repeat_forbidden can need. */
int repeat_window(int limit, int copies);

/* The ids that must not come next. last [count]: the ids so far, the last one first; copies: of the source. forbidden
 * [REPEAT_LONGEST]; returns how many. */
int repeat_forbidden(const int32_t *last, int count, int limit, int copies, int32_t *forbidden);

#endif
