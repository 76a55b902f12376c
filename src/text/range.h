/* range: tables of ranges of characters. */
#ifndef NMT_TEXT_RANGE_H
#define NMT_TEXT_RANGE_H

#include <stddef.h>
#include <stdint.h>

struct range {
    uint32_t first, last;
    int value;
};

/* The value of the range that a character lies in, `other` if in none; ranges [count] ascend. */
int range_value(const struct range *ranges, size_t count, uint32_t code, int other);

#endif
