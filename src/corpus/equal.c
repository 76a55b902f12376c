#include "corpus/equal.h"

#include <stdlib.h>

static int by_hash(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

void equal_sort(struct hashed *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof *items, by_hash);
}
