/* The oneDNN backend: one compiled product per shape, made when the shape first appears (math/onednn).
 *
 * Rows vary from step to step (the sentences still active) and from batch to batch. A product costs 0.05 ms to compile and 60 to 130
 * kB to keep, so few shapes are made: rows are cut into blocks of a few sizes, which are processed one by one (next_rows). The
 * summed dimension of a gradient is padded with zeros to a multiple of REST; it is not cut below SUM, because every cut reads and
 * writes all of the gradient once more.
 *
 * oneDNN 2.6 multiplies fast only where all matrices are dense; with a row stride it falls back to plain loops, a thousand times
 * slower. So operands with a stride are copied into scratch buffers first (in bf16 they are rounded there anyway), and a result
 * with a stride is computed in a third one.
 *
 * In int8, each row of X and each row of W is rounded to integers in -127 … 127 with its own scale; the product of integers
 * is exact, and the two scales convert it back to real numbers. Only for packed weights and forward products; not for training. */
#define _POSIX_C_SOURCE 200809L
#include "math/matmul_backend.h"

#ifndef NMT_ONEDNN

int onednn_available(void)
{
    return 0;
}

int onednn_fast(enum precision precision)
{
    (void)precision;
    return 0;
}

const char *onednn_instructions(enum precision precision)
{
    (void)precision;
    return "none";
}

struct onednn *onednn_new(enum precision precision)
{
    (void)precision;
    return 0;
}

void onednn_free(struct onednn *onednn)
{
    (void)onednn;
}

int onednn_compiles(struct onednn *onednn)
{
    (void)onednn;
    return 0;
}

void onednn_product(struct onednn *onednn, const struct product *product)
{
    (void)onednn;
    (void)product;
}

void onednn_pack(struct onednn *onednn, const struct weight *weight, enum pass_direction direction, void **packed)
{
    (void)onednn;
    (void)weight;
    (void)direction;
    *packed = 0;
}

void onednn_unpack(void *packed)
{
    (void)packed;
}

#else

#include "base/memory.h"
#include "math/onednn.h"
#include "math/vec.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MOST = 512, SUM = 1024, REST = 64 };

/* A compiled product with this thread's views of its matrices. */
struct primitive {
    struct shape shape;
    const struct compiled *compiled;
    dnnl_memory_t a, b, c, scratchpad; /* scratchpad: NULL if it needs none */
    UT_hash_handle hh;
};

struct onednn {
    enum precision precision;
    dnnl_engine_t engine; /* NULL: not started yet */
    dnnl_stream_t stream;
    dnnl_data_type_t type; /* of the operands */
    struct primitive *primitives;
    void *scratch[4]; /* dense operands, dense result; the product's own */
    size_t scratch_bytes[4];
    float row_scales[ROWS_MOST]; /* int8: of the rows of a block */
    int plain;                   /* f32 with AVX2 (below) */
};

/* A packed weight: memory in the product's preferred format. */
struct packed {
    dnnl_memory_t memory;
    dnnl_memory_desc_t format;
    dnnl_primitive_t reorder;
    dnnl_memory_t plain;
    float *scales; /* int8: of each column of the result; else NULL */
    float *values; /* f32 with AVX2, instead of all of these: [k, stride] */
    int stride;
};

int onednn_available(void)
{
    return 1;
}

static int native(enum precision precision)
{
#if defined(__x86_64__)
    dnnl_cpu_isa_t isa = dnnl.get_effective_cpu_isa();
    int bf16 = isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx;

    if (precision == PRECISION_INT8)
        return bf16 || isa == dnnl_cpu_isa_avx512_core_vnni || isa == dnnl_cpu_isa_avx2_vnni;
    return bf16;
#else
    (void)precision;
    return 0;
#endif
}

int onednn_fast(enum precision precision)
{
    if (precision == PRECISION_F32)
        return 1;
    onednn_need_library();
    return native(precision);
}

