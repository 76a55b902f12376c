/* gguf_write: collects keys and tensors and writes them as a file. Nothing else goes into it, no time, no host, no version: equal
 * models are equal files. */
#include "file/gguf.h"

#include "base/io.h"
#include "base/report.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_u32(struct text *out, uint32_t value)
{
    text_add(out, (const char *)&value, sizeof value);
}

static void add_u64(struct text *out, uint64_t value)
{
    text_add(out, (const char *)&value, sizeof value);
}

static void add_string(struct text *out, const char *string)
{
    size_t length = strlen(string);

    add_u64(out, length);
    text_add(out, string, length);
}

/* ---- keys ---- */

/* The conditions of gguf_open on keys and names. */
static int is_name(const char *name, size_t longest)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] > '~')
            return 0;
    return length > 0 && length <= longest;
}

static int is_new_key(const struct gguf_writer *writer, const char *key)
{
    for (size_t i = 0; i < writer->key_count; i++)
        if (strcmp(writer->keys[i], key) == 0)
            return 0;
    return 1;
}

/* Begins a pair with its key. general.alignment cannot be set: the writer uses one alignment. */
static void put_key(struct gguf_writer *writer, const char *key)
{
    int fits = is_name(key, GGUF_LONGEST_KEY) && is_new_key(writer, key) && strcmp(key, "general.alignment") != 0;

    assert(fits);
    (void)fits;
    memory_reserve_one(&writer->keys, writer->key_count, &writer->key_room);
    writer->keys[writer->key_count++] = memory_copy_string(key);
    add_string(&writer->pairs, key);
}

static void put_value(struct gguf_writer *writer, const char *key, enum gguf_value_type type, const void *value)
{
    put_key(writer, key);
    add_u32(&writer->pairs, type);
    text_add(&writer->pairs, value, gguf_value_bytes(type));
}

/* Puts an array's head; the elements must follow. */
static void put_array(struct gguf_writer *writer, const char *key, enum gguf_value_type type, size_t count)
{
    put_key(writer, key);
    add_u32(&writer->pairs, GGUF_ARRAY);
    add_u32(&writer->pairs, type);
    add_u64(&writer->pairs, count);
}

void gguf_put_bool(struct gguf_writer *writer, const char *key, int value)
{
    unsigned char truth = value != 0;

    put_value(writer, key, GGUF_BOOL, &truth);
}

void gguf_put_u32(struct gguf_writer *writer, const char *key, uint32_t value)
{
    put_value(writer, key, GGUF_U32, &value);
}

void gguf_put_u64(struct gguf_writer *writer, const char *key, uint64_t value)
{
    put_value(writer, key, GGUF_U64, &value);
}

void gguf_put_int(struct gguf_writer *writer, const char *key, int64_t value)
{
    put_value(writer, key, GGUF_I64, &value);
}

void gguf_put_real(struct gguf_writer *writer, const char *key, double value)
{
    put_value(writer, key, GGUF_F64, &value);
}

void gguf_put_string(struct gguf_writer *writer, const char *key, const char *value)
{
    put_key(writer, key);
    add_u32(&writer->pairs, GGUF_STRING);
    add_string(&writer->pairs, value);
}

void gguf_put_ints(struct gguf_writer *writer, const char *key, const int64_t *values, size_t count)
{
    put_array(writer, key, GGUF_I64, count);
    text_add(&writer->pairs, (const char *)values, size_product(count, sizeof *values));
}

void gguf_put_reals(struct gguf_writer *writer, const char *key, const double *values, size_t count)
{
    put_array(writer, key, GGUF_F64, count);
    text_add(&writer->pairs, (const char *)values, size_product(count, sizeof *values));
}

void gguf_put_strings(struct gguf_writer *writer, const char *key, char *const *values, size_t count)
{
    put_array(writer, key, GGUF_STRING, count);
    for (size_t i = 0; i < count; i++)
        add_string(&writer->pairs, values[i]);
}

void gguf_put_pair(struct gguf_writer *writer, const struct gguf_pair *pair)
{
    if (pair->is_array) {
        put_array(writer, pair->key, pair->type, pair->count);
    } else {
        put_key(writer, pair->key);
        add_u32(&writer->pairs, pair->type);
    }
    text_add(&writer->pairs, (const char *)pair->data, pair->bytes);
}

