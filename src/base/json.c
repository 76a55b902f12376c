#include "base/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void json_release(struct json *json)
{
    text_release(&json->text);
    *json = (struct json){ 0 };
}

void json_print(const struct json *json, FILE *file)
{
    assert(json->depth == 0);
    fwrite(json->text.data, 1, json->text.length, file);
    putc('\n', file);
}

void json_escape(struct text *out, const char *bytes, size_t length, int quoted)
{
    uint32_t code;

    text_add(out, "\"", quoted != 0);
    for (size_t at = 0, step; at < length; at += step) {
        step = utf8_next(bytes + at, length - at, &code);
        if (code == UTF8_BAD)
            text_add_string(out, "\xEF\xBF\xBD");
        else if (code == '\n')
            text_add_string(out, "\\n");
        else if (code == '\t')
            text_add_string(out, "\\t");
        else if (utf8_is_control(code))
            text_format(out, "\\u%04x", (unsigned)code);
        else if (quoted && (code == '"' || code == '\\'))
            text_format(out, "\\%c", (char)code);
        else
            text_add(out, bytes + at, step);
    }
    text_add(out, "\"", quoted != 0);
}

void json_number(struct text *out, double value, int digits)
{
    assert(digits >= 1 && digits <= 17);
    if (isfinite(value))
        text_format(out, "%.*g", digits, value);
    else
        text_add_string(out, "null");
}

struct text *json_value(struct json *json, const char *name)
{
    struct text *text = &json->text;

    if (json->comma)
        text_add_string(text, json->line ? "," : ", ");
    if (json->line)
        text_format(text, "\n%*s", json->depth, "");
    if (name) {
        json_escape(text, name, strlen(name), 1);
        text_add_string(text, ": ");
    }
    json->comma = 1;
    json->line = 0;
    return text;
}

void json_open(struct json *json, const char *name, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    text_add(json_value(json, name), &bracket, 1);
    json->depth++;
    json->comma = 0;
}

void json_close(struct json *json, char bracket)
{
    assert(json->depth > 0 && (bracket == '}' || bracket == ']'));
    text_add(&json->text, &bracket, 1);
    json->depth--;
    json->comma = 1;
}

void json_line(struct json *json)
{
    json->line = 1;
}

void json_string(struct json *json, const char *name, const char *string)
{
    json_escape(json_value(json, name), string, strlen(string), 1);
}

void json_integer(struct json *json, const char *name, long value)
{
    text_format(json_value(json, name), "%ld", value);
}

void json_boolean(struct json *json, const char *name, int value)
{
    text_add_string(json_value(json, name), value ? "true" : "false");
}

void json_real(struct json *json, const char *name, double value, int digits)
{
    json_number(json_value(json, name), value, digits);
}
