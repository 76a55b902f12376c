/* base/io: lines from files, packed files and pipes; whole files out, or none. In a temporary folder. */
#define _POSIX_C_SOURCE 200809L
#include "base/io.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

struct folder {
    char path[200], file[256]; /* file: the one name that the tests use */
};

static int make_folder(void **state)
{
    struct folder *folder = memory_new(1, sizeof *folder);
    const char *base = getenv("TMPDIR");

    snprintf(folder->path, sizeof folder->path, "%s/nmt-test-XXXXXX", base && strlen(base) < 150 ? base : "/tmp");
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->file, sizeof folder->file, "%s/file", folder->path);
    *state = folder;
    return 0;
}

/* Nothing but the file may be left: no temporary files. */
static int remove_folder(void **state)
{
    struct folder *folder = *state;
    int code;

    unlink(folder->file);
    code = rmdir(folder->path);
    if (code)
        print_error("something is left in %s\n", folder->path);
    free(folder);
    return code;
}

static void put(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void put_packed(const char *name, const char *bytes, size_t count)
{
    gzFile file = gzopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)count), (int)count);
    assert_int_equal(gzclose(file), Z_OK);
}

static void next_is(struct reader *reader, const char *wanted, size_t length)
{
    char *line;
    size_t got;

    assert_int_equal(reader_line(reader, &line, &got), 1);
    assert_int_equal(got, length);
    assert_memory_equal(line, wanted, length);
    assert_int_equal(line[length], '\0');
}

static void end_is_next(struct reader *reader)
{
    char *line;
    size_t length;

    for (int i = 0; i < 2; i++) { /* and it stays the end */
        assert_int_equal(reader_ready(reader), 1);
        assert_int_equal(reader_line(reader, &line, &length), 0);
    }
}

/* LF, CR LF, an empty line, CR and NUL inside a line, a last line without its end. */
static const char sample[] = "one\ntwo\r\n\n\r\nin\rside\0nul\nlast";

static void check_sample(const char *name)
{
    struct reader reader;

    assert_int_equal(reader_open(&reader, name), 0);
    next_is(&reader, "one", 3);
    assert_int_equal(reader.line, 1);
    next_is(&reader, "two", 3);
    next_is(&reader, "", 0);
    next_is(&reader, "", 0);
    assert_int_equal(reader_ready(&reader), 1);
    next_is(&reader, "in\rside\0nul", 11);
    next_is(&reader, "last", 4);
    assert_int_equal(reader.line, 6);
    end_is_next(&reader);
    assert_int_equal(reader.line, 6);
    reader_close(&reader);
}

static void lines(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    char ended[sizeof sample];

    memcpy(ended, sample, sizeof sample);
    ended[sizeof sample - 1] = '\n';
    put(name, sample, sizeof sample - 1);
    check_sample(name);
    put(name, ended, sizeof ended);
    check_sample(name);
    put_packed(name, sample, sizeof sample - 1);
    check_sample(name);
    put_packed(name, ended, sizeof ended);
    check_sample(name);
}

static void empty(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    struct text text = { 0 };

    for (int packed = 0; packed < 2; packed++) {
        struct reader reader;

        if (packed)
            put_packed(name, "", 0);
        else
            put(name, "", 0);
        assert_int_equal(reader_open(&reader, name), 0);
        end_is_next(&reader);
        assert_int_equal(reader.line, 0);
        reader_close(&reader);
        assert_int_equal(io_read_all(name, &text), 0);
        assert_int_equal(text.length, 0);
        assert_string_equal(text.data, "");
    }
    text_release(&text);
}

/* Lines of every length around the size of a read, many short ones, and one of three million bytes. */
static void long_lines(void **state)
{
    enum { LONG = 3000000, COUNT = 70 };
    const char *name = ((struct folder *)*state)->file;
    struct text text = { 0 }, back = { 0 };
    struct reader reader;
    char *letters = memory_new(LONG, 1);

    memset(letters, 'a', LONG);
    for (int i = 0; i < COUNT; i++) {
        text_add(&text, letters, (size_t)(65536 - COUNT / 2 + i));
        text_add_string(&text, "\r\n");
    }
    text_add(&text, letters, LONG);
    text_add_string(&text, "\n");
    for (int i = 0; i < 100000; i++)
        text_format(&text, "%d\n", i);
    for (int packed = 0; packed < 2; packed++) {
        if (packed)
            put_packed(name, text.data, text.length);
        else
            put(name, text.data, text.length);
        assert_int_equal(reader_open(&reader, name), 0);
        for (int i = 0; i < COUNT; i++)
            next_is(&reader, letters, (size_t)(65536 - COUNT / 2 + i));
        next_is(&reader, letters, LONG);
        for (int i = 0; i < 100000; i++) {
            char wanted[16];

            next_is(&reader, wanted, (size_t)snprintf(wanted, sizeof wanted, "%d", i));
        }
        end_is_next(&reader);
        reader_close(&reader);
        assert_int_equal(io_read_all(name, &back), 0);
        assert_int_equal(back.length, text.length);
        assert_memory_equal(back.data, text.data, text.length);
    }
    text_release(&back);
    text_release(&text);
    free(letters);
}

