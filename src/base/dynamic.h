/* dynamic: libraries that are loaded when they are first needed, so that what does without them starts without them. */
#ifndef NMT_BASE_DYNAMIC_H
#define NMT_BASE_DYNAMIC_H

#include <stddef.h>

struct dynamic_function {
    const char *name;
    void *place; /* of the pointer to the function: dynamic_load stores its address there */
};

/* Loads the library of this file name and finds `count` functions. 0, or -1: problem [room] then says why. */
int dynamic_load(const char *file, const struct dynamic_function *functions, size_t count, char *problem, size_t room);

#endif
