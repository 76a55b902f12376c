/* guard: work whose errors are kept as text, and which running out of memory does not end the program. */
#ifndef NMT_SERVE_GUARD_H
#define NMT_SERVE_GUARD_H

#include "base/report.h"

enum { GUARD_FAILED = -1, GUARD_NO_MEMORY = -2 };

/* Does the work, whose errors are kept in `capture`. Returns its result (0 or more, or GUARD_FAILED), or GUARD_NO_MEMORY in the middle
 * of it: what it held is then lost, and it must have held no lock. */
int guard(struct report_capture *capture, int (*work)(void *call), void *call);

#endif
