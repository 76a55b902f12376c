/* io_output: writes whole files. */
#define _DEFAULT_SOURCE
#include "base/io.h"

#include "base/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A temporary file is TARGET.tmp-XXXXXX. Random, so that no link can be put there in advance, and so that two machines or
 * containers that share a directory do not collide. */
#define INFIX ".tmp-"
enum { SUFFIX = 6, TRIES = 100, LINKS_MOST = 40 };
static const char letters[33] = "abcdefghijklmnopqrstuvwxyz234567";

/* ---- the temporary files of this process, which quit() removes ---- */

static pthread_mutex_t unfinished_lock = PTHREAD_MUTEX_INITIALIZER;
static struct output *unfinished;

static void remove_unfinished(void)
{
    pthread_mutex_lock(&unfinished_lock);
    for (const struct output *output = unfinished; output; output = output->next)
        unlink(output->temporary);
    pthread_mutex_unlock(&unfinished_lock);
}

static void add_unfinished(struct output *output)
{
    pthread_mutex_lock(&unfinished_lock);
    output->next = unfinished;
    unfinished = output;
    pthread_mutex_unlock(&unfinished_lock);
    report_before_quit(remove_unfinished);
}

static void drop_unfinished(struct output *output)
{
    pthread_mutex_lock(&unfinished_lock);
    for (struct output **at = &unfinished; *at; at = &(*at)->next)
        if (*at == output) {
            *at = output->next;
            break;
        }
    pthread_mutex_unlock(&unfinished_lock);
}

/* ---- names ---- */

/* The target of the symbolic link at `path`, as a path from here; NULL if it is not a link. Heap. */
static char *read_link(const char *path)
{
    char target[4097], *copy;
    ssize_t length = readlink(path, target, sizeof target - 1);
    struct text joined = { 0 };

    if (length < 0)
        return NULL;
    target[length] = '\0';
    if (target[0] != '/') {
        copy = memory_copy_string(path);
        text_format(&joined, "%s/", dirname(copy));
        free(copy);
    }
    text_add_string(&joined, target);
    return joined.data;
}

char *io_follow_links(const char *name)
{
    char *path = memory_copy_string(name), *next;

    for (int links = 0; (next = read_link(path)); links++) {
        free(path);
        path = next;
        if (links == LINKS_MOST) {
            free(path);
            errno = ELOOP;
            return NULL;
        }
    }
    return path;
}

static int is_temporary(const char *entry, const char *target)
{
    size_t length = strlen(target), infix = strlen(INFIX);

    return strncmp(entry, target, length) == 0 && strncmp(entry + length, INFIX, infix) == 0 &&
           strlen(entry + length + infix) == SUFFIX && strspn(entry + length + infix, letters) == SUFFIX;
}

/* ---- temporary files ---- */

/* Opens a new file under an unused name and locks it: the lock shows that its writer is alive. Before it is locked, another
 * process may consider it abandoned and remove it; then it is tried again. If the file system does not support locks, nothing is
 * considered abandoned. Returns the descriptor, or -1 with errno set. */
static int open_temporary(struct output *output, mode_t mode)
{
    size_t length = strlen(output->target) + strlen(INFIX);
    struct text name = { 0 };
    int fd = -1;

    text_format(&name, "%s%s%.*s", output->target, INFIX, SUFFIX, letters);
    for (int tries = 0; tries < TRIES && fd < 0; tries++) {
        struct stat status;

        if (getentropy(name.data + length, SUFFIX))
            break;
        for (int i = 0; i < SUFFIX; i++)
            name.data[length + (size_t)i] = letters[(unsigned char)name.data[length + (size_t)i] % 32];
        fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST)
            break;
        if (fd >= 0 && ((flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) || fstat(fd, &status) || status.st_nlink == 0)) {
            close(fd);
            fd = -1;
        }
    }
    output->temporary = name.data;
    return fd;
}

/* Removes the temporary files of this target whose writers were killed: those that are not locked. */
static void remove_abandoned(const char *target)
{
    char *path = memory_copy_string(target), *base = memory_copy_string(target);
    DIR *directory = opendir(dirname(path));
    const struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        struct stat status;
        int fd;

        if (!is_temporary(entry->d_name, basename(base)))
            continue;
        fd = openat(dirfd(directory), entry->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
        close(fd);
    }
    if (directory)
        closedir(directory);
    free(path);
    free(base);
}

/* Makes a rename durable by syncing the directory. A file system that does not support this is not an error. */
static void sync_directory(const char *target)
{
    char *copy = memory_copy_string(target);
    int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

/* ---- the interface ---- */

static void release(struct output *output)
{
    free(output->name);
    free(output->target);
    free(output->temporary);
    *output = (struct output){ 0 };
}

static int begin_failed(struct output *output, const char *why)
{
    error("%s: cannot be written: %s", output->name, why);
    release(output);
    return -1;
}

int io_begin(struct output *output, const char *name)
{
    struct stat status;
    int fd;

    errno = ENOENT;
    *output = (struct output){ .name = memory_copy_string(name), .target = *name ? io_follow_links(name) : NULL };
    if (!output->target)
        return begin_failed(output, strerror(errno));
    output->exists = stat(output->target, &status) == 0;
    if (output->exists && S_ISDIR(status.st_mode))
        return begin_failed(output, "it is a directory; expected a file name");
    if (output->exists && !S_ISREG(status.st_mode))
        return begin_failed(output, "it is a device or a pipe; expected a file name");
    output->mode = status.st_mode & 0777;
    /* Never readable to more people than the file that it replaces, and always writable to its writer. */
    fd = open_temporary(output, output->exists ? output->mode | S_IRUSR | S_IWUSR : 0666);
    if (fd < 0)
        return begin_failed(output, strerror(errno));
    add_unfinished(output);
    output->file = fdopen(fd, "wb");
    if (!output->file)
        die("out of memory for writing %s", name);
    return 0;
}

int io_commit(struct output *output)
{
    int failed = ferror(output->file) || fflush(output->file) || fsync(fileno(output->file));
    int why = errno;

    if (output->exists)
        (void)fchmod(fileno(output->file), output->mode); /* a file system without modes is not an error */
    if (!failed && rename(output->temporary, output->target)) {
        failed = 1;
        why = errno;
    }
    drop_unfinished(output);
    if (failed) {
        error("%s: cannot be written: %s", output->name, strerror(why ? why : EIO));
        unlink(output->temporary);
    }
    fclose(output->file); /* nothing is left to write, and fsync has reported errors; this releases the lock */
    if (!failed) {
        sync_directory(output->target);
        remove_abandoned(output->target);
    }
    release(output);
    return failed ? -1 : 0;
}

void io_abandon(struct output *output)
{
    if (!output->file)
        return;
    unlink(output->temporary);
    drop_unfinished(output);
    fclose(output->file);
    release(output);
}

FILE *io_create(const char *name)
{
    int fd;
    FILE *file;

    if (unlink(name) && errno != ENOENT)
        return NULL;
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

int io_finish_stdout(void)
{
    if (fflush(stdout) || ferror(stdout))
        return error("standard output: %s", strerror(errno ? errno : EIO));
    return 0;
}
