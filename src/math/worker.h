/* worker: the resources that one thread computes with; the first parameter of every computing function. */
#ifndef NMT_MATH_WORKER_H
#define NMT_MATH_WORKER_H

#include "base/memory.h"
#include "math/meter.h"

enum backend { BACKEND_AUTO, BACKEND_OPENBLAS, BACKEND_ONEDNN };
enum precision { PRECISION_AUTO, PRECISION_F32, PRECISION_BF16, PRECISION_INT8 };

/* Names in the order of the enums, NULL-terminated, for options and for what is printed. */
extern const char *const backend_names[];
extern const char *const precision_names[];

struct worker {
    int index;                /* 0 … team->count − 1 */
    struct onednn *onednn;    /* compiled matrix products; NULL: OpenBLAS */
    enum precision precision; /* of the inputs of matrix products */
    struct meter meter;
    void (*meanwhile)(void); /* called whenever the worker enters another part of the meter, or NULL */
    struct arena arena;      /* activations: every pass and every search restarts it */
};

/* Replaces BACKEND_AUTO and PRECISION_AUTO by the best choice for this build and processor: oneDNN where available; bf16 where the
 * processor has AMX or AVX512-BF16 (never int8, which cannot train). 0, or -1 after reporting that a choice is not available. */
int worker_choose(enum backend *backend, enum precision *precision);

/* Whether this build and processor support both. */
int worker_available(enum backend backend, enum precision precision);

/* The processor's instructions that multiply such numbers, such as "AVX512-BF16" or "none"; of OpenBLAS, the processor that its kernels
 * were chosen for, such as "Haswell". */
const char *worker_instructions(enum backend backend, enum precision precision);

/* Backend and precision as set by worker_choose. */
void worker_init(struct worker *worker, int index, enum backend backend, enum precision precision);
void worker_release(struct worker *worker);

/* Restarts the arena, with room for at least `bytes`. */
void worker_reserve(struct worker *worker, size_t bytes);

/* Makes `part` the worker's current part of the meter; returns the previous one. */
static inline const char *worker_enter(struct worker *worker, const char *part)
{
    if (worker->meanwhile)
        worker->meanwhile();
    return meter_enter(&worker->meter, part);
}

#endif
