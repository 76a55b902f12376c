/* equal: finds equal texts by their hashes. */
#ifndef NMT_CORPUS_EQUAL_H
#define NMT_CORPUS_EQUAL_H

#include <stddef.h>
#include <stdint.h>

/* A text, recognised by its hash, and the number of its pair. */
struct hashed {
    uint64_t hash;
    size_t pair;
};

/* Sorts by hash, equal ones by pair: equal texts are then adjacent. */
void equal_sort(struct hashed *items, size_t count);

#endif
