#include "text/range.h"

#include <stdlib.h>

static int compare(const void *key, const void *element)
{
    uint32_t code = *(const uint32_t *)key;
    const struct range *range = element;

    return code < range->first ? -1 : code > range->last;
}

int range_value(const struct range *ranges, size_t count, uint32_t code, int other)
{
    const struct range *found = bsearch(&code, ranges, count, sizeof *ranges, compare);

    return found ? found->value : other;
}
