#include "text/sentences.h"

#include <string.h>

size_t sentence_length(const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++)
        if (text[i] != ' ' && text[i - 1] == ' ' && i > 1 && strchr(".!?", text[i - 2]))
            return i;
    return length;
}
