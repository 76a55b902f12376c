#include "cli/options.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 63 };

/* An option as the user gave it; `row` is its index in struct rows, `value` is on the heap, or NULL. */
struct setting {
    int row;
    char *value;
};

/* A table without its groups, and what was given on the command line. popt only cuts the command line up; values are read here,
 * so that a wrong one is reported with its option, and those of a file with its line. */
struct rows {
    const struct poptOption **items;
    int count, room;
    struct setting *settings;
    int setting_count, setting_room;
};

static void collect_rows(struct rows *rows, const struct poptOption *table)
{
    for (; table->longName || table->shortName || table->arg; table++) {
        if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE) {
            collect_rows(rows, table->arg);
            continue;
        }
        assert(table->longName);
        memory_reserve_one(&rows->items, rows->count, &rows->room);
        rows->items[rows->count++] = table;
    }
}

static void release_rows(struct rows *rows)
{
    for (int i = 0; i < rows->setting_count; i++)
        free(rows->settings[i].value);
    free(rows->settings);
    free(rows->items);
}

/* How many letters must be put in, taken out or replaced to make `a` of `b`. */
static int edit_distance(const char *a, const char *b)
{
    int row[LONGEST_NAME + 1], length = (int)strlen(b);

    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 0; a[i]; i++) {
        int diagonal = row[0];

        row[0] = i + 1;
        for (int j = 0; j < length; j++) {
            int best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[length];
}

/* The option that was probably meant by `name`, or NULL. */
static const char *find_similar(const struct rows *rows, const char *name)
{
    const char *best = NULL;
    size_t length = strlen(name);
    int least = length < 4 ? 1 : 1 + (int)(length / 4);

    for (int i = 0; i < rows->count; i++) {
        const char *candidate = rows->items[i]->longName;
        int distance;

        if (!candidate || strlen(candidate) > LONGEST_NAME || length > LONGEST_NAME)
            continue;
        distance = length > 1 && strncmp(candidate, name, length) == 0 ? 1 : edit_distance(name, candidate);
        if (distance < least || (distance == least && !best)) {
            best = candidate;
            least = distance;
        }
    }
    return best;
}

/* `where` is the command or "FILE:LINE", `dashes` what stands before an option's name there. */
static void report_unknown(const struct rows *rows, const char *command, const char *where, const char *dashes, const char *name)
{
    const char *similar = find_similar(rows, name + strspn(name, "-"));

    if (similar)
        error("%s: unknown option %s; did you mean %s%s?", where, name, dashes, similar);
    else
        error("%s: unknown option %s; see nmt %s --help", where, name, command);
}

static int read_whole(const char *value, long low, long high, long *number)
{
    char *end;

    errno = 0;
    *number = strtol(value, &end, 10);
    return end == value || *end || errno || *number < low || *number > high ? -1 : 0;
}

/* A flag's value in a file. */
static int read_flag(const char *value, int *flag)
{
    *flag = strcmp(value, "yes") == 0;
    return *flag || strcmp(value, "no") == 0 ? 0 : -1;
}

/* Puts a value where the row points. 0, or -1 after reporting. */
static int apply(struct options *options, const struct poptOption *row, const char *value, const char *where, const char *dashes)
{
    long whole;
    double real;
    char *end;

    switch (row->argInfo & POPT_ARG_MASK) {
    case POPT_ARG_NONE:
        if (read_flag(value ? value : "yes", row->arg))
            return error("%s: %s%s: yes or no is wanted, not \"%s\"", where, dashes, row->longName, value);
        return 0;
    case POPT_ARG_INT:
        if (read_whole(value, INT_MIN, INT_MAX, &whole))
            return error("%s: %s%s: \"%s\" is no whole number, or too large a one", where, dashes, row->longName, value);
        *(int *)row->arg = (int)whole;
        return 0;
    case POPT_ARG_LONG:
        if (read_whole(value, LONG_MIN, LONG_MAX, &whole))
            return error("%s: %s%s: \"%s\" is no whole number, or too large a one", where, dashes, row->longName, value);
        *(long *)row->arg = whole;
        return 0;
    case POPT_ARG_DOUBLE:
        errno = 0;
        real = strtod(value, &end);
        if (end == value || *end || !isfinite(real))
            return error("%s: %s%s: \"%s\" is not a number", where, dashes, row->longName, value);
        *(double *)row->arg = real;
        return 0;
    case POPT_ARG_STRING:
        memory_reserve_one(&options->held, options->held_count, &options->held_room);
        options->held[options->held_count++] = memory_copy_text(value, strlen(value));
        *(const char **)row->arg = options->held[options->held_count - 1];
        return 0;
    case POPT_ARG_ARGV: {
        struct option_list *list = row->arg;

        if (list->count == OPTION_LIST_MOST)
            return error("%s: %s%s: may be given %d times at most", where, dashes, row->longName, OPTION_LIST_MOST);
        memory_reserve_one(&options->held, options->held_count, &options->held_room);
        options->held[options->held_count++] = memory_copy_text(value, strlen(value));
        list->items[list->count++] = options->held[options->held_count - 1];
        return 0;
    }
    default: die("option %s has a type that options.c does not know", row->longName);
    }
}

/* Takes the comment and the white space around off, in place. */
static char *trim(char *line)
{
    static const char space[] = " \t\r\v\f";
    char *end;

    line += strspn(line, space);
    for (char *hash = strchr(line, '#'); hash; hash = strchr(hash + 1, '#')) {
        int quoted = 0;

        for (const char *c = line; c < hash; c++)
            quoted ^= *c == '"';
        if (!quoted && (hash == line || strchr(space, hash[-1]))) {
            *hash = '\0';
            break;
        }
    }
    for (end = line + strlen(line); end > line && strchr(space, end[-1]); end--)
        ;
    *end = '\0';
    return line;
}

/* One line of a configuration file. popt's own reader of such files (poptConfigFileToString) passes silently over lines it does
 * not understand, spoils values with quotes and cuts a last line that lacks its end, and so is not used. */
static int apply_line(struct options *options, const struct rows *rows, char *line, const char *where)
{
    char *name = trim(line), *value, *equals = strchr(name, '=');
    const struct poptOption *row = NULL;
    size_t length;

    if (!*name)
        return 0;
    value = NULL;
    if (equals) {
        *equals = '\0';
        name = trim(name);
        value = trim(equals + 1);
        length = strlen(value);
        if (length > 1 && value[0] == '"' && value[length - 1] == '"') {
            value[length - 1] = '\0';
            value++;
        }
    }
    for (int i = 0; i < rows->count && !row; i++)
        if (rows->items[i]->longName && strcmp(rows->items[i]->longName, name) == 0)
            row = rows->items[i];
    if (!row) {
        report_unknown(rows, options->command, where, "", name);
        return -1;
    }
    if ((row->argInfo & POPT_ARG_MASK) != POPT_ARG_NONE && (!value || !*value))
        return error("%s: %s: a value is wanted, as in: %s = %s", where, name, name, row->argDescrip ? row->argDescrip : "VALUE");
    return apply(options, row, value, where, "");
}

static int apply_file(struct options *options, const struct rows *rows, const char *name)
{
    struct reader reader;
    struct text where = { 0 };
    char *line;
    size_t length;
    int got, status = 0;

    if (reader_open(&reader, name))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) > 0 && !status) {
        text_clear(&where);
        text_format(&where, "%s:%ld", reader.name, reader.line);
        status = strlen(line) < length ? error("%s: has a NUL byte; a text file is wanted", where.data)
                                       : apply_line(options, rows, line, where.data);
    }
    text_release(&where);
    reader_close(&reader);
    return got < 0 ? -1 : status;
}

