#include "cli/options_value.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 63 };

/* The options that every command has, besides its own table. */
struct common {
    struct option_list configs;
    int help;
};

static const struct option common_table[] = {
    { "config", OPTION(struct common, LIST, configs), .value = "FILE",
      .help = "read options from a file of lines `name = value`; the command line overrides it" },
    { "help", OPTION(struct common, FLAG, help), .help = "print this help" },
    OPTIONS_END
};

/* How many characters must be inserted, removed or replaced to turn `b` into `a`. */
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

static int is_end(const struct option *row)
{
    return !row->name && !row->help;
}

static const struct option *find(const struct option *table, const char *name, size_t length)
{
    for (; !is_end(table); table++)
        if (table->name && strlen(table->name) == length && strncmp(table->name, name, length) == 0)
            return table;
    return NULL;
}

/* The option that was probably meant by `name`, or NULL. */
static const char *find_similar(const struct option *table, const char *name)
{
    const char *best = NULL;
    size_t length = strlen(name);
    int least = length < 4 ? 1 : 1 + (int)(length / 4);

    for (; !is_end(table); table++) {
        int distance;

        if (!table->name || length > LONGEST_NAME)
            continue;
        distance = length > 1 && strncmp(table->name, name, length) == 0 ? 1 : edit_distance(name, table->name);
        if (distance < least || (distance == least && !best)) {
            best = table->name;
            least = distance;
        }
    }
    return best;
}

static int report_unknown(const struct command *command, const struct place *place, const char *name)
{
    const char *similar = find_similar(command->table, name + strspn(name, "-"));

    if (similar)
        return error("%s: unknown option %s; did you mean %s%s?", place->where, name, place->dashes, similar);
    return error("%s: unknown option %s; see nmt %s --help", place->where, name, command->name);
}

/* Removes the comment and the white space around, in place. */
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

/* One line of a configuration file. */
static int apply_line(struct options *options, void *settings, char *line, const char *where, int stored)
{
    const struct place place = { where, "" };
    char *name = trim(line), *value, *equals = strchr(name, '=');
    const struct option *row;
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
    row = find(options->command->table, name, strlen(name));
    if (!row)
        return report_unknown(options->command, &place, name);
    if (stored && row->role == OPTION_OF_RUN)
        return error("%s: its settings contain %s, which is never stored; the file was altered", where, name);
    if (row->type != OPTION_FLAG && (!value || !*value))
        return error("%s: %s: expected a value, as in: %s = %s", where, name, name, row->value);
    return options_set(options, settings, row, value, &place);
}

static int apply_file(struct options *options, void *settings, const char *name)
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
        status = strlen(line) < length ? error("%s: has a NUL byte; expected a text file", where.data)
                                       : apply_line(options, settings, line, where.data, 0);
    }
    text_release(&where);
    reader_close(&reader);
    return got < 0 ? -1 : status;
}

static int apply_base(struct options *options, void *settings, const struct option_base *base)
{
    char *copy = memory_copy_text(base->lines, strlen(base->lines)), *line = copy;
    int status = 0;

    while (*line && !status) {
        size_t length = strcspn(line, "\n");
        char *next = line[length] ? line + length + 1 : line + length;

        line[length] = '\0';
        status = apply_line(options, settings, line, base->where, base->stored);
        line = next;
    }
    free(copy);
    return status;
}

/* An option of the command line; `value` is NULL for a flag. */
struct given {
    const struct option *row;
    const char *value;
    int is_common;
};

/* The parsed command line. */
struct line {
    struct given *given;
    int count, room;
};

/* Parses the option argv[*at], and moves *at to its value if that is a separate argument. 0, or -1 after reporting. */
static int cut_option(struct line *line, const struct command *command, int argc, const char **argv, int *at)
{
    const struct place place = { command->name, "--" };
    const char *argument = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    struct given given = { .row = find(command->table, name, length) };

    if (!given.row) {
        given.row = find(common_table, name, length);
        given.is_common = 1;
    }
    if (!given.row || argument[1] != '-') {
        char *unknown = memory_copy_text(argument, (size_t)(name - argument) + length);

        report_unknown(command, &place, unknown);
        free(unknown);
        return -1;
    }
    if (name[length] == '=')
        given.value = name + length + 1;
    else if (given.row->type != OPTION_FLAG && *at + 1 < argc)
        given.value = argv[++*at];
    if (given.row->type == OPTION_FLAG && given.value)
        return error("%s: --%s takes no value", command->name, given.row->name);
    if (given.row->type != OPTION_FLAG && !given.value)
        return error("%s: --%s: expected a value; see nmt %s --help", command->name, given.row->name, command->name);
    memory_reserve_one(&line->given, line->count, &line->room);
    line->given[line->count++] = given;
    return 0;
}

