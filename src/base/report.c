#define _POSIX_C_SOURCE 200809L
#include "base/report.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sanitizers give their reports in an exit handler. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif

static _Thread_local struct report_capture *captured;
static int silent_notes, errors_are_warnings, keeping;
static const char *process_name;
static char kept_error[2048];
static atomic_flag ending = ATOMIC_FLAG_INIT;
static void (*_Atomic before_quit)(void);

size_t report_mask(char *text, size_t length)
{
    size_t kept = 0, step;
    uint32_t code;

    for (size_t at = 0; at < length; at += step) {
        step = utf8_next(text + at, length - at, &code);
        if (code == UTF8_BAD || (utf8_is_control(code) && code != '\t')) {
            text[kept++] = '?';
        } else {
            memmove(text + kept, text + at, step);
            kept += step;
        }
    }
    text[kept] = '\0';
    return kept;
}

/* One line in one write, so that lines of several threads do not mix. */
static void say(const char *prefix, const char *format, va_list arguments)
{
    char line[2048];
    size_t start = strlen(prefix), room = sizeof line - start - 1;
    int wanted;
    size_t length;

    memcpy(line, prefix, start);
    wanted = vsnprintf(line + start, room, format, arguments);
    length = wanted < 0 ? 0 : strlen(line + start);
    length = start + report_mask(line + start, length);
    line[length] = '\n';
    line[length + 1] = '\0';
    fputs(line, stderr);
}

/* An error of a library's caller. */
static void capture(const char *format, va_list arguments)
{
    if (!*captured->text)
        vsnprintf(captured->text, sizeof captured->text, format, arguments);
}

int error(const char *format, ...)
{
    va_list arguments;

    if (captured) {
        va_start(arguments, format);
        capture(format, arguments);
        va_end(arguments);
        return -1;
    }
    va_start(arguments, format);
    if (!keeping)
        say(errors_are_warnings ? "nmt: warning: " : "nmt: error: ", format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    if (!*kept_error && !errors_are_warnings)
        vsnprintf(kept_error, sizeof kept_error, format, arguments);
    va_end(arguments);
    return -1;
}

void warning(const char *format, ...)
{
    va_list arguments;

    if (keeping || captured)
        return;
    va_start(arguments, format);
    say("nmt: warning: ", format, arguments);
    va_end(arguments);
}

void note(const char *format, ...)
{
    va_list arguments;

    if (silent_notes || keeping || captured)
        return;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

/* The first thread continues; all others stop here. */
static void begin_end(void)
{
    if (atomic_flag_test_and_set(&ending))
        for (;;)
            pause();
}

static _Noreturn void end(int code)
{
    void (*clean)(void) = before_quit;

    if (clean)
        clean();
    fflush(NULL);
#ifdef SANITIZED
    exit(code);
#else
    _exit(code);
#endif
}

void quit(int code)
{
    begin_end();
    end(code);
}

#ifndef SANITIZED
static void at_exit(void)
{
    quit(EXIT_FAILED);
}
#endif

void report_own_exit(void)
{
#ifndef SANITIZED
    atexit(at_exit);
#endif
}

void die(const char *format, ...)
{
    va_list arguments;

    char prefix[128] = "nmt: error: ";

    if (captured) {
        *captured->text = '\0';
        va_start(arguments, format);
        capture(format, arguments);
        va_end(arguments);
        longjmp(*captured->out, 1);
    }
    begin_end();
    if (keeping)
        snprintf(prefix, sizeof prefix, "nmt: error: %s: ", process_name);
    va_start(arguments, format);
    say(prefix, format, arguments);
    va_end(arguments);
    end(EXIT_FAILED);
}

void report_before_quit(void (*clean)(void))
{
    before_quit = clean;
}

void report_quiet(int quiet)
{
    silent_notes = quiet;
}

void report_as_warnings(int on)
{
    errors_are_warnings = on;
}

void report_capture(struct report_capture *wanted)
{
    captured = wanted;
    if (wanted)
        *wanted->text = '\0';
}

void report_keep(int on, const char *process)
{
    keeping = on;
    process_name = process;
}

const char *report_kept(void)
{
    return kept_error;
}

void report_print_kept(void)
{
    keeping = 0;
    error("%s: %s", process_name, kept_error);
    keeping = 1;
}