/* The same for lines in memory. */
static int apply_text(struct options *options, const struct rows *rows, const char *text, const char *where)
{
    char *copy = memory_copy_text(text, strlen(text)), *line = copy;
    int status = 0;

    while (*line && !status) {
        size_t length = strcspn(line, "\n");
        char *next = line[length] ? line + length + 1 : line + length;

        line[length] = '\0';
        status = apply_line(options, rows, line, where);
        line = next;
    }
    free(copy);
    return status;
}

static void report_popt(const struct rows *rows, const char *command, poptContext context, int code)
{
    const char *bad = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    char *name = memory_copy_text(bad, strcspn(bad, "="));

    if (code == POPT_ERROR_BADOPT)
        report_unknown(rows, command, command, "--", name);
    else if (code == POPT_ERROR_NOARG)
        error("%s: %s: a value is wanted; see nmt %s --help", command, name, command);
    else if (code == POPT_ERROR_UNWANTEDARG)
        error("%s: %s takes no value", command, name);
    else
        error("%s: %s: %s", command, name, poptStrerror(code));
    free(name);
}

static int print_help(const char *command, const char *usage, const struct poptOption *table, const struct poptOption *common)
{
    struct text name = { 0 };
    const char *argv[2] = { NULL };
    struct poptOption *all;
    poptContext context;
    size_t count = 0;

    text_format(&name, "nmt %s", command);
    argv[0] = name.data;
    while (table[count].longName || table[count].shortName || table[count].arg)
        count++;
    all = memory_new(count + 3, sizeof *all);
    memcpy(all, table, count * sizeof *all);
    memcpy(all + count, common, 3 * sizeof *all);
    context = poptGetContext("nmt", 1, argv, all, 0);
    poptSetOtherOptionHelp(context, usage);
    poptPrintHelp(context, stdout, 0);
    poptFreeContext(context);
    free(all);
    text_release(&name);
    return io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
}

