#include "text/vocab.h"

#include "base/memory.h"
#include "base/report.h"
#include "text/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTE_VALUES = 256, SPECIAL_ROOM = 8 };

const char vocab_tag_piece[] = "<synthetic>";

int vocab_specials(int bytes)
{
    return VOCAB_BYTE + (bytes ? BYTE_VALUES : 0);
}

/* Writes the string of the special entry `id`. */
static void special_piece(int id, char piece[SPECIAL_ROOM])
{
    if (id == VOCAB_END)
        strcpy(piece, "</s>");
    else if (id == VOCAB_UNKNOWN)
        strcpy(piece, "<unk>");
    else
        snprintf(piece, SPECIAL_ROOM, "<0x%02X>", (unsigned)(id - VOCAB_BYTE) & 0xFF);
}

int vocab_reserved(const char *piece, int bytes)
{
    char special[SPECIAL_ROOM];

    if (piece[0] != '<')
        return 0;
    for (int id = 0; id < vocab_specials(bytes); id++) {
        special_piece(id, special);
        if (strcmp(piece, special) == 0)
            return 1;
    }
    return strcmp(piece, vocab_tag_piece) == 0;
}

char **vocab_special_pieces(int bytes, int room)
{
    char **pieces = memory_new((size_t)room, sizeof *pieces);
    char special[SPECIAL_ROOM];

    assert(room >= vocab_specials(bytes));
    for (int id = 0; id < vocab_specials(bytes); id++) {
        special_piece(id, special);
        pieces[id] = memory_copy_string(special);
    }
    return pieces;
}

char **vocab_copy_strings(char *const *strings, size_t count)
{
    size_t bytes = size_product(count, sizeof(char *));
    char **copies, *end;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(strings[i]) + 1;
    copies = memory_resize(NULL, bytes, 1);
    end = (char *)(copies + count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(strings[i]) + 1;

        copies[i] = memcpy(end, strings[i], length);
        end += length;
    }
    return copies;
}

/* Whether there is white space other than the space, or a control character: normalised text has none (utf8.h). */
static int has_control(const char *piece, size_t length)
{
    uint32_t code;

    for (size_t at = 0; at < length;) {
        at += utf8_next(piece + at, length - at, &code);
        if (code != ' ' && utf8_kind(code) == UTF8_SPACE)
            return 1;
    }
    return 0;
}

/* Puts the string of the entry `id` into the table. 0, or -1 after reporting. */
static int add_piece(struct vocab *vocab, const char *where, int32_t id)
{
    const char *piece = vocab->pieces[id];
    char special[SPECIAL_ROOM];
    size_t length = strlen(piece);
    int found;

    if (id < vocab->specials) {
        special_piece(id, special);
        if (strcmp(piece, special) != 0)
            return error("%s: entry %d is \"%s\" instead of \"%s\"; the file is damaged", where, id, piece, special);
    }
    if (length == 0 || utf8_valid_length(piece, length) < length)
        return error("%s: entry %d is %s; the file is damaged", where, id, length ? "not valid UTF-8" : "empty");
    if (has_control(piece, length))
        return error("%s: entry %d contains a control character; the file is damaged", where, id);
    found = table_add(&vocab->table, piece, length, id);
    if (found >= 0)
        return error("%s: entries %d and %d are both \"%s\"; the file is damaged", where, found, id, piece);
    return 0;
}

int vocab_init(struct vocab *vocab, const char *where, int bytes, char *const *pieces, int count)
{
    *vocab = (struct vocab){ .specials = vocab_specials(bytes) };
    if (count < vocab->specials)
        return error("%s: %d entries; expected at least %d; the file is damaged", where, count, vocab->specials);
    vocab->pieces = vocab_copy_strings(pieces, (size_t)count);
    vocab->count = count;
    table_init(&vocab->table, (size_t)count);
    for (int32_t id = 0; id < count; id++) {
        if (add_piece(vocab, where, id)) {
            vocab_release(vocab);
            return -1;
        }
    }
    return 0;
}

void vocab_release(struct vocab *vocab)
{
    table_release(&vocab->table);
    free(vocab->pieces);
    *vocab = (struct vocab){ 0 };
}

int vocab_tag(struct vocab *vocab, const char *where)
{
    int last = vocab->count - 1;

    if (last < vocab->specials || strcmp(vocab->pieces[last], vocab_tag_piece) != 0)
        return error("%s: the last entry is \"%s\" instead of \"%s\"; the file is damaged", where, vocab->pieces[last],
                     vocab_tag_piece);
    vocab->tag = last;
    return 0;
}

int32_t vocab_find(const struct vocab *vocab, const char *piece, size_t length)
{
    int found = table_find(&vocab->table, piece, length);

    return found >= vocab->specials && found != vocab->tag ? found : -1;
}

static int compare_counted(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->text, y->text);
}

void vocab_sort(struct counted *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof *items, compare_counted);
}
