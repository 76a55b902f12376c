/* json: writes one JSON text, from its first bracket to its last. It takes care of commas, line breaks, escapes, and numbers that
 * JSON cannot represent:
 *
 *     struct json json = { 0 };
 *
 *     json_open(&json, NULL, '{');
 *     json_string(&json, "name", "BLEU");
 *     json_real(&json, "score", 37.5, 15);
 *     json_close(&json, '}');                     json.text is now {"name": "BLEU", "score": 37.5}
 *     json_release(&json);
 *
 * Every value takes its name in the enclosing object: NULL in an array, and for the outermost value. */
#ifndef NMT_BASE_JSON_H
#define NMT_BASE_JSON_H

#include "base/memory.h"

#include <stdio.h>

struct json {
    struct text text; /* the output so far */
    int depth;        /* brackets open */
    int comma;        /* the next value needs a comma before it */
    int line;         /* the next value begins a line */
};

void json_release(struct json *json);

/* Begins an object ('{') or an array ('['); ends it ('}' or ']'). */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

/* The next value begins on its own line, indented by one space per open bracket. */
void json_line(struct json *json);

void json_string(struct json *json, const char *name, const char *string);
void json_integer(struct json *json, const char *name, long value);
void json_boolean(struct json *json, const char *name, int value);

/* A number with at most that many significant digits (1..17); null when it is not finite. */
void json_real(struct json *json, const char *name, double value, int digits);

/* Writes the text and a line end to a file, whose error indicator shows whether that failed. */
void json_print(const struct json *json, FILE *file);

/* Begins a value, which the caller adds to the returned text as one complete JSON value. */
struct text *json_value(struct json *json, const char *name);

/* Adds bytes of any origin, safely for terminals and JSON readers: control characters (utf8_is_control) as \n, \t or \u001b,
 * invalid UTF-8 as U+FFFD; with `quoted`, between quotation marks, with quotation marks and backslashes escaped. */
void json_escape(struct text *out, const char *bytes, size_t length, int quoted);

/* Adds a number with at most that many significant digits, or null when it is not finite. */
void json_number(struct text *out, double value, int digits);

#endif