const char *onednn_instructions(enum precision precision)
{
#if defined(__x86_64__)
    onednn_need_library();
    switch (dnnl.get_effective_cpu_isa()) {
    case dnnl_cpu_isa_avx512_core_amx: return precision == PRECISION_F32 ? "AVX-512" : "AMX";
    case dnnl_cpu_isa_avx512_core_bf16:
        return precision == PRECISION_F32 ? "AVX-512" : precision == PRECISION_BF16 ? "AVX512-BF16" : "AVX512-VNNI";
    case dnnl_cpu_isa_avx512_core_vnni: return precision == PRECISION_INT8 ? "AVX512-VNNI" : "AVX-512";
    case dnnl_cpu_isa_avx512_core:
    case dnnl_cpu_isa_avx512_mic:
    case dnnl_cpu_isa_avx512_mic_4ops: return "AVX-512";
    case dnnl_cpu_isa_avx2_vnni: return precision == PRECISION_INT8 ? "AVX-VNNI" : "AVX2";
    case dnnl_cpu_isa_avx2: return "AVX2";
    case dnnl_cpu_isa_avx: return "AVX";
    default: break;
    }
#else
    (void)precision;
#endif
    return "none";
}

/* Whether this processor has AVX2, and nothing wider that compiled products are faster with. */
static int has_avx2_only(void)
{
#if defined(__x86_64__)
    dnnl_cpu_isa_t isa = dnnl.get_effective_cpu_isa();

    return isa == dnnl_cpu_isa_avx2 || isa == dnnl_cpu_isa_avx2_vnni;
#else
    return 0;
#endif
}

struct onednn *onednn_new(enum precision precision)
{
    struct onednn *onednn = memory_new(1, sizeof *onednn);

    onednn->precision = precision;
    return onednn;
}

/* Before anything is computed. */
static void start(struct onednn *onednn)
{
    if (onednn->engine)
        return;
    onednn->engine = onednn_join();
    onednn->plain = onednn->precision == PRECISION_F32 && has_avx2_only();
    onednn->type = onednn->precision == PRECISION_BF16 ? dnnl_bf16 : onednn->precision == PRECISION_INT8 ? dnnl_s8 : dnnl_f32;
    onednn_check(dnnl.stream_create(&onednn->stream, onednn->engine, dnnl_stream_default_flags), "starting");
}

void onednn_free(struct onednn *onednn)
{
    struct primitive *one, *next;

    HASH_ITER (hh, onednn->primitives, one, next) {
        HASH_DEL(onednn->primitives, one);
        dnnl.memory_destroy(one->a);
        dnnl.memory_destroy(one->b);
        dnnl.memory_destroy(one->c);
        dnnl.memory_destroy(one->scratchpad);
        free(one);
    }
    if (onednn->engine) {
        dnnl.stream_destroy(onednn->stream);
        onednn_leave();
    }
    for (int i = 0; i < 4; i++)
        free(onednn->scratch[i]);
    free(onednn);
}

static dnnl_memory_t view(struct onednn *onednn, const dnnl_memory_desc_t *format)
{
    dnnl_memory_t memory;

    onednn_check(dnnl.memory_create(&memory, format, onednn->engine, DNNL_MEMORY_NONE), "making a view");
    return memory;
}

static struct primitive *find(struct onednn *onednn, const struct shape *shape, const struct packed *packed)
{
    const struct compiled *compiled;
    struct primitive *one;

    HASH_FIND(hh, onednn->primitives, shape, sizeof *shape, one);
    if (one)
        return one;
    compiled = onednn_compiled(shape, packed ? &packed->format : NULL);
    one = memory_new(1, sizeof *one);
    *one = (struct primitive){ .shape = *shape,
                               .compiled = compiled,
                               .a = view(onednn, &compiled->a),
                               .b = view(onednn, &compiled->b),
                               .c = view(onednn, &compiled->c) };
    if (dnnl.memory_desc_get_size(&compiled->scratchpad))
        one->scratchpad = view(onednn, &compiled->scratchpad);
    HASH_ADD(hh, onednn->primitives, shape, sizeof one->shape, one);
    return one;
}

static void *scratch(struct onednn *onednn, int which, size_t bytes)
{
    if (bytes > onednn->scratch_bytes[which]) {
        free(onednn->scratch[which]);
        onednn->scratch_bytes[which] = bytes + bytes / 4;
        onednn->scratch[which] = memory_new(onednn->scratch_bytes[which], 1);
    }
    return onednn->scratch[which];
}

/* A dense copy of `rows` rows of `columns` numbers with stride *ld, in the product's type, followed by `zeros` rows of zeros; the
 * matrix itself where no copy is needed. parameters: a matrix's four, the destination and
 * the zeros. */
