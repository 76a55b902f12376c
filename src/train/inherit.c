#include "train/inherit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The side whose entries the rows of the tensor belong to, or -1. */
static int side_of(const char *tensor)
{
    if (strcmp(tensor, "source.embedding") == 0)
        return SOURCE;
    return strcmp(tensor, "target.embedding") == 0 || strncmp(tensor, "output.", 7) == 0 ? TARGET : -1;
}

/* The parent's id of the entry `id`, or -1. Special entries correspond to each other, and so do tags. */
static int parent_id(const struct vocab *vocab, const struct vocab *parent, int id)
{
    if (id < vocab->specials)
        return id < parent->specials ? id : -1;
    if (vocab->tag && id == vocab->tag)
        return parent->tag ? parent->tag : -1;
    return vocab_find(parent, vocab->pieces[id], strlen(vocab->pieces[id]));
}

/* The parent's id of every entry; heap. */
static int *parent_ids(const struct vocab *vocab, const struct vocab *parent, int *kept)
{
    int *ids = memory_new((size_t)vocab->count, sizeof *ids);

    *kept = 0;
    for (int id = 0; id < vocab->count; id++) {
        ids[id] = parent_id(vocab, parent, id);
        *kept += ids[id] >= 0;
    }
    return ids;
}

void inherit(struct model *model, const struct tokenizer *tokenizer, const struct model *parent,
             const struct tokenizer *parent_tokenizer, int kept[2])
{
    int *ids[2];

    for (int side = SOURCE; side <= TARGET; side++)
        ids[side] = parent_ids(&tokenizer->sides[side], &parent_tokenizer->sides[side], &kept[side]);
    for (int i = 0; i < model->layout.count; i++) {
        const struct tensor *to = &model->layout.tensors[i], *from;
        int found = layout_find(&parent->layout, to->name), side = side_of(to->name);
        size_t row = (size_t)to->columns;

        assert(found >= 0);
        from = &parent->layout.tensors[found];
        assert(from->columns == to->columns && (side >= 0 || from->rows == to->rows));
        for (int r = 0; r < to->rows; r++) {
            int from_row = side < 0 ? r : ids[side][r];

            if (from_row >= 0)
                memcpy(model->values + to->offset + (size_t)r * row, parent->values + from->offset + (size_t)from_row * row,
                       row * sizeof *model->values);
        }
    }
    free(ids[SOURCE]);
    free(ids[TARGET]);
}
