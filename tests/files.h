/* files: what several tests share: whole files in and out, and the bytes of test data. */
#ifndef NMT_TESTS_FILES_H
#define NMT_TESTS_FILES_H

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Replaces `text` by the bytes of the file. */
static inline void get_file(const char *name, struct text *text)
{
    FILE *file = fopen(name, "rb");
    char chunk[4096];
    size_t got;

    if (!file)
        fail_msg("%s cannot be opened", name);
    text_clear(text);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_add(text, chunk, got);
    assert_int_equal(ferror(file), 0);
    fclose(file);
}

static inline void put_file(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(name, "wb");

    if (!file)
        fail_msg("%s cannot be written", name);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Puts the byte for each \xHH, in place. */
static inline void unescape(char *text)
{
    char *to = text;

    for (; *text; text++, to++) {
        *to = *text;
        if (strncmp(text, "\\x", 2) == 0) {
            char digits[3] = { text[2], text[3], '\0' };

            *to = (char)strtol(digits, NULL, 16);
            text += 3;
        }
    }
    *to = '\0';
}

#endif
