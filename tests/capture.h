/* capture: what goes to stderr, caught, and held against what was wanted. */
#ifndef NMT_TESTS_CAPTURE_H
#define NMT_TESTS_CAPTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture {
    int stderr_fd;
    FILE *file;
};

static inline struct capture capture_begin(void)
{
    struct capture capture = { .stderr_fd = dup(STDERR_FILENO), .file = tmpfile() };

    assert_non_null(capture.file);
    dup2(fileno(capture.file), STDERR_FILENO);
    return capture;
}

static inline void capture_end(struct capture *capture, char *message, size_t room)
{
    long got;

    dup2(capture->stderr_fd, STDERR_FILENO);
    close(capture->stderr_fd);
    got = (long)pread(fileno(capture->file), message, room - 1, 0);
    message[got > 0 ? got : 0] = '\0';
    fclose(capture->file);
}

static inline int count_lines(const char *message)
{
    int lines = 0;

    for (; *message; message++)
        lines += *message == '\n';
    return lines;
}

/* `result` must be -1 and `message` one line that starts with nmt's prefix and contains `wanted`. */
static inline void check_failure(int result, const char *message, const char *wanted)
{
    if (result != -1)
        fail_msg("result %d, not -1, where '%s' was wanted", result, wanted);
    if (count_lines(message) != 1 || strncmp(message, "nmt: error: ", 12) != 0 || !strstr(message, wanted))
        fail_msg("'%s' was wanted, this was said: %s", wanted, message);
}

#endif
