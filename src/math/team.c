#include "math/team.h"

#include "base/processors.h"
#include "math/openblas.h"

#include <stdlib.h>

int team_init(struct team *team, int threads, enum backend backend, enum precision precision)
{
    *team = (struct team){ 0 };
    if (worker_choose(&backend, &precision))
        return -1;
    team->count = threads > 0 ? threads : processors_available();
    team->backend = backend;
    team->precision = precision;
    /* A library that is called by a worker, or by the main thread alone, must not start its own threads. */
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

/* Address space that a worker takes for its stack and oneDNN's compiled products, as measured. */
#define WORKER_BYTES ((size_t)24 << 20)

/* For `count` of the team's threads. */
static int probe_memory(const struct team *team, int count, size_t bytes)
{
    size_t threads = (size_t)count;

    /* With oneDNN, OpenBLAS still computes products of activations. */
    bytes += size_product(threads, WORKER_BYTES) + size_product(team->backend == BACKEND_OPENBLAS ? threads : 1, OPENBLAS_BYTES);
    return memory_probe(bytes);
}

int team_probe_one(const struct team *team, size_t bytes)
{
    return probe_memory(team, 1, bytes);
}

int team_probe(const struct team *team, size_t bytes)
{
    return processors_try(team->count) || probe_memory(team, team->count, bytes) ? -1 : 0;
}
