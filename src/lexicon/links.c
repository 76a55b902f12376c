#include "lexicon/links.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

const char *const symmetrize_names[] = { "grow-diag-final-and", "union", "intersection", "forward", "backward", NULL };

/* The links while they grow. */
struct growth {
    const unsigned char *forward, *backward;
    int Tx, Ty;
    unsigned char *out;
    unsigned char *linked_source, *linked_target; /* [Tx], [Ty] words with a link */
};

static size_t cell(const struct growth *g, int j, int i)
{
    return (size_t)j * (size_t)g->Tx + (size_t)i;
}

static void add(struct growth *g, int j, int i)
{
    g->out[cell(g, j, i)] = 1;
    g->linked_source[i] = g->linked_target[j] = 1;
}

/* The neighbours of the link (j, i) that the union has, where one of the two words has no link. Returns whether one was added. */
static int grow_around(struct growth *g, int j, int i)
{
    int grown = 0;

    for (int y = j - 1; y <= j + 1; y++)
        for (int x = i - 1; x <= i + 1; x++) {
            if (y < 0 || x < 0 || y >= g->Ty || x >= g->Tx || g->out[cell(g, y, x)])
                continue;
            if ((g->forward[cell(g, y, x)] || g->backward[cell(g, y, x)]) && !(g->linked_source[x] && g->linked_target[y])) {
                add(g, y, x);
                grown = 1;
            }
        }
    return grown;
}

static void grow_diagonal(struct growth *g)
{
    int grown;

    do {
        grown = 0;
        for (int j = 0; j < g->Ty; j++)
            for (int i = 0; i < g->Tx; i++)
                if (g->out[cell(g, j, i)])
                    grown |= grow_around(g, j, i);
    } while (grown);
}

static void final_and(struct growth *g, const unsigned char *links)
{
    for (int j = 0; j < g->Ty; j++)
        for (int i = 0; i < g->Tx; i++)
            if (links[cell(g, j, i)] && !g->linked_source[i] && !g->linked_target[j])
                add(g, j, i);
}

static void grow_diag_final_and(struct growth *g)
{
    g->linked_source = memory_new((size_t)g->Tx + 1, 1);
    g->linked_target = memory_new((size_t)g->Ty + 1, 1);
    for (int j = 0; j < g->Ty; j++)
        for (int i = 0; i < g->Tx; i++)
            if (g->forward[cell(g, j, i)] && g->backward[cell(g, j, i)])
                add(g, j, i);
    grow_diagonal(g);
    final_and(g, g->forward);
    final_and(g, g->backward);
    free(g->linked_source);
    free(g->linked_target);
}

void links_symmetrize(enum symmetrize kind, const unsigned char *forward, const unsigned char *backward, int Tx, int Ty,
                      unsigned char *out)
{
    struct growth growth = { forward, backward, Tx, Ty, out, NULL, NULL };
    size_t count = (size_t)Tx * (size_t)Ty;

    memset(out, 0, count);
    if (kind == GROW_DIAG_FINAL_AND)
        grow_diag_final_and(&growth);
    for (size_t c = 0; c < count; c++)
        switch (kind) {
        case GROW_DIAG_FINAL_AND: break;
        case UNION: out[c] = forward[c] || backward[c]; break;
        case INTERSECTION: out[c] = forward[c] && backward[c]; break;
        case FORWARD: out[c] = forward[c]; break;
        case BACKWARD: out[c] = backward[c]; break;
        }
}

/* links[j · rows_step + i · column_step] = 1 for the best i of each row j of the posteriors [Ty, Tx], unless NULL is better. */
static void best_links(const real *posterior, int Tx, int Ty, size_t row_step, size_t column_step, unsigned char *links)
{
    for (int j = 0; j < Ty; j++, posterior += Tx) {
        double null = 1;
        int best = 0;

        for (int i = 0; i < Tx; i++) {
            null -= (double)posterior[i];
            if (posterior[i] > posterior[best])
                best = i;
        }
        if ((double)posterior[best] >= null)
            links[(size_t)j * row_step + (size_t)best * column_step] = 1;
    }
}

void lexicon_align(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, enum symmetrize kind,
                   unsigned char *out)
{
    int Tx = sentences->Tx, Ty = sentences->Ty;
    struct lexicon_sentences back = { sentences->target, sentences->source, Ty, Tx };
    size_t count = size_product((size_t)Tx, (size_t)Ty);
    real *posterior = memory_new(count + 1, sizeof *posterior);
    unsigned char *links = memory_new(2 * count + 1, 1);

    if (count) {
        lexicon_posterior(&pair->forward, sentences, posterior);
        best_links(posterior, Tx, Ty, (size_t)Tx, 1, links);
        lexicon_posterior(&pair->backward, &back, posterior);
        best_links(posterior, Ty, Tx, 1, (size_t)Tx, links + count);
        links_symmetrize(kind, links, links + count, Tx, Ty, out);
    }
    free(posterior);
    free(links);
}
