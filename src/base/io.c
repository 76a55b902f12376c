#define _POSIX_C_SOURCE 200809L
#include "base/io.h"

#include "base/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 1 << 16 };

int reader_open(struct reader *reader, const char *name)
{
    unsigned char magic[2];
    struct stat status;

    *reader = (struct reader){ .name = name };
    text_clear(&reader->buffer);
    if (strcmp(name, "-") == 0) {
        reader->name = "standard input";
        reader->fd = STDIN_FILENO;
        return 0;
    }
    reader->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        text_release(&reader->buffer);
        return error("%s: %s", name, strerror(errno));
    }
    if (fstat(reader->fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        reader_close(reader);
        return error("%s: is a directory; expected a file", name);
    }
    if (pread(reader->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        reader->gz = gzdopen(reader->fd, "rb");
        if (!reader->gz)
            die("out of memory for unpacking %s", name);
    }
    return 0;
}

void reader_close(struct reader *reader)
{
    if (reader->gz)
        gzclose(reader->gz);
    else if (reader->fd > STDIN_FILENO)
        close(reader->fd);
    text_release(&reader->buffer);
    *reader = (struct reader){ .fd = -1 };
}

/* More bytes into the buffer: 1, or 0 at the end, or -1 after reporting. */
static int fill(struct reader *reader)
{
    char chunk[CHUNK];
    long got;

    if (reader->failed)
        return -1;
    if (reader->ended)
        return 0;
    if (reader->gz) {
        int code;

        got = gzread(reader->gz, chunk, CHUNK);
        if (got <= 0) {
            const char *why = gzerror(reader->gz, &code);

            reader->failed = got < 0 || (code != Z_OK && code != Z_STREAM_END);
            if (reader->failed)
                return error("%s: cannot be unpacked after line %ld: %s", reader->name, reader->line, why);
        }
    } else {
        do
            got = read(reader->fd, chunk, CHUNK);
        while (got < 0 && errno == EINTR);
        reader->failed = got < 0;
        if (reader->failed)
            return error("%s: %s", reader->name, strerror(errno));
    }
    if (got == 0) {
        reader->ended = 1;
        return 0;
    }
    if (reader->start > CHUNK && reader->start > reader->buffer.length / 2) {
        memmove(reader->buffer.data, reader->buffer.data + reader->start, reader->buffer.length - reader->start);
        reader->buffer.length -= reader->start;
        reader->scanned -= reader->start;
        reader->start = 0;
    }
    text_add(&reader->buffer, chunk, (size_t)got);
    return 1;
}

/* The end of the first line in the buffer, or NULL. */
static char *line_end(struct reader *reader)
{
    char *data = reader->buffer.data;
    char *end = memchr(data + reader->scanned, '\n', reader->buffer.length - reader->scanned);

    reader->scanned = end ? (size_t)(end - data) : reader->buffer.length;
    return end;
}

int reader_line(struct reader *reader, char **line, size_t *length)
{
    char *end, *start;
    int got = 1;

    while (!(end = line_end(reader)) && (got = fill(reader)) > 0)
        ;
    if (got < 0)
        return -1;
    start = reader->buffer.data + reader->start;
    if (end) {
        reader->start = reader->scanned = (size_t)(end - reader->buffer.data) + 1;
    } else {
        if (reader->start == reader->buffer.length)
            return 0;
        end = reader->buffer.data + reader->buffer.length;
        reader->start = reader->scanned = reader->buffer.length;
    }
    if (end > start && end[-1] == '\r')
        end--;
    *end = '\0';
    *line = start;
    *length = (size_t)(end - start);
    reader->line++;
    return 1;
}

int reader_ready(struct reader *reader)
{
    while (!line_end(reader) && !reader->ended) {
        struct pollfd wait = { .fd = reader->fd, .events = POLLIN };

        if (!reader->gz && poll(&wait, 1, 0) <= 0)
            return 0;
        if (fill(reader) < 0)
            return 1;
    }
    return 1;
}
