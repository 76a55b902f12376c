/* options_value: the value of one option, read and printed. Private to cli/options. */
#ifndef NMT_CLI_OPTIONS_VALUE_H
#define NMT_CLI_OPTIONS_VALUE_H

#include "cli/options.h"

/* A message begins with where something was given ("train", or "FILE:LINE") and names an option with what stands before it there. */
struct place {
    const char *where, *dashes;
};

/* Puts a value (NULL: a flag without one) where the row points. 0, or -1 after reporting. */
int options_set(struct options *options, void *settings, const struct option *row, const char *value, const struct place *place);

/* A copy that lives until options_release. */
const char *options_hold(struct options *options, const char *text);

#endif
