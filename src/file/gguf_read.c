/* gguf_read: opens a file and checks it before anything in it is used; finds tensors; computes the checksum. */
#define _POSIX_C_SOURCE 200809L
#include "file/gguf.h"

#include "base/hash.h"
#include "base/report.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* No valid file has more pairs or tensors than this, and no valid length is larger: such numbers indicate damage. */
#define MOST_ENTRIES ((uint64_t)1 << 16)
#define MOST_BYTES ((uint64_t)1 << 48)
_Static_assert(sizeof(size_t) == 8, "sums of offsets and lengths up to MOST_BYTES must fit");

/* The minimum size in bytes of a pair (a key of one byte, a uint8) and of a tensor (a name of one byte, one dimension). */
enum { LEAST_PAIR = 8 + 1 + 4 + 1, LEAST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8 };

/* ---- parsing: `at` moves only over bytes that are known to exist ---- */

struct cursor {
    const char *path;
    const unsigned char *bytes;
    size_t size, at;
};

/* 0 if `count` elements of `size` bytes follow. Divides, because the product of numbers from the file may overflow. */
static int need(const struct cursor *in, uint64_t count, size_t size)
{
    if (count <= (in->size - in->at) / size)
        return 0;
    if (count > MOST_BYTES / size)
        return error("%s: is damaged: invalid length at byte %zu: %" PRIu64, in->path, in->at, count);
    return error("%s: is truncated: has %zu bytes, needs at least %" PRIu64, in->path, in->size, in->at + count * size);
}

static int take_u32(struct cursor *in, uint32_t *value)
{
    if (need(in, 1, sizeof *value))
        return -1;
    memcpy(value, in->bytes + in->at, sizeof *value);
    in->at += sizeof *value;
    return 0;
}

static int take_u64(struct cursor *in, uint64_t *value)
{
    if (need(in, 1, sizeof *value))
        return -1;
    memcpy(value, in->bytes + in->at, sizeof *value);
    in->at += sizeof *value;
    return 0;
}

/* A key or a tensor's name, as a NUL-terminated copy. Printable ASCII only: the format requires it in keys, and it keeps names
 * whole in messages and comparable as C strings. */
static int take_name(struct cursor *in, const char *what, size_t longest, char **name)
{
    const unsigned char *text;
    size_t start = in->at;
    uint64_t length;

    if (take_u64(in, &length))
        return -1;
    if (length == 0 || length > longest)
        return error("%s: is damaged: the %s at byte %zu has the length %" PRIu64 " instead of 1 to %zu", in->path, what, start,
                     length, longest);
    if (need(in, length, 1))
        return -1;
    text = in->bytes + in->at;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return error("%s: is damaged: the %s at byte %zu is not printable ASCII", in->path, what, start);
    *name = memory_copy_text((const char *)text, (size_t)length);
    in->at += (size_t)length;
    return 0;
}

static int take_pair(struct cursor *in, struct gguf_pair *pair)
{
    uint64_t count = 1, length;
    uint32_t type;

    if (take_name(in, "key", GGUF_LONGEST_KEY, &pair->key) || take_u32(in, &type))
        return -1;
    if (type == GGUF_ARRAY) {
        pair->is_array = 1;
        if (take_u32(in, &type) || take_u64(in, &count))
            return -1;
        if (type == GGUF_ARRAY)
            return error("%s: key '%s' is an array of arrays, which is not supported", in->path, pair->key);
    }
    if (type >= GGUF_VALUE_TYPES)
        return error("%s: key '%s' has the unknown type %" PRIu32, in->path, pair->key, type);
    pair->type = (enum gguf_value_type)type;
    if (need(in, count, type == GGUF_STRING ? sizeof length : gguf_value_bytes(pair->type)))
        return -1;
    pair->count = (size_t)count;
    pair->data = in->bytes + in->at;
    if (type == GGUF_STRING) {
        for (size_t i = 0; i < pair->count; i++) {
            if (take_u64(in, &length) || need(in, length, 1))
                return -1;
            in->at += (size_t)length;
        }
    } else {
        in->at += pair->count * gguf_value_bytes(pair->type);
    }
    pair->bytes = (size_t)(in->bytes + in->at - pair->data);
    for (size_t i = 0; type == GGUF_BOOL && i < pair->count; i++)
        if (pair->data[i] > 1)
            return error("%s: key '%s': the bool %d is neither 0 nor 1", in->path, pair->key, pair->data[i]);
    return 0;
}

