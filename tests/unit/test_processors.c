/* base/processors: quotas of control groups from files of our own; the affinity mask and OpenMP's limit in processes of their own. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "base/processors.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const char *program;

static void quotas(void **state)
{
    (void)state;
    assert_int_equal(processors_in_quota("max 100000\n"), 0);
    assert_int_equal(processors_in_quota("-1 100000"), 0);
    assert_int_equal(processors_in_quota(""), 0);
    assert_int_equal(processors_in_quota("200000"), 0);
    assert_int_equal(processors_in_quota("200000 0"), 0);
    assert_int_equal(processors_in_quota("200000 100000\n"), 2);
    assert_int_equal(processors_in_quota("150000 100000"), 2);
    assert_int_equal(processors_in_quota("200001 100000"), 3);
    assert_int_equal(processors_in_quota("1000 100000"), 1);
    assert_true(processors_in_quota("9223372036854775807 1") > 1000000);
}

static int make_folder(void **state)
{
    char name[] = "/tmp/nmt-test-XXXXXX";

    *state = mkdtemp(name) ? memory_copy_text(name, strlen(name)) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[64];

    snprintf(command, sizeof command, "rm -r %s", (char *)*state);
    free(*state);
    return system(command);
}

static void put(const char *folder, const char *name, const char *content)
{
    char path[200];
    FILE *file;

    for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)(at - name), name);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0 && fclose(file) == 0);
}

static int in_groups(const char *folder, const char *membership)
{
    char path[200];

    put(folder, "self", membership);
    snprintf(path, sizeof path, "%s/self", folder);
    return processors_in_groups(path, folder);
}

static void version_2(void **state)
{
    const char *folder = *state;

    assert_int_equal(in_groups(folder, "0::/\n"), 0); /* no such file */
    put(folder, "cpu.max", "max 100000\n");
    put(folder, "a/cpu.max", "300000 100000\n");
    put(folder, "a/b/cpu.max", "max 100000\n");
    put(folder, "a/b/c/cpu.max", "450000 100000\n");
    assert_int_equal(in_groups(folder, "0::/\n"), 0);
    assert_int_equal(in_groups(folder, "0::/a\n"), 3);
    assert_int_equal(in_groups(folder, "0::/a/b/c\n"), 3); /* the one above is tighter */
    assert_int_equal(in_groups(folder, "0::/unknown/path/of/the/host\n"), 0);
    put(folder, "cpu.max", "150000 100000\n"); /* a container's own group, mounted as the root */
    assert_int_equal(in_groups(folder, "0::/unknown/path/of/the/host\n"), 2);
    assert_int_equal(in_groups(folder, "0::/../elsewhere\n"), 2);
}

static void version_1(void **state)
{
    const char *folder = *state;

    put(folder, "cpu/docker/cpu.cfs_quota_us", "250000\n");
    put(folder, "cpu/docker/cpu.cfs_period_us", "100000\n");
    put(folder, "cpu/free/cpu.cfs_quota_us", "-1\n");
    put(folder, "cpu/free/cpu.cfs_period_us", "100000\n");
    assert_int_equal(in_groups(folder, "4:memory:/docker\n3:cpuset:/docker\n2:cpu,cpuacct:/docker\n0::/\n"), 3);
    assert_int_equal(in_groups(folder, "2:cpuacct,cpu:/docker/below\n"), 3);
    assert_int_equal(in_groups(folder, "2:cpuacct:/docker\n1:cpuset:/docker\n"), 0);
    assert_int_equal(in_groups(folder, "1:cpu:/free\n"), 0);
    assert_int_equal(in_groups(folder, "damage\n:\n::\n1:cpu\n"), 0);
    assert_int_equal(processors_in_groups("/nonexistent/file", folder), 0);
}

/* What processors_available() says in a process started by `how`. */
static int available(const char *how)
{
    char command[600];
    FILE *pipe;
    int count = -1;

    snprintf(command, sizeof command, "%s '%s' --available", how, program);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    assert_int_equal(pclose(pipe), 0);
    return count;
}

/* As many threads as there is room for, and a line instead of an end where there is none. */
static void threads(void **state)
{
    pthread_attr_t attributes, before;

    (void)state;
    assert_int_equal(processors_try(1), 0);
    assert_int_equal(processors_try(50), 0);
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    assert_int_equal(pthread_attr_init(&attributes) | pthread_attr_setstacksize(&attributes, (size_t)1 << 46), 0);
    assert_int_equal(pthread_setattr_default_np(&attributes), 0);
    assert_int_equal(processors_try(3), -1);
    assert_int_equal(processors_try(1), 0);
    assert_int_equal(pthread_setattr_default_np(&before), 0);
}

static void limits(void **state)
{
    long all = sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_in_range(processors_available(), 1, (uintmax_t)all);
    assert_int_equal(available("OMP_THREAD_LIMIT=1"), 1);
    assert_in_range(available("env"), 1, (uintmax_t)all);
    if (system("taskset -c 0 true 2>/dev/null")) {
        print_message("skipped: no taskset, or no processor 0, here\n");
        skip();
    }
    assert_int_equal(available("taskset -c 0"), 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(quotas),
                                        cmocka_unit_test_setup_teardown(version_2, make_folder, remove_folder),
                                        cmocka_unit_test_setup_teardown(version_1, make_folder, remove_folder),
                                        cmocka_unit_test(limits), cmocka_unit_test(threads) };

    if (argc > 1 && strcmp(argv[1], "--available") == 0)
        return printf("%d\n", processors_available()) < 0;
    program = argv[0];
    return cmocka_run_group_tests_name("processors", tests, NULL, NULL);
}
