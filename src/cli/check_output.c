#include "cli/check_output.h"

#include "base/io.h"

#include <stdlib.h>

enum { SOURCES, TARGETS, REMOVED, FILES };

static char *join(const char *prefix, const char *suffix)
{
    struct text name = { 0 };

    text_format(&name, "%s%s", prefix, suffix);
    return name.data;
}

void check_output_init(struct check_output *output, const char *prefix, int pairs)
{
    *output = (struct check_output){ { join(prefix, pairs ? ".tsv" : ".source"), pairs ? NULL : join(prefix, ".target"),
                                       join(prefix, ".removed.tsv") } };
}

void check_output_claim(const struct check_output *output, struct claims *claims)
{
    for (int i = 0; i < FILES; i++)
        claims_output(claims, "--output", output->names[i]);
}

void check_output_release(struct check_output *output)
{
    for (int i = 0; i < FILES; i++)
        free(output->names[i]);
    *output = (struct check_output){ { NULL } };
}

void check_output_reasons(struct text *out, uint32_t flaws)
{
    const char *separator = "";

    for (int i = 0; i < FLAWS; i++)
        if (flaws & FLAW(i)) {
            text_format(out, "%s%s", separator, flaw_names[i]);
            separator = ",";
        }
}

static void write_kept(struct output *files, const struct survey *survey, size_t k, int pairs)
{
    for (int side = 0; side < 2; side++) {
        FILE *file = files[pairs ? SOURCES : side].file;

        fwrite(survey->raw[side][k].text, 1, survey->raw[side][k].length, file);
        putc(pairs && side == SOURCE ? '\t' : '\n', file);
    }
}

static void write_removed(FILE *file, const struct survey *survey, size_t k, uint32_t reasons)
{
    struct text text = { 0 };

    check_output_reasons(&text, reasons);
    fprintf(file, "%ld\t%s\t%s\t%s\n", survey->number[k], text.data, survey->lines[SOURCE][k], survey->lines[TARGET][k]);
    text_release(&text);
}

int check_output_write(const struct check_output *output, const struct survey *survey, uint32_t removed)
{
    struct output files[FILES] = { { 0 } };
    int failed = 0;

    for (int i = 0; i < FILES && !failed; i++)
        failed = output->names[i] && io_begin(&files[i], output->names[i]);
    if (!failed)
        fprintf(files[REMOVED].file, "line\treasons\tsource\ttarget\n");
    for (size_t k = 0; k < survey->pairs && !failed; k++)
        if (survey->flaws[k] & removed)
            write_removed(files[REMOVED].file, survey, k, survey->flaws[k] & removed);
        else
            write_kept(files, survey, k, !output->names[TARGETS]);
    for (int i = 0; i < FILES && !failed; i++)
        failed = output->names[i] && io_commit(&files[i]);
    for (int i = 0; i < FILES; i++)
        io_abandon(&files[i]);
    return failed ? -1 : 0;
}
