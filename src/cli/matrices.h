/* matrices: alignments as JSON, as nmt translate --alignment FILE.json and nmt train --watch write them: objects with "source" and "target",
 * arrays of words, and "weights", an array of a row for each target word. */
#ifndef NMT_CLI_MATRICES_H
#define NMT_CLI_MATRICES_H

#include "base/json.h"

struct json_object;

/* Whether a value (NULL: no) is such an object. */
int matrix_check(struct json_object *value);

/* Adds its three members to the object that is open, the weights with two digits. */
void matrix_add(struct json *json, struct json_object *matrix);

/* Zero-initialise; matrices_release. */
struct matrices {
    struct json_object *all;
};

/* Reads the alignments of `count` sentences. 0, or -1 after reporting. */
int matrices_read(struct matrices *matrices, const char *name, size_t count);
void matrices_release(struct matrices *matrices);

/* Adds those of sentence i as an object. */
void matrices_add(const struct matrices *matrices, size_t i, struct json *json);

#endif
