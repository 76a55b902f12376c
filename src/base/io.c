#define _POSIX_C_SOURCE 200809L
#include "base/io.h"

#include "base/report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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
        return error("%s: is a folder, a file is wanted", name);
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

int io_read_all(const char *name, struct text *text)
{
    struct reader reader;
    int got;

    if (reader_open(&reader, name))
        return -1;
    while ((got = fill(&reader)) > 0)
        ;
    text_release(text);
    *text = reader.buffer;
    reader.buffer = (struct text){ 0 };
    reader_close(&reader);
    return got;
}

int io_begin(struct output *output, const char *name)
{
    struct text temporary = { 0 };
    struct stat status;
    /* A device or pipe is written as it is: renaming would put a file in its place. */
    int exists = stat(name, &status) == 0, direct = exists && !S_ISREG(status.st_mode);

    *output = (struct output){ .name = memory_copy_text(name, strlen(name)) };
    if (!direct)
        text_format(&temporary, "%s.tmp-%ld", name, (long)getpid());
    output->temporary = temporary.data;
    if (exists && S_ISDIR(status.st_mode)) {
        error("%s: is a folder, a file name is wanted", name);
    } else {
        output->file = fopen(direct ? name : output->temporary, "wb");
        if (!output->file)
            error("%s: cannot be written: %s", name, strerror(errno));
    }
    if (!output->file) {
        free(output->name);
        free(output->temporary);
        *output = (struct output){ 0 };
        return -1;
    }
    return 0;
}

/* Makes a rename last: the folder's entry is on disk too. A file system that cannot do it is no error. */
static void sync_folder(const char *name)
{
    char *copy = memory_copy_text(name, strlen(name));
    int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

int io_commit(struct output *output)
{
    int failed = ferror(output->file) || fflush(output->file) || (output->temporary && fsync(fileno(output->file)));
    int why = errno;

    if (fclose(output->file) && !failed) {
        failed = 1;
        why = errno;
    }
    output->file = NULL;
    if (!failed && output->temporary && rename(output->temporary, output->name)) {
        failed = 1;
        why = errno;
    }
    if (failed)
        error("%s: cannot be written: %s", output->name, strerror(why ? why : EIO));
    else if (output->temporary)
        sync_folder(output->name);
    if (failed && output->temporary)
        unlink(output->temporary);
    free(output->name);
    free(output->temporary);
    *output = (struct output){ 0 };
    return failed ? -1 : 0;
}

void io_abandon(struct output *output)
{
    if (!output->file)
        return;
    fclose(output->file);
    if (output->temporary)
        unlink(output->temporary);
    free(output->name);
    free(output->temporary);
    *output = (struct output){ 0 };
}

int io_finish_stdout(void)
{
    if (fflush(stdout) || ferror(stdout))
        return error("standard output: %s", strerror(errno ? errno : EIO));
    return 0;
}
