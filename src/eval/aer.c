#include "eval/aer.h"

#include "base/memory.h"
#include "base/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char SPACE[] = " \t\r";

struct link {
    int source, target;
    int possible; /* only possible, not sure */
};

struct links {
    struct link *items;
    int count, room;
};

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

/* The links of a line, sorted and each once. */
static int read_links(const char *line, const char *where, int gold, struct links *links)
{
    int kept = 0;

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

int aer_add(struct aer *aer, const char *links, const char *where_links, const char *gold, const char *where_gold)
{
    struct links found = { 0 }, wanted = { 0 };
    int status = -1, i = 0;

    if (read_links(links, where_links, 0, &found) || read_links(gold, where_gold, 1, &wanted))
        goto out;
    aer->links += found.count;
    aer->possible += wanted.count;
    for (int j = 0; j < wanted.count; j++) {
        const struct link *want = &wanted.items[j];

        while (i < found.count && (found.items[i].source < want->source ||
                                   (found.items[i].source == want->source && found.items[i].target < want->target)))
            i++;
        aer->sure += !want->possible;
        if (i < found.count && found.items[i].source == want->source && found.items[i].target == want->target) {
            aer->possible_found++;
            aer->sure_found += !want->possible;
        }
    }
    status = 0;
out:
    free(found.items);
    free(wanted.items);
    return status;
}

double aer_precision(const struct aer *aer)
{
    return aer->links ? (double)aer->possible_found / (double)aer->links : 1;
}

double aer_recall(const struct aer *aer)
{
    return aer->sure ? (double)aer->sure_found / (double)aer->sure : 1;
}

double aer_rate(const struct aer *aer)
{
    return aer->links + aer->sure ? 1 - (double)(aer->sure_found + aer->possible_found) / (double)(aer->links + aer->sure) : 0;
}
