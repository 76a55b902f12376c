/* The output of nmt COMMAND --help:
 *
 *     Usage: nmt COMMAND …
 *
 *     Heading:
 *       --name VALUE          explanation, continued here (default: …)
 */
#include "cli/options.h"

#include "base/io.h"
#include "base/report.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, COLUMN = 28 }; /* width of a line; column of explanations */

/* Prints `text` in lines that begin at COLUMN; `at` is the current column. */
static void print_wrapped(const char *text, int at)
{
    if (at > COLUMN - 2) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", COLUMN - at, "");
    at = COLUMN;
    while (*text) {
        int length = (int)strcspn(text, " ");

        if (at > COLUMN && at + 1 + length > WIDTH) {
            printf("\n%*s", COLUMN, "");
            at = COLUMN;
        }
        at += printf("%s%.*s", at > COLUMN ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

/* The values of a choice: "a, b or c". */
static void add_names(struct text *out, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        text_format(out, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " or ", names[i]);
}

static void print_row(const struct option *row)
{
    struct text text = { 0 };
    int at = printf("  %s--%s%s%s", row->type == OPTION_FLAG && strcmp(row->name, "help") == 0 ? "-h, " : "", row->name,
                    row->value ? " " : "", row->value ? row->value : "");

    text_add_string(&text, row->help);
    if (row->names) {
        text_add_string(&text, ": ");
        add_names(&text, row->names);
    }
    if (row->initial)
        text_format(&text, " (default: %s)", row->initial);
    print_wrapped(text.data, at);
    text_release(&text);
}

int options_help(const struct command *command, const struct option *common)
{
    const struct option *const tables[] = { command->table, common };

    printf("Usage: nmt %s %s\n", command->name, command->usage);
    if (command->table->name)
        printf("\n");
    for (int i = 0; i < 2; i++) {
        for (const struct option *row = tables[i]; row->name || row->help; row++)
            if (row->name)
                print_row(row);
            else
                printf("\n%s:\n", row->help);
        if (i == 0)
            printf("\nEvery command:\n");
    }
    return io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
}
