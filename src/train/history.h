/* history: the results of each validation, stored in the model file (keys training.history.*). */
#ifndef NMT_TRAIN_HISTORY_H
#define NMT_TRAIN_HISTORY_H

#include "file/gguf.h"

struct history_entry {
    long update, epoch;
    double train_loss;       /* smoothed, nats per target token, mean since the previous validation */
    double loss, perplexity; /* plain, of the validation pairs */
    double bleu;             /* greedy, 13a, cased; 0..100 */
    double rate;             /* learning rate at the time */
};

struct history {
    struct history_entry *entries;
    int count, room;
};

void history_add(struct history *history, const struct history_entry *entry);
void history_put(const struct history *history, struct gguf_writer *writer);

/* Reads what history_put wrote; a file without one gives an empty history. 0, or -1 after reporting. */
int history_get(struct history *history, const struct gguf *gguf);
void history_release(struct history *history);

#endif
