#include "cli/options_value.h"

#include "base/report.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void options_own(struct options *options, char *text)
{
    if (!text)
        return;
    memory_reserve_one(&options->held, options->held_count, &options->held_room);
    options->held[options->held_count++] = text;
}

const char *options_hold(struct options *options, const char *text)
{
    options_own(options, memory_copy_text(text, strlen(text)));
    return options->held[options->held_count - 1];
}

static int read_whole(const struct option *row, const char *value, const struct place *place, long *number)
{
    int most_int = row->type == OPTION_INT;
    char *end;

    errno = 0;
    *number = strtol(value, &end, 10);
    if (end == value || *end || errno || (most_int && (*number < INT_MIN || *number > INT_MAX)))
        return error("%s: %s%s: \"%s\" is not an integer, or out of range", place->where, place->dashes, row->name, value);
    return 0;
}

static int read_real(const struct option *row, const char *value, const struct place *place, double *number)
{
    char *end;

    errno = 0;
    *number = strtod(value, &end);
    if (end == value || *end || !isfinite(*number))
        return error("%s: %s%s: \"%s\" is not a number", place->where, place->dashes, row->name, value);
    return 0;
}

static int check_range(const struct option *row, double number, const char *value, const struct place *place)
{
    const char *or_word = row->word ? ", or " : "", *word = row->word ? row->word : "";

    if ((number >= row->low && number <= row->high) || (row->word && number == row->meaning && number >= 0))
        return 0;
    if (row->high == OPTION_ANY)
        return error("%s: %s%s: %s is too small; the minimum is %g%s%s", place->where, place->dashes, row->name, value, row->low,
                     or_word, word);
    return error("%s: %s%s: %s is out of range (%.10g to %.10g%s%s)", place->where, place->dashes, row->name, value, row->low,
                 row->high, or_word, word);
}

static int read_number(const struct option *row, void *variable, const char *value, const struct place *place)
{
    double number = row->meaning;
    long whole = (long)row->meaning;

    int is_whole = row->type == OPTION_INT || row->type == OPTION_LONG;
    struct option_reals *list = variable;

    if (!row->word || strcmp(value, row->word) != 0) {
        if (is_whole ? read_whole(row, value, place, &whole) : read_real(row, value, place, &number))
            return -1;
        if (check_range(row, is_whole ? (double)whole : number, value, place))
            return -1;
    }
    switch (row->type) {
    case OPTION_INT: *(int *)variable = (int)whole; break;
    case OPTION_LONG: *(long *)variable = whole; break;
    case OPTION_REALS:
        memory_reserve_one(&list->items, list->count, &list->room);
        list->items[list->count++] = number;
        break;
    default: *(double *)variable = number; break;
    }
    return 0;
}

static int read_choice(const struct option *row, int *choice, const char *value, const struct place *place)
{
    struct text list = { 0 };

    if (row->word && strcmp(value, row->word) == 0) {
        *choice = (int)row->meaning;
        return 0;
    }
    for (int i = 0; row->names[i]; i++)
        if (strcmp(row->names[i], value) == 0) {
            *choice = i;
            return 0;
        }
    for (int i = 0; row->names[i]; i++)
        text_format(&list, "%s%s", i ? ", " : "", row->names[i]);
    if (row->word)
        text_format(&list, ", %s", row->word);
    error("%s: %s%s: \"%s\" is not one of %s", place->where, place->dashes, row->name, value, list.data);
    text_release(&list);
    return -1;
}

int options_set(struct options *options, void *settings, const struct option *row, const char *value, const struct place *place)
{
    void *variable = (char *)settings + row->field;
    struct option_list *list;

    switch (row->type) {
    case OPTION_FLAG:
        if (value && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return error("%s: %s%s: expected yes or no, not \"%s\"", place->where, place->dashes, row->name, value);
        *(int *)variable = !value || strcmp(value, "yes") == 0;
        return 0;
    case OPTION_CHOICE: return read_choice(row, variable, value, place);
    case OPTION_TEXT: *(const char **)variable = options_hold(options, value); return 0;
    case OPTION_LIST:
        list = variable;
        memory_reserve_one(&list->items, list->count, &list->room);
        list->items[list->count++] = options_hold(options, value);
        return 0;
    default: return read_number(row, variable, value, place);
    }
}

/* The shortest text that is parsed as the number. */
static void add_real(struct text *out, double number)
{
    char text[40];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    text_add_string(out, text);
}

int options_count(const struct option *row, const void *settings)
{
    const void *variable = (const char *)settings + row->field;

    switch (row->type) {
    case OPTION_LIST: return ((const struct option_list *)variable)->count;
    case OPTION_REALS: return ((const struct option_reals *)variable)->count;
    default: return 1;
    }
}

void options_item(const struct option *row, const void *settings, int item, struct text *out)
{
    const void *variable = (const char *)settings + row->field;
    double number;

    switch (row->type) {
    case OPTION_FLAG: text_add_string(out, *(const int *)variable ? "yes" : "no"); return;
    case OPTION_CHOICE:
        number = *(const int *)variable;
        text_add_string(out, row->word && number == row->meaning ? row->word : row->names[(int)number]);
        return;
    case OPTION_TEXT: text_add_string(out, *(const char *const *)variable ? *(const char *const *)variable : ""); return;
    case OPTION_LIST: text_add_string(out, ((const struct option_list *)variable)->items[item]); return;
    case OPTION_REALS: number = ((const struct option_reals *)variable)->items[item]; break;
    case OPTION_INT: number = *(const int *)variable; break;
    case OPTION_LONG: number = (double)*(const long *)variable; break;
    default: number = *(const double *)variable; break;
    }
    if (row->word && number == row->meaning)
        text_add_string(out, row->word);
    else if (row->type == OPTION_LONG)
        text_format(out, "%ld", *(const long *)variable);
    else if (row->type == OPTION_INT)
        text_format(out, "%d", *(const int *)variable);
    else
        add_real(out, number);
}

void options_value(const struct option *row, const void *settings, struct text *out)
{
    text_add_string(out, "");
    for (int i = 0; i < options_count(row, settings); i++) {
        text_add_string(out, i ? " " : "");
        options_item(row, settings, i, out);
    }
}

void options_clear_list(const struct option *row, void *settings)
{
    void *variable = (char *)settings + row->field;

    if (row->type == OPTION_LIST)
        ((struct option_list *)variable)->count = 0;
    else if (row->type == OPTION_REALS)
        ((struct option_reals *)variable)->count = 0;
}

void options_release_list(const struct option *row, void *settings)
{
    struct option_list *list = (void *)((char *)settings + row->field);
    struct option_reals *reals = (void *)list;

    if (row->type == OPTION_LIST) {
        free(list->items);
        *list = (struct option_list){ 0 };
    } else if (row->type == OPTION_REALS) {
        free(reals->items);
        *reals = (struct option_reals){ 0 };
    }
}

void options_copy(const struct option *row, void *settings, const void *from)
{
    size_t size = row->type == OPTION_REAL ? sizeof(double) : row->type == OPTION_LONG ? sizeof(long) : sizeof(int);

    memcpy((char *)settings + row->field, (const char *)from + row->field, size);
}
