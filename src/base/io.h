/* io: lines in (plain files, .gz files, standard input) and whole files out (temporary file, fsync, rename). */
#ifndef NMT_BASE_IO_H
#define NMT_BASE_IO_H

#include "base/memory.h"

#include <stddef.h>
#include <stdio.h>

/* A source of lines. A line ends with LF or CR LF (neither is part of it); the last line may lack its end. Any byte may stand in a
 * line, NUL too. Files that start with gzip's magic bytes are unpacked as they are read. */
struct reader {
    const char *name; /* for messages; the caller's string */
    void *gz;         /* zlib's handle, or NULL for a file descriptor read as it is */
    int fd;
    int ended;          /* nothing more will come from below */
    int failed;         /* an error was reported */
    long line;          /* number of the line last returned, from 1 */
    struct text buffer; /* bytes read but not yet returned: buffer.data[start..length) */
    size_t start;
    size_t scanned; /* no LF in buffer.data[start..scanned) */
};

/* Opens the file `name` ("-" is standard input). 0, or -1 after reporting why. */
int reader_open(struct reader *reader, const char *name);
void reader_close(struct reader *reader);

/* The next line: 1 and *line, *length (valid until the next call; a NUL follows it), 0 at the end, -1 after reporting an error. */
int reader_line(struct reader *reader, char **line, size_t *length);

/* Whether a whole line, or the end, can be returned without waiting. */
int reader_ready(struct reader *reader);

/* Reads at once all bytes of the file `name` into `text` (which is cleared first). 0, or -1 after reporting. */
int io_read_all(const char *name, struct text *text);

/* A file that appears under its name only when it is whole: writes go to NAME.tmp-PID in the same folder; io_commit syncs and
 * renames it; io_abandon removes it. A temporary file never outlives either call. */
struct output {
    FILE *file;
    char *name, *temporary;
};

int io_begin(struct output *output, const char *name); /* 0, or -1 after reporting */
int io_commit(struct output *output);                  /* 0, or -1 after reporting; what stood under the name before stays then */
void io_abandon(struct output *output);                /* also after a failed io_begin or io_commit: does nothing */

/* Flushes standard output and checks that all of it was written. 0, or -1 after reporting (a closed pipe is reported as well). */
int io_finish_stdout(void);

#endif