static int take_tensor(struct cursor *in, struct gguf_tensor *tensor)
{
    uint64_t dim, offset;
    uint32_t dimensions, type;
    size_t block;

    if (take_name(in, "tensor name", GGUF_LONGEST_NAME, &tensor->name) || take_u32(in, &dimensions))
        return -1;
    if (dimensions < 1 || dimensions > GGUF_DIMENSIONS)
        return error("%s: tensor '%s' has %" PRIu32 " dimensions instead of 1 to %d", in->path, tensor->name, dimensions,
                     GGUF_DIMENSIONS);
    tensor->dimensions = (int)dimensions;
    tensor->count = 1;
    for (int i = 0; i < GGUF_DIMENSIONS; i++) {
        dim = 1;
        if (i < tensor->dimensions && take_u64(in, &dim))
            return -1;
        if (dim == 0 || dim > MOST_BYTES / tensor->count)
            return error("%s: tensor '%s' has the invalid dimension %" PRIu64, in->path, tensor->name, dim);
        tensor->dims[i] = (size_t)dim;
        tensor->count *= (size_t)dim;
    }
    if (take_u32(in, &type) || take_u64(in, &offset))
        return -1;
    tensor->type = (enum gguf_tensor_type)type;
    block = gguf_block_numbers(tensor->type);
    if (block == 0)
        return error("%s: tensor '%s' has the type %" PRIu32 "; only F32, F64, BF16, Q8_0, I32 and I64 are supported", in->path,
                     tensor->name, type);
    if (tensor->dims[0] % block)
        return error("%s: tensor '%s' of type %s has rows of %zu numbers, which is not a multiple of %zu", in->path, tensor->name,
                     gguf_tensor_type_name(tensor->type), tensor->dims[0], block);
    if (offset > MOST_BYTES)
        return error("%s: tensor '%s' starts at the invalid offset %" PRIu64, in->path, tensor->name, offset);
    tensor->offset = (size_t)offset;
    tensor->bytes = tensor->count / block * gguf_block_bytes(tensor->type);
    return 0;
}

/* ---- checks across entries; sorting first keeps them fast in a malicious file ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name that occurs twice in `names` (which this function sorts), or NULL. */
static const char *find_double(char **names, size_t count)
{
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return names[i];
    return NULL;
}

static int check_unique(const struct gguf *gguf)
{
    size_t most = gguf->pair_count > gguf->tensor_count ? gguf->pair_count : gguf->tensor_count;
    char **names = memory_new(most, sizeof *names);
    const char *name;
    int result = 0;

    for (size_t i = 0; i < gguf->pair_count; i++)
        names[i] = gguf->pairs[i].key;
    name = find_double(names, gguf->pair_count);
    if (name) {
        result = error("%s: key '%s' occurs twice", gguf->path, name);
        goto out;
    }
    for (size_t i = 0; i < gguf->tensor_count; i++)
        names[i] = gguf->tensors[i].name;
    name = find_double(names, gguf->tensor_count);
    if (name)
        result = error("%s: tensor '%s' occurs twice", gguf->path, name);
out:
    free(names);
    return result;
}

static int compare_offsets(const void *a, const void *b)
{
    const struct gguf_tensor *left = *(const struct gguf_tensor *const *)a, *right = *(const struct gguf_tensor *const *)b;

    return (left->offset > right->offset) - (left->offset < right->offset);
}

static int check_overlap(const struct gguf *gguf)
{
    const struct gguf_tensor **sorted = memory_new(gguf->tensor_count, sizeof *sorted);
    int result = 0;

    for (size_t i = 0; i < gguf->tensor_count; i++)
        sorted[i] = &gguf->tensors[i];
    qsort(sorted, gguf->tensor_count, sizeof *sorted, compare_offsets);
    for (size_t i = 1; i < gguf->tensor_count && !result; i++)
        if (sorted[i]->offset - sorted[i - 1]->offset < sorted[i - 1]->bytes)
            result = error("%s: tensors '%s' and '%s' overlap", gguf->path, sorted[i - 1]->name, sorted[i]->name);
    free(sorted);
    return result;
}

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

static int read_alignment(struct gguf *gguf)
{
    int64_t alignment = GGUF_ALIGNMENT;

    if (gguf_has(gguf, "general.alignment") && gguf_get_int(gguf, "general.alignment", &alignment))
        return -1;
    if (alignment < 8 || alignment > UINT32_MAX || (alignment & (alignment - 1)) != 0)
        return error("%s: general.alignment is %" PRId64 "; expected a power of two, at least 8", gguf->path, alignment);
    gguf->alignment = (size_t)alignment;
    return 0;
}

/* Finds the data of all tensors. `end` is the end of the tensors' list. The file must contain every tensor with the zeros after it,
 * and nothing else: then a truncated file, or one with extra bytes at its end, is never taken for complete. */
static int place_tensors(struct gguf *gguf, size_t end)
{
    size_t start = round_up(end, gguf->alignment), needed = start;

    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];
        size_t tensor_end = start + round_up(tensor->offset + tensor->bytes, gguf->alignment);

        if (tensor->offset % gguf->alignment)
            return error("%s: tensor '%s' starts at offset %zu, which is not a multiple of %zu", gguf->path, tensor->name,
                         tensor->offset, gguf->alignment);
        if (tensor_end > needed)
            needed = tensor_end;
    }
    if (gguf->size < needed)
        return error("%s: is truncated: has %zu bytes, needs %zu", gguf->path, gguf->size, needed);
    if (gguf->size > needed)
        return error("%s: is damaged: has %zu bytes, needs %zu", gguf->path, gguf->size, needed);
    for (size_t i = 0; i < gguf->tensor_count; i++)
        gguf->tensors[i].data = gguf->map + start + gguf->tensors[i].offset;
    return check_overlap(gguf);
}

