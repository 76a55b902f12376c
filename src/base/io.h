/* io: lines in (plain files, .gz files, standard input) and whole files out (temporary file, fsync, rename). */
#ifndef NMT_BASE_IO_H
#define NMT_BASE_IO_H

#include "base/memory.h"

#include <stddef.h>
#include <stdio.h>

/* A source of lines. A line ends with LF or CR LF (neither is part of it); the last line may lack its end. Any byte may stand in a
 * line, NUL too. What starts with gzip's magic bytes is unpacked as it is read, from a file, a pipe or standard input. */
struct reader {
    const char *name; /* for messages; the caller's string */
    int fd;
    struct unpacker *unpacker; /* private: where the source is packed, or NULL; known once `chosen` */
    int chosen;
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

/* A file that appears under its name only when it is whole. Writes go to a temporary file beside it, NAME.tmp-XXXXXX, of a random
 * name, which its writer keeps locked; io_commit syncs it and gives it the name; io_abandon, and the end of the program by quit() or
 * die(), remove it. A symbolic link is followed: what it points to is replaced, the link stays. A file that is replaced passes its mode
 * on. The temporary file of a killed program stays; the next io_commit of the same name removes those that nobody has locked. */
struct output {
    FILE *file;
    char *name;          /* for messages */
    char *target;        /* the file itself, behind all links */
    char *temporary;     /* beside it */
    int exists;          /* something is replaced, of this mode */
    unsigned mode;       /* private */
    struct output *next; /* private: the next one under way */
};

/* 0, or -1 after reporting. What is neither a file nor free is refused (a directory, /dev/null). The struct must stay where it is. */
int io_begin(struct output *output, const char *name);
int io_commit(struct output *output);   /* 0, or -1 after reporting; what had the name before keeps it then */
void io_abandon(struct output *output); /* also after a failed io_begin or io_commit: does nothing */

/* Opens for writing a new file in place of the file or link of that name, never through the link: for names that a program makes up
 * in a directory that others may write to. NULL, and errno, if it cannot be done. */
FILE *io_create(const char *name);

/* The file that is meant by `name`: symbolic links are followed, also to a file that is not there yet. A heap string; NULL, and errno,
 * if there are too many links. */
char *io_follow_links(const char *name);

/* Flushes standard output and checks that all of it was written. 0, or -1 after reporting (a closed pipe is reported as well). */
int io_finish_stdout(void);

#endif
