#include "cli/lines.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

void lines_release(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
    *lines = (struct lines){ 0 };
}

int lines_read(struct lines *lines, const char *name)
{
    struct reader reader;
    char *line;
    size_t length, valid;
    int got;

    if (reader_open(&reader, name))
        return -1;
    lines->name = reader.name;
    while ((got = reader_line(&reader, &line, &length)) > 0) {
        valid = utf8_valid_length(line, strlen(line)); /* which stops at a NUL: no line of text has one */
        if (valid < length) {
            got = error("%s:%ld: byte %zu (0x%02X) is not UTF-8 text; convert the file to UTF-8 first", reader.name, reader.line,
                        valid + 1, (unsigned char)line[valid]);
            break;
        }
        memory_reserve_one(&lines->items, lines->count, &lines->room);
        lines->items[lines->count++] = memory_copy_text(line, length);
    }
    if (got == 0 && lines->count == 0)
        got = error("%s: is empty; there is nothing to score", lines->name);
    reader_close(&reader);
    return got;
}

int lines_check(const struct lines *a, const struct lines *b)
{
    const struct lines *shorter = a->count < b->count ? a : b;

    if (a->count == b->count)
        return 0;
    return error("%s has %zu lines, %s has %zu: line %zu is missing from %s", a->name, a->count, b->name, b->count,
                 shorter->count + 1, shorter->name);
}
