#include "base/dynamic.h"

#include <dlfcn.h>
#include <string.h>

const char *dynamic_load(const char *file, const struct dynamic_function *functions, size_t count)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

    if (!library)
        return dlerror();
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, functions[i].name);

        if (!address)
            return dlerror();
        memcpy(functions[i].place, &address, sizeof address); /* C has no cast from a pointer to data to one to a function */
    }
    return NULL;
}
