#include "serve/form.h"

#include "base/memory.h"
#include "base/report.h"
#include "base/utf8.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A + stands for a space, %XX for a byte. Heap. */
static char *decode(const char *text, size_t length)
{
    char *out = memory_copy_text(text, length);
    size_t at = 0;

    for (size_t i = 0; i < length; i++)
        if (text[i] == '%' && i + 2 < length && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            out[at++] = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            out[at++] = text[i] == '+' ? ' ' : text[i];
        }
    out[at] = '\0';
    if (strlen(out) == at && utf8_valid_length(out, at) == at)
        return out;
    free(out);
    return NULL;
}

static struct json_object *checked(struct json_object *object)
{
    if (!object)
        die("out of memory");
    return object;
}

static void add(struct json_object *fields, const char *name, const char *value)
{
    struct json_object *string = checked(json_object_new_string(value)), *old = json_object_object_get(fields, name), *list = old;

    if (!old) {
        json_object_object_add(fields, name, string);
        return;
    }
    if (!json_object_is_type(old, json_type_array)) {
        list = checked(json_object_new_array());
        json_object_array_add(list, json_object_get(old));
        json_object_object_add(fields, name, list);
    }
    json_object_array_add(list, string);
}

struct json_object *form_read(const char *text, size_t length, const char **problem)
{
    struct json_object *fields = checked(json_object_new_object());
    const char *end = text + length;

    for (const char *at = text, *next; at < end; at = next) {
        const char *stop = memchr(at, '&', (size_t)(end - at)), *equals;
        char *name, *value;

        stop = stop ? stop : end;
        next = stop < end ? stop + 1 : end;
        equals = memchr(at, '=', (size_t)(stop - at));
        name = decode(at, (size_t)((equals ? equals : stop) - at));
        value = equals ? decode(equals + 1, (size_t)(stop - equals - 1)) : memory_copy_text("", 0);
        if (name && value)
            add(fields, name, value);
        free(name);
        free(value);
        if (!name || !value) {
            json_object_put(fields);
            *problem = "a field that is not UTF-8, or has a NUL";
            return NULL;
        }
    }
    return fields;
}
