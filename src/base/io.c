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

/* A compressed source: zlib's state and its input. */
struct unpacker {
    z_stream stream;
    char *head; /* bytes read before compression was detected */
    int parts;  /* completed */
    char packed[CHUNK];
};

int reader_open(struct reader *reader, const char *name)
{
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
    return 0;
}

void reader_close(struct reader *reader)
{
    if (reader->unpacker) {
        inflateEnd(&reader->unpacker->stream);
        free(reader->unpacker->head);
        free(reader->unpacker);
    }
    if (reader->fd > STDIN_FILENO)
        close(reader->fd);
    text_release(&reader->buffer);
    *reader = (struct reader){ .fd = -1 };
}

/* One read from the file descriptor; 0 at its end, -1 after reporting. */
static long take(struct reader *reader, char *bytes)
{
    long got;

    do
        got = read(reader->fd, bytes, CHUNK);
    while (got < 0 && errno == EINTR);
    return got < 0 ? error("%s: %s", reader->name, strerror(errno)) : got;
}

/* Once enough bytes are read: if they begin with gzip's magic bytes, unpacks from here on. */
static void choose(struct reader *reader)
{
    struct text *buffer = &reader->buffer;
    struct unpacker *unpacker;

    if (buffer->length < 2 && !reader->ended && (unsigned char)buffer->data[0] == 0x1f)
        return;
    reader->chosen = 1;
    if (buffer->length < 2 || (unsigned char)buffer->data[0] != 0x1f || (unsigned char)buffer->data[1] != 0x8b)
        return;
    unpacker = reader->unpacker = memory_new(1, sizeof *unpacker);
    if (inflateInit2(&unpacker->stream, 16 + MAX_WBITS) != Z_OK)
        die("out of memory for unpacking %s", reader->name);
    unpacker->head = buffer->data;
    unpacker->stream.next_in = (unsigned char *)buffer->data;
    unpacker->stream.avail_in = (unsigned)buffer->length;
    *buffer = (struct text){ 0 };
    text_clear(buffer);
    reader->scanned = 0;
}

static long cannot_unpack(struct reader *reader, const char *why)
{
    return error("%s: cannot be unpacked after line %ld: %s", reader->name, reader->line, why);
}

/* A step of unpacking: the number of bytes produced, perhaps none; -1 after reporting. A file may have several compressed parts,
 * one after the other, with nothing else between or after them. */
static long unpack(struct reader *reader, char *bytes)
{
    struct unpacker *unpacker = reader->unpacker;
    z_stream *stream = &unpacker->stream;
    int code;

    if (stream->avail_in == 0) {
        long got = take(reader, unpacker->packed);

        if (got < 0)
            return -1;
        if (got == 0 && (stream->total_in > 0 || unpacker->parts == 0))
            return cannot_unpack(reader, "it is truncated");
        reader->ended = got == 0;
        stream->next_in = (unsigned char *)unpacker->packed;
        stream->avail_in = (unsigned)got;
    }
    if (unpacker->parts > 0 && stream->total_in == 0 && stream->avail_in && stream->next_in[0] != 0x1f)
        return cannot_unpack(reader, "something else follows the packed data");
    stream->next_out = (unsigned char *)bytes;
    stream->avail_out = CHUNK;
    code = reader->ended ? Z_OK : inflate(stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
        unpacker->parts++;
        code = inflateReset(stream);
    }
    if (code == Z_MEM_ERROR)
        die("out of memory for unpacking %s", reader->name);
    if (code != Z_OK && code != Z_BUF_ERROR)
        return cannot_unpack(reader, stream->msg ? stream->msg : "it is damaged");
    return CHUNK - (long)stream->avail_out;
}

/* Reads more bytes into the buffer, with at most one read: 1, also if there were none; 0 at the end; -1 after reporting. */
static int fill(struct reader *reader)
{
    char chunk[CHUNK];
    long got;

    if (reader->failed)
        return -1;
    if (reader->ended)
        return 0;
    got = reader->unpacker ? unpack(reader, chunk) : take(reader, chunk);
    if (got < 0) {
        reader->failed = 1;
        return -1;
    }
    reader->ended |= !reader->unpacker && got == 0;
    if (reader->start > CHUNK && reader->start > reader->buffer.length / 2) {
        memmove(reader->buffer.data, reader->buffer.data + reader->start, reader->buffer.length - reader->start);
        reader->buffer.length -= reader->start;
        reader->scanned -= reader->start;
        reader->start = 0;
    }
    text_add(&reader->buffer, chunk, (size_t)got);
    if (!reader->chosen)
        choose(reader);
    return !reader->ended;
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

        if (!(reader->unpacker && reader->unpacker->stream.avail_in) && poll(&wait, 1, 0) <= 0)
            return 0;
        if (fill(reader) < 0)
            return 1;
    }
    return 1;
}