/* Cuts the command line up into rows->settings. 0, or -1 after reporting. */
static int cut_up(struct rows *rows, const char *command, poptContext context)
{
    int code;

    while ((code = poptGetNextOpt(context)) > 0) {
        memory_reserve_one(&rows->settings, rows->setting_count, &rows->setting_room);
        rows->settings[rows->setting_count++] = (struct setting){ .row = code - 1, .value = poptGetOptArg(context) };
    }
    if (code == -1)
        return 0;
    report_popt(rows, command, context, code);
    return -1;
}

static int take_arguments(struct options *options, poptContext context, int max_arguments)
{
    const char **arguments = poptGetArgs(context);
    int count = 0;

    while (arguments && arguments[count])
        count++;
    if (count > max_arguments)
        return error("%s: \"%s\" is one argument too many; see nmt %s --help", options->command, arguments[max_arguments],
                     options->command);
    options->arguments = memory_new((size_t)count + 1, sizeof *options->arguments);
    options->argument_count = count;
    for (int i = 0; i < count; i++) {
        memory_reserve_one(&options->held, options->held_count, &options->held_room);
        options->held[options->held_count++] = memory_copy_text(arguments[i], strlen(arguments[i]));
        options->arguments[i] = options->held[options->held_count - 1];
    }
    return 0;
}

/* Applies what was given for the rows first..end-1. 0, or -1 after reporting. */
static int apply_settings(struct options *options, const struct rows *rows, int first, int end)
{
    for (int i = 0; i < rows->setting_count; i++) {
        const struct setting *setting = &rows->settings[i];

        if (setting->row >= first && setting->row < end &&
            apply(options, rows->items[setting->row], setting->value, options->command, "--"))
            return -1;
    }
    return 0;
}

/* The table as popt sees it: every option by its number, with a text for a value. */
static struct poptOption *cutting_table(const struct rows *rows)
{
    struct poptOption *table = memory_new((size_t)rows->count + 1, sizeof *table);

    for (int i = 0; i < rows->count; i++) {
        const struct poptOption *row = rows->items[i];
        int flag = (row->argInfo & POPT_ARG_MASK) == POPT_ARG_NONE;

        table[i] = (struct poptOption){
            .longName = row->longName, .shortName = row->shortName, .argInfo = flag ? POPT_ARG_NONE : POPT_ARG_STRING, .val = i + 1
        };
    }
    return table;
}

int options_read(struct options *options, const char *command, const char *usage, const struct poptOption *table, int argc,
                 const char **argv, int max_arguments)
{
    return options_read_over(options, NULL, NULL, command, usage, table, argc, argv, max_arguments);
}

