/* model_file: a translation model on disk: configuration, tokenizer and tensors in one GGUF file (keys and tensors:
 * models/README.md). The trainer's checkpoint is the same file with more keys and tensors, which the trainer writes and reads
 * itself. */
#ifndef NMT_MODEL_MODEL_FILE_H
#define NMT_MODEL_MODEL_FILE_H

#include "file/gguf.h"
#include "model/model.h"
#include "text/tokenizer.h"

/* The contents of a model file. The model's numbers stay in the map, in the type in which they are stored there; only a block whose
 * tensors do not follow each other without a gap is copied. */
struct saved_model {
    struct gguf gguf;
    struct model model;
    struct tokenizer tokenizer;
};

/* Opens and checks a model: architecture, sizes, every tensor's shape, the tokenizer. 0, or -1 after reporting. */
int model_file_load(struct saved_model *saved, const char *path);

/* The same for a file in memory (gguf_parse). */
int model_file_load_bytes(struct saved_model *saved, const char *path, const void *bytes, size_t size);
void model_file_release(struct saved_model *saved);

/* Whether a tensor of the model is stored in another type than reals. */
int model_file_is_small(const struct saved_model *saved);

/* Converts all numbers to reals, in model.values: what training starts from. The shortlist is dropped: training makes its own. */
void model_file_unpack(struct saved_model *saved);

/* Puts configuration, the choice of attention weights for alignments, and tokenizer; the tensors of `values` (laid out as the model's; the caller's, unchanged until written),
 * each name after `prefix`. */
void model_file_put_config(struct gguf_writer *writer, const struct model *model, const struct tokenizer *tokenizer);
void model_file_put_tensors(struct gguf_writer *writer, const struct layout *layout, const char *prefix, const real *values);

/* Puts a shortlist (the caller's, unchanged until written), if there is one. */
void model_file_put_shortlist(struct gguf_writer *writer, const struct shortlist *shortlist);

/* Copies the tensors whose names start with `prefix` into `values`, as reals. 0, or -1 after reporting a missing tensor or a wrong shape. */
int model_file_get_tensors(const struct gguf *gguf, const struct layout *layout, const char *prefix, real *values);

#endif
