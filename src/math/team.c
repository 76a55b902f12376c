#include "math/team.h"

#include "base/processors.h"

#include <stdlib.h>

int team_init(struct team *team, int threads, enum backend backend, enum precision precision)
{
    *team = (struct team){ 0 };
    if (worker_choose(&backend, &precision))
        return -1;
    team->count = threads > 0 ? threads : processors_available();
    team->backend = backend;
    team->precision = precision;
    /* A library that is called by a worker, or by the main thread alone, must not start threads of its own. */
    omp_set_num_threads(1);
    omp_set_dynamic(0);
    team->workers = memory_new((size_t)team->count, sizeof *team->workers);
    for (int i = 0; i < team->count; i++)
        worker_init(&team->workers[i], i, backend, precision);
    return 0;
}

void team_release(struct team *team)
{
    for (int i = 0; i < team->count; i++)
        worker_release(&team->workers[i]);
    free(team->workers);
    *team = (struct team){ 0 };
}
