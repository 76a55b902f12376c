#define _POSIX_C_SOURCE 200809L
#include "base/processors.h"

#include "base/memory.h"
#include "base/report.h"

#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int processors_in_quota(const char *text)
{
    long long quota, period;

    if (sscanf(text, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return 0;
    quota = (quota - 1) / period + 1;
    return quota > INT_MAX ? INT_MAX : (int)quota;
}

/* Adds the first line of the file `directory`/`name`, then a blank, to `text`. */
static void add_file(struct text *text, const char *directory, const char *name)
{
    struct text path = { 0 };
    char line[64] = "";
    FILE *file;

    text_format(&path, "%s/%s", directory, name);
    file = fopen(path.data, "re");
    text_release(&path);
    if (!file)
        return;
    if (fgets(line, sizeof line, file))
        text_format(text, "%.*s ", (int)strcspn(line, "\n"), line);
    fclose(file);
}

/* The quota of one group, in either version's files; 0 if there is none. */
static int quota_of(const char *directory)
{
    struct text text = { 0 };
    int processors;

    text_clear(&text);
    add_file(&text, directory, "cpu.max");
    if (!text.length) {
        add_file(&text, directory, "cpu.cfs_quota_us");
        add_file(&text, directory, "cpu.cfs_period_us");
    }
    processors = processors_in_quota(text.data);
    text_release(&text);
    return processors;
}

static int smaller(int a, int b)
{
    return a && (!b || a < b) ? a : b;
}

/* The smallest quota from the group `path` up to the hierarchy's own directory. In a container the path may be the host's, which
 * does not exist here: then the directories above it hold the container's own quota. */
static int quota_up(const char *hierarchy, const char *path)
{
    struct text directory = { 0 };
    size_t top = strlen(hierarchy);
    int least = 0;

    text_format(&directory, "%s%s", hierarchy, path);
    for (;;) {
        char *end;

        least = smaller(quota_of(directory.data), least);
        end = strrchr(directory.data, '/');
        if (!end || (size_t)(end - directory.data) < top)
            break;
        *end = '\0';
    }
    text_release(&directory);
    return least;
}

/* Whether `controllers`, "cpu,cpuacct" for example, lists "cpu". */
static int lists_cpu(const char *controllers)
{
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == '\0'))
            return 1;
    }
    return 0;
}

int processors_in_groups(const char *membership, const char *root)
{
    FILE *file = fopen(membership, "re");
    char *line = NULL;
    size_t room = 0;
    int least = 0;

    /* A line is NUMBER:CONTROLLERS:PATH; version 2 has no controllers there. */
    while (file && getline(&line, &room, file) > 0) {
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        struct text hierarchy = { 0 };

        if (!path)
            continue;
        *controllers++ = *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        text_add_string(&hierarchy, root);
        if (lists_cpu(controllers))
            text_add_string(&hierarchy, "/cpu");
        if (!*controllers || lists_cpu(controllers))
            least = smaller(quota_up(hierarchy.data, path), least);
        text_release(&hierarchy);
    }
    free(line);
    if (file)
        fclose(file);
    return least;
}

static void *wait_for_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int processors_try(int threads)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *others = memory_new(threads > 1 ? (size_t)threads - 1 : 0, sizeof *others);
    int started = 0, why = 0;

    pthread_mutex_lock(&gate);
    while (started < threads - 1 && !(why = pthread_create(&others[started], NULL, wait_for_gate, &gate)))
        started++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    free(others);
    if (why)
        return error("only %d of %d threads can be started (%s); use fewer --threads, or raise the limit (ulimit -u, ulimit -v)",
                     started + 1, threads, strerror(why));
    return 0;
}

int processors_available(void)
{
    int count = smaller(omp_get_thread_limit(), omp_get_num_procs());

    count = smaller(processors_in_groups("/proc/self/cgroup", "/sys/fs/cgroup"), count);
    return count > 0 ? count : 1;
}
