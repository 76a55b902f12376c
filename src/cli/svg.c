#include "cli/svg.h"

#include "base/json.h"

#include <string.h>

void svg_text(FILE *stream, const char *text)
{
    struct text clean = { 0 };

    json_escape(&clean, text, strlen(text), 0);
    for (const char *c = clean.data; c && *c; c++)
        if (*c == '<' || *c == '&' || *c == '>')
            fprintf(stream, "&#%d;", *c);
        else
            putc(*c, stream);
    text_release(&clean);
}
