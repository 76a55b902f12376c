/* The merges in use: a hash table of pairs, and for each word a list of nodes with a heap of the pairs that may be merged. */
#include "text/bpe.h"

#include "base/memory.h"
#include "base/report.h"
#include "text/utf8.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 256, PAGES = 0x110000 / PAGE };

struct bpe_pair {
    int parts[2]; /* left, right */
    int product;
};

/* Data needed only while the tables are built. */
struct builder {
    const char *where;    /* for messages */
    struct table symbols; /* string -> symbol */
    char *end;            /* of the storage used */
};

/* The code point of a string that is one character, or UTF8_BAD. */
static uint32_t single_character(const char *text, size_t length)
{
    uint32_t code = UTF8_BAD;

    return length && utf8_next(text, length, &code) == length ? code : UTF8_BAD;
}

static int character_symbol(const struct bpe *bpe, uint32_t code)
{
    const int *page = bpe->pages[code / PAGE];

    return page ? page[code % PAGE] - 1 : -1;
}

/* The symbol whose string of `length` bytes was just written after the storage in use: an existing one, or a new one. */
static int add_symbol(struct bpe *bpe, struct builder *builder, size_t length, int left, int right)
{
    int found = table_add(&builder->symbols, builder->end, length, bpe->count);

    if (found >= 0)
        return found;
    bpe->symbols[bpe->count] = (struct bpe_symbol){ builder->end, (int)length, left, right };
    builder->end[length] = '\0';
    builder->end += length + 1;
    return bpe->count++;
}

/* The symbol of a character, added if it is new. */
static int add_character(struct bpe *bpe, struct builder *builder, uint32_t code, const char *text, size_t length)
{
    int symbol = character_symbol(bpe, code), **page = &bpe->pages[code / PAGE];

    if (symbol >= 0)
        return symbol;
    memcpy(builder->end, text, length);
    symbol = add_symbol(bpe, builder, length, -1, -1);
    if (!*page)
        *page = memory_new(PAGE, sizeof **page);
    (*page)[code % PAGE] = symbol + 1;
    return symbol;
}

/* The symbol of one part of a merge, or -1 after reporting. */
static int merge_part(struct bpe *bpe, struct builder *builder, int merge, const char *text)
{
    size_t length = strlen(text);
    uint32_t code = single_character(text, length);
    int found;

    if (length == 0)
        return error("%s: merge %d has an empty part; the file is damaged", builder->where, merge);
    if (code != UTF8_BAD)
        return add_character(bpe, builder, code, text, length);
    found = table_find(&builder->symbols, text, length);
    if (found < 0)
        return error("%s: merge %d has the part \"%s\", which no earlier merge produces; the file is damaged", builder->where,
                     merge, text);
    return found;
}

static int add_merge(struct bpe *bpe, struct builder *builder, int merge, char *const *parts)
{
    struct bpe_pair *pair = &bpe->pairs[merge];
    size_t left, right;
    int found;

    for (int i = 0; i < 2; i++)
        if ((pair->parts[i] = merge_part(bpe, builder, merge, parts[i])) < 0)
            return -1;
    found = table_add(&bpe->table, pair->parts, sizeof pair->parts, merge);
    if (found >= 0)
        return error("%s: merges %d and %d are the same; the file is damaged", builder->where, found, merge);
    left = (size_t)bpe->symbols[pair->parts[0]].length;
    right = (size_t)bpe->symbols[pair->parts[1]].length;
    memcpy(builder->end, parts[0], left);
    memcpy(builder->end + left, parts[1], right);
    pair->product = add_symbol(bpe, builder, left + right, pair->parts[0], pair->parts[1]);
    return 0;
}

int bpe_init(struct bpe *bpe, const char *where, char *const *characters, int character_count, char *const *merges, int merge_count)
{
    size_t bytes = 0, symbols = (size_t)character_count + 3 * (size_t)merge_count;
    struct builder builder = { .where = where };
    int result = 0;

    /* Every part of a merge may be a new character, every product is as long as its parts; plus a NUL each. */
    for (int i = 0; i < 2 * merge_count; i++)
        bytes += 2 * strlen(merges[i]) + 2;
    *bpe = (struct bpe){ 0 };
    bpe->storage = memory_new(bytes + 5 * (size_t)character_count, 1);
    bpe->symbols = memory_new(symbols, sizeof *bpe->symbols);
    bpe->pairs = memory_new((size_t)merge_count, sizeof *bpe->pairs);
    bpe->pages = memory_new(PAGES, sizeof *bpe->pages);
    table_init(&bpe->table, (size_t)merge_count);
    table_init(&builder.symbols, (size_t)merge_count);
    builder.end = bpe->storage;
    for (int i = 0; i < character_count; i++) {
        size_t length = strlen(characters[i]);
        uint32_t code = single_character(characters[i], length);

        if (code != UTF8_BAD)
            add_character(bpe, &builder, code, characters[i], length);
    }
    for (int i = 0; i < merge_count && !result; i++)
        result = add_merge(bpe, &builder, i, merges + 2 * (size_t)i);
    table_release(&builder.symbols);
    if (result)
        bpe_release(bpe);
    return result;
}

