/* report: messages to the user, of four kinds, all on stderr, one line each.
 *
 * A function that fails because of the user's input or the environment reports once, where file name and line are known, and
 * returns the value of error(); its callers only unwind. Only cli/ turns that into an exit code. A programming error is an
 * assert. */
#ifndef NMT_BASE_REPORT_H
#define NMT_BASE_REPORT_H

#include <setjmp.h>
#include <stddef.h>

/* Exit codes of the program. A graceful stop by a signal exits with 128 + the signal's number. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* "nmt: error: …". Always returns -1, so that a caller can `return error(…)`. Characters that could act on a terminal appear as
 * '?': see report_mask. */
int error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: warning: …": the program continues, but the user should know. */
void warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of information, without prefix; nothing when report_quiet(1) was called. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "nmt: error: …" and quit(EXIT_FAILED): only where unwinding is impossible (no memory). Any thread may call it; if several do,
 * only one message is printed. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program: calls the function given to report_before_quit, flushes all streams, and exits without the exit handlers of the
 * libraries, which may wait for threads that never end (OpenBLAS's when memory is short) or release resources that running threads
 * still use. Another thread that calls it, or die(), in the meantime waits for the end. */
_Noreturn void quit(int code);

/* To be called once, at the start of main: if a library calls exit() itself (libgomp, when it cannot start a thread), the
 * program ends as by quit(1). */
void report_own_exit(void);

/* Sets the function that quit() and die() call first: the one that removes temporary files (base/io). */
void report_before_quit(void (*clean)(void));

/* Replaces by '?', in the `length` bytes at `text`, each character that could act on a terminal or reverse the line's direction
 * (controls but the tab, DEL, U+0080-9F, line separators, bidirectional marks, embeddings, overrides and isolates) and each invalid
 * sequence. Returns the new length, never more than the old one, and puts a NUL there. */
size_t report_mask(char *text, size_t length);

/* Suppresses note() (quiet = 1) or restores it (0, the initial state). Warnings and errors are always printed. */
void report_quiet(int quiet);

/* While on, error() prints warnings: for an operation that will be retried. */
void report_as_warnings(int on);

/* For one of several processes, of which only the first speaks (base/cluster): while on, notes and warnings are dropped, and errors
 * are kept rather than printed. die() still prints, with the name of the process (not copied). */
void report_keep(int on, const char *process);

/* For a library: from now on, nothing of the calling thread is printed; its first error is copied to `text`, and die() jumps to `out` instead
 * of ending the program. NULL: as before. The thread must not be in a parallel region of several threads. */
struct report_capture {
    char text[1024];
    jmp_buf *out;
};

void report_capture(struct report_capture *capture);

/* The first error, printed or kept, without prefix, or ""; and prints it, with the name of the process. */
const char *report_kept(void);
void report_print_kept(void);

#endif
