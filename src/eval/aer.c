#include "eval/aer.h"

#include "eval/pharaoh.h"

#include <stdlib.h>

int aer_add(struct aer *aer, const char *links, const char *where_links, const char *gold, const char *where_gold)
{
    struct links found = { 0 }, wanted = { 0 };
    int status = -1, i = 0;

    if (pharaoh_read(links, where_links, 0, &found) || pharaoh_read(gold, where_gold, 1, &wanted))
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
