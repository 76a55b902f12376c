#include "layers/gradient.h"

#include "base/memory.h"
#include "math/vec.h"

#include <stdlib.h>
#include <string.h>

/* The contents of a block: zeros; zeros except in the listed rows; numbers of this pass; numbers of an earlier pass. */
enum { CLEAR, ROWS, DENSE, STALE };

void gradient_init(struct gradient *gradient, const struct layout *layout)
{
    *gradient = (struct gradient){ .layout = layout, .values = layout_array(layout) };
    gradient->now = memory_new((size_t)layout->block_count, sizeof *gradient->now);
}

void gradient_release(struct gradient *gradient)
{
    free(gradient->values);
    free(gradient->now);
    free(gradient->rows);
    *gradient = (struct gradient){ 0 };
}

void gradient_begin(struct gradient *gradient)
{
    const struct layout *layout = gradient->layout;

    for (int block = 0; block < layout->block_count; block++) {
        const struct block *b = &layout->blocks[block];

        if (gradient->now[block] == ROWS)
            for (int i = 0; i < gradient->row_count; i++)
                if (gradient->rows[i] >= b->offset && gradient->rows[i] < b->offset + b->count)
                    memset(gradient->values + gradient->rows[i], 0, (size_t)b->columns * sizeof(real));
        gradient->now[block] = gradient->now[block] == DENSE || gradient->now[block] == STALE ? STALE : CLEAR;
    }
    gradient->row_count = 0;
}

static void clear(struct gradient *gradient, int block)
{
    const struct block *b = &gradient->layout->blocks[block];

    memset(gradient->values + b->offset, 0, b->count * sizeof(real));
    gradient->now[block] = CLEAR;
}

void gradient_end(struct gradient *gradient)
{
    for (int block = 0; block < gradient->layout->block_count; block++)
        if (gradient->now[block] == STALE)
            clear(gradient, block);
}

void gradient_product(struct worker *worker, struct gradient *gradient, int block, struct matrix dout, struct matrix in)
{
    int first = gradient->now[block] == STALE || gradient->now[block] == CLEAR;

    if (gradient->layout->blocks[block].count)
        matmul_gradient(worker, gradient->values + gradient->layout->blocks[block].offset, dout, in, first ? SET : ADD);
    gradient->now[block] = DENSE;
}

real *gradient_dense(struct gradient *gradient, int block)
{
    if (!gradient->layout->blocks[block].count)
        return NULL;
    if (gradient->now[block] == STALE)
        clear(gradient, block);
    gradient->now[block] = DENSE;
    return gradient->values + gradient->layout->blocks[block].offset;
}

void gradient_sum(struct gradient *gradient, int block, struct matrix dout)
{
    vec_sum_rows(gradient_dense(gradient, block), dout.at, dout.stride, dout.rows, dout.columns);
}

void gradient_rows(struct gradient *gradient, int block, struct matrix dX, const int32_t *ids, const real *const *mask)
{
    const struct block *b = &gradient->layout->blocks[block];

    if (gradient->now[block] == STALE)
        clear(gradient, block);
    if (gradient->now[block] == CLEAR)
        gradient->now[block] = ROWS;
    for (int i = 0; i < dX.rows; i++) {
        size_t offset = b->offset + (size_t)(ids[i] < 0 ? 0 : ids[i]) * (size_t)b->columns;

        if (ids[i] < 0)
            continue;
        if (mask)
            vec_add_product(gradient->values + offset, matrix_row(dX, i), mask[i], b->columns);
        else
            vec_add(gradient->values + offset, matrix_row(dX, i), b->columns);
        memory_reserve_one(&gradient->rows, gradient->row_count, &gradient->row_room);
        gradient->rows[gradient->row_count++] = offset;
    }
}

void gradient_add(struct gradient *gradient, const struct gradient *other, size_t from, size_t to)
{
    vec_accumulate(gradient->values + from, other->values + from, to - from);
}

void gradient_adopt(struct gradient *gradient, const struct gradient *other)
{
    for (int block = 0; block < gradient->layout->block_count; block++)
        if (other->now[block] == DENSE || (other->now[block] == ROWS && gradient->now[block] == CLEAR))
            gradient->now[block] = other->now[block];
    for (int i = 0; i < other->row_count; i++) {
        memory_reserve_one(&gradient->rows, gradient->row_count, &gradient->row_room);
        gradient->rows[gradient->row_count++] = other->rows[i];
    }
}
