#include "eval/ngram.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_AT_START = 256 };

void ngram_clear(struct ngram_tree *tree)
{
    tree->nodes = 0;
    if (++tree->stamp == 0) {
        memset(tree->edges, 0, tree->slots * sizeof *tree->edges);
        tree->stamp = 1;
    }
}

void ngram_release(struct ngram_tree *tree)
{
    free(tree->edges);
    *tree = (struct ngram_tree){ 0 };
}

/* The slot of the edge, or the free slot where it belongs. */
static struct ngram_edge *find_slot(const struct ngram_tree *tree, uint64_t key)
{
    size_t mask = tree->slots - 1, slot = (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & mask;

    while (tree->edges[slot].stamp == tree->stamp && tree->edges[slot].key != key)
        slot = (slot + 1) & mask;
    return &tree->edges[slot];
}

static void grow(struct ngram_tree *tree)
{
    struct ngram_tree larger = { .stamp = tree->stamp ? tree->stamp : 1, .nodes = tree->nodes };

    larger.slots = tree->slots ? 2 * tree->slots : SLOTS_AT_START;
    larger.edges = memory_new(larger.slots, sizeof *larger.edges);
    for (size_t i = 0; i < tree->slots; i++)
        if (tree->edges[i].stamp == tree->stamp)
            *find_slot(&larger, tree->edges[i].key) = tree->edges[i];
    free(tree->edges);
    *tree = larger;
}

static uint64_t edge_key(int32_t node, int32_t symbol)
{
    return (uint64_t)(uint32_t)node << 32 | (uint32_t)symbol;
}

static struct ngram_edge *add_edge(struct ngram_tree *tree, int32_t node, int32_t symbol)
{
    struct ngram_edge *edge;
    uint64_t key = edge_key(node, symbol);

    if (2 * ((size_t)tree->nodes + 1) > tree->slots)
        grow(tree);
    edge = find_slot(tree, key);
    if (edge->stamp != tree->stamp) {
        assert(tree->nodes < INT32_MAX);
        *edge = (struct ngram_edge){ .key = key, .stamp = tree->stamp, .node = ++tree->nodes };
    }
    return edge;
}

int32_t ngram_add(struct ngram_tree *tree, int32_t node, int32_t symbol)
{
    return add_edge(tree, node, symbol)->node;
}

void ngram_words(struct ngram_tree *vocabulary, const char *line, struct items *words)
{
    words->count = 0;
    while (*line) {
        int32_t node = 0;

        while (*line && *line != ' ')
            node = ngram_add(vocabulary, node, (unsigned char)*line++);
        items_add(words, node);
        if (*line)
            line++;
    }
}

long ngram_total(int count, int n)
{
    return count >= n ? count - n + 1 : 0;
}

void ngram_matches(struct ngram_tree *tree, const struct items *hypothesis, const struct items *reference, int order, long *matches)
{
    ngram_clear(tree);
    for (int n = 0; n < order; n++)
        matches[n] = 0;
    for (int start = 0; start < reference->count; start++) {
        int32_t node = 0;

        for (int n = 0; n < order && start + n < reference->count; n++) {
            struct ngram_edge *edge = add_edge(tree, node, reference->items[start + n]);

            edge->left++;
            node = edge->node;
        }
    }
    if (!tree->slots)
        return;
    for (int start = 0; start < hypothesis->count; start++) {
        int32_t node = 0;

        for (int n = 0; n < order && start + n < hypothesis->count; n++) {
            struct ngram_edge *edge = find_slot(tree, edge_key(node, hypothesis->items[start + n]));

            if (edge->stamp != tree->stamp)
                break; /* if the reference lacks an n-gram, it lacks every extension of it */
            if (edge->left > 0) {
                edge->left--;
                matches[n]++;
            }
            node = edge->node;
        }
    }
}
