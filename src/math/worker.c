#include "math/worker.h"

#include "base/report.h"
#include "math/matmul_backend.h"

#include <assert.h>
#include <cblas.h>

const char *const backend_names[] = { "auto", "openblas", "onednn", NULL };
const char *const precision_names[] = { "auto", "f32", "bf16", "int8", NULL };

int worker_available(enum backend backend, enum precision precision)
{
    if (backend == BACKEND_OPENBLAS)
        return precision == PRECISION_F32;
    return onednn_available() && sizeof(real) == sizeof(float) && onednn_fast(precision);
}

int worker_choose(enum backend *backend, enum precision *precision)
{
    int onednn = worker_available(BACKEND_ONEDNN, PRECISION_F32);

    if (*backend == BACKEND_ONEDNN && !onednn)
        return error("this nmt was built without oneDNN; install libdnnl-dev and rebuild, or use --backend openblas");
    if (*backend == BACKEND_AUTO)
        *backend = onednn ? BACKEND_ONEDNN : BACKEND_OPENBLAS;
    if (*precision == PRECISION_AUTO)
        *precision = worker_available(*backend, PRECISION_BF16) ? PRECISION_BF16 : PRECISION_F32;
    if (*precision != PRECISION_F32 && *backend != BACKEND_ONEDNN)
        return error("%s matrix products need oneDNN; use --backend onednn, or --precision f32", precision_names[*precision]);
    if (!worker_available(*backend, *precision))
        return error("this processor has no %s matrix products (%s); use --precision f32 or auto", precision_names[*precision],
                     *precision == PRECISION_BF16 ? "AMX or AVX512-BF16" : "VNNI");
    return 0;
}

const char *worker_instructions(enum backend backend, enum precision precision)
{
    return backend == BACKEND_ONEDNN ? onednn_instructions(precision) : openblas_get_corename();
}

void worker_init(struct worker *worker, int index, enum backend backend, enum precision precision)
{
    assert(backend != BACKEND_AUTO && precision != PRECISION_AUTO);
    *worker = (struct worker){ .index = index, .precision = precision };
    meter_reset(&worker->meter);
    if (backend == BACKEND_ONEDNN)
        worker->onednn = onednn_new(precision);
}

void worker_release(struct worker *worker)
{
    if (worker->onednn)
        onednn_free(worker->onednn);
    arena_release(&worker->arena);
    *worker = (struct worker){ 0 };
}

void worker_reserve(struct worker *worker, size_t bytes)
{
    if (bytes > worker->arena.size) {
        arena_release(&worker->arena);
        worker->arena.used = bytes;
        arena_allocate(&worker->arena);
    }
    worker->arena.used = 0;
}
