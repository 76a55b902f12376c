#include "text/table.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct table_slot {
    const void *key; /* NULL: free */
    uint32_t length, hash;
    int item;
};

void table_init(struct table *table, size_t items)
{
    size_t slots = 16;

    while (slots < 2 * items)
        slots *= 2;
    assert(slots <= UINT32_MAX);
    *table = (struct table){ memory_new(slots, sizeof *table->slots), (uint32_t)(slots - 1), 0 };
}

void table_release(struct table *table)
{
    free(table->slots);
    *table = (struct table){ 0 };
}

static uint32_t hash_key(const void *key, size_t length)
{
    return (uint32_t)hash_bytes(length, key, length);
}

/* The slot of a key, or the free slot where it belongs. */
static struct table_slot *find_slot(const struct table *table, const void *key, size_t length, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        struct table_slot *slot = &table->slots[at & table->mask];

        if (!slot->key || (slot->hash == hash && slot->length == length && memcmp(slot->key, key, length) == 0))
            return slot;
    }
}

int table_find(const struct table *table, const void *key, size_t length)
{
    const struct table_slot *slot;

    if (!table->slots)
        return -1;
    slot = find_slot(table, key, length, hash_key(key, length));
    return slot->key ? slot->item : -1;
}

static void grow(struct table *table)
{
    struct table old = *table;

    table_init(table, (size_t)old.count * 2);
    table->count = old.count;
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].key)
            *find_slot(table, old.slots[i].key, old.slots[i].length, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

int table_add(struct table *table, const void *key, size_t length, int item)
{
    uint32_t hash = hash_key(key, length);
    struct table_slot *slot;

    assert(length <= UINT32_MAX && item >= 0);
    if (!table->slots || table->count > table->mask / 2)
        grow(table);
    slot = find_slot(table, key, length, hash);
    if (slot->key)
        return slot->item;
    *slot = (struct table_slot){ key, (uint32_t)length, hash, item };
    table->count++;
    return -1;
}
