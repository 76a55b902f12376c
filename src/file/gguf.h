/* gguf: a container of named values and tensors in one file. Reads and writes GGUF version 3, a format shared by C programs for
 * inference. It knows nothing of models.
 *
 *      bytes  what                              (little-endian; only the tensors' data is aligned)
 *          4  "GGUF"
 *          4  version, 3
 *          8  number of tensors, T
 *          8  number of keys, K
 *      K times:
 *        8+n  key: length n, then n bytes (printable ASCII, no blanks, n <= 65535)
 *          4  type of the value (enum gguf_value_type), or 9 for an array
 *       [4+8] of an array: the type of its elements (arrays of arrays are not read) and their number
 *          …  the value or values in sequence; a string is its length (8 bytes), then its bytes, without a NUL
 *      T times:
 *        8+n  name: like a key, n <= 64
 *          4  number of dimensions D, 1 … 4
 *       D*8  dims, the fastest one first: a row-major matrix of R rows and C columns has the dims C, R
 *          4  type of the elements (enum gguf_tensor_type)
 *          8  where the data starts, in bytes from the start of the data region; a multiple of ALIGNMENT
 *      zeros up to a multiple of ALIGNMENT (32, or what the key general.alignment says): the data region starts here
 *      T times: the elements, then zeros up to a multiple of ALIGNMENT
 *
 * The reader maps the file and trusts nothing in it: gguf_open checks every count, length, type and offset against the file's
 * size, so that its results can be used without further checks. A file must not be changed while it is open; gguf_write never
 * changes a file, but replaces it. */
#ifndef NMT_FILE_GGUF_H
#define NMT_FILE_GGUF_H

#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are used as they are in the file, which is little-endian: this machine is not"
#endif

enum { GGUF_VERSION = 3, GGUF_ALIGNMENT = 32, GGUF_DIMENSIONS = 4, GGUF_LONGEST_KEY = 65535, GGUF_LONGEST_NAME = 64 };

enum gguf_value_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_VALUE_TYPES
};

enum gguf_tensor_type {
    GGUF_TENSOR_F32 = 0,
    GGUF_TENSOR_Q8_0 = 8, /* blocks of 32 numbers: a 16-bit float, 32 int8 */
    GGUF_TENSOR_I32 = 26,
    GGUF_TENSOR_I64 = 27,
    GGUF_TENSOR_F64 = 28,
    GGUF_TENSOR_BF16 = 30
};

/* A key and its value, which is in the map as in the file: unaligned. */
struct gguf_pair {
    char *key;
    enum gguf_value_type type; /* of the value, or of an array's elements: never GGUF_ARRAY */
    int is_array;
    size_t count;              /* number of elements; 1 when it is not an array */
    const unsigned char *data; /* the elements in sequence */
    size_t bytes;
};

/* A tensor. Its data is in the map, aligned to at least 8 bytes (32 in files without general.alignment). */
struct gguf_tensor {
    char *name;
    enum gguf_tensor_type type;
    int dimensions;
    size_t dims[GGUF_DIMENSIONS]; /* the fastest one first; 1 beyond `dimensions` */
    size_t count;                 /* number of elements, the product of dims; never 0 */
    size_t offset, bytes;         /* from the start of the data region */
    const void *data;
};

/* An open file, with its pairs and tensors in the file's order. */
struct gguf {
    char *path;
    const unsigned char *map;
    size_t size;
    int mapped; /* the map must be unmapped */
    size_t alignment;
    struct gguf_pair *pairs;
    size_t pair_count;
    struct gguf_tensor *tensors;
    size_t tensor_count;
};

/* ---- types (gguf_type.c) ---- */

size_t gguf_value_bytes(enum gguf_value_type type);    /* bytes of one value; 0 for a string */
size_t gguf_block_numbers(enum gguf_tensor_type type); /* elements are stored in blocks of this many; 0 for an unknown type */
size_t gguf_block_bytes(enum gguf_tensor_type type);   /* bytes of a block */
const char *gguf_tensor_type_name(enum gguf_tensor_type type); /* "F32", … */
const char *gguf_pair_type_name(const struct gguf_pair *pair); /* "uint32", "string", …; "uint32[]" for an array */

/* ---- opening (gguf_read.c) ---- */

/* Maps the file at `path` and checks all of it except the tensors' numbers. 0, or -1 after reporting in one line what is wrong.
 * gguf_close is needed only after 0, and harmless after -1. */
