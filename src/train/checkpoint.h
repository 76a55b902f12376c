/* checkpoint: the trainer's two files (trainer.h). */
#ifndef NMT_TRAIN_CHECKPOINT_H
#define NMT_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

/* Writes these values as the model that people use. 0, or -1 after reporting. */
int checkpoint_save_model(const struct trainer *trainer, const real *values);

/* Writes everything that trainer_run needs to go on. 0, or -1 after reporting. */
int checkpoint_save(const struct trainer *trainer);

/* Restores it all into a trainer of the same configuration and corpus. 0, or -1 after reporting what does not fit. */
int checkpoint_load(struct trainer *trainer, const struct gguf *gguf);

/* The settings text that the file was trained with; heap. NULL after reporting. */
char *checkpoint_settings(const struct gguf *gguf);

#endif
