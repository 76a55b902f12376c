#include "train/history.h"

#include "base/memory.h"
#include "base/report.h"

#include <stdlib.h>

/* The columns, one array key each. */
static const struct column {
    const char *key;
    size_t field;
    int whole;
} columns[] = {
    { "training.history.update", offsetof(struct history_entry, update), 1 },
    { "training.history.epoch", offsetof(struct history_entry, epoch), 1 },
    { "training.history.train_loss", offsetof(struct history_entry, train_loss), 0 },
    { "training.history.loss", offsetof(struct history_entry, loss), 0 },
    { "training.history.perplexity", offsetof(struct history_entry, perplexity), 0 },
    { "training.history.bleu", offsetof(struct history_entry, bleu), 0 },
    { "training.history.rate", offsetof(struct history_entry, rate), 0 },
};

enum { COLUMNS = sizeof columns / sizeof *columns };

static void *cell(struct history_entry *entry, const struct column *column)
{
    return (char *)entry + column->field;
}

void history_add(struct history *history, const struct history_entry *entry)
{
    memory_reserve_one(&history->entries, history->count, &history->room);
    history->entries[history->count++] = *entry;
}

void history_put(const struct history *history, struct gguf_writer *writer)
{
    size_t count = (size_t)history->count;
    int64_t *whole = memory_new(count, sizeof *whole);
    double *reals = memory_new(count, sizeof *reals);

    for (int i = 0; i < COLUMNS; i++) {
        for (size_t k = 0; k < count; k++) {
            if (columns[i].whole)
                whole[k] = *(long *)cell(&history->entries[k], &columns[i]);
            else
                reals[k] = *(double *)cell(&history->entries[k], &columns[i]);
        }
        if (columns[i].whole)
            gguf_put_ints(writer, columns[i].key, whole, count);
        else
            gguf_put_reals(writer, columns[i].key, reals, count);
    }
    free(whole);
    free(reals);
}

int history_get(struct history *history, const struct gguf *gguf)
{
    *history = (struct history){ 0 };
    for (int i = 0; i < COLUMNS && gguf_has(gguf, columns[0].key); i++) {
        int64_t *whole = NULL;
        double *reals = NULL;
        size_t count;
        int failed = columns[i].whole ? gguf_get_ints(gguf, columns[i].key, &whole, &count)
                                      : gguf_get_reals(gguf, columns[i].key, &reals, &count);

        if (!failed && i == 0) {
            history->count = history->room = (int)count;
            history->entries = memory_new(count, sizeof *history->entries);
        }
        if (!failed && count != (size_t)history->count)
            failed = error("%s: the columns of the training history differ in length", gguf->path);
        for (size_t k = 0; !failed && k < count; k++) {
            if (columns[i].whole)
                *(long *)cell(&history->entries[k], &columns[i]) = (long)whole[k];
            else
                *(double *)cell(&history->entries[k], &columns[i]) = reals[k];
        }
        free(whole);
        free(reals);
        if (failed) {
            history_release(history);
            return -1;
        }
    }
    return 0;
}

void history_release(struct history *history)
{
    free(history->entries);
    *history = (struct history){ 0 };
}
