/* json_read: reads one JSON value with json-c. */
#ifndef NMT_BASE_JSON_READ_H
#define NMT_BASE_JSON_READ_H

#include <stddef.h>

struct json_object;

/* The value in text [length], which is followed by a NUL; NULL, with *problem set, if it is not one value of UTF-8. */
struct json_object *json_read(const char *text, size_t length, const char **problem);

#endif
