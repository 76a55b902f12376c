#include "model/small_file.h"

#include "base/report.h"

#include <stdlib.h>
#include <string.h>

const char *const small_names[] = { "q8_0", "bf16", NULL };

static const enum gguf_tensor_type tensor_types[] = { GGUF_TENSOR_Q8_0, GGUF_TENSOR_BF16 };
static const enum stored stored_types[] = { STORED_Q8_0, STORED_BF16 };

/* What GGUF files say about their main type, for other readers: the number that is common for it, and the version of the blocks. */
static const uint32_t file_types[] = { 7, 32 };
enum { BLOCKS_VERSION = 2 };

/* The keys that are not taken over. */
static int is_dropped(const char *key)
{
    static const char checkpoint[] = "checkpoint.";

    return strncmp(key, checkpoint, sizeof checkpoint - 1) == 0 || strcmp(key, "general.alignment") == 0 ||
           strcmp(key, "general.file_type") == 0 || strcmp(key, "general.quantization_version") == 0;
}

static void put_keys(struct gguf_writer *writer, const struct gguf *gguf, enum small_type type)
{
    for (size_t i = 0; i < gguf->pair_count; i++)
        if (!is_dropped(gguf->pairs[i].key))
            gguf_put_pair(writer, &gguf->pairs[i]);
    gguf_put_u32(writer, "general.file_type", file_types[type]);
    gguf_put_u32(writer, "general.quantization_version", BLOCKS_VERSION);
}

/* Adds a tensor in the small type where it can be. Its converted numbers, which the caller frees after writing; NULL if there are
 * none. 0, or -1 after reporting. */
static int add_tensor(struct gguf_writer *writer, const struct gguf_tensor *tensor, enum small_type type, const char *path,
                      void **converted)
{
    const void *data = tensor->data;
    enum gguf_tensor_type as = tensor->type;

    *converted = NULL;
    if (tensor->dimensions == 2 && stored_fits(stored_types[type], (int)tensor->dims[0])) {
        as = tensor_types[type];
        data = *converted = memory_new(stored_bytes(stored_types[type], tensor->count), 1);
        if (stored_write(*converted, stored_types[type], tensor->data, tensor->count))
            return error("%s: tensor %s contains numbers that are too large for %s", path, tensor->name, small_names[type]);
    }
    gguf_add_tensor(writer, tensor->name, as, tensor->dimensions, tensor->dims, data);
    return 0;
}

int small_file_write(const struct saved_model *saved, enum small_type type, const char *path)
{
    const struct layout *layout = &saved->model.layout;
    struct gguf_writer writer = { 0 };
    void **converted = memory_new((size_t)layout->count, sizeof *converted);
    int result = 0;

    if (model_file_is_small(saved)) {
        free(converted);
        return error("%s: is a small file already; give the model that it was made from", saved->gguf.path);
    }
    put_keys(&writer, &saved->gguf, type);
    model_file_put_shortlist(&writer, &saved->model.shortlist);
    for (int i = 0; i < layout->count && result == 0; i++)
        result = add_tensor(&writer, gguf_tensor(&saved->gguf, layout->tensors[i].name), type, path, &converted[i]);
    if (result == 0)
        result = gguf_write(&writer, path);
    gguf_writer_release(&writer);
    for (int i = 0; i < layout->count; i++)
        free(converted[i]);
    free(converted);
    return result;
}