static const void *operand(struct onednn *onednn, int which, const float *from, int rows, int columns, int zeros, int *ld)
{
    size_t count = (size_t)rows * (size_t)columns, empty = (size_t)zeros * (size_t)columns;

    if (onednn->type == dnnl_s8) {
        int8_t *to = scratch(onednn, which, count + empty);

        vec_to_int8(to, onednn->row_scales, from, *ld, rows, columns);
        memset(to + count, 0, empty);
        *ld = columns;
        return to;
    }
    if (onednn->type == dnnl_f32) {
        float *to;

        if (!zeros && *ld == columns)
            return from;
        to = scratch(onednn, which, (count + empty) * sizeof *to);
        for (int i = 0; i < rows; i++)
            memcpy(to + (size_t)i * (size_t)columns, from + (size_t)i * (size_t)*ld, (size_t)columns * sizeof *to);
        memset(to + count, 0, empty * sizeof *to);
        *ld = columns;
        return to;
    } else {
        uint16_t *to = scratch(onednn, which, (count + empty) * sizeof *to);

        vec_to_bf16(to, from, *ld, rows, columns);
        memset(to + count, 0, empty * sizeof *to);
        *ld = columns;
        return to;
    }
}

/* One compiled product on operands that are already in the right type. */
static void execute(struct onednn *onednn, const struct shape *shape, const void *a, const void *b, const struct packed *packed,
                    void *c)
{
    struct primitive *one = find(onednn, shape, packed);
    dnnl_exec_arg_t arguments[] = {
        { DNNL_ARG_SRC, one->a }, { DNNL_ARG_WEIGHTS, one->b }, { DNNL_ARG_DST, one->c }, { DNNL_ARG_SCRATCHPAD, one->scratchpad }
    };
    union {
        const void *constant;
        void *plain;
    } source = { .constant = a }, weights = { .constant = b };

    if (packed)
        onednn_check(dnnl.memory_get_data_handle(packed->memory, &weights.plain), "finding a weight");
    onednn_check(dnnl.memory_set_data_handle(one->a, source.plain), "setting an operand");
    onednn_check(dnnl.memory_set_data_handle(one->b, weights.plain), "setting an operand");
    onednn_check(dnnl.memory_set_data_handle(one->c, c), "setting an operand");
    if (one->scratchpad)
        onednn_check(
            dnnl.memory_set_data_handle(one->scratchpad, scratch(onednn, 3, dnnl.memory_desc_get_size(&one->compiled->scratchpad))),
            "setting working memory");
    onednn_check(dnnl.primitive_execute(one->compiled->run, onednn->stream, one->scratchpad ? 4 : 3, arguments), "a product");
}

/* The largest block that is not larger than the rest. */
static int next_block(const int *blocks, int left)
{
    while (*blocks > left)
        blocks++;
    return *blocks;
}

/* Rows of the next block: a rest above TYPICAL is cut; below, it is padded to the next size, because another block would read all
 * of the weight again. */
static int next_rows(int left)
{
    static const int large[] = { ROWS_MOST, 384, 256, 192, 128, TYPICAL };
    static const int small[] = { 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, TYPICAL };
    const int *size = small;

    if (left >= TYPICAL)
        return next_block(large, left);
    while (*size < left)
        size++;
    return *size;
}

/* Rows are independent: cut along m. Where rows are padded, or C has a stride, the result is computed in a buffer and then
 * copied to its place. */
static void product_by_rows(struct onednn *onednn, const struct product *p)
{
    struct shape shape = { .type = onednn->type,
                           .n = p->n,
                           .k = p->k,
                           .ldb = p->ldb,
                           .ldc = p->n,
                           .b_transposed = p->b_transposed,
                           .packed = p->packed != NULL };
    const void *b =
        p->packed ? NULL : operand(onednn, 1, p->b, p->b_transposed ? p->n : p->k, p->b_transposed ? p->k : p->n, 0, &shape.ldb);

    if (p->packed)
        shape.ldb = 0;
    for (int row = 0, rows; row < p->m; row += rows) {
        float *c = p->c + (size_t)row * (size_t)p->ldc, *result = c;
        const struct packed *packed = p->packed;
        int in_place;
        const void *a;

        shape.m = next_rows(p->m - row);
        rows = shape.m < p->m - row ? shape.m : p->m - row;
        shape.lda = p->lda;
        a = operand(onednn, 0, p->a + (size_t)row * (size_t)p->lda, rows, p->k, shape.m - rows, &shape.lda);
        in_place = rows == shape.m && p->ldc == p->n && onednn->type != dnnl_s8;
        shape.add = in_place && p->add;
        if (!in_place)
            result = scratch(onednn, 2, (size_t)shape.m * (size_t)p->n * sizeof *result);
        execute(onednn, &shape, a, b, p->packed, result);
        for (int i = 0; i < rows && !in_place; i++, c += p->ldc, result += p->n) {
            if (onednn->type == dnnl_s8)
                vec_from_int8(c, (const int32_t *)(const void *)result, packed->scales, onednn->row_scales[i], p->n, p->add);
            else if (p->add)
                vec_add(c, result, p->n);
            else
                memcpy(c, result, (size_t)p->n * sizeof *c);
        }
    }
}

