/* alignment_file: writes alignments to one file for all sentences or one file per sentence, in one of several formats
 * (models/README.md, section 7). */
#ifndef NMT_CLI_ALIGNMENT_FILE_H
#define NMT_CLI_ALIGNMENT_FILE_H

#include "search/alignment.h"

#include <stdio.h>

enum alignment_format {
    ALIGNMENT_MATRIX,
    ALIGNMENT_LONG,
    ALIGNMENT_PHARAOH,
    ALIGNMENT_JSON,
    ALIGNMENT_HTML,
    ALIGNMENT_SVG,
    ALIGNMENT_AUTO = -1 /* by the ending of the file's name: .html, .json, .svg; otherwise a matrix */
};

/* Names in the order of the enum, NULL-terminated, for options. */
extern const char *const alignment_format_names[];

struct alignment_file {
    const char *name;
    enum alignment_format format;
    FILE *stream; /* NULL for a directory */
    long sentences;
    int failed; /* -1 after an error was reported */
};

/* Opens the file for writing ("-" is standard output). A name that ends in '/' is a directory, created if it does not exist; a
 * symbolic link to one is accepted. 0, or -1 after reporting. */
int alignment_open(struct alignment_file *file, const char *name, enum alignment_format format);

/* Writes the matrix of the next sentence: to the file, or to a new one in the directory, which replaces any file of that name
 * (a symbolic link is replaced, never followed). 0, or -1 after reporting. */
int alignment_write(struct alignment_file *file, const struct alignment *alignment);

/* Writes one sentence's matrix to a file of its own, as alignment_write does. 0, or -1 after reporting. */
int alignment_create(const char *name, const struct alignment *alignment, enum alignment_format format, long sentence);

/* Flushes the output so far; closes and checks. Standard output is left to the caller. 0, or -1 after reporting, once. */
int alignment_flush(struct alignment_file *file);
int alignment_close(struct alignment_file *file);

#endif
