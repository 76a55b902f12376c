#include "layers/embedding.h"

#include "math/vec.h"

#include <string.h>

void embedding_forward(struct matrix X, const struct weight *table, const int32_t *ids, const real *const *mask)
{
    for (int i = 0; i < X.rows; i++) {
        real *x = matrix_row(X, i);
        const real *row = ids[i] < 0 ? x : weight_rows(table, ids[i], 1, x); /* converted to its place */

        if (ids[i] < 0)
            memset(x, 0, (size_t)X.columns * sizeof *x);
        else if (mask)
            vec_product(x, row, mask[i], X.columns);
        else if (row != x)
            memcpy(x, row, (size_t)X.columns * sizeof *x);
    }
}
