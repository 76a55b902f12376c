#include "text/table.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A slot: small, because slots are read in no order. */
struct table_slot {
    uint32_t hash, entry; /* entry: 1 + index; 0: free */
};

struct table_entry {
    const void *key;
    uint32_t length;
    int item;
};

void table_init(struct table *table, size_t items)
{
    size_t slots = 16;

    while (slots < 2 * items)
        slots *= 2;
    assert(slots <= UINT32_MAX);
    *table = (struct table){ .slots = memory_new(slots, sizeof *table->slots),
                             .entries = memory_new(slots / 2 + 1, sizeof *table->entries),
                             .mask = (uint32_t)(slots - 1) };
}

void table_release(struct table *table)
{
    free(table->slots);
    free(table->entries);
    *table = (struct table){ 0 };
}

static uint32_t hash_key(const void *key, size_t length)
{
    return (uint32_t)hash_bytes(length, key, length);
}

static int is_key(const struct table_entry *entry, const void *key, size_t length)
{
    return entry->length == length && memcmp(entry->key, key, length) == 0;
}

/* The slot of a key, or the free slot where it belongs. */
static struct table_slot *find_slot(const struct table *table, const void *key, size_t length, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        struct table_slot *slot = &table->slots[at & table->mask];

        if (!slot->entry || (slot->hash == hash && is_key(&table->entries[slot->entry - 1], key, length)))
            return slot;
    }
}

int table_find(const struct table *table, const void *key, size_t length)
{
    const struct table_slot *slot;

    if (!table->slots)
        return -1;
    slot = find_slot(table, key, length, hash_key(key, length));
    return slot->entry ? table->entries[slot->entry - 1].item : -1;
}

static void grow(struct table *table)
{
    struct table old = *table;

    table_init(table, (size_t)old.count * 2);
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].entry) {
            uint32_t at = old.slots[i].hash;

            while (table->slots[at & table->mask].entry)
                at++;
            table->slots[at & table->mask] = old.slots[i];
        }
    if (old.count)
        memcpy(table->entries, old.entries, old.count * sizeof *old.entries);
    table->count = old.count;
    free(old.slots);
    free(old.entries);
}

int table_add(struct table *table, const void *key, size_t length, int item)
{
    uint32_t hash = hash_key(key, length);
    struct table_slot *slot;

    assert(length <= UINT32_MAX && item >= 0);
    if (!table->slots || table->count > table->mask / 2)
        grow(table);
    slot = find_slot(table, key, length, hash);
    if (slot->entry)
        return table->entries[slot->entry - 1].item;
    table->entries[table->count++] = (struct table_entry){ key, (uint32_t)length, item };
    *slot = (struct table_slot){ hash, table->count };
    return -1;
}
