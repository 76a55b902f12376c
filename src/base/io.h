/* io: lines in (plain files, .gz files, standard input) and whole files out (temporary file, fsync, rename). */
#ifndef NMT_BASE_IO_H
#define NMT_BASE_IO_H

#include "base/memory.h"

#include <stddef.h>
#include <stdio.h>

/* A source of lines. A line ends with LF or CR LF (neither is part of it); the last line may lack its end. A line may contain
 * any byte, including NUL. Input that starts with gzip's magic bytes is unpacked as it is read, from a file, a pipe or standard
 * input. */
struct reader {
    const char *name; /* for messages; the caller's string */
    int fd;
    struct unpacker *unpacker; /* private: where the source is packed, or NULL; known once `chosen` */
    int chosen;
    int ended;          /* the file descriptor is at its end */
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

/* A file that appears under its name only when it is complete. Writes go to a temporary file in the same directory, NAME.tmp-XXXXXX
 * (random), which its writer keeps locked; io_commit syncs and renames it; io_abandon, and the end of the program by quit() or
 * die(), remove it. A symbolic link is followed: its target is replaced, the link stays. The mode of a replaced file is kept.
 * A killed program leaves its temporary file; the next io_commit of the same name removes those that are not locked. */
struct output {
    FILE *file;
    char *name;          /* for messages */
    char *target;        /* the file itself, with links resolved */
    char *temporary;     /* in the same directory */
    int exists;          /* a file is replaced, of this mode */
    unsigned mode;       /* private */
    struct output *next; /* private: the next one in progress */
};

/* 0, or -1 after reporting. A name that exists but is not a file (a directory, /dev/null) is refused. The struct must not be
 * moved. */
int io_begin(struct output *output, const char *name);
int io_commit(struct output *output);   /* 0, or -1 after reporting; the old file is then unchanged */
void io_abandon(struct output *output); /* also after a failed io_begin or io_commit: does nothing */

/* Opens for writing a new file in place of the file or link of that name, never through the link: for names that the program
 * generates in a directory that others may write to. NULL, with errno set, on failure. */
FILE *io_create(const char *name);

/* The file that `name` refers to: symbolic links are followed, also to a file that does not exist yet. A heap string; NULL, with
 * errno set, if there are too many links. */
char *io_follow_links(const char *name);

/* Flushes standard output and checks that all of it was written. 0, or -1 after reporting (a closed pipe is reported as well). */
int io_finish_stdout(void);

#endif
