#include "eval/pharaoh.h"

#include "base/memory.h"
#include "base/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char SPACE[] = " \t\r";

/* By words; of two links between the same words, the sure one first. */
static int compare_links(const void *a, const void *b)
{
    const struct link *x = a, *y = b;

    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->possible - y->possible;
}

static int read_number(const char **at, int *number)
{
    long value = 0;

    if (**at < '0' || **at > '9')
        return -1;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        value = 10 * value + (**at - '0');
        if (value > INT_MAX)
            return -1;
    }
    *number = (int)value;
    return 0;
}

/* Reads the link at *at and moves past it; only a gold standard has "i?j". */
static int read_link(const char **at, int gold, struct link *link)
{
    if (read_number(at, &link->source) || (**at != '-' && !(gold && **at == '?')))
        return -1;
    link->possible = **at == '?';
    ++*at;
    return read_number(at, &link->target) || (**at && !strchr(SPACE, **at)) ? -1 : 0;
}

int pharaoh_read(const char *line, const char *where, int gold, struct links *links)
{
    int kept = 0;

    links->count = 0;
    for (const char *at = line + strspn(line, SPACE); *at; at += strspn(at, SPACE)) {
        const char *start = at;
        struct link link;

        if (read_link(&at, gold, &link))
            return error("%s: \"%.*s\" is not a link; %s", where, (int)strcspn(start, SPACE), start,
                         gold ? "expected i-j (sure) or i?j (possible)" : "expected i-j");
        memory_reserve_one(&links->items, links->count, &links->room);
        links->items[links->count++] = link;
    }
    if (links->count)
        qsort(links->items, (size_t)links->count, sizeof *links->items, compare_links);
    for (int i = 0; i < links->count; i++) {
        const struct link *last = kept ? &links->items[kept - 1] : NULL;

        if (!last || last->source != links->items[i].source || last->target != links->items[i].target)
            links->items[kept++] = links->items[i];
    }
    links->count = kept;
    return 0;
}
