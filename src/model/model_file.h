/* model_file: a translator on disk: configuration, tokenizer and tensors in one GGUF file (keys and tensors: models/README.md).
 * The trainer's checkpoint is the same file with more keys and tensors, which it puts and reads itself. */
#ifndef NMT_MODEL_MODEL_FILE_H
#define NMT_MODEL_MODEL_FILE_H

#include "file/gguf.h"
#include "model/model.h"
#include "text/tokenizer.h"

/* What a model file holds; the model's numbers lie in the map where the file's layout allows, else they are copied. */
struct saved_model {
    struct gguf gguf;
    struct model model;
    struct tokenizer tokenizer;
};

/* Opens and checks a model: architecture, sizes, every tensor's shape, the tokenizer. 0, or -1 after reporting. */
int model_file_load(struct saved_model *saved, const char *path);
void model_file_release(struct saved_model *saved);

/* Puts configuration and tokenizer; the tensors of `values` (laid out as the model's; they stay the caller's until written), each name
 * after `prefix`. */
void model_file_put_config(struct gguf_writer *writer, const struct config *config, const struct tokenizer *tokenizer);
void model_file_put_tensors(struct gguf_writer *writer, const struct layout *layout, const char *prefix, const real *values);

/* Copies the tensors whose names start with `prefix` into `values`. 0, or -1 after reporting the one that is missing or misshapen. */
int model_file_get_tensors(const struct gguf *gguf, const struct layout *layout, const char *prefix, real *values);

#endif
