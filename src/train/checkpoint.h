/* checkpoint: writes and reads the trainer's files (trainer.h). */
#ifndef NMT_TRAIN_CHECKPOINT_H
#define NMT_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

/* Writes these values as a model for users. Nothing in it depends on where or when it was trained: equal models are equal
 * files. 0, or -1 after reporting. */
int checkpoint_save_model(const struct trainer *trainer, const char *path, const real *values);

/* The name of a file next to the model: MODEL.gguf → MODEL.PART.gguf; and of the best model `i`, from 0: MODEL.1.gguf …; heap. */
char *checkpoint_name(const char *model, const char *part);
char *checkpoint_best_name(const char *model, int i);

/* Writes everything that trainer_run needs to continue. 0, or -1 after reporting. */
int checkpoint_save(const struct trainer *trainer);

/* Restores it all into a trainer of the same settings, configuration and corpora. 0, or -1 after reporting a contradiction. */
int checkpoint_load(struct trainer *trainer, const struct gguf *gguf);

/* The settings of the training, as lines of options; heap. NULL after reporting, also if the file is not a checkpoint. */
char *checkpoint_settings(const struct gguf *gguf);

/* The name of a validation file, by its key ("checkpoint.valid_source", …); heap, or NULL if there is none. */
char *checkpoint_file(const struct gguf *gguf, const char *key);

/* The names of the files of the corpora, by their key ("checkpoint.source", …): one heap block, or NULL (count 0) if there are none. */
char **checkpoint_files(const struct gguf *gguf, const char *key, size_t *count);

#endif
