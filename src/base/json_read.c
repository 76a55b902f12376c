#include "base/json_read.h"

#include "base/report.h"

#include <json-c/json_tokener.h>
#include <stdint.h>

/* The parser sees the NUL behind the text, where numbers end. */
struct json_object *json_read(const char *text, size_t length, const char **problem)
{
    struct json_tokener *parser = json_tokener_new();
    struct json_object *value = NULL;
    enum json_tokener_error result = json_tokener_error_size;

    if (!parser)
        die("out of memory");
    if (length < INT32_MAX) {
        json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        value = json_tokener_parse_ex(parser, text, (int)length + 1);
        result = json_tokener_get_error(parser);
    }
    *problem = result == json_tokener_error_parse_utf8_string ? "invalid UTF-8"
               : result == json_tokener_error_depth           ? "JSON of too many levels"
                                                              : "not JSON";
    json_tokener_free(parser);
    return value;
}
