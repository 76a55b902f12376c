/* Tiles of up to ROWS rows of A and LINES rows of B are computed together, so that each number loaded is used several times: their
 * ROWS x LINES sums of LANES numbers each are held in registers. B is read in parts of at most PART columns; numbers that are not
 * stored as reals are converted, LINES rows of a part at a time, into a buffer that stays in the cache.
 *
 *               B  LINES rows, PART columns at a time
 *              [==========]
 *              [==========]
 *     A        [==========]
 *     [======]    C
 *     [======]   [::::]     C_ij = Σ over parts of (Σ over lanes of Σ_k A_ik B_jk) */
#include "math/direct.h"

#include "math/clones.h"
#include "math/vec.h"

#include <string.h>

enum { LANES = 8, ROWS = 3, LINES = 4, PART = 1024 };

typedef real lanes __attribute__((vector_size(LANES * sizeof(real))));

/* Rows of A and B, and of C under them. */
struct tile {
    const real *a, *b;
    real *c;
    int lda, ldb, ldc, k, add;
};

/* The sum of the lanes, always in the same order. */
INLINE real total(const lanes *sums)
{
    real s[LANES];

    memcpy(s, sums, sizeof s);
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

/* `ahead`: the next lines of B are fetched into the cache meanwhile. */
INLINE void multiply(const struct tile *t, int rows, int lines, int ahead)
{
    lanes sums[ROWS][LINES] = { 0 };
    int whole = t->k - t->k % LANES;

    for (int i = 0; i < whole; i += LANES) {
        lanes b[LINES];

#pragma GCC unroll 4
        for (int j = 0; j < lines; j++) {
            memcpy(&b[j], t->b + (size_t)j * (size_t)t->ldb + i, sizeof b[j]);
            if (ahead)
                __builtin_prefetch(t->b + (size_t)(j + lines) * (size_t)t->ldb + i);
        }
#pragma GCC unroll 3
        for (int r = 0; r < rows; r++) {
            lanes a;

            memcpy(&a, t->a + (size_t)r * (size_t)t->lda + i, sizeof a);
#pragma GCC unroll 4
            for (int j = 0; j < lines; j++)
                sums[r][j] += a * b[j];
        }
    }
#pragma GCC unroll 3
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int j = 0; j < lines; j++) {
            const real *a = t->a + (size_t)r * (size_t)t->lda, *b = t->b + (size_t)j * (size_t)t->ldb;
            real *c = t->c + (size_t)r * (size_t)t->ldc + j, sum = total(&sums[r][j]);

            for (int i = whole; i < t->k; i++)
                sum += a[i] * b[i];
            *c = t->add ? *c + sum : sum;
        }
}

/* All rows of A with `lines` rows of B. */
INLINE void multiply_rows(struct tile t, int rows, int lines, int ahead)
{
    for (; rows >= ROWS; rows -= ROWS) {
        multiply(&t, ROWS, lines, ahead);
        t.a += (size_t)ROWS * (size_t)t.lda;
        t.c += (size_t)ROWS * (size_t)t.ldc;
    }
    if (rows == 2)
        multiply(&t, 2, lines, ahead);
    else if (rows == 1)
        multiply(&t, 1, lines, ahead);
}

/* The numbers of `lines` rows of B from row `line` on, columns from … from + k: where they are, or in the buffer. */
static const real *part_of(const struct product *p, int line, int lines, int from, int k, real *buffer)
{
    for (int j = 0; j < lines; j++)
        stored_read(buffer + (size_t)j * PART, p->stored, p->type, (size_t)(line + j) * (size_t)p->ldb + (size_t)from, (size_t)k);
    return buffer;
}

CLONES_FMA void direct_product(const struct product *p)
{
    real buffer[LINES * PART];

    for (int line = 0, lines; line < p->n; line += lines) {
        lines = p->n - line >= LINES ? LINES : 1;
        for (int from = 0; from < p->k; from += PART) {
            struct tile t = { .a = p->a + from, .c = p->c + line, .lda = p->lda, .ldb = p->ldb, .ldc = p->ldc };

            t.k = p->k - from < PART ? p->k - from : PART;
            t.add = p->add || from;
            if (p->b) {
                t.b = p->b + (size_t)line * (size_t)p->ldb + from;
            } else {
                t.b = part_of(p, line, lines, from, t.k, buffer);
                t.ldb = PART;
            }
            if (lines != LINES)
                multiply_rows(t, p->m, 1, 0);
            else if (p->b)
                multiply_rows(t, p->m, LINES, 1);
            else
                multiply_rows(t, p->m, LINES, 0);
        }
    }
}

void direct_product_plain(const struct product *p)
{
    for (int i = 0; i < p->m; i++) {
        const real *a = p->a + (size_t)i * (size_t)p->lda;
        real *c = p->c + (size_t)i * (size_t)p->ldc;

        if (!p->add)
            memset(c, 0, (size_t)p->n * sizeof *c);
        for (int j = 0; j < p->k; j++)
            vec_add_scaled(c, a[j], p->b + (size_t)j * (size_t)p->ldb, p->n);
    }
}
