/* memory: heap allocation that never fails silently, growing strings, and an arena for the numbers of a layer. */
#ifndef NMT_BASE_MEMORY_H
#define NMT_BASE_MEMORY_H

#include <stdarg.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* a * b; dies with a message when the product overflows: the one helper for products of sizes. */
size_t size_product(size_t a, size_t b);

/* `count` elements of `size` bytes, zeroed; dies when there is no memory. Never returns NULL. Release with free(). */
void *memory_new(size_t count, size_t size);

/* `old` (or NULL) resized to `count` elements of `size` bytes; new elements are not zeroed; dies when there is no memory. */
void *memory_resize(void *old, size_t count, size_t size);

/* Whether `bytes` more are available now: they are mapped and unmapped, untouched. For memory of libraries that do not survive a
 * failed allocation (oneDNN, OpenBLAS). Detects a limit on address space (ulimit -v) and strict accounting, but not limits on
 * resident memory or a container's limit. 0, or -1 after reporting. */
int memory_probe(size_t bytes);

/* The same, without reporting. Whether they are. */
int memory_has(size_t bytes);

/* A copy of the `length` bytes at `text`, terminated by a NUL. Release with free(). */
char *memory_copy_text(const char *text, size_t length);

/* A copy of the string. */
char *memory_copy_string(const char *string);

/* Makes room for one more element in the array `*items` of `*room` elements (an int or a size_t), of which `count` are used, by
 * doubling. Dies when the number overflows. */
#define memory_reserve_one(items, count, room)                                                                                     \
    do {                                                                                                                           \
        if ((count) >= *(room)) {                                                                                                  \
            *(room) = memory_doubled(*(room), _Generic(*(room), int : (size_t)INT_MAX, size_t : SIZE_MAX));                        \
            *(items) = memory_resize(*(items), (size_t) * (room), sizeof **(items));                                               \
        }                                                                                                                          \
    } while (0)

/* Twice `room`, at least 16 and at most `most`; dies if that is not more than `room`. */
size_t memory_doubled(size_t room, size_t most);

/* Growing bytes: data[0..length), followed by a NUL once anything was added. Zero-initialise; text_release. */
struct text {
    char *data;
    size_t length, room;
};

void text_add(struct text *text, const char *bytes, size_t count);
void text_add_string(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_list(struct text *text, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void text_clear(struct text *text); /* length 0, the room is kept; data is then a valid empty string */
void text_release(struct text *text);

/* Arena: one block, allocated from in order, aligned to 64 bytes. Run the binding code once on a zeroed arena (base = NULL):
 * arena_take returns NULL and only measures; then call arena_allocate and run the same code again. Views do not own memory: release
 * only the arena.
 *
 *     base: |aaaa..|bbbbbbbb|cc......|        used <= size, every start a multiple of 64 bytes */
struct arena {
    char *base;
    size_t used, size;
};

/* `bytes` more of the arena, not zeroed; NULL while measuring. Asserts that a real arena is large enough. */
void *arena_take(struct arena *arena, size_t bytes);

/* Turns a measured arena into a real one of arena->used bytes (zeroed pages), and restarts it. */
void arena_allocate(struct arena *arena);
void arena_release(struct arena *arena);

#endif
