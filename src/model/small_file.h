/* small_file: a model file of a half or a quarter of the size, whose matrices are stored as BF16 or Q8_0 (math/stored.h). It is used as
 * it is, by everything that uses a model but training. */
#ifndef NMT_MODEL_SMALL_FILE_H
#define NMT_MODEL_SMALL_FILE_H

#include "model/model_file.h"

enum small_type { SMALL_Q8_0, SMALL_BF16 };

/* Names in the order of the enum, NULL-terminated, for options and names of files. */
extern const char *const small_names[];

/* Writes the model, with all its keys except those of a checkpoint, to `path`. Tensors of two dimensions become of that type, but those
 * whose rows cannot be divided into its blocks; these, and vectors, remain as they are. 0, or -1 after reporting. */
int small_file_write(const struct saved_model *saved, enum small_type type, const char *path);

#endif
