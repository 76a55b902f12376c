#include "model/cache.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void cache_reset(struct cache *cache, int room, int width)
{
    if (width != cache->width || room > cache->room) {
        cache_release(cache);
        cache->room = room;
        cache->width = width;
    }
    cache->length = 0;
    if (cache->slot_count)
        memset(cache->used, 0, (size_t)cache->slot_count);
}

static int *history_of(const struct cache *cache, int *histories, int row)
{
    return histories + (size_t)row * (size_t)cache->capacity;
}

/* Room for one more word. */
static void widen(struct cache *cache)
{
    int old = cache->capacity, wide = old ? 2 * old : 32;
    int *histories = memory_new(size_product((size_t)cache->room, (size_t)wide), sizeof *histories);

    for (int row = 0; row < cache->room && old; row++)
        memcpy(histories + (size_t)row * (size_t)wide, cache->history + (size_t)row * (size_t)old, (size_t)old * sizeof *histories);
    free(cache->history);
    free(cache->next);
    cache->history = histories;
    cache->next = memory_new(size_product((size_t)cache->room, (size_t)wide), sizeof *histories);
    cache->places = memory_resize(cache->places, (size_t)wide, sizeof *cache->places);
    cache->scratch = memory_resize(cache->scratch, (size_t)wide, sizeof *cache->scratch);
    cache->capacity = wide;
}

/* The first free slot from `slot` on. */
static int free_slot(struct cache *cache, int slot)
{
    while (slot < cache->slot_count && cache->used[slot])
        slot++;
    if (slot == cache->slot_count) {
        memory_reserve_one(&cache->slots, cache->slot_count, &cache->slot_room);
        memory_reserve_one(&cache->used, cache->slot_count, &cache->used_room);
        cache->slots[cache->slot_count++] = memory_new((size_t)cache->width, sizeof(real));
    }
    cache->used[slot] = 1;
    return slot;
}

void cache_extend(struct cache *cache, int rows)
{
    int slot = 0;

    if (cache->length == cache->capacity)
        widen(cache);
    for (int row = 0; row < rows; row++) {
        slot = free_slot(cache, slot);
        history_of(cache, cache->history, row)[cache->length] = slot;
    }
    cache->length++;
}

real *cache_at(const struct cache *cache, int row, int t)
{
    return cache->slots[history_of(cache, cache->history, row)[t]];
}

const real *const *cache_row(const struct cache *cache, int row, int offset)
{
    for (int t = 0; t < cache->length; t++)
        cache->places[t] = cache_at(cache, row, t) + offset;
    return cache->places;
}

void cache_select(struct cache *cache, const int *parents, int rows)
{
    int *swap = cache->history;

    memset(cache->used, 0, (size_t)cache->slot_count);
    for (int row = 0; row < rows; row++) {
        const int *from = history_of(cache, cache->history, parents[row]);

        memcpy(history_of(cache, cache->next, row), from, (size_t)cache->length * sizeof *from);
        for (int t = 0; t < cache->length; t++)
            cache->used[from[t]] = 1;
    }
    cache->history = cache->next;
    cache->next = swap;
}

void cache_release(struct cache *cache)
{
    for (int i = 0; i < cache->slot_count; i++)
        free(cache->slots[i]);
    free(cache->slots);
    free(cache->used);
    free(cache->history);
    free(cache->next);
    free(cache->places);
    free(cache->scratch);
    *cache = (struct cache){ 0 };
}
