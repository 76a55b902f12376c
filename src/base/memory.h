/* memory: heap blocks that never fail quietly, strings that grow, and an arena for the numbers of a layer. */
#ifndef NMT_BASE_MEMORY_H
#define NMT_BASE_MEMORY_H

#include <stdarg.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* a * b; dies with a clear line when the product does not fit: the one helper for products of sizes. */
size_t size_product(size_t a, size_t b);

/* `count` elements of `size` bytes, zeroed; dies when there is no memory. Never returns NULL. Release with free(). */
void *memory_new(size_t count, size_t size);

/* `old` (or NULL) resized to `count` elements of `size` bytes; what is new is not zeroed; dies when there is no memory. */
void *memory_resize(void *old, size_t count, size_t size);

/* Whether `bytes` more can be had now: they are mapped and given back, untouched. For what libraries will take that do not survive a
 * refusal (oneDNN, OpenBLAS). It sees a limit on address space (ulimit -v) and strict accounting, not what is resident or what a
 * container may use. 0, or -1 after reporting. */
int memory_probe(size_t bytes);

/* A copy of the `length` bytes at `text`, closed by a NUL. Release with free(). */
char *memory_copy_text(const char *text, size_t length);

/* A copy of the string. */
char *memory_copy_string(const char *string);

/* Makes room for one more element in the array `*items` of `*room` elements, an int or a size_t, of which `count` are used: by
 * doubling. Dies when the number does not fit. */
#define memory_reserve_one(items, count, room)                                                                                     \
    do {                                                                                                                           \
        if ((count) >= *(room)) {                                                                                                  \
            *(room) = memory_doubled(*(room), _Generic(*(room), int : (size_t)INT_MAX, size_t : SIZE_MAX));                        \
            *(items) = memory_resize(*(items), (size_t) * (room), sizeof **(items));                                               \
        }                                                                                                                          \
    } while (0)

/* Twice the `room` that there is, at least 16 and at most `most`; dies if that is no more than there is. */
size_t memory_doubled(size_t room, size_t most);

/* Bytes that grow: data[0..length), always closed by a NUL beyond length once anything was added. Zero-initialise; text_release. */
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

/* Arena: one block, handed out in order, aligned to 64 bytes. Run the binding code once on a zeroed arena (base = NULL): arena_take
 * returns NULL and only measures; then arena_allocate and run the same code again. Views never own: release the arena alone.
 *
 *     base: |aaaa..|bbbbbbbb|cc......|        used <= size, every start a multiple of 64 bytes */
struct arena {
    char *base;
    size_t used, size;
};

/* `bytes` more of the arena, not zeroed; NULL while measuring. Asserts that a real arena is large enough. */
void *arena_take(struct arena *arena, size_t bytes);

/* Turns a measured arena into a real one of arena->used bytes (zeroed pages), and starts again at its beginning. */
void arena_allocate(struct arena *arena);
void arena_release(struct arena *arena);

#endif
