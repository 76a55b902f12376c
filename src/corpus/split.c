#include "corpus/split.h"

#include "base/hash.h"
#include "corpus/equal.h"

#include <stdlib.h>
#include <string.h>

/* All pairs, equal ones adjacent; heap. */
static struct hashed *sort_pairs(const struct corpus *corpus)
{
    struct hashed *keyed = memory_new(corpus->pairs, sizeof *keyed);

    for (size_t k = 0; k < corpus->pairs; k++) {
        uint64_t hash = HASH_START;

        for (int side = 0; side < 2; side++)
            hash = hash_bytes(hash, corpus->lines[side][k], strlen(corpus->lines[side][k]) + 1);
        keyed[k] = (struct hashed){ hash, k };
    }
    equal_sort(keyed, corpus->pairs);
    return keyed;
}

/* Marks the pairs to be set aside with 1, and further copies of them with 2. Returns the number of copies. */
static size_t choose(char *mark, const struct corpus *corpus, size_t wanted, uint64_t seed)
{
    size_t pairs = corpus->pairs, chosen = 0, copies = 0, groups = 0;
    struct hashed *keyed = sort_pairs(corpus);
    int32_t *first = memory_new(pairs + 1, sizeof *first), *order = memory_new(pairs, sizeof *order);
    struct rng rng = rng_make(seed, 0x73706c6974, 0, 0);

    for (size_t k = 0; k < pairs; k++)
        if (k == 0 || keyed[k].hash != keyed[k - 1].hash) {
            order[groups] = (int32_t)groups;
            first[groups++] = (int32_t)k;
        }
    first[groups] = (int32_t)pairs;
    rng_shuffle(&rng, order, groups);
    for (size_t i = 0; i < groups && chosen < wanted && chosen + 1 < groups; i++) {
        size_t from = (size_t)first[order[i]], count = (size_t)first[order[i] + 1] - from;

        if (copies + count - 1 > wanted || corpus_synthetic(corpus, keyed[from].pair))
            continue;
        for (size_t k = from; k < from + count; k++)
            mark[keyed[k].pair] = k == from ? 1 : 2;
        copies += count - 1;
        chosen++;
    }
    free(keyed);
    free(first);
    free(order);
    return copies;
}

size_t corpus_split(struct corpus *corpus, struct corpus *aside, size_t wanted, uint64_t seed)
{
    char *mark = memory_new(corpus->pairs, 1);
    size_t copies = choose(mark, corpus, wanted, seed), kept = 0;

    *aside = (struct corpus){ .number = memory_new(corpus->pairs, sizeof *aside->number) };
    for (int side = 0; side < 2; side++)
        aside->lines[side] = memory_new(corpus->pairs, sizeof(char *));
    for (size_t k = 0; k < corpus->pairs; k++) {
        struct corpus *to = mark[k] == 1 ? aside : corpus;
        size_t *at = mark[k] == 1 ? &aside->pairs : &kept;

        if (mark[k] == 2)
            continue;
        for (int side = 0; side < 2; side++)
            to->lines[side][*at] = corpus->lines[side][k];
        if (to->part)
            to->part[*at] = corpus->part[k];
        to->number[(*at)++] = corpus->number[k];
    }
    corpus->pairs = kept;
    free(mark);
    return copies;
}
