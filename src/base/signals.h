/* signals: no handler may run in a thread that multiplies matrices. oneDNN's compiled products use memory of the heap as their stack; the kernel
 * writes what a handler returns to below the top of the stack, which is there memory of others: a model, or the allocator's own. */
#ifndef NMT_BASE_SIGNALS_H
#define NMT_BASE_SIGNALS_H

#include <signal.h>

/* From now on, SIGINT, SIGTERM and SIGHUP come to a thread that does nothing else: the calling thread, and those that it will start, block
 * them. To be called before it starts any. 0, or -1 after reporting. */
int signals_listen(void);

/* Blocks all signals in the calling thread, except those that its own instructions raise. *before: for pthread_sigmask(SIG_SETMASK). */
void signals_block(sigset_t *before);

#endif
