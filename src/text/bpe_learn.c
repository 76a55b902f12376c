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

struct learner {
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

static int add_symbol(struct learner *learner, const char *text, size_t length)
{
    int number = table_find(&learner->symbol_table, text, length);

    if (number >= 0)
        return number;
    memory_reserve_one(&learner->symbols, learner->symbol_count, &learner->symbol_room);
    learner->symbols[learner->symbol_count] = memory_copy_text(text, length);
    table_add(&learner->symbol_table, learner->symbols[learner->symbol_count], length, learner->symbol_count);
    return learner->symbol_count++;
}

/* The pair of two symbols, created with count 0 if it is new. */
static struct pair *add_pair(struct learner *learner, int left, int right)
{
    int key[2] = { left, right }, number = table_find(&learner->pair_table, key, sizeof key);
    struct pair *pair;

    if (number >= 0)
        return learner->pairs[number];
    pair = memory_new(1, sizeof *pair);
    pair->key[0] = left;
    pair->key[1] = right;
    memory_reserve_one(&learner->pairs, learner->pair_count, &learner->pair_room);
    table_add(&learner->pair_table, pair->key, sizeof pair->key, learner->pair_count);
    return learner->pairs[learner->pair_count++] = pair;
}

/* Whether `a` should be merged before `b`. */
static int comes_first(const struct learner *learner, const struct item *a, const struct item *b)
{
    int order;

    if (a->count != b->count)
        return a->count > b->count;
    order = strcmp(learner->symbols[a->pair->key[0]], learner->symbols[b->pair->key[0]]);
    if (order == 0)
        order = strcmp(learner->symbols[a->pair->key[1]], learner->symbols[b->pair->key[1]]);
    return order < 0;
}

static void heap_push(struct learner *learner, struct pair *pair)
{
    struct item item = { pair->count, pair };
    int at = learner->heap_count;

    if (pair->count < VOCAB_LEAST)
        return;
    memory_reserve_one(&learner->heap, learner->heap_count, &learner->heap_room);
    learner->heap_count++;
    for (; at > 0 && comes_first(learner, &item, &learner->heap[(at - 1) / 2]); at = (at - 1) / 2)
        learner->heap[at] = learner->heap[(at - 1) / 2];
    learner->heap[at] = item;
}

static struct item heap_pop(struct learner *learner)
{
    struct item *heap = learner->heap, top = heap[0], item = heap[--learner->heap_count];
    int at = 0;

    for (int child; (child = 2 * at + 1) < learner->heap_count; at = child) {
        if (child + 1 < learner->heap_count && comes_first(learner, &heap[child + 1], &heap[child]))
            child++;
        if (!comes_first(learner, &heap[child], &item))
            break;
        heap[at] = heap[child];
    }
    heap[at] = item;
    return top;
}

/* The pair with its true count that should be merged next, or NULL if none is frequent enough. */
static struct pair *next_pair(struct learner *learner)
{
    while (learner->heap_count > 0) {
        struct item item = heap_pop(learner);

        if (item.count == item.pair->count)
            return item.pair;
        heap_push(learner, item.pair);
    }
    return NULL;
}

/* Adds `count` to the pair of two symbols, and notes that it occurs in `slice` if one of them is `made` (-1: any). Pairs of two
 * older symbols have been recorded before. */
static void count_pair(struct learner *learner, int left, int right, int64_t count, int slice, int made)
{
    struct pair *pair = add_pair(learner, left, right);

    pair->count += count;
    if (count < 0 || (made >= 0 && left != made && right != made))
        return;
    if (pair->slice_count > 0 && pair->slices[pair->slice_count - 1] == slice)
        return;
    memory_reserve_one(&pair->slices, pair->slice_count, &pair->slice_room);
    pair->slices[pair->slice_count++] = slice;
}

/* Counts all pairs of a slice, times `sign`. In a run of one symbol, only every second pair can be merged, and is counted. */
static void count_slice(struct learner *learner, int number, int sign, int made)
{
    const struct slice *slice = &learner->slices[number];
    const int *s = slice->symbols;
    int overlaps = 0;

    for (int i = 0; i + 1 < slice->length; i++) {
        overlaps = i > 0 && s[i - 1] == s[i] && s[i] == s[i + 1] && !overlaps;
        if (s[i] >= 0 && s[i + 1] >= 0 && !overlaps)
            count_pair(learner, s[i], s[i + 1], sign * slice->count, number, made);
    }
}

/* Enters the pairs that are new since the last call, all of which are counted by now. */
static void push_new_pairs(struct learner *learner)
{
    for (; learner->pushed < learner->pair_count; learner->pushed++)
        heap_push(learner, learner->pairs[learner->pushed]);
}

/* Replaces every occurrence of the pair by `made`. */
static void apply_pair(struct learner *learner, struct pair *pair, int made)
{
    for (int n = 0; n < pair->slice_count; n++) {
        struct slice *slice = &learner->slices[pair->slices[n]];
        int *s = slice->symbols, kept = 0;

        count_slice(learner, pair->slices[n], -1, made);
        for (int i = 0; i < slice->length; kept++) {
            int here = i + 1 < slice->length && s[i] == pair->key[0] && s[i + 1] == pair->key[1];

            s[kept] = here ? made : s[i];
            i += here ? 2 : 1;
        }
        slice->length = kept;
        count_slice(learner, pair->slices[n], 1, made);
    }
    assert(pair->count == 0);
    push_new_pairs(learner);
}

/* Cuts the words into slices of symbols, short enough that processing one repeatedly is cheap. */
static void slice_words(struct learner *learner, const struct counted *words, size_t count)
{
    size_t total = 0;
    int *next;

    for (size_t i = 0; i < count; i++)
        total += strlen(words[i].text);
    next = learner->storage = memory_resize(NULL, total, sizeof *next);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i].text), step;
        struct slice *slice = NULL;
        uint32_t code;

        for (size_t at = 0; at < length; at += step) {
            step = utf8_next(words[i].text + at, length - at, &code);
            if (!slice || slice->length == WORDS_LONGEST) {
                memory_reserve_one(&learner->slices, learner->slice_count, &learner->slice_room);
                slice = &learner->slices[learner->slice_count++];
                *slice = (struct slice){ next, 0, words[i].count };
            }
            *next++ = table_find(&learner->symbol_table, words[i].text + at, step);
            slice->length++;
        }
    }
}

