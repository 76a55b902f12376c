/* team: the workers of a program. In an OpenMP region, worker i is thread i; with one worker, the calling thread does the work.
 *
 * A region may get fewer threads than there are workers (OMP_THREAD_LIMIT, a machine short of threads), so workers are always
 * assigned to threads by a loop, which is correct for any number of threads:
 *
 *     #pragma omp parallel num_threads(team->count) if (team->count > 1)
 *     TEAM_EACH(team, worker)
 *         …
 */
#ifndef NMT_MATH_TEAM_H
#define NMT_MATH_TEAM_H

#include "math/worker.h"

#include <omp.h>

/* The largest number of threads that a command accepts. */
enum { TEAM_MOST = 1024 };

struct team {
    int count;
    enum backend backend;
    enum precision precision;
    struct worker *workers; /* [count] */
};

/* Inside a parallel region: the calling thread's workers, one after the other. */
#define TEAM_EACH(team, worker)                                                                                                    \
    for (struct worker *worker = (team)->workers + omp_get_thread_num(); worker < (team)->workers + (team)->count;                 \
         worker += omp_get_num_threads())

/* `threads` workers (0: one per processor that this program may use). 0, or -1 after reporting that the backend or precision is not
 * available. */
int team_init(struct team *team, int threads, enum backend backend, enum precision precision);
void team_release(struct team *team);

/* Whether there are threads and memory for the workers, for the libraries, and for `bytes` more: the libraries do not report
 * failures, but crash or retry forever. 0, or -1 after reporting. */
int team_probe(const struct team *team, size_t bytes);

/* The same where only the calling thread will work. */
int team_probe_one(const struct team *team, size_t bytes);

#endif
