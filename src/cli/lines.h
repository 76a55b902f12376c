/* lines: a text file in memory. */
#ifndef NMT_CLI_LINES_H
#define NMT_CLI_LINES_H

#include <stddef.h>

struct lines {
    const char *name;
    char **items;
    size_t count, room;
};

/* Reads a file of UTF-8 text ("-": standard input) of at least one line. 0, or -1 after reporting. lines_release in both cases. */
int lines_read(struct lines *lines, const char *name);
void lines_release(struct lines *lines);

/* Whether two files have equally many lines. 0, or -1 after reporting. */
int lines_check(const struct lines *a, const struct lines *b);

#endif
