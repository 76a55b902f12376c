#define _POSIX_C_SOURCE 200809L
#include "math/matmul_backend.h"

#ifdef NMT_ONEDNN

#include "base/dynamic.h"
#include "base/memory.h"
#include "base/report.h"
#include "math/onednn.h"

#include <pthread.h>
#include <stdlib.h>

#define TEXT_OF(x) #x
#define LIBRARY_OF(version) "libdnnl.so." TEXT_OF(version)
#ifndef NMT_DNNL
#define NMT_DNNL LIBRARY_OF(DNNL_VERSION_MAJOR)
#endif

#define FUNCTION(name) { "dnnl_" #name, &dnnl.name },

struct onednn_functions dnnl;

static char problem[512]; /* why the library cannot be loaded */

static void load(void)
{
    static const struct dynamic_function functions[] = { ONEDNN_FUNCTIONS(FUNCTION) };

    dynamic_load(NMT_DNNL, functions, sizeof functions / sizeof *functions, problem, sizeof problem);
}

void onednn_need_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    if (*problem)
        die("oneDNN cannot be loaded: %s; install libdnnl%d, or use --backend openblas", problem, DNNL_VERSION_MAJOR);
}

void onednn_check(dnnl_status_t status, const char *what)
{
    if (status != dnnl_success)
        die("oneDNN: %s failed (status %d); use --backend openblas", what, (int)status);
}

/* What all threads share. */
static struct {
    pthread_mutex_t mutex;
    int users;
    dnnl_engine_t engine;
    struct compiled *products;
} common = { .mutex = PTHREAD_MUTEX_INITIALIZER };

dnnl_engine_t onednn_join(void)
{
    dnnl_status_t status = dnnl_success;

    onednn_need_library();
    pthread_mutex_lock(&common.mutex);
    if (!common.engine) {
        dnnl.set_primitive_cache_capacity(0); /* the table of products is the cache */
        status = dnnl.engine_create(&common.engine, dnnl_cpu, 0);
    }
    common.users += status == dnnl_success;
    pthread_mutex_unlock(&common.mutex);
    onednn_check(status, "starting");
    return common.engine;
}

void onednn_leave(void)
{
    pthread_mutex_lock(&common.mutex);
    if (--common.users == 0) {
        struct compiled *one, *next;

        HASH_ITER (hh, common.products, one, next) {
            HASH_DEL(common.products, one);
            dnnl.primitive_destroy(one->run);
            free(one);
        }
        dnnl.engine_destroy(common.engine);
        common.engine = NULL;
    }
    pthread_mutex_unlock(&common.mutex);
}

/* Address space that is free while a product is compiled. oneDNN 2.6 writes its code to NULL where it cannot have the memory. */
#define COMPILING_BYTES ((size_t)16 << 20)

/* Compiles what is described into *run: 0, or -1 without the memory for it, or oneDNN's status. The caller holds the mutex, so that what was
 * free still is. */
static int compile(dnnl_primitive_t *run, const_dnnl_primitive_desc_t description)
{
    return memory_has(COMPILING_BYTES) ? (int)dnnl.primitive_create(run, description) : -1;
}

static void check_compiled(int status)
{
    if (status < 0)
        die("out of memory: about %zu MB more are needed to compile a product; use --backend openblas, or raise the limit (ulimit "
            "-v)",
            COMPILING_BYTES / 1000000 + 1);
    onednn_check((dnnl_status_t)status, "compiling a product");
}

dnnl_memory_desc_t onednn_describe(int rows, int columns, int ld, int transposed, dnnl_data_type_t type)
{
    dnnl_memory_desc_t format;
    dnnl_dims_t sizes = { rows, columns }, strides = { ld, 1 };

    if (transposed) {
        strides[0] = 1;
        strides[1] = ld;
    }
    onednn_check(dnnl.memory_desc_init_by_strides(&format, 2, sizes, type, strides), "describing a matrix");
    return format;
}

/* The type of a product's result. */
static dnnl_data_type_t result_type(int type)
{
    return type == dnnl_s8 ? dnnl_s32 : dnnl_f32;
}

