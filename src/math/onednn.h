/* onednn: the oneDNN library, and the products that it has compiled. It is loaded when it is first needed: this takes as long as translating a
 * word, and a single sentence does without it (math/direct). All threads share the products, so that memory does not grow with their number: a
 * product takes 60 to 130 kB, and a training needs some forty for each size of weight. Private to math/. */
#ifndef NMT_MATH_ONEDNN_H
#define NMT_MATH_ONEDNN_H

#include <dnnl.h>
#include <stddef.h>
#include <uthash.h>

/* The functions of the library that are used, without their dnnl_. */
/* clang-format off */
#define ONEDNN_FUNCTIONS(F) \
    F(engine_create) F(engine_destroy) F(stream_create) F(stream_destroy) F(get_effective_cpu_isa) \
    F(set_primitive_cache_capacity) F(sgemm) F(memory_desc_init_by_strides) F(memory_desc_init_by_tag) F(memory_desc_get_size) \
    F(memory_create) F(memory_destroy) F(memory_get_data_handle) F(memory_set_data_handle) F(matmul_desc_init) \
    F(reorder_primitive_desc_create) F(post_ops_create) F(post_ops_destroy) F(post_ops_append_sum) \
    F(primitive_attr_create) F(primitive_attr_destroy) F(primitive_attr_set_post_ops) F(primitive_attr_set_scratchpad_mode) \
    F(primitive_desc_create) F(primitive_desc_destroy) F(primitive_desc_query_md) F(primitive_create) F(primitive_destroy) \
    F(primitive_execute)
/* clang-format on */

#define ONEDNN_POINTER(name) __typeof__(dnnl_##name) *name;

extern struct onednn_functions {
    ONEDNN_FUNCTIONS(ONEDNN_POINTER)
} dnnl;

/* Loads the library, or ends the program if it is missing. */
void onednn_need_library(void);

/* Ends the program if `what` failed. */
void onednn_check(dnnl_status_t status, const char *what);

/* The key of a compiled product. Without padding, because it is hashed as bytes. */
struct shape {
    int m, n, k, lda, ldb, ldc;
    int a_transposed, b_transposed, packed, add;
    int type; /* of the operands: dnnl_data_type_t */
};

/* A compiled product. Any thread may execute it, with views and working memory of its own. */
struct compiled {
    struct shape shape;
    dnnl_primitive_t run;
    dnnl_memory_desc_t a, b, c, scratchpad; /* working memory */
    UT_hash_handle hh;
};

/* Rows of a typical product, for which the format of weights is chosen. */
enum { TYPICAL = 64 };

/* What is compiled is kept as long as somebody uses it. onednn_join returns the engine of all. */
dnnl_engine_t onednn_join(void);
void onednn_leave(void);

/* The product of this shape, compiled when it is first asked for. `format` is that of B if it is packed, or NULL; equal shapes have equal
 * formats. */
const struct compiled *onednn_compiled(const struct shape *shape, const dnnl_memory_desc_t *format);

/* The format that the product prefers for B [k, n]. */
dnnl_memory_desc_t onednn_preferred(dnnl_data_type_t type, int k, int n);

/* What brings a matrix into another format. The caller destroys it. */
dnnl_primitive_t onednn_reorder(const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to);

/* The description of a [rows, columns] matrix with row stride ld, or of its transpose's view. */
dnnl_memory_desc_t onednn_describe(int rows, int columns, int ld, int transposed, dnnl_data_type_t type);

#endif
