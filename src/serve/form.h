/* form: the body of an HTML form, application/x-www-form-urlencoded. */
#ifndef NMT_SERVE_FORM_H
#define NMT_SERVE_FORM_H

#include <stddef.h>

struct json_object;

/* The fields as a JSON object of strings; a name that occurs several times has an array of them. NULL, with *problem set, if a field is not
 * UTF-8 or has a NUL. */
struct json_object *form_read(const char *text, size_t length, const char **problem);

#endif
