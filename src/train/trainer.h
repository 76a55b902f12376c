/* trainer: the training loop: epochs of shuffled batches, learning-rate schedule, validation, early stopping, the best model on
 * disk, and a checkpoint from which training continues bit for bit.
 *
 * Two files: MODEL.gguf, the best model so far (for users), and MODEL.checkpoint.gguf, the same kind of file with the current
 * weights, the optimiser's moments, the position in the epoch and the best weights. Both are replaced as a whole (base/io.h);
 * train/saver decides when.
 *
 * With --keep-best N > 1, the weights of the N best validations are kept. When a run ends, they are written as MODEL.1.gguf …, and
 * their average becomes MODEL.gguf if it validates better than the best of them. */
#ifndef NMT_TRAIN_TRAINER_H
#define NMT_TRAIN_TRAINER_H

#include "train/best.h"
#include "train/history.h"
#include "train/learner.h"
#include "train/saver.h"
#include "train/settings.h"

#include <signal.h>

/* The state of training; saved in the checkpoint. */
struct trainer_state {
    long update, epoch, batch; /* updates done; current epoch, from 1; its batches done */
    int due;                   /* the validation of this update has not been finished */
    double rate_factor;        /* 1, halved repeatedly */
    double best;               /* of the metric, higher is better; meaningless while best_update is 0 */
    long best_update;
    int worse, worse_since_halving; /* validations since the best one, and since the last halving */
    double loss_sum;                /* smoothed loss since the last validation, and its words */
    long loss_words;
    long plain_epoch; /* the first epoch without BPE-dropout, since learning stalled; 0: it has not */
};

struct trainer {
    const struct train_settings *settings; /* not owned; `auto` is resolved */
    const char *settings_text;             /* the stored settings, kept in the files for --resume and for reproduction */
    const char *checkpoint;                /* its file */
    char parent[17];                       /* checksum of the model that training started from, 16 hexadecimal digits; or "" */
    struct learner learner;
    struct corpus *corpus, *valid; /* not owned; valid may be NULL */
    struct tokenizer *tokenizer;   /* not owned */
    struct guidance guidance;
    struct trainer_state state;
    struct history history;
    struct best best;                 /* the weights of the best validations */
    uint64_t corpus_hash, valid_hash; /* of the training pairs and of the validation pairs (0: none) */
    struct saver saver;
    long watch; /* the validation pair whose alignment goes into the log, from 1; 0: none */
};

/* Prepares training of `model` (taken over). Settings, tokenizer and corpora of the trainer are already set, everything else is
 * zero. */
void trainer_init(struct trainer *trainer, struct team *team, const struct model *model);
void trainer_release(struct trainer *trainer);

/* Trains until a limit is reached, patience runs out or a signal arrives. `signal` is the number of the signal, 0 until then; it
 * is checked after each update and after each batch of a validation. Returns the signal's number if one ended training, 0 if
 * training ended by itself, -1 after reporting an error. */
int trainer_run(struct trainer *trainer, const volatile sig_atomic_t *signal);

/* The weights for validation: the moving average, if there is one. */
const real *trainer_values(const struct trainer *trainer);

/* The learning rate of the next update. */
double trainer_rate(const struct trainer *trainer);

#endif
