/* base: random numbers, memory, and the four ways of speaking. (Files: test_io.c.) */
#define _POSIX_C_SOURCE 200809L
#include "base/memory.h"
#include "base/report.h"
#include "base/rng.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void assert_between(double x, double least, double most)
{
    if (!(x >= least && x <= most))
        fail_msg("%.9g is not between %.9g and %.9g", x, least, most);
}

/* The generator is the published one: its first numbers from the state 1, 2, 3, 4. */
static void rng_known(void **state)
{
    static const uint64_t wanted[] = { 11520, 0, 1509978240, 1215971899390074240u };
    struct rng rng = { { 1, 2, 3, 4 } };

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(rng_next(&rng) == wanted[i]);
}

/* Equal keys give equal streams; a change of any part gives another. */
static void rng_streams(void **state)
{
    struct rng one = rng_make(1, 2, 3, 4), same = rng_make(1, 2, 3, 4);
    struct rng others[] = { rng_make(2, 2, 3, 4), rng_make(1, 3, 3, 4), rng_make(1, 2, 4, 4), rng_make(1, 2, 3, 5),
                            rng_make(1, 2, 4, 3), rng_make(0, 0, 0, 0), rng_make(0, 0, 0, 1), rng_make(0, 0, 1, 0),
                            rng_make(0, 1, 0, 0), rng_make(1, 0, 0, 0) };

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&one);

        assert_true(x == rng_next(&same));
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            assert_true(x != rng_next(&others[k]));
    }
}

/* Means of powers over 200 000 numbers, each within five of its deviations; streams of neighbouring keys are not alike. */
static void rng_moments(void **state)
{
    enum { N = 200000 };
    double uniform[3] = { 0 }, normal[5] = { 0 }, together = 0, beyond = 0;
    struct rng rng = rng_make(7, 0, 0, 0), next = rng_make(7, 0, 0, 1);

    (void)state;
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng), x = rng_normal(&rng);

        assert_true(u >= 0 && u < 1 && isfinite(x));
        for (int power = 1; power <= 2; power++)
            uniform[power] += pow(u, power) / N;
        for (int power = 1; power <= 4; power++)
            normal[power] += pow(x, power) / N;
        together += (u - 0.5) * (rng_uniform(&next) - 0.5) / N;
        beyond += (fabs(x) > 2) / (double)N;
    }
    assert_between(uniform[1], 0.5 - 0.0033, 0.5 + 0.0033);
    assert_between(uniform[2], 1 / 3.0 - 0.0034, 1 / 3.0 + 0.0034);
    assert_between(normal[1], -0.012, 0.012);
    assert_between(normal[2], 1 - 0.016, 1 + 0.016);
    assert_between(normal[3], -0.044, 0.044);
    assert_between(normal[4], 3 - 0.11, 3 + 0.11);
    assert_between(beyond, 0.0455 - 0.0024, 0.0455 + 0.0024);
    assert_between(together, -0.001, 0.001);
}

/* Every value comes equally often; with a limit of 3/4 of all numbers, where a plain remainder would give the first third
 * twice. */
static void rng_below_limits(void **state)
{
    enum { N = 70000 };
    struct rng rng = rng_make(3, 0, 0, 0);
    int counts[7] = { 0 }, low = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        size_t x = rng_below(&rng, 7);

        assert_true(x < 7);
        counts[x]++;
        assert_true(rng_below(&rng, 1) == 0);
    }
    for (int i = 0; i < 7; i++)
        assert_between(counts[i], 10000 - 500, 10000 + 500);
#if SIZE_MAX > 0xffffffffu
    for (int i = 0; i < N; i++) {
        size_t limit = SIZE_MAX / 4 * 3, x = rng_below(&rng, limit);

        assert_true(x < limit);
        low += x < limit / 3;
    }
    assert_between(low, N / 3.0 - 650, N / 3.0 + 650);
#endif
}

/* All orders of four come equally often. */
static void rng_shuffles(void **state)
{
    enum { N = 24000 };
    struct rng rng = rng_make(9, 0, 0, 0);
    int counts[256] = { 0 }, orders = 0;
    int32_t many[1000], seen[1000] = { 0 };

    (void)state;
    for (int i = 0; i < N; i++) {
        int32_t items[4] = { 0, 1, 2, 3 };

        rng_shuffle(&rng, items, 4);
        counts[items[0] | items[1] << 2 | items[2] << 4 | items[3] << 6]++;
    }
    for (int i = 0; i < 256; i++) {
        orders += counts[i] > 0;
        if (counts[i])
            assert_between(counts[i], 1000 - 160, 1000 + 160);
    }
    assert_int_equal(orders, 24);
    for (int i = 0; i < 1000; i++)
        many[i] = i;
    rng_shuffle(&rng, many, 1000);
    for (int i = 0; i < 1000; i++)
        seen[many[i]]++;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen[i], 1);
    rng_shuffle(&rng, many, 0);
    rng_shuffle(&rng, many, 1);
}