/* Splits the command line into options and arguments. "--" ends the options; "-" is an argument. 0, or -1 after reporting. */
static int cut_up(struct line *line, struct options *options, int argc, const char **argv)
{
    const struct command *command = options->command;
    int only_arguments = 0;

    options->arguments = memory_new((size_t)argc + 1, sizeof *options->arguments);
    for (int i = 1; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = 1;
        } else if (only_arguments || argv[i][0] != '-' || !argv[i][1]) {
            if (options->argument_count == command->arguments)
                return error("%s: unexpected argument \"%s\"; see nmt %s --help", command->name, argv[i], command->name);
            options->arguments[options->argument_count++] = options_hold(options, argv[i]);
        } else if (cut_option(line, command, argc, argv, &i)) {
            return -1;
        }
    }
    return 0;
}

/* Applies the options of the command line that are common to all commands, or those that are not. */
static int apply_given(struct options *options, void *settings, const struct line *line, int common)
{
    const struct place place = { options->command->name, "--" };

    /* A list on the command line replaces the one from files. */
    for (int i = 0; i < line->count; i++)
        if (line->given[i].is_common == common)
            options_clear_list(line->given[i].row, settings);
    for (int i = 0; i < line->count; i++)
        if (line->given[i].is_common == common && options_set(options, settings, line->given[i].row, line->given[i].value, &place))
            return -1;
    return 0;
}

static void set_defaults(struct options *options, void *settings)
{
    const struct place place = { "default", "" };

    memset(settings, 0, options->command->size);
    options->settings = settings;
    for (const struct option *row = options->command->table; !is_end(row); row++)
        if (row->initial && options_set(options, settings, row, row->initial, &place))
            die("the default of --%s is wrong", row->name);
}

int options_read(struct options *options, const struct command *command, void *settings, int argc, const char **argv)
{
    return options_read_over(options, NULL, command, settings, argc, argv);
}

int options_read_over(struct options *options, const struct option_base *base, const struct command *command, void *settings,
                      int argc, const char **argv)
{
    struct common common = { .help = 0 };
    struct line line = { 0 };
    int code = EXIT_USAGE;

    *options = (struct options){ .command = command };
    set_defaults(options, settings);
    if (cut_up(&line, options, argc, argv) || apply_given(options, &common, &line, 1))
        goto out;
    if (common.help) {
        code = options_help(command, common_table);
        goto out;
    }
    if (base && apply_base(options, settings, base))
        goto out;
    for (int i = 0; i < common.configs.count; i++)
        if (apply_file(options, settings, common.configs.items[i]))
            goto out;
    if (apply_given(options, settings, &line, 0) == 0)
        code = OPTIONS_GO;
out:
    free(common.configs.items);
    free(line.given);
    if (code != OPTIONS_GO)
        options_release(options);
    return code;
}

void options_print(const struct command *command, const void *settings, struct text *out)
{
    for (const struct option *row = command->table; !is_end(row); row++) {
        if (!row->name || row->role == OPTION_OF_RUN)
            continue;
        for (int i = 0; i < options_count(row, settings); i++) {
            text_format(out, "%s = ", row->name);
            options_item(row, settings, i, out);
            text_add_string(out, "\n");
        }
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
    for (const struct option *row = options->settings ? options->command->table : NULL; row && !is_end(row); row++)
        if (row->name)
            options_release_list(row, options->settings);
    free(options->held);
    free(options->arguments);
    *options = (struct options){ 0 };
}

int options_changed(const struct options *options, const char *option)
{
    const struct option *row = find(options->command->table, option, strlen(option));
    const char *initial = row->initial ? row->initial : row->type == OPTION_FLAG ? "no" : "";
    struct text value = { 0 };
    int changed;

    options_value(row, options->settings, &value);
    changed = strcmp(value.data, initial) != 0;
    text_release(&value);
    return changed;
}

int options_require(const struct options *options, const char *option, const char *value)
{
    return value ? 0 : error("%s: --%s is missing; see nmt %s --help", options->command->name, option, options->command->name);
}