int gguf_open(struct gguf *gguf, const char *path);

/* The same for `size` bytes in memory, which start at a multiple of 8 and remain the caller's; `path` is for messages. */
int gguf_parse(struct gguf *gguf, const char *path, const void *bytes, size_t size);

/* Invalidates all pointers into the map, but not the arrays of gguf_get_…. */
void gguf_close(struct gguf *gguf);

/* The tensor of this name, or NULL without a message (the caller knows which tensors are required). */
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name);

/* A 64-bit checksum of all tensors: names, types, dims and data, in the file's order. A change of one number always changes it.
 * It is not cryptographic; the formula is in gguf_read.c. */
uint64_t gguf_checksum(const struct gguf *gguf);

/* ---- values (gguf_value.c) ---- */

/* Whether the key exists. */
int gguf_has(const struct gguf *gguf, const char *key);

/* The value of a key that must exist and be of that type: 0, or -1 after reporting path and key. */
int gguf_get_int(const struct gguf *gguf, const char *key, int64_t *value);                       /* any integer type, and bool */
int gguf_get_real(const struct gguf *gguf, const char *key, double *value);                       /* float32 or float64 */
int gguf_get_string(const struct gguf *gguf, const char *key, const char **text, size_t *length); /* in the map, no NUL follows */

/* The same for arrays: a heap block of `*count` elements (also for an empty array), which the caller frees. The strings of
 * gguf_get_strings are NUL-terminated and part of that same block; a string with a NUL inside is refused. */
int gguf_get_ints(const struct gguf *gguf, const char *key, int64_t **values, size_t *count);
int gguf_get_reals(const struct gguf *gguf, const char *key, double **values, size_t *count);
int gguf_get_strings(const struct gguf *gguf, const char *key, char ***strings, size_t *count);

/* Adds the value to `out` as JSON: reals with enough digits to read back the same number, NaN and infinities as
 * null, invalid UTF-8 as U+FFFD. */
void gguf_pair_json(const struct gguf_pair *pair, struct text *out);

/* Adds the value to `out` for people: as JSON, but a single string is not quoted, and only the first `most` elements of an array
 * are listed, the rest is counted. Control characters are escaped, so that no file can control the terminal. */
void gguf_pair_text(const struct gguf_pair *pair, size_t most, struct text *out);

/* ---- writing (gguf_write.c) ---- */

struct gguf_writer_tensor {
    char *name;
    enum gguf_tensor_type type;
    int dimensions;
    size_t dims[GGUF_DIMENSIONS];
    const void *data;
    size_t bytes;
};

/* A file to write: zero-initialise, put and add in the file's order, write (any number of times), release. The same calls give the
 * same bytes. */
struct gguf_writer {
    struct text pairs; /* all pairs as the file will have them */
    char **keys;
    size_t key_count, key_room;
    struct gguf_writer_tensor *tensors;
    size_t tensor_count, tensor_room;
};

/* Adds a key, which must be new (asserted), and a copy of its value. gguf_put_pair: one of another file, as it is there. */
void gguf_put_pair(struct gguf_writer *writer, const struct gguf_pair *pair);
void gguf_put_bool(struct gguf_writer *writer, const char *key, int value);
void gguf_put_u32(struct gguf_writer *writer, const char *key, uint32_t value);
void gguf_put_u64(struct gguf_writer *writer, const char *key, uint64_t value);
void gguf_put_int(struct gguf_writer *writer, const char *key, int64_t value);
void gguf_put_real(struct gguf_writer *writer, const char *key, double value);
void gguf_put_string(struct gguf_writer *writer, const char *key, const char *value);
void gguf_put_ints(struct gguf_writer *writer, const char *key, const int64_t *values, size_t count);
void gguf_put_reals(struct gguf_writer *writer, const char *key, const double *values, size_t count);
void gguf_put_strings(struct gguf_writer *writer, const char *key, char *const *values, size_t count);

/* Adds a tensor of a new name. `data` remains the caller's and is read by gguf_write: it may change until then. */
void gguf_add_tensor(struct gguf_writer *writer, const char *name, enum gguf_tensor_type type, int dimensions, const size_t *dims,
                     const void *data);

/* Writes the file; at every moment `path` is the old file or the complete new one (base/io.h). 0, or -1 after reporting. */
int gguf_write(const struct gguf_writer *writer, const char *path);

void gguf_writer_release(struct gguf_writer *writer);

#endif
