#include "math/team.h"

#include "base/report.h"

#include <omp.h>

int team_init(struct team *team, int threads, enum backend backend, enum precision precision)
{
    *team = (struct team){ 0 };
    if (matmul_choose(&backend, &precision))
        return -1;
    team->count = threads > 0 ? threads : omp_get_num_procs();
    if (team->count > TEAM_MOST)
        return error("%d threads are too many; at most %d can be used", team->count, TEAM_MOST);
    team->backend = backend;
    team->precision = precision;
    /* A library that is called by a worker, or by the main thread alone, shall not start threads of its own. */
    omp_set_num_threads(1);
    omp_set_dynamic(0);
    for (int i = 0; i < team->count; i++)
        team->matmul[i] = matmul_new(backend, precision);
    return 0;
}

void team_release(struct team *team)
{
    for (int i = 0; i < team->count; i++)
        matmul_free(team->matmul[i]);
    *team = (struct team){ 0 };
}
