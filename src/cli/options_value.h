/* options_value: reads and prints the value of one option. Private to cli/options. */
#ifndef NMT_CLI_OPTIONS_VALUE_H
#define NMT_CLI_OPTIONS_VALUE_H

#include "cli/options.h"

/* A message begins with the place of the option ("train", or "FILE:LINE") and names the option with its prefix there. */
struct place {
    const char *where, *dashes;
};

/* Stores a value (NULL: a flag without one) in the row's variable. 0, or -1 after reporting. */
int options_set(struct options *options, void *settings, const struct option *row, const char *value, const struct place *place);

/* How many values the variable has: any number if it is a list, otherwise one. options_item adds one of them to `out`. */
int options_count(const struct option *row, const void *settings);
void options_item(const struct option *row, const void *settings, int item, struct text *out);

/* Empties, or releases, a list; does nothing to other variables. */
void options_clear_list(const struct option *row, void *settings);
void options_release_list(const struct option *row, void *settings);

/* A copy that lives until options_release. */
const char *options_hold(struct options *options, const char *text);

#endif
