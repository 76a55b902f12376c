/* saver: decides when the trainer's files are written. If that fails, training continues with a warning, and the next save tries
 * again. All processes call these functions; process 0 writes. The model is written before the checkpoint, which is some five times as large. */
#ifndef NMT_TRAIN_SAVER_H
#define NMT_TRAIN_SAVER_H

struct trainer;

struct saver {
    double time;       /* of the last save, on the meter's clock */
    long update;       /* of the last checkpoint that was written; -1: none by this run */
    int model_written; /* MODEL.gguf holds the best weights so far, written by this run */
    int has_model;     /* MODEL.gguf is a model of this training */
    int best_missing;  /* models of --keep-best that could not be written */
};

/* Writes what has changed: the model, if there is a better one or no validation, and the checkpoint. */
void saver_save(struct trainer *trainer);

/* Whether the last save was --save-minutes ago. */
int saver_due(const struct trainer *trainer);

/* Writes the model once more, with the whole history, and the models of --keep-best. */
void saver_save_model(struct trainer *trainer);

/* Whether all files hold the last state. 0, or -1 after reporting. */
int saver_check(const struct trainer *trainer);

#endif