/* ---- tensors ---- */

static int is_new_tensor(const struct gguf_writer *writer, const char *name)
{
    for (size_t i = 0; i < writer->tensor_count; i++)
        if (strcmp(writer->tensors[i].name, name) == 0)
            return 0;
    return 1;
}

void gguf_add_tensor(struct gguf_writer *writer, const char *name, enum gguf_tensor_type type, int dimensions, const size_t *dims,
                     const void *data)
{
    struct gguf_writer_tensor *tensor;
    int fits = is_name(name, GGUF_LONGEST_NAME) && is_new_tensor(writer, name) && dimensions >= 1 &&
               dimensions <= GGUF_DIMENSIONS && gguf_block_numbers(type) > 0 && dims[0] % gguf_block_numbers(type) == 0;

    assert(fits);
    (void)fits;
    memory_reserve_one(&writer->tensors, writer->tensor_count, &writer->tensor_room);
    tensor = &writer->tensors[writer->tensor_count++];
    *tensor = (struct gguf_writer_tensor){
        .name = memory_copy_string(name), .type = type, .dimensions = dimensions, .data = data, .bytes = gguf_block_bytes(type)
    };
    for (int i = 0; i < dimensions; i++) {
        assert(dims[i] > 0);
        tensor->dims[i] = dims[i];
        tensor->bytes = size_product(tensor->bytes, i == 0 ? dims[i] / gguf_block_numbers(type) : dims[i]);
    }
}

/* ---- the file ---- */

/* The zeros that follow `size` bytes. */
static size_t padding(size_t size)
{
    return (GGUF_ALIGNMENT - size % GGUF_ALIGNMENT) % GGUF_ALIGNMENT;
}

/* Everything before the data region. */
static void add_head(const struct gguf_writer *writer, struct text *head)
{
    static const char zeros[GGUF_ALIGNMENT];
    uint64_t offset = 0;

    text_add_string(head, "GGUF");
    add_u32(head, GGUF_VERSION);
    add_u64(head, writer->tensor_count);
    add_u64(head, writer->key_count);
    text_add(head, writer->pairs.data, writer->pairs.length);
    for (size_t i = 0; i < writer->tensor_count; i++) {
        const struct gguf_writer_tensor *tensor = &writer->tensors[i];

        add_string(head, tensor->name);
        add_u32(head, (uint32_t)tensor->dimensions);
        for (int d = 0; d < tensor->dimensions; d++)
            add_u64(head, tensor->dims[d]);
        add_u32(head, (uint32_t)tensor->type);
        add_u64(head, offset);
        offset += tensor->bytes + padding(tensor->bytes);
    }
    text_add(head, zeros, padding(head->length));
}

int gguf_write(const struct gguf_writer *writer, const char *path)
{
    static const char zeros[GGUF_ALIGNMENT];
    struct output output;
    struct text head = { 0 };
    int written;

    if (io_begin(&output, path))
        return -1;
    add_head(writer, &head);
    written = fwrite(head.data, 1, head.length, output.file) == head.length;
    text_release(&head);
    for (size_t i = 0; i < writer->tensor_count && written; i++) {
        const struct gguf_writer_tensor *tensor = &writer->tensors[i];
        size_t fill = padding(tensor->bytes);

        written =
            fwrite(tensor->data, 1, tensor->bytes, output.file) == tensor->bytes && fwrite(zeros, 1, fill, output.file) == fill;
    }
    if (!written) {
        error("%s: cannot be written: %s", path, strerror(errno));
        io_abandon(&output);
        return -1;
    }
    return io_commit(&output);
}

void gguf_writer_release(struct gguf_writer *writer)
{
    for (size_t i = 0; i < writer->key_count; i++)
        free(writer->keys[i]);
    for (size_t i = 0; i < writer->tensor_count; i++)
        free(writer->tensors[i].name);
    free(writer->keys);
    free(writer->tensors);
    text_release(&writer->pairs);
    *writer = (struct gguf_writer){ 0 };
}
