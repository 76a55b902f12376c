/* report: the four ways in which nmt speaks to its user, all on stderr, one line each.
 *
 * A function that fails because of the user's input or the environment reports once, where file name and line are known, and
 * returns what error() returns; its callers only unwind. Only cli/ turns that into an exit code. A programmer's mistake is an assert. */
#ifndef NMT_BASE_REPORT_H
#define NMT_BASE_REPORT_H

/* Exit codes of the program. A graceful stop by a signal exits with 128 + the signal's number. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* "nmt: error: …". Always returns -1, so that a caller can `return error(…)`. Control characters in what is printed appear as '?'. */
int error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: warning: …": the work goes on, but the user should know. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of information, without prefix; nothing when report_quiet(1) was called. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: error: …" and exit with EXIT_FAILED: only where nothing can be unwound (no memory). */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Silences note() (quiet = 1) or lets it speak (0, as at start). Warnings and errors are always heard. */
void report_quiet(int quiet);

#endif
