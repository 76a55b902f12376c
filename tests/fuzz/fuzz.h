/* fuzz: what the fuzz targets share. Each is a small file around one entry of the library: any bytes are given to it, and it must refuse
 * them or give something that can be used. tests/fuzz/run starts them, in an empty directory of their own, with seeds. */
#ifndef NMT_TESTS_FUZZ_H
#define NMT_TESTS_FUZZ_H

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What does not hold is a finding. */
#define HOLDS(condition)                                                                                                           \
    do {                                                                                                                           \
        if (!(condition))                                                                                                          \
            abort();                                                                                                               \
    } while (0)

/* The bytes as the file `name` of the directory at hand. */
static inline void fuzz_file(const char *name, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");

    HOLDS(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* The bytes as text, up to the first NUL, cut into lines: at most `most` of them, which are set in `lines`. Returns their number; all of
 * it is one block, which begins with lines[0] and is the caller's to free. */
static inline int fuzz_lines(const uint8_t *bytes, size_t size, char **lines, int most)
{
    char *text = memory_copy_text((const char *)bytes, size);
    int count = 0;

    for (char *line = text; line && count < most; count++) {
        char *end = strchr(line, '\n');

        lines[count] = line;
        if (end)
            *end = '\0';
        line = end ? end + 1 : NULL;
    }
    return count;
}

#endif
