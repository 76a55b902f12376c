/* options: how every command reads its command line and its configuration files.
 *
 * A command keeps its settings in a struct and describes each of them in one row of a table. The row determines the default,
 * parsing, the check of the range, --help, the man page (scripts/make-man) and what a model stores about its training:
 *
 *     struct settings { const char *reference; int beam, metric, json; };
 *     #define ROW(type, member) OPTION(struct settings, type, member)
 *
 *     static const struct option table[] = {
 *         { "reference", ROW(TEXT, reference), .value = "FILE", .help = "the reference translations" },
 *         { "beam", ROW(INT, beam), .value = "N", .initial = "12", .low = 1, .high = 100, .help = "hypotheses kept" },
 *         { "metric", ROW(CHOICE, metric), .value = "NAME", .initial = "bleu", .names = metric_names, .help = "which score" },
 *         { "json", ROW(FLAG, json), .help = "print one JSON object" },
 *         OPTIONS_END
 *     };
 *     static const struct command command = { "show", "--reference FILE [OPTION...]", table, sizeof(struct settings), 0 };
 *
 *     int code = options_read(&options, &command, &settings, argc, argv);
 *
 *     if (code != OPTIONS_GO)
 *         return code;
 *     …
 *     options_release(&options);
 *
 * Every command also has --help, and --config FILE, which reads options from a file: lines `name = value` (`name = yes` or `no`,
 * or `name` alone, for a flag), a value in double quotes when it begins or ends with a space or contains " #"; `#` begins a
 * comment, at the start of a line or after white space. The command line overrides the file; a list is replaced as a whole. */
#ifndef NMT_CLI_OPTIONS_H
#define NMT_CLI_OPTIONS_H

#include "base/lists.h"
#include "base/memory.h"

/* The type of the variable: int for FLAG, INT and CHOICE (the index in `names`), long, double, const char *; and for options that may
 * be given several times, struct option_list and struct option_reals. */
enum option_type { OPTION_FLAG, OPTION_INT, OPTION_LONG, OPTION_REAL, OPTION_CHOICE, OPTION_TEXT, OPTION_LIST, OPTION_REALS };

/* The role of a setting of `nmt train` when training is resumed: it belongs to one run and is not stored; it must be the same
 * (OF_MODEL: also when training starts from another model; OF_TOKENIZER: then only without --new-vocabulary); or it is stored, but
 * may change. */
enum option_role { OPTION_OF_RUN, OPTION_OF_STATE, OPTION_OF_MODEL, OPTION_OF_TOKENIZER, OPTION_FREE };

struct option {
    const char *name; /* NULL: a heading of the help, which is in `help` */
    enum option_type type;
    size_t field;             /* offset of the variable in the settings */
    const char *value;        /* the value's name in the help */
    const char *initial;      /* the default, as on the command line; NULL: 0 or NULL */
    double low, high;         /* the range of a number */
    const char *word;         /* a word for the number `meaning`, accepted and printed instead of it (also beside names); or NULL */
    double meaning;           /* accepted as a number, too, if it is not negative */
    const char *const *names; /* the values of a CHOICE, NULL-terminated */
    enum option_role role;
    const char *help; /* one phrase; for a CHOICE, the names are appended */
};

/* Type and place of a variable, which the compiler checks against each other. */
#define OPTION(settings, type, member)                                                                                             \
    OPTION_##type, _Generic(((settings *)0)->member, OPTION_C_##type : offsetof(settings, member))
#define OPTION_C_FLAG int
#define OPTION_C_INT int
#define OPTION_C_LONG long
#define OPTION_C_REAL double
#define OPTION_C_CHOICE int
#define OPTION_C_TEXT const char *
#define OPTION_C_LIST struct option_list
#define OPTION_C_REALS struct option_reals

#define OPTIONS_HEADING(text)                                                                                                      \
    {                                                                                                                              \
        .help = text                                                                                                               \
    }
#define OPTIONS_END                                                                                                                \
    {                                                                                                                              \
        .name = NULL, .help = NULL                                                                                                 \
    }

/* A number that the program chooses if the word auto, the default, is given; the variable is -1 then. */
#define OPTION_AUTO .initial = "auto", .word = "auto", .meaning = -1

/* The upper end of a range that has none. */
#define OPTION_ANY 0x1p63

enum { OPTIONS_GO = -1 };

struct command {
    const char *name, *usage; /* usage: the text after "nmt NAME" in the help */
    const struct option *table;
    size_t size;   /* of the settings */
    int arguments; /* maximum number of non-option arguments */
};

struct options {
    const struct command *command;
    void *settings;
    const char **arguments; /* the non-option arguments, NULL-terminated */
    int argument_count;
    char **held; /* all strings that a variable may point to */
    int held_count, held_room;
};

/* Settings that --config and the command line override: lines as in a file. */
struct option_base {
    const char *lines, *where; /* their origin, for messages */
    int stored;                /* whether they are from a model, which must not contain settings that belong to one run */
};

/* Fills `settings` with the defaults, then reads argv[1..] into it. OPTIONS_GO, or the exit code with which the command must end
 * immediately (nothing is held then): EXIT_DONE after --help, EXIT_USAGE after an error message of one line. Strings and lists
 * live until options_release. */
int options_read(struct options *options, const struct command *command, void *settings, int argc, const char **argv);

/* The same over `base`, which may be NULL. */
int options_read_over(struct options *options, const struct option_base *base, const struct command *command, void *settings,
                      int argc, const char **argv);
void options_release(struct options *options);

/* Makes the options the owner of a heap string (or NULL), which a setting points to. */
void options_own(struct options *options, char *text);

/* Adds the value of a setting as on the command line; the values of a list are separated by spaces. */
void options_value(const struct option *row, const void *settings, struct text *out);

/* Copies a number. */
void options_copy(const struct option *row, void *settings, const void *from);

/* Adds every setting that is stored (all roles but OF_RUN) as a line of a --config file, a list as one line per value. */
void options_print(const struct command *command, const void *settings, struct text *out);

/* The name in `names` (NULL-terminated) that was probably meant, or NULL. */
const char *options_nearest(const char *name, const char *const *names);

/* Whether the option differs from its default. */
int options_changed(const struct options *options, const char *option);

/* Checks that a required option was given: 0, or -1 after reporting. */
int options_require(const struct options *options, const char *option, const char *value);

/* Prints the help of a command on standard output; returns the exit code (options_help.c). `common` are the rows that all
 * commands have. */
int options_help(const struct command *command, const struct option *common);

#endif