void bpe_release(struct bpe *bpe)
{
    table_release(&bpe->table);
    for (int i = 0; bpe->pages && i < PAGES; i++)
        free(bpe->pages[i]);
    free(bpe->pages);
    free(bpe->pairs);
    free(bpe->symbols);
    free(bpe->storage);
    *bpe = (struct bpe){ 0 };
}

static void queue_push(uint64_t *queue, size_t *count, uint64_t item)
{
    size_t at = (*count)++;

    for (; at > 0 && queue[(at - 1) / 2] > item; at = (at - 1) / 2)
        queue[at] = queue[(at - 1) / 2];
    queue[at] = item;
}

static uint64_t queue_pop(uint64_t *queue, size_t *count)
{
    uint64_t top = queue[0], item = queue[--*count];
    size_t at = 0;

    for (size_t child; (child = 2 * at + 1) < *count; at = child) {
        if (child + 1 < *count && queue[child + 1] < queue[child])
            child++;
        if (queue[child] >= item)
            break;
        queue[at] = queue[child];
    }
    queue[at] = item;
    return top;
}

/* Records the merge, if any, of the node `at` and its next. */
static void offer_pair(const struct bpe *bpe, struct bpe_work *work, size_t *count, int at)
{
    struct bpe_node *node = &work->nodes[at];
    int pair[2] = { node->symbol, node->next < 0 ? -1 : work->nodes[node->next].symbol };

    node->rank = pair[0] < 0 || pair[1] < 0 ? -1 : table_find(&bpe->table, pair, sizeof pair);
    if (node->rank >= 0)
        queue_push(work->queue, count, (uint64_t)node->rank << 32 | (uint32_t)at);
}

static void apply_merge(const struct bpe *bpe, struct bpe_work *work, size_t *count, int at)
{
    struct bpe_node *node = &work->nodes[at], *gone = &work->nodes[node->next];

    node->symbol = bpe->pairs[node->rank].product;
    node->length += gone->length;
    node->next = gone->next;
    gone->rank = -1; /* its entries in the queue are void */
    if (node->next >= 0)
        work->nodes[node->next].previous = at;
    offer_pair(bpe, work, count, at);
    if (node->previous >= 0)
        offer_pair(bpe, work, count, node->previous);
}

/* One node for each character. */
static int split_characters(const struct bpe *bpe, const char *word, size_t length, struct bpe_node *nodes)
{
    int count = 0;
    uint32_t code;

    for (size_t at = 0, step; at < length; at += step) {
        struct bpe_node *node = &nodes[count];

        step = utf8_next(word + at, length - at, &code);
        assert(code != UTF8_BAD);
        *node = (struct bpe_node){ character_symbol(bpe, code), (int)at, (int)step, -1, count - 1, count + 1 };
        count++;
    }
    nodes[count - 1].next = -1;
    return count;
}

void bpe_encode(const struct bpe *bpe, const char *word, size_t length, double dropout, struct rng *rng, struct bpe_work *work)
{
    size_t queued = 0, skipped = 0;
    int count;

    assert(length > 0 && length < INT_MAX / 4);
    /* Each merge offers two pairs at most, and there are fewer merges than characters. */
    if (3 * length > work->room) {
        work->room = 6 * length;
        work->nodes = memory_resize(work->nodes, work->room, sizeof *work->nodes);
        work->queue = memory_resize(work->queue, work->room, sizeof *work->queue);
        work->skipped = memory_resize(work->skipped, work->room, sizeof *work->skipped);
    }
    count = split_characters(bpe, word, length, work->nodes);
    for (int at = 0; at < count; at++)
        offer_pair(bpe, work, &queued, at);
    while (queued > 0) {
        uint64_t item = queue_pop(work->queue, &queued);
        int at = (int)(uint32_t)item;

        if (work->nodes[at].rank != (int)(item >> 32))
            continue;
        if (dropout > 0 && rng_uniform(rng) < dropout) {
            work->skipped[skipped++] = item;
            continue;
        }
        apply_merge(bpe, work, &queued, at);
        while (skipped > 0)
            queue_push(work->queue, &queued, work->skipped[--skipped]);
    }
}

void bpe_work_release(struct bpe_work *work)
{
    free(work->nodes);
    free(work->queue);
    free(work->skipped);
    *work = (struct bpe_work){ 0 };
}