/* ---- opening ---- */

static int check_version(struct cursor *in)
{
    static const char magic[4] = { 'G', 'G', 'U', 'F' };
    uint32_t version;

    if (memcmp(in->bytes, magic, in->size < sizeof magic ? in->size : sizeof magic) != 0)
        return error("%s: is not a GGUF file", in->path);
    if (need(in, sizeof magic, 1))
        return -1;
    in->at += sizeof magic;
    if (take_u32(in, &version))
        return -1;
    if (version != 0 && (version & 0xFFFF) == 0)
        return error("%s: is a big-endian GGUF file; only little-endian files are supported", in->path);
    if (version != GGUF_VERSION)
        return error("%s: is a GGUF file of version %" PRIu32 "; only version %d is supported", in->path, version, GGUF_VERSION);
    return 0;
}

/* 0 if `count` entries of at least `least` bytes each are possible, so that an array of them may be allocated. */
static int check_count(const struct cursor *in, const char *what, uint64_t count, size_t least)
{
    if (count > MOST_ENTRIES)
        return error("%s: is damaged: it declares %" PRIu64 " %s", in->path, count, what);
    return need(in, count, least);
}

static int parse(struct gguf *gguf)
{
    struct cursor in = { .path = gguf->path, .bytes = gguf->map, .size = gguf->size };
    uint64_t tensors, pairs;

    if (check_version(&in) || take_u64(&in, &tensors) || take_u64(&in, &pairs))
        return -1;
    if (check_count(&in, "keys", pairs, LEAST_PAIR) || check_count(&in, "tensors", tensors, LEAST_TENSOR))
        return -1;
    gguf->pairs = memory_new((size_t)pairs, sizeof *gguf->pairs);
    while (gguf->pair_count < pairs)
        if (take_pair(&in, &gguf->pairs[gguf->pair_count++]))
            return -1;
    if (read_alignment(gguf) || check_count(&in, "tensors", tensors, LEAST_TENSOR))
        return -1;
    gguf->tensors = memory_new((size_t)tensors, sizeof *gguf->tensors);
    while (gguf->tensor_count < tensors)
        if (take_tensor(&in, &gguf->tensors[gguf->tensor_count++]))
            return -1;
    return check_unique(gguf) || place_tensors(gguf, in.at) ? -1 : 0;
}

int gguf_parse(struct gguf *gguf, const char *path, const void *bytes, size_t size)
{
    assert((uintptr_t)bytes % 8 == 0);
    *gguf = (struct gguf){ .path = memory_copy_string(path), .map = bytes, .size = size };
    if (parse(gguf)) {
        gguf_close(gguf);
        return -1;
    }
    return 0;
}

int gguf_open(struct gguf *gguf, const char *path)
{
    static const uint64_t nothing; /* an empty file cannot be mapped */
    struct stat status;
    void *map = NULL;
    size_t size;
    int result = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a pipe's writer */

    *gguf = (struct gguf){ 0 };
    if (fd < 0)
        return error("%s: %s", path, strerror(errno));
    if (fstat(fd, &status)) {
        error("%s: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(status.st_mode)) {
        error("%s: is a %s; expected a GGUF file", path, S_ISDIR(status.st_mode) ? "directory" : "device or pipe");
        goto out;
    }
    size = (size_t)status.st_size;
    map = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (map == MAP_FAILED) {
        error("%s: cannot be mapped into memory: %s", path, strerror(errno));
        goto out;
    }
    result = gguf_parse(gguf, path, map ? map : &nothing, size);
    if (result == 0)
        gguf->mapped = 1;
    else if (map)
        munmap(map, size);
out:
    close(fd);
    return result;
}

void gguf_close(struct gguf *gguf)
{
    if (gguf->mapped)
        munmap((void *)(uintptr_t)gguf->map, gguf->size);
    for (size_t i = 0; i < gguf->pair_count; i++)
        free(gguf->pairs[i].key);
    for (size_t i = 0; i < gguf->tensor_count; i++)
        free(gguf->tensors[i].name);
    free(gguf->pairs);
    free(gguf->tensors);
    free(gguf->path);
    *gguf = (struct gguf){ 0 };
}

const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name)
{
    for (size_t i = 0; i < gguf->tensor_count; i++)
        if (strcmp(gguf->tensors[i].name, name) == 0)
            return &gguf->tensors[i];
    return NULL;
}

/* Per tensor: length of the name, type, four dims, then the name, then the data. */
uint64_t gguf_checksum(const struct gguf *gguf)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];
        uint64_t head[2 + GGUF_DIMENSIONS] = { strlen(tensor->name), (uint64_t)tensor->type, tensor->dims[0],
                                               tensor->dims[1],      tensor->dims[2],        tensor->dims[3] };

        hash = hash_bytes(hash, head, sizeof head);
        hash = hash_bytes(hash, tensor->name, strlen(tensor->name));
        hash = hash_bytes(hash, tensor->data, tensor->bytes);
    }
    return hash;
}