static dnnl_primitive_desc_t describe_product(const dnnl_memory_desc_t *a, const dnnl_memory_desc_t *b, const dnnl_memory_desc_t *c,
                                              int add)
{
    static const char what[] = "describing a product";
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_attr_t attributes;
    dnnl_primitive_desc_t description;

    onednn_check(dnnl.matmul_desc_init(&matmul, a, b, NULL, c), what);
    onednn_check(dnnl.primitive_attr_create(&attributes), what);
    onednn_check(dnnl.primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), what);
    if (add) {
        dnnl_post_ops_t after;

        onednn_check(dnnl.post_ops_create(&after), what);
        onednn_check(dnnl.post_ops_append_sum(after, 1), what);
        onednn_check(dnnl.primitive_attr_set_post_ops(attributes, after), what);
        dnnl.post_ops_destroy(after);
    }
    onednn_check(dnnl.primitive_desc_create(&description, &matmul, attributes, common.engine, NULL), what);
    dnnl.primitive_attr_destroy(attributes);
    return description;
}

dnnl_memory_desc_t onednn_preferred(dnnl_data_type_t type, int k, int n)
{
    dnnl_memory_desc_t a = onednn_describe(TYPICAL, k, k, 0, type), c = onednn_describe(TYPICAL, n, n, 0, result_type(type)), any,
                       format;
    dnnl_dims_t sizes = { k, n };
    dnnl_primitive_desc_t description;

    onednn_check(dnnl.memory_desc_init_by_tag(&any, 2, sizes, type, dnnl_format_tag_any), "describing a weight");
    description = describe_product(&a, &any, &c, 0);
    format = *dnnl.primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    dnnl.primitive_desc_destroy(description);
    return format;
}

dnnl_primitive_t onednn_reorder(const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
    dnnl_primitive_desc_t description;
    dnnl_primitive_t run = NULL;
    int status;

    onednn_check(dnnl.reorder_primitive_desc_create(&description, from, common.engine, to, common.engine, NULL),
                 "packing a weight");
    pthread_mutex_lock(&common.mutex);
    status = compile(&run, description);
    pthread_mutex_unlock(&common.mutex);
    dnnl.primitive_desc_destroy(description);
    check_compiled(status);
    return run;
}

static const struct compiled *find(const struct shape *shape)
{
    struct compiled *one;

    HASH_FIND(hh, common.products, shape, sizeof *shape, one);
    return one;
}

/* Not compiled yet. The caller destroys the description. */
static struct compiled *prepare(const struct shape *shape, const dnnl_memory_desc_t *format, dnnl_primitive_desc_t *description)
{
    struct compiled *one = memory_new(1, sizeof *one);
    dnnl_data_type_t type = (dnnl_data_type_t)shape->type;

    one->shape = *shape;
    one->a = onednn_describe(shape->m, shape->k, shape->lda, shape->a_transposed, type);
    one->b = format ? *format : onednn_describe(shape->k, shape->n, shape->ldb, shape->b_transposed, type);
    one->c = onednn_describe(shape->m, shape->n, shape->ldc, 0, result_type(type));
    *description = describe_product(&one->a, &one->b, &one->c, shape->add);
    one->scratchpad = *dnnl.primitive_desc_query_md(*description, dnnl_query_scratchpad_md, 0);
    return one;
}

const struct compiled *onednn_compiled(const struct shape *shape, const dnnl_memory_desc_t *format)
{
    const struct compiled *found;
    dnnl_primitive_desc_t description;
    struct compiled *one;
    int status = 0;

    pthread_mutex_lock(&common.mutex);
    found = find(shape);
    pthread_mutex_unlock(&common.mutex);
    if (found)
        return found;
    one = prepare(shape, format, &description);
    pthread_mutex_lock(&common.mutex);
    found = find(shape); /* another thread may have been faster */
    if (!found) {
        status = compile(&one->run, description);
        if (status == 0)
            HASH_ADD(hh, common.products, shape, sizeof one->shape, one);
    }
    pthread_mutex_unlock(&common.mutex);
    dnnl.primitive_desc_destroy(description);
    if (found || status)
        free(one);
    check_compiled(status);
    return found ? found : one;
}

#endif
