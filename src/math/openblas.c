/* openblas: the functions of OpenBLAS that nmt uses, under their own names (cblas.h). The library is loaded when the first
 * product needs it: a single sentence is translated without it (math/direct), and OPENBLAS_NUM_THREADS must be set before. A linked library starts one
 * thread per processor before main, each of which maps 128 MB and, under a limit on address space, retries endlessly; exit()
 * then waits for them forever. nmt has its own threads, each of which calls the library in single-threaded mode. */
#define _GNU_SOURCE /* a lock that prefers writers */
#include "math/openblas.h"

#include "base/dynamic.h"
#include "base/report.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>

#ifndef NMT_OPENBLAS
#define NMT_OPENBLAS "libopenblas.so.0"
#endif

static struct {
    void (*sgemm)(CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, blasint, blasint, blasint, float, const float *, blasint,
                  const float *, blasint, float, float *, blasint);
    void (*dgemm)(CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, blasint, blasint, blasint, double, const double *, blasint,
                  const double *, blasint, double, double *, blasint);
    void (*set_num_threads)(int);
    char *(*get_corename)(void);
    void *(*memory_alloc)(int); /* a free buffer, or a new one; neither this nor the next is in cblas.h */
    void (*memory_free)(void *);
} library;

static char problem[512]; /* why the library cannot be loaded */

static void load(void)
{
    static const struct dynamic_function functions[] = {
        { "cblas_sgemm", &library.sgemm },
        { "cblas_dgemm", &library.dgemm },
        { "openblas_set_num_threads", &library.set_num_threads },
        { "openblas_get_corename", &library.get_corename },
        { "blas_memory_alloc", &library.memory_alloc },
        { "blas_memory_free", &library.memory_free },
    };

    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (dynamic_load(NMT_OPENBLAS, functions, sizeof functions / sizeof *functions, problem, sizeof problem) == 0)
        library.set_num_threads(1); /* another part of the process may have loaded it before */
}

static void need_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    if (*problem)
        die("OpenBLAS cannot be loaded: %s; install libopenblas0", problem);
}

/* ---- buffers ---- */

/* OpenBLAS maps a buffer for each thread that computes at the same time as others, when they first do, keeps it for any thread, and
 * retries endlessly if it cannot. So a thread's first product maps one more here, unless a thread has ended that has left its own:
 * afterwards OpenBLAS maps none. Nobody multiplies meanwhile, since buffers that others need are taken for a moment. */
static struct {
    pthread_mutex_t lock;
    pthread_rwlock_t mapping; /* read: while multiplying; written: while a buffer is mapped */
    pthread_key_t key;        /* not NULL in the threads that are counted */
    int has_key;
    size_t threads;
    void **mapped; /* [count] */
    int count;
} buffers = { .lock = PTHREAD_MUTEX_INITIALIZER,
#ifdef PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP
              .mapping = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP
#else
              .mapping = PTHREAD_RWLOCK_INITIALIZER
#endif
};

static void leave(void *key)
{
    (void)key;
    pthread_mutex_lock(&buffers.lock);
    buffers.threads--;
    pthread_mutex_unlock(&buffers.lock);
}

static int is_mapped(const void *buffer)
{
    for (int i = 0; i < buffers.count; i++)
        if (buffers.mapped[i] == buffer)
            return 1;
    return 0;
}

/* Takes those that are free, until one is new, with room for all in `held` [count + 1]. 0, or -1 if there is no memory. */
static int map_one_into(void **held)
{
    void *memory = malloc(OPENBLAS_BYTES), *buffer;
    int taken = 0;

    if (!memory)
        return -1;
    free(memory);
    while ((buffer = library.memory_alloc(0)) && is_mapped(buffer))
        held[taken++] = buffer;
    if (buffer) {
        buffers.mapped[buffers.count++] = buffer;
        held[taken++] = buffer;
    }
    while (taken > 0)
        library.memory_free(held[--taken]);
    return buffer ? 0 : -1;
}

/* 0, or -1 if there is no memory. */
static int map_one(void)
{
    size_t bytes = sizeof *buffers.mapped * (size_t)(buffers.count + 1);
    void **mapped = realloc(buffers.mapped, bytes), **held = malloc(bytes);
    int result;

    if (mapped)
        buffers.mapped = mapped;
    pthread_rwlock_wrlock(&buffers.mapping);
    result = mapped && held ? map_one_into(held) : -1;
    pthread_rwlock_unlock(&buffers.mapping);
    free(held);
    return result;
}

/* Counts this thread, until its end. 0, or -1 if there is no memory for its buffer. */
static int enter(void)
{
    int result;

    pthread_mutex_lock(&buffers.lock);
    if (!buffers.has_key)
        buffers.has_key = pthread_key_create(&buffers.key, leave) == 0;
    result = buffers.has_key && (buffers.threads < (size_t)buffers.count || map_one() == 0) &&
                     pthread_setspecific(buffers.key, &buffers) == 0
                 ? 0
                 : -1;
    if (result == 0)
        buffers.threads++;
    pthread_mutex_unlock(&buffers.lock);
    return result;
}

/* Before and after every product. */
static void begin(void)
{
    static _Thread_local int counted;

    if (!counted) {
        need_library();
        if (enter())
            die("out of memory (%zu bytes needed)", OPENBLAS_BYTES);
        counted = 1;
    }
    pthread_rwlock_rdlock(&buffers.mapping);
}

static void end(void)
{
    pthread_rwlock_unlock(&buffers.mapping);
}

char *openblas_get_corename(void)
{
    need_library();
    return library.get_corename();
}

/* parameters: as in cblas.h. */
void cblas_sgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k, float alpha,
                 const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc)
{
    begin();
    library.sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    end();
}

/* parameters: as in cblas.h. */
void cblas_dgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k, double alpha,
                 const double *a, blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc)
{
    begin();
    library.dgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    end();
}
