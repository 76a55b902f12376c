/* base/io: lines from files, packed files and pipes; whole files out, or none. In a temporary folder. */
#define _DEFAULT_SOURCE
#include "../capture.h"
#include "../files.h"
#include "base/io.h"
#include "base/report.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* A file is ready at once; a pipe when its writer is. */
static void check_ready(struct reader *reader)
{
    struct stat status;

    assert_int_equal(fstat(reader->fd, &status), 0);
    while (S_ISFIFO(status.st_mode) && !reader_ready(reader))
        ;
    assert_int_equal(reader_ready(reader), 1);
}

static void end_is_next(struct reader *reader)
{
    char *line;
    size_t length;

    for (int i = 0; i < 2; i++) { /* and it stays the end */
        check_ready(reader);
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
    check_ready(&reader);
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
    put_file(name, sample, sizeof sample - 1);
    check_sample(name);
    put_file(name, ended, sizeof ended);
    check_sample(name);
    put_packed(name, sample, sizeof sample - 1);
    check_sample(name);
    put_packed(name, ended, sizeof ended);
    check_sample(name);
}

static void empty(void **state)
{
    const char *name = ((struct folder *)*state)->file;

    for (int packed = 0; packed < 2; packed++) {
        struct reader reader;

        if (packed)
            put_packed(name, "", 0);
        else
            put_file(name, "", 0);
        assert_int_equal(reader_open(&reader, name), 0);
        end_is_next(&reader);
        assert_int_equal(reader.line, 0);
        reader_close(&reader);
    }
}

/* Lines of every length around the size of a read, many short ones, and one of three million bytes. */
static void long_lines(void **state)
{
    enum { LONG = 3000000, COUNT = 70 };
    const char *name = ((struct folder *)*state)->file;
    struct text text = { 0 };
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
            put_file(name, text.data, text.length);
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
    }
    text_release(&text);
    free(letters);
}

/* Reads the file to its end, or to an error: 0 or -1. */
static int read_on(const char *name)
{
    struct reader reader;
    char *line;
    size_t length;
    int got;

    assert_int_equal(reader_open(&reader, name), 0);
    while ((got = reader_line(&reader, &line, &length)) > 0)
        ;
    reader_close(&reader);
    return got;
}

/* What the reader says while it reads the file on, in one line. */
static void fails_with(const char *name, const char *wanted)
{
    char said[1024];
    struct capture capture = capture_begin();
    int got = read_on(name);

    capture_end(&capture, said, sizeof said);
    check_failure(got, said, wanted);
    assert_null(strstr(said, "<fd")); /* zlib's name for a file */
}

/* Packed parts one after the other are one text; anything else behind a part is an error. */
static void packed_parts(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    struct text part = { 0 }, file = { 0 };
    struct reader reader;

    put_packed(name, sample, sizeof sample - 1);
    get_file(name, &part);
    text_add(&file, part.data, part.length);
    text_add(&file, part.data, part.length);
    put_file(name, file.data, file.length);
    assert_int_equal(reader_open(&reader, name), 0);
    for (int i = 0; i < 5; i++) {
        char *line;
        size_t length;

        assert_int_equal(reader_line(&reader, &line, &length), 1);
    }
    next_is(&reader, "lastone", 7);
    next_is(&reader, "two", 3);
    reader_close(&reader);
    for (size_t cut = part.length + 1; cut < file.length; cut++) {
        put_file(name, file.data, cut);
        fails_with(name, "it is truncated");
    }
    for (int i = 0; i < 3; i++) {
        static const char *const rest[] = { "\n", "garbage behind it", "\x1f garbage" };

        put_file(name, part.data, part.length);
        file.length = 0;
        text_add(&file, part.data, part.length);
        text_add_string(&file, rest[i]);
        put_file(name, file.data, file.length);
        fails_with(name, i < 2 ? "something else follows the packed data" : "header");
    }
    text_release(&part);
    text_release(&file);
}

/* Packed text comes through a pipe as it does from a file, byte by byte too, and a named pipe is a file like others. */
static void packed_pipes(void **state)
{
    const struct folder *folder = *state;
    struct text packed = { 0 };

    put_packed(folder->file, sample, sizeof sample - 1);
    get_file(folder->file, &packed);
    assert_int_equal(unlink(folder->file), 0);
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    for (size_t step = 1; step < 5; step += 3) {
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            int out = open(folder->file, O_WRONLY);

            for (size_t at = 0; at < packed.length; at += step)
                if (write(out, packed.data + at, packed.length - at < step ? packed.length - at : step) < 0)
                    _exit(1);
            _exit(0);
        }
        check_sample(folder->file);
        assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    text_release(&packed);
}