static void cannot_be_read(void **state)
{
    const struct folder *folder = *state;
    char packed[1000], *line;
    struct reader reader;
    struct text text = { 0 };
    size_t length, size;
    FILE *file;
    int got;

    assert_int_equal(reader_open(&reader, folder->file), -1);
    assert_int_equal(reader_open(&reader, folder->path), -1);
    assert_int_equal(io_read_all(folder->file, &text), -1);
    put_packed(folder->file, sample, sizeof sample - 1); /* then cut off anywhere */
    file = fopen(folder->file, "rb");
    assert_non_null(file);
    size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    for (size_t cut = 2; cut < size; cut += 9) {
        put(folder->file, packed, cut);
        assert_int_equal(reader_open(&reader, folder->file), 0);
        while ((got = reader_line(&reader, &line, &length)) > 0)
            ;
        if (got != -1)
            fail_msg("cut off after %zu of %zu bytes, the packed file seems to end well", cut, size);
        reader_close(&reader);
    }
    packed[size - 6] ^= 1; /* the check sum */
    put(folder->file, packed, size);
    assert_int_equal(io_read_all(folder->file, &text), -1);
    text_release(&text);
}

/* Standard input is a pipe that is written to by and by. */
static void ready(void **state)
{
    int kept = dup(STDIN_FILENO), ends[2];
    struct reader reader;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(reader_open(&reader, "-"), 0);
    assert_int_equal(reader_ready(&reader), 0);
    assert_int_equal(write(ends[1], "half", 4), 4);
    assert_int_equal(reader_ready(&reader), 0);
    assert_int_equal(write(ends[1], " a line\nanother\nrest", 20), 20);
    assert_int_equal(reader_ready(&reader), 1);
    next_is(&reader, "half a line", 11);
    assert_int_equal(reader_ready(&reader), 1);
    next_is(&reader, "another", 7);
    assert_int_equal(reader_ready(&reader), 0);
    close(ends[1]);
    assert_int_equal(reader_ready(&reader), 1);
    next_is(&reader, "rest", 4);
    end_is_next(&reader);
    reader_close(&reader);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* standard input is not the reader's to close */
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void holds(const char *name, const char *wanted)
{
    struct text text = { 0 };

    assert_int_equal(io_read_all(name, &text), 0);
    assert_string_equal(text.data, wanted);
    text_release(&text);
}

/* The old content stays until the new one is whole. */
static void atomic(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    struct output output;

    assert_int_equal(io_begin(&output, name), 0);
    assert_true(fputs("first", output.file) >= 0);
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(io_commit(&output), 0);
    holds(name, "first");
    assert_int_equal(io_begin(&output, name), 0);
    assert_true(fputs("second", output.file) >= 0 && fflush(output.file) == 0);
    holds(name, "first");
    io_abandon(&output);
    io_abandon(&output);
    holds(name, "first");
    assert_int_equal(io_begin(&output, name), 0);
    assert_true(fputs("third", output.file) >= 0);
    assert_int_equal(io_commit(&output), 0);
    io_abandon(&output);
    holds(name, "third");
}

static void cannot_be_written(void **state)
{
    const struct folder *folder = *state;
    struct output output;
    char missing[300];

    snprintf(missing, sizeof missing, "%s/missing/file", folder->path);
    assert_int_equal(io_begin(&output, missing), -1);
    io_abandon(&output);
    assert_int_equal(io_begin(&output, folder->path), -1);
    io_abandon(&output);
    if (access("/dev/full", W_OK)) {
        print_message("skipped: no /dev/full here\n");
        skip();
    }
    assert_int_equal(io_begin(&output, "/dev/full"), 0);
    fputs("x", output.file);
    assert_int_equal(io_commit(&output), -1);
    io_abandon(&output);
    assert_int_equal(access("/dev/full", W_OK), 0);
}

/* The name has become a folder before the commit; the temporary file goes. */
static void commit_fails(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    struct output output;

    assert_int_equal(io_begin(&output, name), 0);
    fputs("x", output.file);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(io_commit(&output), -1);
    io_abandon(&output);
    assert_int_equal(rmdir(name), 0);
}

/* Exit code of io_finish_stdout in a process whose standard output is `name`. */
static int finish_stdout(const char *name)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen(name, "w", stdout))
            _exit(2);
        printf("a line\n");
        _exit(io_finish_stdout() ? 1 : 0);
    }
    assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void standard_output(void **state)
{
    (void)state;
    assert_int_equal(finish_stdout("/dev/null"), 0);
    if (access("/dev/full", W_OK)) {
        print_message("skipped: no /dev/full here\n");
        skip();
    }
    assert_int_equal(finish_stdout("/dev/full"), 1);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(lines),
        IN_FOLDER(empty),
        IN_FOLDER(long_lines),
        IN_FOLDER(cannot_be_read),
        cmocka_unit_test(ready),
        IN_FOLDER(atomic),
        IN_FOLDER(cannot_be_written),
        IN_FOLDER(commit_fails),
        cmocka_unit_test(standard_output),
    };

    return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
