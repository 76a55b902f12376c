/* Learning merges. Every distinct word is an array of symbols; every adjacent pair has a count and the list of the words
 * it occurs in, so that a merge touches only those words. The most frequent pair comes from a heap that contains every pair once,
 * perhaps with an outdated, higher count; such a pair is put back with its true count when it reaches the top.
 *
 * Counts only fall, except for pairs with the newest symbol, which are new: two merges never produce the same string, because the
 * inside of a symbol was merged independently of its context, so equal strings were merged in equal steps. */
#include "text/bpe.h"

#include "base/memory.h"
#include "text/utf8.h"
#include "text/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slice {
    int *symbols; /* -1: a character that is left out */
    int length;
    int64_t count;
};

struct pair {
    int key[2]; /* left, right */
    int64_t count;
    int *slices, slice_count, slice_room;
};

struct item {
    int64_t count;
    struct pair *pair;
};

struct merger {
    char **symbols; /* characters and products of merges */
    int symbol_count, symbol_room;
    struct table symbol_table;
    struct slice *slices;
    int slice_count, slice_room;
    int *storage; /* the slices' symbols */
    struct pair **pairs;
    int pair_count, pair_room;
    struct table pair_table;
    struct item *heap;
    int heap_count, heap_room;
    int pushed; /* pairs[0..pushed) went into the heap */
};

static int add_symbol(struct merger *merger, const char *text, size_t length)
{
    int number = table_find(&merger->symbol_table, text, length);

    if (number >= 0)
        return number;
    memory_reserve_one(&merger->symbols, merger->symbol_count, &merger->symbol_room);
    merger->symbols[merger->symbol_count] = memory_copy_text(text, length);
    table_add(&merger->symbol_table, merger->symbols[merger->symbol_count], length, merger->symbol_count);
    return merger->symbol_count++;
}

/* The pair of two symbols, created with count 0 if it is new. */
static struct pair *add_pair(struct merger *merger, int left, int right)
{
    int key[2] = { left, right }, number = table_find(&merger->pair_table, key, sizeof key);
    struct pair *pair;

    if (number >= 0)
        return merger->pairs[number];
    pair = memory_new(1, sizeof *pair);
    pair->key[0] = left;
    pair->key[1] = right;
    memory_reserve_one(&merger->pairs, merger->pair_count, &merger->pair_room);
    table_add(&merger->pair_table, pair->key, sizeof pair->key, merger->pair_count);
    return merger->pairs[merger->pair_count++] = pair;
}

/* Whether `a` should be merged before `b`. */
static int comes_first(const struct merger *merger, const struct item *a, const struct item *b)
{
    int order;

    if (a->count != b->count)
        return a->count > b->count;
    order = strcmp(merger->symbols[a->pair->key[0]], merger->symbols[b->pair->key[0]]);
    if (order == 0)
        order = strcmp(merger->symbols[a->pair->key[1]], merger->symbols[b->pair->key[1]]);
    return order < 0;
}

static void heap_push(struct merger *merger, struct pair *pair)
{
    struct item item = { pair->count, pair };
    int at = merger->heap_count;

    if (pair->count < VOCAB_LEAST)
        return;
    memory_reserve_one(&merger->heap, merger->heap_count, &merger->heap_room);
    merger->heap_count++;
    for (; at > 0 && comes_first(merger, &item, &merger->heap[(at - 1) / 2]); at = (at - 1) / 2)
        merger->heap[at] = merger->heap[(at - 1) / 2];
    merger->heap[at] = item;
}

static struct item heap_pop(struct merger *merger)
{
    struct item *heap = merger->heap, top = heap[0], item = heap[--merger->heap_count];
    int at = 0;

    for (int child; (child = 2 * at + 1) < merger->heap_count; at = child) {
        if (child + 1 < merger->heap_count && comes_first(merger, &heap[child + 1], &heap[child]))
            child++;
        if (!comes_first(merger, &heap[child], &item))
            break;
        heap[at] = heap[child];
    }
    heap[at] = item;
    return top;
}

/* The pair with its true count that should be merged next, or NULL if none is frequent enough. */
static struct pair *next_pair(struct merger *merger)
{
    while (merger->heap_count > 0) {
        struct item item = heap_pop(merger);

        if (item.count == item.pair->count)
            return item.pair;
        heap_push(merger, item.pair);
    }
    return NULL;
}

/* Adds `count` to the pair of two symbols, and notes that it occurs in `slice` if one of them is `made` (-1: any). Pairs of two
 * older symbols have been recorded before. */
static void count_pair(struct merger *merger, int left, int right, int64_t count, int slice, int made)
{
    struct pair *pair = add_pair(merger, left, right);

    pair->count += count;
    if (count < 0 || (made >= 0 && left != made && right != made))
        return;
    if (pair->slice_count > 0 && pair->slices[pair->slice_count - 1] == slice)
        return;
    memory_reserve_one(&pair->slices, pair->slice_count, &pair->slice_room);
    pair->slices[pair->slice_count++] = slice;
}

/* Counts all pairs of a slice, times `sign`. In a run of one symbol, only every second pair can be merged, and is counted. */
static void count_slice(struct merger *merger, int number, int sign, int made)
{
    const struct slice *slice = &merger->slices[number];
    const int *s = slice->symbols;
    int overlaps = 0;

    for (int i = 0; i + 1 < slice->length; i++) {
        overlaps = i > 0 && s[i - 1] == s[i] && s[i] == s[i + 1] && !overlaps;
        if (s[i] >= 0 && s[i + 1] >= 0 && !overlaps)
            count_pair(merger, s[i], s[i + 1], sign * slice->count, number, made);
    }
}

