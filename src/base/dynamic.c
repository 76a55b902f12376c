#include "base/dynamic.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* -1, with the loader's text. */
static int failed(char *problem, size_t room)
{
    snprintf(problem, room, "%s", dlerror());
    return -1;
}

int dynamic_load(const char *file, const struct dynamic_function *functions, size_t count, char *problem, size_t room)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

    if (!library)
        return failed(problem, room);
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, functions[i].name);

        if (!address)
            return failed(problem, room);
        memcpy(functions[i].place, &address, sizeof address); /* C has no cast from a pointer to data to one to a function */
    }
    return 0;
}
