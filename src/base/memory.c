#define _DEFAULT_SOURCE
#include "base/memory.h"

#include "base/report.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64 };

size_t size_product(size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b)
        die("sizes %zu and %zu are too large for this machine", a, b);
    return a * b;
}

void *memory_new(size_t count, size_t size)
{
    size_t bytes = size_product(count, size);
    void *block = calloc(bytes ? bytes : 1, 1);

    if (!block)
        die("out of memory (%zu bytes needed)", bytes);
    return block;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    size_t bytes = size_product(count, size);
    void *block = realloc(old, bytes ? bytes : 1);

    if (!block)
        die("out of memory (%zu bytes needed)", bytes);
    return block;
}

char *memory_copy_text(const char *text, size_t length)
{
    char *copy = memory_new(length + 1, 1);

    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *memory_copy_string(const char *string)
{
    return memory_copy_text(string, strlen(string));
}

size_t memory_doubled(size_t room, size_t most)
{
    if (room >= most)
        die("a list of more than %zu entries is too large for this program", most);
    return room < 8 ? 16 : room > most / 2 ? most : 2 * room;
}

int memory_has(size_t bytes)
{
    void *map = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (map == MAP_FAILED)
        return 0;
    munmap(map, bytes ? bytes : 1);
    return 1;
}

int memory_probe(size_t bytes)
{
    if (memory_has(bytes))
        return 0;
    return error("out of memory: about %zu MB more are needed; use fewer --threads, or raise the limit (ulimit -v)",
                 bytes / 1000000 + 1);
}

static void text_room(struct text *text, size_t more)
{
    size_t needed;

    if (more > SIZE_MAX / 2 - text->length - 1)
        die("a text is too large for this machine");
    needed = text->length + more + 1;
    if (needed <= text->room)
        return;
    text->room = needed < 64 ? 64 : needed + needed / 2;
    text->data = memory_resize(text->data, text->room, 1);
}

void text_add(struct text *text, const char *bytes, size_t count)
{
    text_room(text, count);
    if (count)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_format_list(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    text_room(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_format_list(text, format, arguments);
    va_end(arguments);
}

void text_clear(struct text *text)
{
    text->length = 0;
    text_add(text, "", 0);
}

void text_release(struct text *text)
{
    free(text->data);
    *text = (struct text){ 0 };
}

void *arena_take(struct arena *arena, size_t bytes)
{
    size_t start = arena->used;

    if (bytes > SIZE_MAX - ALIGNMENT - start)
        die("a model of these sizes is too large for this machine");
    arena->used = (start + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!arena->base)
        return NULL;
    assert(arena->used <= arena->size);
    return arena->base + start;
}

void arena_allocate(struct arena *arena)
{
    assert(!arena->base);
    arena->size = arena->used ? (arena->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    arena->used = 0;
    arena->base = aligned_alloc(ALIGNMENT, arena->size);
    if (!arena->base)
        die("out of memory (%zu bytes needed)", arena->size);
    memset(arena->base, 0, arena->size);
}

void arena_release(struct arena *arena)
{
    free(arena->base);
    *arena = (struct arena){ 0 };
}