/* Enters the pairs that are new since the last call, all of which are counted by now. */
static void push_new_pairs(struct merger *merger)
{
    for (; merger->pushed < merger->pair_count; merger->pushed++)
        heap_push(merger, merger->pairs[merger->pushed]);
}

/* Replaces every occurrence of the pair by `made`. */
static void apply_pair(struct merger *merger, struct pair *pair, int made)
{
    for (int n = 0; n < pair->slice_count; n++) {
        struct slice *slice = &merger->slices[pair->slices[n]];
        int *s = slice->symbols, kept = 0;

        count_slice(merger, pair->slices[n], -1, made);
        for (int i = 0; i < slice->length; kept++) {
            int here = i + 1 < slice->length && s[i] == pair->key[0] && s[i + 1] == pair->key[1];

            s[kept] = here ? made : s[i];
            i += here ? 2 : 1;
        }
        slice->length = kept;
        count_slice(merger, pair->slices[n], 1, made);
    }
    assert(pair->count == 0);
    push_new_pairs(merger);
}

/* Cuts the words into slices of symbols, short enough that processing one repeatedly is cheap. */
static void slice_words(struct merger *merger, const struct counted *words, size_t count)
{
    size_t total = 0;
    int *next;

    for (size_t i = 0; i < count; i++)
        total += strlen(words[i].text);
    next = merger->storage = memory_resize(NULL, total, sizeof *next);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i].text), step;
        struct slice *slice = NULL;
        uint32_t code;

        for (size_t at = 0; at < length; at += step) {
            step = utf8_next(words[i].text + at, length - at, &code);
            if (!slice || slice->length == WORDS_LONGEST) {
                memory_reserve_one(&merger->slices, merger->slice_count, &merger->slice_room);
                slice = &merger->slices[merger->slice_count++];
                *slice = (struct slice){ next, 0, words[i].count };
            }
            *next++ = table_find(&merger->symbol_table, words[i].text + at, step);
            slice->length++;
        }
    }
}

static void learner_release(struct merger *merger)
{
    for (int i = 0; i < merger->symbol_count; i++)
        free(merger->symbols[i]);
    for (int i = 0; i < merger->pair_count; i++) {
        free(merger->pairs[i]->slices);
        free(merger->pairs[i]);
    }
    table_release(&merger->symbol_table);
    table_release(&merger->pair_table);
    free(merger->pairs);
    free(merger->symbols);
    free(merger->slices);
    free(merger->storage);
    free(merger->heap);
}

char **bpe_characters(const struct counted *words, size_t count, int limit, int *found)
{
    struct merger merger = { 0 };
    struct counted *totals = NULL;
    int total_room = 0, total_count = 0, kept = 0;
    char **characters;

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i].text), step;
        uint32_t code;

        for (size_t at = 0; at < length; at += step) {
            int number;

            step = utf8_next(words[i].text + at, length - at, &code);
            number = add_symbol(&merger, words[i].text + at, step);
            if (number == total_count) {
                memory_reserve_one(&totals, total_count, &total_room);
                totals[total_count++] = (struct counted){ merger.symbols[number], 0 };
            }
            totals[number].count += words[i].count;
        }
    }
    vocab_sort(totals, (size_t)total_count);
    characters = memory_new((size_t)total_count, sizeof *characters);
    for (; kept < total_count && kept < limit && totals[kept].count >= VOCAB_LEAST; kept++)
        characters[kept] = memory_copy_string(totals[kept].text);
    free(totals);
    learner_release(&merger);
    *found = kept;
    return characters;
}

char **bpe_learn(const struct counted *words, size_t count, char *const *characters, int character_count, int limit,
                 int *merge_count)
{
    struct merger merger = { 0 };
    struct text product = { 0 };
    struct pair *pair;
    char **merges = NULL;
    int found = 0, room = 0;

    for (int i = 0; i < character_count; i++)
        add_symbol(&merger, characters[i], strlen(characters[i]));
    slice_words(&merger, words, count);
    for (int i = 0; i < merger.slice_count; i++)
        count_slice(&merger, i, 1, -1);
    push_new_pairs(&merger);
    while (found < limit && (pair = next_pair(&merger))) {
        const char *left = merger.symbols[pair->key[0]], *right = merger.symbols[pair->key[1]];

        text_clear(&product);
        text_add_string(&product, left);
        text_add_string(&product, right);
        if (vocab_reserved(product.data, 1))
            continue; /* the pair has left the heap permanently */
        if (2 * found + 2 > room)
            merges = memory_resize(merges, (size_t)(room = 4 * found + 64), sizeof *merges);
        merges[2 * found] = memory_copy_string(left);
        merges[2 * found + 1] = memory_copy_string(right);
        found++;
        assert(table_find(&merger.symbol_table, product.data, product.length) < 0);
        apply_pair(&merger, pair, add_symbol(&merger, product.data, product.length));
    }
    text_release(&product);
    learner_release(&merger);
    *merge_count = found;
    return merges ? merges : memory_new(1, sizeof *merges);
}