static void cannot_be_read(void **state)
{
    const struct folder *folder = *state;
    char packed[1000];
    struct reader reader;
    size_t size;
    FILE *file;

    assert_int_equal(reader_open(&reader, folder->file), -1);
    assert_int_equal(reader_open(&reader, folder->path), -1);
    put_packed(folder->file, sample, sizeof sample - 1); /* then cut off anywhere */
    file = fopen(folder->file, "rb");
    assert_non_null(file);
    size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    for (size_t cut = 2; cut < size; cut += 9) {
        put_file(folder->file, packed, cut);
        if (read_on(folder->file) != -1)
            fail_msg("cut off after %zu of %zu bytes, the packed file seems to end well", cut, size);
    }
    packed[size - 6] ^= 1; /* the check sum */
    put_file(folder->file, packed, size);
    fails_with(folder->file, "cannot be unpacked after line ");
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

/* The same of packed text: a line can be returned as soon as enough of it has come. */
static void ready_packed(void **state)
{
    const struct folder *folder = *state;
    int kept = dup(STDIN_FILENO), ends[2];
    struct text packed = { 0 };
    struct reader reader;

    put_packed(folder->file, sample, sizeof sample - 1);
    get_file(folder->file, &packed);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(reader_open(&reader, "-"), 0);
    assert_int_equal(reader_ready(&reader), 0);
    assert_int_equal(write(ends[1], packed.data, 1), 1);
    assert_int_equal(reader_ready(&reader), 0);
    assert_int_equal(write(ends[1], packed.data + 1, packed.length - 9), (int)packed.length - 9);
    assert_int_equal(reader_ready(&reader), 1);
    next_is(&reader, "one", 3);
    next_is(&reader, "two", 3);
    assert_int_equal(write(ends[1], packed.data + packed.length - 8, 8), 8);
    close(ends[1]);
    next_is(&reader, "", 0);
    next_is(&reader, "", 0);
    next_is(&reader, "in\rside\0nul", 11);
    next_is(&reader, "last", 4);
    end_is_next(&reader);
    reader_close(&reader);
    dup2(kept, STDIN_FILENO);
    close(kept);
    text_release(&packed);
}

static void holds(const char *name, const char *wanted)
{
    struct text text = { 0 };

    get_file(name, &text);
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
    assert_int_equal(io_begin(&output, "/dev/null"), -1);
    io_abandon(&output);
    assert_int_equal(io_begin(&output, ""), -1);
    io_abandon(&output);
}

/* A disk that is full: what was there before stays, and nothing else. */
static void full_disk(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    struct rlimit limit, before;
    struct output output;

    put_file(name, "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(io_begin(&output, name), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fprintf(output.file, "%200s", "x");
    assert_int_equal(io_commit(&output), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    io_abandon(&output);
    holds(name, "old");
}

/* A new file is made as the umask says, one that replaces another has its mode. */
static unsigned mode_of(const char *name)
{
    struct stat status;

    assert_int_equal(lstat(name, &status), 0);
    return status.st_mode & 0777;
}

static void write_file(const char *name, const char *content)
{
    struct output output;

    assert_int_equal(io_begin(&output, name), 0);
    assert_true(fputs(content, output.file) >= 0);
    assert_int_equal(io_commit(&output), 0);
}

static void modes(void **state)
{
    const char *name = ((struct folder *)*state)->file;
    static const mode_t some[] = { 0600, 0644, 0666, 0444, 0755 };
    mode_t before = umask(027);

    write_file(name, "new");
    assert_int_equal(mode_of(name), 0640);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_int_equal(chmod(name, some[i]), 0);
        write_file(name, "newer");
        assert_int_equal(mode_of(name), some[i]);
    }
    umask(before);
}

/* What a symbolic link points to is replaced, and the link stays; also if there is nothing yet where it points. */
static void links(void **state)
{
    const struct folder *folder = *state;
    char link[300], chain[300], target[300], relative[] = "sub/target";

    snprintf(link, sizeof link, "%s/link", folder->path);
    snprintf(chain, sizeof chain, "%s/sub/chain", folder->path);
    snprintf(target, sizeof target, "%s/sub", folder->path);
    assert_int_equal(mkdir(target, 0700), 0);
    snprintf(target, sizeof target, "%s/%s", folder->path, relative);
    assert_int_equal(symlink(relative, link), 0);
    assert_int_equal(symlink(link, chain), 0);
    write_file(link, "dangling");
    holds(target, "dangling");
    write_file(chain, "through two");
    holds(target, "through two");
    assert_true(readlink(link, target, sizeof target) == (ssize_t)strlen(relative));
    snprintf(target, sizeof target, "%s/%s", folder->path, relative);
    assert_int_equal(unlink(link) | unlink(chain) | unlink(target), 0);
    assert_int_equal(symlink("link", link), 0); /* to itself */
    assert_int_equal(io_begin(&(struct output){ 0 }, link), -1);
    assert_int_equal(unlink(link), 0);
    snprintf(target, sizeof target, "%s/sub", folder->path);
    assert_int_equal(rmdir(target), 0);
}

/* The files in the folder besides the one. */
static int others_in(const struct folder *folder)
{
    DIR *directory = opendir(folder->path);
    const struct dirent *entry;
    int count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)))
        count += entry->d_name[0] != '.' && strcmp(entry->d_name, "file") != 0;
    closedir(directory);
    return count;
}

