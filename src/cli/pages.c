#include "cli/pages.h"

#include <string.h>

static const char DATA[] = "@DATA@";

static const char *mark_of(const unsigned char *page)
{
    return strstr((const char *)page, DATA);
}

void pages_begin(FILE *stream, const unsigned char *page)
{
    fwrite(page, 1, (size_t)(mark_of(page) - (const char *)page), stream);
}

void pages_end(FILE *stream, const unsigned char *page)
{
    fputs(mark_of(page) + strlen(DATA), stream);
}

void pages_print(FILE *stream, const struct text *json)
{
    for (size_t i = 0; i < json->length; i++)
        if (json->data[i] == '<')
            fputs("\\u003c", stream);
        else
            putc(json->data[i], stream);
}
