#include "corpus/input.h"

#include "base/report.h"

#include <string.h>

int input_open(struct input *input, const struct corpus_files *files)
{
    *input = (struct input){ .count = 0 };
    if (reader_open(&input->readers[0], files->pairs ? files->pairs : files->source))
        return -1;
    input->count = 1;
    if (files->pairs)
        return 0;
    if (reader_open(&input->readers[1], files->target))
        return -1;
    input->count = 2;
    return 0;
}

void input_close(struct input *input)
{
    for (int i = 0; i < input->count; i++)
        reader_close(&input->readers[i]);
    input->count = 0;
}

/* One side has fewer lines than the other: reads the longer one to its end and reports. */
static int unequal(struct input *input, int longer)
{
    struct reader *more = &input->readers[longer], *less = &input->readers[!longer];
    long ended = less->line, first = ended + 1;
    char *line;
    size_t length;
    int got;

    while ((got = reader_line(more, &line, &length)) > 0)
        ;
    if (got < 0)
        return -1;
    return error("%s has %ld lines, but %s has %ld: line %ld of %s has no counterpart; the files must be line-aligned", more->name,
                 more->line, less->name, ended, first, more->name);
}

/* Cuts a line of pairs at its tabs. 0, or -1 after reporting that there is none. */
static int cut_columns(struct raw raw[2])
{
    const char *tab = memchr(raw[0].text, '\t', raw[0].length), *end;

    if (!tab)
        return error("%s:%ld: no tab; expected source, tab, target", raw[0].reader->name, raw[0].reader->line);
    raw[1] = raw[0];
    raw[1].text = tab + 1;
    raw[1].offset = (size_t)(tab + 1 - raw[0].text);
    raw[1].length = raw[0].length - raw[1].offset;
    raw[0].length = (size_t)(tab - raw[0].text);
    end = memchr(raw[1].text, '\t', raw[1].length);
    if (end)
        raw[1].length = (size_t)(end - raw[1].text);
    return 0;
}

int input_pair(struct input *input, struct raw raw[2])
{
    int got[2] = { 0, 0 };

    for (int i = 0; i < input->count; i++) {
        char *text;

        raw[i] = (struct raw){ .reader = &input->readers[i] };
        got[i] = reader_line(&input->readers[i], &text, &raw[i].length);
        if (got[i] < 0)
            return -1;
        raw[i].text = text;
    }
    if (input->count == 2 && got[0] != got[1])
        return unequal(input, got[0] ? 0 : 1);
    if (got[0] == 0)
        return 0;
    return input->count == 1 && cut_columns(raw) ? -1 : 1;
}