/* C [m, n] (+)= Aᵀ B with A [k, m], B [k, n]: cut along the sum. */
static void product_by_sum(struct onednn *onednn, const struct product *p)
{
    struct shape shape = { .type = onednn->type, .m = p->m, .n = p->n, .ldc = p->ldc, .a_transposed = 1, .add = p->add };
    int rows;

    for (int row = 0; row < p->k; row += rows, shape.add = 1) {
        const void *a, *b;
        int zeros;

        rows = p->k - row < SUM ? p->k - row : SUM;
        zeros = (REST - rows % REST) % REST;
        shape.k = rows + zeros;
        shape.lda = p->lda;
        shape.ldb = p->ldb;
        a = operand(onednn, 0, p->a + (size_t)row * (size_t)p->lda, rows, p->m, zeros, &shape.lda);
        b = operand(onednn, 1, p->b + (size_t)row * (size_t)p->ldb, rows, p->n, zeros, &shape.ldb);
        execute(onednn, &shape, a, b, NULL, p->c);
    }
}

/* ---- f32 with AVX2 ----
 *
 * There, a compiled product is the same kernel as dnnl_sgemm, and both lose up to half of their speed to two things that can be avoided:
 * rows of B at a distance of a multiple of 2 or 4 kB, which share a few places of the cache (64 x 1536 x 512: 60 GFLOP/s, and 96 with another
 * stride), and a transposed A (1024 x 256 x 832: 40, and 83 with A transposed first). So weights are packed with a stride of our own, and
 * gradients transpose. dnnl_sgemm takes any number of rows and any stride: nothing is compiled, padded or cut. */

/* A row stride for `columns` floats: an odd number of cache lines of 16. */
static int stride_of(int columns)
{
    int lines = (columns + 15) / 16;

    return 16 * (lines + (lines % 2 == 0));
}

/* C [m, n] (+)= Aᵀ B. */
static void plain_gradient(struct onednn *onednn, const struct product *p)
{
    for (int row = 0, rows; row < p->k; row += rows) {
        const float *b = p->b + (size_t)row * (size_t)p->ldb;
        int lda, ldb = p->ldb;
        float *a;

        rows = p->k - row < SUM ? p->k - row : SUM;
        lda = stride_of(rows);
        a = scratch(onednn, 0, (size_t)p->m * (size_t)lda * sizeof *a);
        vec_transpose(a, lda, p->a + (size_t)row * (size_t)p->lda, p->lda, rows, p->m);
        if (ldb % 512 == 0) {
            float *copy = scratch(onednn, 1, (size_t)rows * (size_t)stride_of(p->n) * sizeof *copy);

            ldb = stride_of(p->n);
            for (int i = 0; i < rows; i++)
                memcpy(copy + (size_t)i * (size_t)ldb, b + (size_t)i * (size_t)p->ldb, (size_t)p->n * sizeof *copy);
            b = copy;
        }
        onednn_check(dnnl.sgemm('N', 'N', p->m, p->n, rows, 1, a, lda, b, ldb, row || p->add ? 1 : 0, p->c, p->ldc), "a product");
    }
}

static void plain_product(struct onednn *onednn, const struct product *p)
{
    const struct packed *packed = p->packed;

    if (p->a_transposed)
        plain_gradient(onednn, p);
    else if (packed)
        onednn_check(
            dnnl.sgemm('N', 'N', p->m, p->n, p->k, 1, p->a, p->lda, packed->values, packed->stride, p->add ? 1 : 0, p->c, p->ldc),
            "a product");
    else
        onednn_check(dnnl.sgemm('N', p->b_transposed ? 'T' : 'N', p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, p->add ? 1 : 0,
                                p->c, p->ldc),
                     "a product");
}

