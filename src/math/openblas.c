/* openblas: the functions of OpenBLAS that nmt uses, under their own names (cblas.h). The library is loaded when the first
 * product needs it: a single sentence is translated without it (math/direct), and OPENBLAS_NUM_THREADS must be set before. A linked library starts one
 * thread per processor before main, each of which maps 128 MB and, under a limit on address space, retries endlessly; exit()
 * then waits for them forever. nmt has its own threads, each of which calls the library in single-threaded mode. */
#define _POSIX_C_SOURCE 200809L
#include "math/openblas.h"

#include "base/memory.h"
#include "base/report.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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
} library;

/* Stores the address of a function in the function pointer at `function`: C has no cast from one to the other. */
static void find(void *handle, const char *name, void *function)
{
    void *address = dlsym(handle, name);

    if (!address)
        die("%s: function %s not found: %s", NMT_OPENBLAS, name, dlerror());
    memcpy(function, &address, sizeof address);
}

static void load(void)
{
    void *handle;

    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    handle = dlopen(NMT_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        die("OpenBLAS cannot be loaded: %s; install libopenblas0", dlerror());
    find(handle, "cblas_sgemm", &library.sgemm);
    find(handle, "cblas_dgemm", &library.dgemm);
    find(handle, "openblas_set_num_threads", &library.set_num_threads);
    find(handle, "openblas_get_corename", &library.get_corename);
    library.set_num_threads(1); /* another part of the process may have loaded it before */
}

/* OpenBLAS maps a buffer for each thread that computes at the same time, keeps it, and retries endlessly if that fails. Ends the
 * program with a message if there is no memory for `buffers` more. */
static void need_buffers(size_t buffers)
{
    if (memory_probe(size_product(buffers, OPENBLAS_BYTES)))
        quit(EXIT_FAILED);
}

/* Makes OpenBLAS map its first buffer, by a product that is large enough to need one. */
static void take_first_buffer(void)
{
    enum { N = 128 };
    float *zeros = memory_new((size_t)2 * N * N, sizeof *zeros);

    need_buffers(1);
    library.sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, zeros, N, zeros, N, 0, zeros + (size_t)N * N, N);
    free(zeros);
}

static void need_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
}

/* Before every product: if it is the first of this thread, checks that there is memory for the buffers of all threads that have
 * computed, except the first. */
static void need_buffer(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static size_t threads;
    static _Thread_local int counted;

    if (counted)
        return;
    counted = 1;
    need_library();
    pthread_mutex_lock(&lock);
    if (threads++ == 0)
        take_first_buffer();
    else
        need_buffers(threads - 1);
    pthread_mutex_unlock(&lock);
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
    need_buffer();
    library.sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* parameters: as in cblas.h. */
void cblas_dgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k, double alpha,
                 const double *a, blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc)
{
    need_buffer();
    library.dgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
