/* json: writes one JSON text, from its first bracket to its last. Commas, line breaks, escapes and numbers that JSON does not have
 * are its business, so that its callers have none of it:
 *
 *     struct json json = { 0 };
 *
 *     json_open(&json, NULL, '{');
 *     json_string(&json, "name", "BLEU");
 *     json_real(&json, "score", 37.5, 15);
 *     json_close(&json, '}');                     json.text is now {"name": "BLEU", "score": 37.5}
 *     json_release(&json);
 *
 * Every value takes the name under which it stands in its object: NULL in an array, and for the outermost value. */
#ifndef NMT_BASE_JSON_H
#define NMT_BASE_JSON_H

#include "base/memory.h"

#include <stdio.h>

struct json {
    struct text text; /* what is written so far */
    int depth;        /* brackets open */
    int comma;        /* a value stands before the next one */
    int line;         /* the next value begins a line */
};

void json_release(struct json *json);

/* Begins an object ('{') or an array ('['); ends it ('}' or ']'). */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

/* The next value begins on a line of its own, indented by one space per open bracket. */
void json_line(struct json *json);

void json_string(struct json *json, const char *name, const char *string);
void json_integer(struct json *json, const char *name, long value);
void json_bool(struct json *json, const char *name, int value);

/* A number with at most that many significant digits (1..17); null when it is not finite. */
void json_real(struct json *json, const char *name, double value, int digits);

/* Writes the text and a line end to a file, whose error indicator tells whether that failed. */
void json_print(const struct json *json, FILE *file);

/* Begins a value that the caller adds to the text returned, as a whole JSON value. */
struct text *json_value(struct json *json, const char *name);

/* Adds bytes of any origin so that neither a terminal nor a JSON reader is misled: control characters (utf8_is_control) as \n, \t or
 * \u001b, what is not UTF-8 as U+FFFD; with `quoted`, between quotation marks, with those and backslashes escaped. */
void json_escape(struct text *out, const char *bytes, size_t length, int quoted);

/* Adds a number with at most that many significant digits, or null when it is not finite. */
void json_number(struct text *out, double value, int digits);

#endif
