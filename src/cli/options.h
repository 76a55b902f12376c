/* options: how every command reads its command line; the only file that calls popt.
 *
 * A command keeps its settings in variables that hold the defaults, points a table of options at them, and calls options_read:
 *
 *     const char *reference = NULL;
 *     int beam = 12;
 *     struct options options;
 *     struct poptOption table[] = {
 *         OPTION_FILE("reference", reference, "the reference translations", "FILE"),
 *         OPTION_INT("beam", beam, "hypotheses kept", "N"),
 *         OPTIONS_END
 *     };
 *     int code = options_read(&options, "translate", "--model FILE [OPTION...]", table, argc, argv, 0);
 *
 *     if (code != OPTIONS_GO)
 *         return code;
 *     if (options_require(&options, "reference", reference) || options_range(&options, "beam", beam, 1, 100))
 *         code = EXIT_USAGE;
 *     …
 *     options_release(&options);
 *
 * Every command also has --help, which prints the table with the defaults as they are, and --config FILE, which reads options
 * from a file: lines `name = value` (`name = yes` or `no`, or `name` alone, for a flag), a value in double quotes when it begins
 * or ends with a space or holds " #"; `#` begins a comment, at the start of a line or behind white space. What is given by hand
 * overrides it. */
#ifndef NMT_CLI_OPTIONS_H
#define NMT_CLI_OPTIONS_H

#include "base/memory.h"

#include <popt.h>

/* The rows of a table: long name, variable (FLAG and INT: int, LONG: long, REAL: double, TEXT: const char *, FILE: const char *,
 * NULL by default), what it is, and what its value is called. The help shows the defaults of all but flags and files. */
#define OPTION_SHOWN(name, type, variable, text, value)                                                                            \
    {                                                                                                                              \
        name, 0, type | POPT_ARGFLAG_SHOW_DEFAULT, &(variable), 0, text, value                                                     \
    }
#define OPTION_FLAG(name, variable, text)                                                                                          \
    {                                                                                                                              \
        name, 0, POPT_ARG_NONE, &(variable), 0, text, NULL                                                                         \
    }
#define OPTION_INT(name, variable, text, value) OPTION_SHOWN(name, POPT_ARG_INT, variable, text, value)
#define OPTION_LONG(name, variable, text, value) OPTION_SHOWN(name, POPT_ARG_LONG, variable, text, value)
#define OPTION_REAL(name, variable, text, value) OPTION_SHOWN(name, POPT_ARG_DOUBLE, variable, text, value)
#define OPTION_TEXT(name, variable, text, value) OPTION_SHOWN(name, POPT_ARG_STRING, variable, text, value)
#define OPTION_FILE(name, variable, text, value)                                                                                   \
    {                                                                                                                              \
        name, 0, POPT_ARG_STRING, &(variable), 0, text, value                                                                      \
    }
#define OPTION_LIST(name, variable, text, value)                                                                                   \
    {                                                                                                                              \
        name, 0, POPT_ARG_ARGV, &(variable), 0, text, value                                                                        \
    } /* struct option_list */
#define OPTION_GROUP(table, heading)                                                                                               \
    {                                                                                                                              \
        NULL, 0, POPT_ARG_INCLUDE_TABLE, table, 0, heading, NULL                                                                   \
    } /* a table that is not const */
#define OPTIONS_END POPT_TABLEEND

enum { OPTIONS_GO = -1 };

/* What an option that may be given several times collected. */
enum { OPTION_LIST_MOST = 16 };

struct option_list {
    const char *items[OPTION_LIST_MOST];
    int count;
};

struct options {
    const char *command;
    const char **arguments; /* what stands beside the options, closed by NULL */
    int argument_count;
    char **held; /* every text that a variable may point to now */
    int held_count, held_room;
};

/* Reads argv[1..] into the table's variables and at most `max_arguments` arguments besides. OPTIONS_GO, or the exit code with
 * which the command is to end at once (nothing is held then): EXIT_DONE after --help, EXIT_USAGE after one line on stderr that
 * says what is wrong. `usage` is what follows "nmt COMMAND" in the help. Texts read live until options_release. */
int options_read(struct options *options, const char *command, const char *usage, const struct poptOption *table, int argc,
                 const char **argv, int max_arguments);

/* The same, over settings that stand below those of --config and the command line: lines as in a file, called `where` in messages. */
int options_read_over(struct options *options, const char *base, const char *where, const char *command, const char *usage,
                      const struct poptOption *table, int argc, const char **argv, int max_arguments);
void options_release(struct options *options);

/* Adds every option of the table with its value to `out`, as lines that a --config file may hold, but for the names in `except` (closed
 * by NULL) and texts that are NULL. */
void options_print(const struct poptOption *table, const char *const *except, struct text *out);

/* The name in `names` (closed by NULL) that was probably meant, or NULL. */
const char *options_nearest(const char *name, const char *const *names);

/* What an option must be: 0, or -1 after an error line. */
int options_require(const struct options *options, const char *option, const char *value); /* not NULL */
int options_range(const struct options *options, const char *option, long value, long low, long high);
int options_range_real(const struct options *options, const char *option, double value, double low, double high);

/* The index of `value` in `names` (closed by NULL), or -1 after an error line that lists them. */
int options_choice(const struct options *options, const char *option, const char *value, const char *const *names);

#endif