/* Rows of a weight that is not stored as reals are read a few at a time. */
static void plain_pack(struct onednn *onednn, const struct weight *weight, enum pass_direction direction, struct packed **packed)
{
    enum { STRIP = 64 };
    int in = weight->in, k = direction == FORWARD ? in : weight->out, n = direction == FORWARD ? weight->out : in;
    struct packed *one = *packed;

    if (!one) {
        one = *packed = memory_new(1, sizeof *one);
        one->stride = stride_of(n);
        one->values = memory_new((size_t)k * (size_t)one->stride, sizeof *one->values);
    }
    for (int row = 0, rows; row < weight->out; row += rows) {
        const float *from;

        rows = weight->out - row < STRIP ? weight->out - row : STRIP;
        from = weight_rows(weight, row, rows, scratch(onednn, 0, (size_t)STRIP * (size_t)in * sizeof *from));
        if (direction == FORWARD)
            vec_transpose(one->values + row, one->stride, from, in, rows, in);
        for (int i = 0; i < rows && direction == BACKWARD; i++)
            memcpy(one->values + (size_t)(row + i) * (size_t)one->stride, from + (size_t)i * (size_t)in, (size_t)in * sizeof *from);
    }
}

/* ---- both ---- */

int onednn_compiles(struct onednn *onednn)
{
    start(onednn);
    return !onednn->plain;
}

void onednn_product(struct onednn *onednn, const struct product *product)
{
    start(onednn);
    if (onednn->plain) {
        plain_product(onednn, product);
    } else if (product->a_transposed) {
        assert(!product->b_transposed && !product->packed && onednn->type != dnnl_s8);
        product_by_sum(onednn, product);
    } else {
        assert(product->packed || onednn->type != dnnl_s8);
        product_by_rows(onednn, product);
    }
}

/* A packed weight without its numbers yet: the format that the product prefers, and the way into it. */
static struct packed *packed_new(struct onednn *onednn, const struct weight *weight, enum pass_direction direction)
{
    int transposed = direction == FORWARD, k = transposed ? weight->in : weight->out, n = transposed ? weight->out : weight->in;
    int int8 = onednn->type == dnnl_s8;
    dnnl_memory_desc_t plain = onednn_describe(k, n, transposed ? k : n, transposed, int8 ? dnnl_s8 : dnnl_f32);
    struct packed *one = memory_new(1, sizeof *one);

    one->format = onednn_preferred(onednn->type, k, n);
    one->scales = int8 ? memory_new((size_t)n, sizeof *one->scales) : NULL;
    onednn_check(dnnl.memory_create(&one->memory, &one->format, onednn->engine, DNNL_MEMORY_ALLOCATE), "packing a weight");
    onednn_check(dnnl.memory_create(&one->plain, &plain, onednn->engine, DNNL_MEMORY_NONE), "packing a weight");
    one->reorder = onednn_reorder(&plain, &one->format);
    return one;
}

void onednn_pack(struct onednn *onednn, const struct weight *weight, enum pass_direction direction, void **packed)
{
    struct packed *one = *packed;
    size_t count = (size_t)weight->out * (size_t)weight->in;
    float *reals = NULL;
    union {
        const void *constant;
        void *plain;
    } source;
    dnnl_exec_arg_t arguments[2];

    start(onednn);
    if (onednn->plain) {
        plain_pack(onednn, weight, direction, (struct packed **)packed);
        return;
    }
    if (!one)
        one = *packed = packed_new(onednn, weight, direction);
    if (!weight->w)
        reals = memory_new(count, sizeof *reals);
    source.constant = weight_rows(weight, 0, weight->out, reals);
    if (onednn->type == dnnl_s8) {
        int8_t *whole = scratch(onednn, 0, count);

        assert(direction == FORWARD);
        vec_to_int8(whole, one->scales, source.constant, weight->in, weight->out, weight->in);
        source.plain = whole;
    }
    onednn_check(dnnl.memory_set_data_handle(one->plain, source.plain), "packing a weight");
    arguments[0] = (dnnl_exec_arg_t){ DNNL_ARG_FROM, one->plain };
    arguments[1] = (dnnl_exec_arg_t){ DNNL_ARG_TO, one->memory };
    onednn_check(dnnl.primitive_execute(one->reorder, onednn->stream, 2, arguments), "packing a weight");
    free(reals);
}

void onednn_unpack(void *packed)
{
    struct packed *one = packed;

    if (!one)
        return;
    if (one->values) {
        free(one->values);
    } else {
        dnnl.primitive_destroy(one->reorder);
        dnnl.memory_destroy(one->plain);
        dnnl.memory_destroy(one->memory);
    }
    free(one->scales);
    free(one);
}

#endif
