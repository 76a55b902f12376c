#include "layers/layout.h"

#include "base/memory.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const initial_names[] = { "glorot", "paper", NULL };

enum { LINE = 32 / sizeof(real) }; /* blocks begin at multiples of a model file's alignment */

static void align(struct layout *layout)
{
    layout->length = (layout->length + LINE - 1) / LINE * LINE;
}

static void add(struct layout *layout, enum tensor_kind kind, int rows, int columns, const char *name, va_list arguments)
{
    struct block *block = &layout->blocks[layout->block_count - 1];
    struct tensor *tensor;
    struct text text = { 0 };

    if (rows == 0)
        return;
    memory_reserve_one(&layout->tensors, layout->count, &layout->room);
    tensor = &layout->tensors[layout->count++];
    text_format_list(&text, name, arguments);
    if (!block->tensors++) {
        block->columns = columns;
        block->product = kind == TENSOR_MATRIX || kind == TENSOR_RECURRENT || kind == TENSOR_ALIGNMENT;
    }
    assert(block->columns == columns);
    *tensor = (struct tensor){ .name = text.data,
                               .rows = rows,
                               .columns = columns,
                               .offset = block->offset + block->count,
                               .count = size_product((size_t)rows, (size_t)columns),
                               .kind = kind };
    block->rows += rows;
    block->count += tensor->count;
    layout->length = block->offset + block->count;
    layout->parameters += tensor->count;
}

int layout_add(struct layout *layout, enum tensor_kind kind, int rows, int columns, const char *name, ...)
{
    va_list arguments;

    align(layout);
    memory_reserve_one(&layout->blocks, layout->block_count, &layout->block_room);
    layout->blocks[layout->block_count++] = (struct block){ .first = layout->count, .columns = columns, .offset = layout->length };
    va_start(arguments, name);
    add(layout, kind, rows, columns, name, arguments);
    va_end(arguments);
    return layout->block_count - 1;
}

void layout_join(struct layout *layout, enum tensor_kind kind, int rows, int columns, const char *name, ...)
{
    va_list arguments;

    va_start(arguments, name);
    add(layout, kind, rows, columns, name, arguments);
    va_end(arguments);
}

void layout_release(struct layout *layout)
{
    for (int i = 0; i < layout->count; i++)
        free(layout->tensors[i].name);
    free(layout->tensors);
    free(layout->blocks);
    *layout = (struct layout){ 0 };
}

int layout_find(const struct layout *layout, const char *name)
{
    for (int i = 0; i < layout->count; i++)
        if (strcmp(layout->tensors[i].name, name) == 0)
            return i;
    return -1;
}

real *layout_array(const struct layout *layout)
{
    struct arena arena = { 0 };

    arena_take(&arena, size_product(layout->length + LINE, sizeof(real)));
    arena_allocate(&arena);
    return (real *)(void *)arena.base;
}

/* An orthogonal matrix: Gram and Schmidt's method on a matrix of normal random numbers, twice to reduce rounding errors. */
static void orthogonal(real *w, int n, struct rng *rng)
{
    for (size_t i = 0; i < (size_t)n; i++) {
        real *row = w + i * (size_t)n;
        double norm = 0;

        for (int k = 0; k < n; k++)
            row[k] = (real)rng_normal(rng);
        for (size_t round = 0; round < 2; round++) {
            for (size_t j = 0; j < i; j++) {
                const real *other = w + j * (size_t)n;
                real dot = 0;

                for (int k = 0; k < n; k++)
                    dot += row[k] * other[k];
                for (int k = 0; k < n; k++)
                    row[k] -= dot * other[k];
            }
        }
        for (int k = 0; k < n; k++)
            norm += (double)row[k] * (double)row[k];
        for (int k = 0; k < n; k++)
            row[k] = (real)((double)row[k] / sqrt(norm));
    }
}

static void fill_normal(real *w, size_t count, double deviation, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (real)(deviation * rng_normal(rng));
}

static void fill_uniform(real *w, size_t count, double most, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (real)(most * (2 * rng_uniform(rng) - 1));
}

static void initialize_tensor(const struct tensor *tensor, real *w, enum initial initial, struct rng *rng)
{
    double glorot = sqrt(6.0 / (tensor->rows + tensor->columns));

    switch (tensor->kind) {
    case TENSOR_VECTOR: break;
    case TENSOR_GAIN:
        for (size_t i = 0; i < tensor->count; i++)
            w[i] = 1;
        break;
    case TENSOR_RECURRENT: orthogonal(w, tensor->rows, rng); break;
    case TENSOR_MATRIX:
    case TENSOR_ALIGNMENT:
        if (initial == INITIAL_PAPER)
            fill_normal(w, tensor->count, tensor->kind == TENSOR_MATRIX ? 0.01 : 0.001, rng);
        else
            fill_uniform(w, tensor->count, glorot, rng);
        break;
    case TENSOR_EMBEDDING: fill_normal(w, tensor->count, initial == INITIAL_PAPER ? 0.01 : 0.1, rng); break;
    case TENSOR_SCALED: fill_normal(w, tensor->count, 1 / sqrt(tensor->columns), rng); break;
    case TENSOR_SCORE:
        if (initial == INITIAL_GLOROT)
            fill_uniform(w, tensor->count, glorot, rng);
        break;
    }
}

void layout_initialize(const struct layout *layout, real *array, enum initial initial, unsigned long seed)
{
    memset(array, 0, layout->length * sizeof *array);
    for (int i = 0; i < layout->count; i++) {
        const struct tensor *tensor = &layout->tensors[i];
        struct rng rng = rng_make(seed, 0x696e6974, rng_stream(tensor->name), 0);

        initialize_tensor(tensor, array + tensor->offset, initial, &rng);
    }
}
