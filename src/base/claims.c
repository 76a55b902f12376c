#define _POSIX_C_SOURCE 200809L
#include "base/claims.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct claim {
    const char *option, *name;
    int output;
    int real;     /* an existing file, or the name of a new one */
    dev_t device; /* of the file, or of the directory of a new file */
    ino_t inode;
    char *entry; /* the name in that directory, or NULL; heap */
};

/* A file that does not exist yet. */
static void identify_new(struct claim *claim)
{
    char *path = io_follow_links(claim->name), *copy;
    struct stat status;

    if (!path)
        return;
    copy = memory_copy_string(path);
    if (stat(dirname(copy), &status) == 0) {
        const char *entry = basename(path);

        claim->real = 1;
        claim->device = status.st_dev;
        claim->inode = status.st_ino;
        claim->entry = memory_copy_string(entry);
    }
    free(copy);
    free(path);
}

static void identify(struct claim *claim)
{
    int standard = strcmp(claim->name, "-") == 0;
    struct stat status;

    if (standard ? fstat(claim->output ? STDOUT_FILENO : STDIN_FILENO, &status) : stat(claim->name, &status)) {
        if (!standard)
            identify_new(claim);
        return;
    }
    claim->real = S_ISREG(status.st_mode);
    claim->device = status.st_dev;
    claim->inode = status.st_ino;
}

static void add(struct claims *claims, const char *option, const char *name, int output)
{
    if (!name || !*name)
        return;
    memory_reserve_one(&claims->items, claims->count, &claims->room);
    claims->items[claims->count] = (struct claim){ .option = option, .name = name, .output = output };
    identify(&claims->items[claims->count++]);
}

void claims_input(struct claims *claims, const char *option, const char *name)
{
    add(claims, option, name, 0);
}

void claims_output(struct claims *claims, const char *option, const char *name)
{
    add(claims, option, name, 1);
}

static int same(const struct claim *a, const struct claim *b)
{
    return a->real && b->real && a->device == b->device && a->inode == b->inode && !a->entry == !b->entry &&
           (!a->entry || strcmp(a->entry, b->entry) == 0);
}

/* 0, or -1 after reporting that the output conflicts with an earlier claim, or with an input. */
static int check(const struct claims *claims, int index, const char *command)
{
    const struct claim *output = &claims->items[index];

    for (int i = 0; i < claims->count; i++) {
        const struct claim *other = &claims->items[i];

        if (i == index || (other->output && i > index) || !same(output, other))
            continue;
        if (other->output)
            return error("%s: %s and %s would both write %s; give them different files", command, other->option, output->option,
                         other->name);
        return error("%s: %s would overwrite %s, which %s reads; give another name", command, output->option, other->name,
                     other->option);
    }
    return 0;
}

int claims_check(struct claims *claims, const char *command)
{
    int result = 0;

    for (int i = 0; i < claims->count && result == 0; i++)
        if (claims->items[i].output)
            result = check(claims, i, command);
    for (int i = 0; i < claims->count; i++)
        free(claims->items[i].entry);
    free(claims->items);
    *claims = (struct claims){ 0 };
    return result;
}