/* Two writers of one name, in one process or two, each have a file of their own; the last to finish wins. */
static void two_writers(void **state)
{
    const struct folder *folder = *state;
    struct output one, two;

    assert_int_equal(io_begin(&one, folder->file), 0);
    assert_int_equal(io_begin(&two, folder->file), 0);
    assert_string_not_equal(one.temporary, two.temporary);
    assert_true(fputs("one", one.file) >= 0 && fputs("two", two.file) >= 0);
    assert_int_equal(io_commit(&one), 0);
    holds(folder->file, "one");
    assert_int_equal(io_commit(&two), 0);
    holds(folder->file, "two");
}

/* A process that is killed leaves its temporary file; the next writer removes it, but not that of a writer who lives, nor what only
 * looks alike. */
static void abandoned(void **state)
{
    const struct folder *folder = *state;
    struct output output, living;
    char alike[300];
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (io_begin(&output, folder->file) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    assert_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    assert_int_equal(others_in(folder), 1);
    snprintf(alike, sizeof alike, "%s.tmp-notes!", folder->file);
    put_file(alike, "mine", 4);
    assert_int_equal(io_begin(&living, folder->file), 0);
    assert_int_equal(others_in(folder), 3);
    write_file(folder->file, "new");
    assert_int_equal(others_in(folder), 2);
    assert_int_equal(io_commit(&living), 0);
    assert_int_equal(others_in(folder), 1);
    holds(alike, "mine");
    assert_int_equal(unlink(alike), 0);
}

/* die() and quit() remove what is unfinished. */
static void unfinished(void **state)
{
    const struct folder *folder = *state;

    for (int how = 0; how < 2; how++) {
        int status;
        pid_t child;

        fflush(stdout);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct output one, two;

            if (!freopen("/dev/null", "w", stderr) || io_begin(&one, folder->file) || io_begin(&two, folder->file))
                _exit(9);
            fputs("half", one.file);
            if (how)
                quit(7);
            die("the end");
        }
        assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), how ? 7 : EXIT_FAILED);
        assert_int_equal(others_in(folder), 0);
        assert_int_equal(access(folder->file, F_OK), -1);
    }
}

/* io_create never writes through a link. */
static void created(void **state)
{
    const struct folder *folder = *state;
    char link[300];
    FILE *file;

    snprintf(link, sizeof link, "%s/000001.csv", folder->path);
    put_file(folder->file, "victim", 6);
    assert_int_equal(symlink(folder->file, link), 0);
    for (int i = 0; i < 2; i++) {
        file = io_create(link);
        assert_non_null(file);
        assert_true(fputs("new", file) >= 0 && fclose(file) == 0);
        holds(link, "new");
        holds(folder->file, "victim");
    }
    assert_int_equal(unlink(link), 0);
    assert_null(io_create(folder->path));
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
        IN_FOLDER(packed_parts),
        IN_FOLDER(packed_pipes),
        cmocka_unit_test(ready),
        IN_FOLDER(ready_packed),
        IN_FOLDER(atomic),
        IN_FOLDER(cannot_be_written),
        IN_FOLDER(commit_fails),
        IN_FOLDER(full_disk),
        IN_FOLDER(modes),
        IN_FOLDER(links),
        IN_FOLDER(two_writers),
        IN_FOLDER(abandoned),
        IN_FOLDER(unfinished),
        IN_FOLDER(created),
        cmocka_unit_test(standard_output),
    };

    return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
