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

/* A copy that lives until options_release. */
const char *options_hold(struct options *options, const char *text);

#endif