/* The same code measures and binds; pieces are aligned and apart. */
static void arenas(void **state)
{
    static const size_t bytes[] = { 1, 64, 0, 65, 1000, 3 };
    struct arena arena = { 0 };
    char *pieces[6];
    size_t measured;

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_null(arena_take(&arena, bytes[i]));
    measured = arena.used;
    assert_int_equal(measured, 64 + 64 + 0 + 128 + 1024 + 64);
    arena_allocate(&arena);
    assert_int_equal(arena.size, measured);
    for (size_t i = 0; i < measured; i++)
        assert_int_equal(arena.base[i], 0);
    for (int i = 0; i < 6; i++) {
        pieces[i] = arena_take(&arena, bytes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 64, 0);
        memset(pieces[i], i + 1, bytes[i]);
    }
    assert_int_equal(arena.used, measured);
    for (int i = 0; i < 6; i++)
        for (size_t k = 0; k < bytes[i]; k++)
            assert_int_equal(pieces[i][k], i + 1);
    arena_release(&arena);
    assert_null(arena.base);
    arena_allocate(&arena); /* an arena of nothing is one, too */
    assert_non_null(arena.base);
    arena_release(&arena);
}

static void texts(void **state)
{
    struct text text = { 0 };
    char longer[301];

    (void)state;
    text_clear(&text);
    assert_string_equal(text.data, "");
    text_add(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    text_clear(&text);
    text_add_string(&text, "x");
    text_add(&text, NULL, 0);
    text_format(&text, "%d-%s", 42, "y");
    assert_string_equal(text.data, "x42-y");
    memset(longer, 'z', 300);
    longer[300] = '\0';
    text_clear(&text);
    for (int i = 0; i < 100; i++)
        text_format(&text, "%s%02d", longer, i);
    assert_int_equal(text.length, 100 * 302);
    assert_int_equal(strlen(text.data), text.length);
    assert_string_equal(text.data + text.length - 3, "z99");
    text_release(&text);
    assert_null(text.data);
    text_release(&text);
}

static void blocks(void **state)
{
    int *items = NULL, room = 0;
    unsigned char *zeroed = memory_new(1000, 3);
    char *copy = memory_copy_text("abc", 2);

    (void)state;
    for (int i = 0; i < 3000; i++)
        assert_int_equal(zeroed[i], 0);
    assert_string_equal(copy, "ab");
    for (int i = 0; i < 100; i++) {
        memory_reserve_one(&items, i, &room);
        assert_true(room > i);
        items[i] = i;
    }
    assert_int_equal(items[99], 99);
    free(items);
    free(copy);
    free(zeroed);
    free(memory_new(0, 8));
    assert_true(size_product(SIZE_MAX, 1) == SIZE_MAX && size_product(0, SIZE_MAX) == 0 && size_product(SIZE_MAX, 0) == 0);
}

/* Runs `what` in a process of its own; returns its exit code (-1: a signal) and what it said on stderr. */
static int in_child(void (*what)(void), char *said, size_t room)
{
    int ends[2], status;
    size_t length = 0;
    ssize_t got;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        what();
        _exit(99);
    }
    close(ends[1]);
    while ((got = read(ends[0], said + length, room - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void too_many(void)
{
    memory_doubled(INT_MAX, INT_MAX);
}

static void overflow(void)
{
    size_product(SIZE_MAX / 2, 3);
}

#if !defined(__SANITIZE_ADDRESS__) /* which has its own answer to that */
static void no_memory(void)
{
    memory_new(SIZE_MAX / 4, 2);
}
#endif

static void dies(void **state)
{
    char said[4096];

    (void)state;
    assert_int_equal(in_child(overflow, said, sizeof said), EXIT_FAILED);
    assert_non_null(strstr(said, "nmt: error: "));
    assert_int_equal(in_child(too_many, said, sizeof said), EXIT_FAILED);
    assert_non_null(strstr(said, "nmt: error: a list of more than 2147483647 entries"));
    assert_int_equal(memory_doubled(0, INT_MAX), 16);
    assert_int_equal(memory_doubled(16, INT_MAX), 32);
    assert_int_equal(memory_doubled(1 << 30, INT_MAX), INT_MAX); /* not past what an int holds */
    assert_true(memory_doubled(SIZE_MAX / 2 + 1, SIZE_MAX) == SIZE_MAX);
    assert_int_equal(memory_probe(1 << 20), 0);
#if !defined(__SANITIZE_ADDRESS__)
    assert_int_equal(in_child(no_memory, said, sizeof said), EXIT_FAILED);
    assert_non_null(strstr(said, "nmt: error: out of memory"));
    assert_int_equal(memory_probe(SIZE_MAX / 4), -1);
#endif
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* whose reports are made by exit handlers */
#define EXIT_HANDLERS_ARE_LEFT_OUT
#endif

/* Many threads die at once; one is heard. An exit handler that never ends, as OpenBLAS has one when memory is short, holds up nothing. */
#ifdef EXIT_HANDLERS_ARE_LEFT_OUT
static void hang(void)
{
    for (;;)
        pause();
}
#endif

static void all_die(void)
{
#ifdef EXIT_HANDLERS_ARE_LEFT_OUT
    atexit(hang);
#endif
    dup2(STDERR_FILENO, STDOUT_FILENO);
    printf("flushed\n");
#pragma omp parallel num_threads(8)
    die("worker %d has no memory", omp_get_thread_num());
}

#ifdef EXIT_HANDLERS_ARE_LEFT_OUT
static void quits(void)
{
    atexit(hang);
    quit(3);
}
#endif

static void ends(void **state)
{
    char said[4096];

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(in_child(all_die, said, sizeof said), EXIT_FAILED);
        assert_memory_equal(said, "nmt: error: worker ", 19);
        assert_string_equal(strchr(said, '\n'), "\nflushed\n");
    }
#ifdef EXIT_HANDLERS_ARE_LEFT_OUT
    assert_int_equal(in_child(quits, said, sizeof said), 3);
#endif
}

static void mask_is(const char *text, const char *wanted)
{
    char copy[100];
    size_t length = strlen(text);

    memcpy(copy, text, length + 1);
    assert_int_equal(report_mask(copy, length), strlen(wanted));
    assert_string_equal(copy, wanted);
}

/* What acts on a terminal, or turns the text round, becomes '?'; all other text stays. */
static void masks(void **state)
{
    (void)state;
    mask_is("", "");
    mask_is("plain\ttext, ünï, 日本, \xF0\x9F\x98\x80", "plain\ttext, ünï, 日本, \xF0\x9F\x98\x80");
    mask_is("\x1B[1m\x7F\r\n\x01", "?[1m????");
    mask_is("a\xC2\x9B"
            "31m\xC2\x80\xC2\x9F\xC2\xA0",
            "a?31m??\xC2\xA0"); /* CSI, other controls; a no-break space stays */
    mask_is("x\xE2\x80\xAE"
            "gpj.exe\xE2\x80\xAA\xE2\x81\xA6\xE2\x81\xA9",
            "x?gpj.exe???");                                                      /* RLO, LRE, LRI, PDI */
    mask_is("\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\xA8\xE2\x80\xA9", "?????"); /* ALM, LRM, RLM, line, paragraph */
    mask_is("\x9B\xFF"
            "b\xC3",
            "??b?");                                                         /* no UTF-8 */
    mask_is("\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82", "???|????|?");         /* surrogate, beyond, cut off */
    mask_is("\xE2\x80\x8D\xD7\xA9\xD8\xB4", "\xE2\x80\x8D\xD7\xA9\xD8\xB4"); /* joiner, Hebrew, Arabic */
}

static void speak(void)
{
    char line[5000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    if (error("one\ntwo \x1b[1m tab\t%d", 3) != -1)
        _exit(1);
    warning("four");
    note("five");
    report_quiet(1);
    note("six");
    warning("seven");
    report_quiet(0);
    note("%s", line);
    die("the end");
}

static void reports(void **state)
{
    static const char start[] = "nmt: error: one?two ?[1m tab\t3\nnmt: warning: four\nfive\nnmt: warning: seven\nxxx";
    static const char end[] = "xxx\nnmt: error: the end\n";
    char said[16384];

    (void)state;
    assert_int_equal(in_child(speak, said, sizeof said), EXIT_FAILED);
    assert_memory_equal(said, start, sizeof start - 1);
    assert_true(strlen(said) > sizeof end);
    assert_string_equal(said + strlen(said) - (sizeof end - 1), end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rng_known),    cmocka_unit_test(rng_streams),
        cmocka_unit_test(rng_moments),  cmocka_unit_test(rng_below_limits),
        cmocka_unit_test(rng_shuffles), cmocka_unit_test(arenas),
        cmocka_unit_test(texts),        cmocka_unit_test(blocks),
        cmocka_unit_test(dies),         cmocka_unit_test(ends),
        cmocka_unit_test(masks),        cmocka_unit_test(reports),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
