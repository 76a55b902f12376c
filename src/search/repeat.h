/* repeat: limits repeated phrases. A weak model may repeat one phrase endlessly ("the cat the cat the cat …"); the search forbids
 * the token that would complete one copy too many.
 *
 * A phrase is 1 … REPEAT_LONGEST tokens; "a b a b a b" is three copies of "a b". With the limit N, a phrase may occur N times in
 * a row, a single token 2N times ("...", "000"), and either as often as any phrase is repeated in the source. */
#ifndef NMT_SEARCH_REPEAT_H
#define NMT_SEARCH_REPEAT_H

#include <stdint.h>

enum { REPEAT_LONGEST = 32 };

/* The largest number of copies of one phrase in a row in the source's ids [count]; at least 1. */
int repeat_copies(const int32_t *source, int count);

/* The number of a hypothesis' last ids that repeat_forbidden may need. */
int repeat_window(int limit, int copies);

/* The ids that must not come next. last [count]: the ids so far, the last one first; copies: repeat_copies of the source. forbidden
 * [REPEAT_LONGEST]; returns their number. */
int repeat_forbidden(const int32_t *last, int count, int limit, int copies, int32_t *forbidden);

#endif
