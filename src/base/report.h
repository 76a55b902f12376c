/* report: the four ways in which nmt speaks to its user, all on stderr, one line each.
 *
 * A function that fails because of the user's input or the environment reports once, where file name and line are known, and
 * returns what error() returns; its callers only unwind. Only cli/ turns that into an exit code. A programmer's mistake is an assert. */
#ifndef NMT_BASE_REPORT_H
#define NMT_BASE_REPORT_H

#include <stddef.h>

/* Exit codes of the program. A graceful stop by a signal exits with 128 + the signal's number. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* "nmt: error: …". Always returns -1, so that a caller can `return error(…)`. What could act on a terminal appears as '?': see
 * report_mask. */
int error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: warning: …": the work goes on, but the user should know. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of information, without prefix; nothing when report_quiet(1) was called. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: error: …" and quit(EXIT_FAILED): only where nothing can be unwound (no memory). Any thread may call it; of several that do,
 * one is heard. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program: runs what report_before_quit was given, flushes all streams, and leaves without the exit handlers of the
 * libraries, which may wait for threads that never end (OpenBLAS's when memory is short) or pull the ground from under threads that
 * still compute. Another thread that calls it, or die(), meanwhile waits for the end. */
_Noreturn void quit(int code);

/* To be called once, as main begins: a library that calls exit() itself (libgomp, when it cannot start a thread) ends as quit(1) does. */
void report_own_exit(void);

/* What quit() and die() do first: the one function that removes temporary files (base/io). */
void report_before_quit(void (*clean)(void));

/* Replaces by '?', in the `length` bytes at `text`, each character that could act on a terminal or turn the line's direction round
 * (controls but the tab, DEL, U+0080-9F, line separators, bidirectional marks, embeddings, overrides and isolates) and each invalid
 * sequence. Returns the new length, never more than the old one, and puts a NUL there. */
size_t report_mask(char *text, size_t length);

/* Silences note() (quiet = 1) or lets it speak (0, as at start). Warnings and errors are always heard. */
void report_quiet(int quiet);

/* While on, what error() says is a warning: for something that will be tried again. */
void report_as_warnings(int on);

#endif