static void learner_release(struct learner *learner)
{
    for (int i = 0; i < learner->symbol_count; i++)
        free(learner->symbols[i]);
    for (int i = 0; i < learner->pair_count; i++) {
        free(learner->pairs[i]->slices);
        free(learner->pairs[i]);
    }
    table_release(&learner->symbol_table);
    table_release(&learner->pair_table);
    free(learner->pairs);
    free(learner->symbols);
    free(learner->slices);
    free(learner->storage);
    free(learner->heap);
}

char **bpe_characters(const struct counted *words, size_t count, int limit, int *found)
{
    struct learner learner = { 0 };
    struct counted *totals = NULL;
    int total_room = 0, total_count = 0, kept = 0;
    char **characters;

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i].text), step;
        uint32_t code;

        for (size_t at = 0; at < length; at += step) {
            int number;

            step = utf8_next(words[i].text + at, length - at, &code);
            number = add_symbol(&learner, words[i].text + at, step);
            if (number == total_count) {
                memory_reserve_one(&totals, total_count, &total_room);
                totals[total_count++] = (struct counted){ learner.symbols[number], 0 };
            }
            totals[number].count += words[i].count;
        }
    }
    vocab_sort(totals, (size_t)total_count);
    characters = memory_new((size_t)total_count, sizeof *characters);
    for (; kept < total_count && kept < limit && totals[kept].count >= VOCAB_LEAST; kept++)
        characters[kept] = memory_copy_string(totals[kept].text);
    free(totals);
    learner_release(&learner);
    *found = kept;
    return characters;
}

char **bpe_learn(const struct counted *words, size_t count, char *const *characters, int character_count, int limit,
                 int *merge_count)
{
    struct learner learner = { 0 };
    struct text product = { 0 };
    struct pair *pair;
    char **merges = NULL;
    int found = 0, room = 0;

    for (int i = 0; i < character_count; i++)
        add_symbol(&learner, characters[i], strlen(characters[i]));
    slice_words(&learner, words, count);
    for (int i = 0; i < learner.slice_count; i++)
        count_slice(&learner, i, 1, -1);
    push_new_pairs(&learner);
    while (found < limit && (pair = next_pair(&learner))) {
        const char *left = learner.symbols[pair->key[0]], *right = learner.symbols[pair->key[1]];

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
        assert(table_find(&learner.symbol_table, product.data, product.length) < 0);
        apply_pair(&learner, pair, add_symbol(&learner, product.data, product.length));
    }
    text_release(&product);
    learner_release(&learner);
    *merge_count = found;
    return merges ? merges : memory_new(1, sizeof *merges);
}
