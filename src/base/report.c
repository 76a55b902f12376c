#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int silent_notes;

/* One line in one write, so that lines of several threads do not mix. */
static void say(const char *prefix, const char *format, va_list arguments)
{
    char line[2048];
    int start = snprintf(line, sizeof line, "%s", prefix);
    int length = vsnprintf(line + start, sizeof line - (size_t)start - 1, format, arguments);

    if (length < 0)
        length = 0;
    length += start;
    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    for (int i = start; i < length; i++)
        if ((unsigned char)line[i] < ' ' && line[i] != '\t')
            line[i] = '?';
    line[length] = '\n';
    line[length + 1] = '\0';
    fputs(line, stderr);
}

int error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("nmt: error: ", format, arguments);
    va_end(arguments);
    return -1;
}

void warning(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("nmt: warning: ", format, arguments);
    va_end(arguments);
}

void note(const char *format, ...)
{
    va_list arguments;

    if (silent_notes)
        return;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("nmt: error: ", format, arguments);
    va_end(arguments);
    exit(EXIT_FAILED);
}

void report_quiet(int quiet)
{
    silent_notes = quiet;
}
