/* matrices: alignments from a file, as nmt translate --alignment FILE.json writes them. */
#ifndef NMT_CLI_MATRICES_H
#define NMT_CLI_MATRICES_H

#include "base/json.h"

struct json_object;

/* Zero-initialise; matrices_release. */
struct matrices {
    struct json_object *all;
};

/* Reads the alignments of `count` sentences. 0, or -1 after reporting. */
int matrices_read(struct matrices *matrices, const char *name, size_t count);
void matrices_release(struct matrices *matrices);

/* Adds those of sentence i: {"source": […], "target": […], "weights": [[…], …]}, the weights with two digits. */
void matrices_add(const struct matrices *matrices, size_t i, struct json *json);

#endif
