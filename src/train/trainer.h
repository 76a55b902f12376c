/* trainer: the training loop: epochs of shuffled batches, learning-rate schedule, validation, early stopping, the best model on disk,
 * and a checkpoint from which training goes on bit for bit.
 *
 * Two files: MODEL.gguf, the best model so far (which is what people use), and MODEL.checkpoint.gguf, the same kind of file with the
 * current weights, the optimiser's moments, the position in the epoch and the best weights. Both are replaced whole (base/io.h). */
#ifndef NMT_TRAIN_TRAINER_H
#define NMT_TRAIN_TRAINER_H

#include "corpus/plan.h"
#include "train/history.h"
#include "train/learner.h"

/* What early stopping and the learning rate look at. */
enum stop_metric { STOP_BLEU, STOP_LOSS };

extern const char *const stop_metric_names[];

struct train_options {
    const char *model, *checkpoint; /* files */
    const char *log;                /* JSON lines, or NULL */
    const char *settings;           /* text of all options, kept in the files for --resume and for reproduction */
    struct plan_options batches;
    double rate;     /* learning rate after warm-up */
    long warmup;     /* updates over which it rises from 0 */
    int halve_after; /* validations without a better one after which the rate is halved; 0: never */
    int patience;    /* validations without a better one after which training ends; 0: never */
    enum stop_metric metric;
    long validate_every; /* updates; 0: at the end of each epoch */
    long max_updates;    /* -1: no bound; 0 writes the initial model */
    long max_epochs;     /* 0: no bound */
    double max_minutes;  /* of this run; 0: no bound */
    double bpe_dropout;
};

/* Where training stands; saved in the checkpoint. */
struct trainer_state {
    long update, epoch, batch; /* updates done; current epoch from 1; batches of it done */
    double rate_factor;        /* 1, halved again and again */
    double best;               /* of the metric, higher is better; meaningless while best_update is 0 */
    long best_update;
    int worse, worse_since_halving; /* validations since the best one, and since the last halving */
    double loss_sum;                /* smoothed loss since the last validation, and its words */
    long loss_words;
};

struct trainer {
    struct train_options options;
    struct learner learner;
    struct corpus *corpus, *valid; /* not owned; valid may be NULL */
    struct tokenizer *tokenizer;   /* not owned */
    struct trainer_state state;
    struct history history;
    real *best;           /* [layout.length] weights of the best validation, or NULL */
    uint64_t corpus_hash; /* of the training pairs' ids */
};

/* Prepares training of `model` (taken over) on `corpus`; the learner's own settings (clip, dropout, …) are set by the caller after. */
void trainer_init(struct trainer *trainer, const struct train_options *options, struct team *team, const struct model *model,
                  enum optimizer_kind optimizer, struct tokenizer *tokenizer, struct corpus *corpus, struct corpus *valid,
                  uint64_t seed);
void trainer_release(struct trainer *trainer);

/* Trains until a bound, patience's end or a signal. `signal` is the number of the signal that arrived, 0 until then. Returns the
 * signal's number if one ended training, 0 if it ended by itself, -1 after reporting an error. */
int trainer_run(struct trainer *trainer, const volatile int *signal);

/* Bytes that training will use. */
struct trainer_memory {
    size_t parameters;  /* weights, their average and the best ones, a gradient a worker, the optimiser's moments */
    size_t activations; /* of the largest batch of the next epoch, all workers together */
    size_t products;    /* packed weights and compiled products */
    size_t validation;  /* the average's packed copy; a forward pass for scores, and about as much for search */
};

/* Predicts them, and reserves the activations. */
struct trainer_memory trainer_reserve(struct trainer *trainer);

#endif