int options_read_over(struct options *options, const char *base, const char *where, const char *command, const char *usage,
                      const struct poptOption *table, int argc, const char **argv, int max_arguments)
{
    const char *file = NULL;
    int help = 0, code = EXIT_USAGE, own, all;
    const struct poptOption common[] = {
        OPTION_FILE("config", file, "read options from a file of lines `name = value`; those given by hand override it", "FILE"),
        { "help", 'h', POPT_ARG_NONE, &help, 0, "print this help", NULL },
        OPTIONS_END,
    };
    struct rows rows = { 0 };
    struct poptOption *cut;
    poptContext context;

    *options = (struct options){ .command = command };
    collect_rows(&rows, table);
    own = rows.count;
    collect_rows(&rows, common);
    all = rows.count;
    cut = cutting_table(&rows);
    context = poptGetContext("nmt", argc, argv, cut, 0);
    if (cut_up(&rows, command, context) || apply_settings(options, &rows, own, all))
        goto out;
    if (help) {
        code = print_help(command, usage, table, common);
        goto out;
    }
    /* The files first, wherever --config stands, so that what is given by hand comes over them. They have the command's own
     * options. */
    rows.count = own;
    if (base && apply_text(options, &rows, base, where))
        goto out;
    for (int i = 0; i < rows.setting_count; i++)
        if (rows.settings[i].row == own && apply_file(options, &rows, rows.settings[i].value))
            goto out;
    if (apply_settings(options, &rows, 0, own) || take_arguments(options, context, max_arguments))
        goto out;
    code = OPTIONS_GO;
out:
    poptFreeContext(context);
    free(cut);
    release_rows(&rows);
    if (code != OPTIONS_GO)
        options_release(options);
    return code;
}

void options_print(const struct poptOption *table, const char *const *except, struct text *out)
{
    for (; table->longName; table++) {
        const char *text = (table->argInfo & POPT_ARG_MASK) == POPT_ARG_STRING ? *(const char *const *)table->arg : "";
        int left_out = text == NULL;

        for (int i = 0; except[i]; i++)
            left_out |= strcmp(except[i], table->longName) == 0;
        if (left_out)
            continue;
        text_format(out, "%s = ", table->longName);
        switch (table->argInfo & POPT_ARG_MASK) {
        case POPT_ARG_NONE: text_add_string(out, *(const int *)table->arg ? "yes" : "no"); break;
        case POPT_ARG_INT: text_format(out, "%d", *(const int *)table->arg); break;
        case POPT_ARG_LONG: text_format(out, "%ld", *(const long *)table->arg); break;
        case POPT_ARG_DOUBLE: text_format(out, "%.17g", *(const double *)table->arg); break;
        default: text_format(out, "\"%s\"", text); break;
        }
        text_add_string(out, "\n");
    }
}

const char *options_nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    int least = 3;

    if (strlen(name) > LONGEST_NAME)
        return NULL;
    for (int i = 0; names[i]; i++) {
        int distance = edit_distance(name, names[i]);

        if (distance < least) {
            best = names[i];
            least = distance;
        }
    }
    return best;
}

void options_release(struct options *options)
{
    for (int i = 0; i < options->held_count; i++)
        free(options->held[i]);
    free(options->held);
    free(options->arguments);
    *options = (struct options){ 0 };
}

int options_require(const struct options *options, const char *option, const char *value)
{
    return value ? 0 : error("%s: --%s is missing; see nmt %s --help", options->command, option, options->command);
}

int options_range(const struct options *options, const char *option, long value, long low, long high)
{
    if (value >= low && value <= high)
        return 0;
    if (high == LONG_MAX || high == INT_MAX)
        return error("%s: --%s: %ld is too small, the least is %ld", options->command, option, value, low);
    return error("%s: --%s: %ld is not in %ld to %ld", options->command, option, value, low, high);
}

int options_range_real(const struct options *options, const char *option, double value, double low, double high)
{
    if (value >= low && value <= high)
        return 0;
    return error("%s: --%s: %g is not in %g to %g", options->command, option, value, low, high);
}

int options_choice(const struct options *options, const char *option, const char *value, const char *const *names)
{
    struct text list = { 0 };

    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], value) == 0)
            return i;
    for (int i = 0; names[i]; i++)
        text_format(&list, "%s%s", i ? ", " : "", names[i]);
    error("%s: --%s: \"%s\" is not one of %s", options->command, option, value, list.data);
    text_release(&list);
    return -1;
}
