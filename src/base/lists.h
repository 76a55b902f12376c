/* lists: growing lists of strings and of numbers, as options collect them that may be given several times (cli/options.h). Their
 * arrays grow by memory_reserve_one. */
#ifndef NMT_BASE_LISTS_H
#define NMT_BASE_LISTS_H

struct option_list {
    const char **items;
    int count, room;
};

struct option_reals {
    double *items;
    int count, room;
};

#endif
