#define _POSIX_C_SOURCE 200809L
#include "cli/alignment_file.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"
#include "cli/alignment_page.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

const char *const alignment_format_names[] = { "matrix", "long", "pharaoh", "json", "html", "svg", NULL };

/* Endings of files of one sentence. */
static const char *const endings[] = { "csv", "csv", "txt", "json", "html", "svg" };

static enum alignment_format format_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (int format = ALIGNMENT_JSON; dot && format <= ALIGNMENT_SVG; format++)
        if (strcmp(dot + 1, endings[format]) == 0)
            return (enum alignment_format)format;
    return ALIGNMENT_MATRIX;
}

static void begin(FILE *stream, enum alignment_format format)
{
    if (format == ALIGNMENT_LONG)
        fputs("sentence,target,target_word,source,source_word,weight\n", stream);
    else if (format == ALIGNMENT_JSON)
        fputs("[", stream);
    else if (format == ALIGNMENT_HTML)
        page_begin(stream);
}

static void end(FILE *stream, enum alignment_format format)
{
    if (format == ALIGNMENT_JSON)
        fputs("\n]\n", stream);
    else if (format == ALIGNMENT_HTML)
        page_end(stream);
}

int alignment_open(struct alignment_file *file, const char *name, enum alignment_format format)
{
    size_t length = strlen(name);

    *file = (struct alignment_file){ .name = name, .format = format == ALIGNMENT_AUTO ? format_of(name) : format };
    if (strcmp(name, "-") == 0) {
        file->name = "standard output";
        file->stream = stdout;
    } else if (length && name[length - 1] == '/') {
        if (mkdir(name, 0777) && errno != EEXIST)
            return error("%s: the directory cannot be created: %s", name, strerror(errno));
        return 0;
    } else {
        file->stream = fopen(name, "w");
        if (!file->stream)
            return error("%s: cannot be written: %s", name, strerror(errno));
    }
    begin(file->stream, file->format);
    return 0;
}

/* A label as a field by RFC 4180: quoted if it contains a comma or a quote. A model from elsewhere may have control characters
 * in its tokens; each becomes '?'. */
static void field(FILE *stream, const char *text)
{
    int quoted = strpbrk(text, ",\"") != NULL;

    if (quoted)
        putc('"', stream);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

        if (c == 0xC2 && next >= 0x80 && next < 0xA0) { /* U+0080 … U+009F */
            putc('?', stream);
            text++;
            continue;
        }
        if (c == '"')
            putc('"', stream);
        putc(c < ' ' || c == 0x7F ? '?' : c, stream);
    }
    if (quoted)
        putc('"', stream);
}

static void number(FILE *stream, double weight)
{
    if (weight == 0) /* most of a long line's matrix */
        fputs(",0", stream);
    else
        fprintf(stream, ",%.7g", weight);
}

/* No line of a matrix is empty, since an empty line separates two matrices: the header of a blank source is only its empty cell,
 * quoted. */
static void write_matrix(FILE *stream, const struct alignment *alignment)
{
    if (alignment->columns == 0)
        fputs("\"\"", stream);
    for (int column = 0; column < alignment->columns; column++) {
        putc(',', stream);
        field(stream, alignment->source[column]);
    }
    putc('\n', stream);
    for (int k = 0; k < alignment->block_count; k++) {
        const struct alignment_block *block = &alignment->blocks[k];

        for (int i = 0; i < block->rows; i++) {
            field(stream, alignment->target[block->first_row + i]);
            for (int column = 0; column < alignment->columns; column++)
                number(stream, alignment_weight(alignment, block, i, column));
            putc('\n', stream);
        }
    }
}

static void write_long(FILE *stream, const struct alignment *alignment, long sentence)
{
    for (int k = 0; k < alignment->block_count; k++) {
        const struct alignment_block *block = &alignment->blocks[k];

        for (int i = 0; i < block->rows; i++)
            for (int column = 0; column < alignment->columns; column++) {
                fprintf(stream, "%ld,%d,", sentence, block->first_row + i + 1);
                field(stream, alignment->target[block->first_row + i]);
                fprintf(stream, ",%d,", column + 1);
                field(stream, alignment->source[column]);
                number(stream, alignment_weight(alignment, block, i, column));
                putc('\n', stream);
            }
    }
}

static void write_pharaoh(FILE *stream, const struct alignment *alignment)
{
    for (int k = 0; k < alignment->block_count; k++) {
        const struct alignment_block *block = &alignment->blocks[k];

        for (int i = 0; i < block->rows; i++) {
            const double *row = block->weights + (size_t)i * (size_t)block->columns;
            int best = 0;

            for (int j = 1; j < block->columns; j++)
                if (row[j] > row[best])
                    best = j;
            fprintf(stream, "%s%d-%d", block->first_row + i ? " " : "", alignment_column(alignment, block, best),
                    block->first_row + i);
        }
    }
    putc('\n', stream);
}

/* `position`: of the sentence in the file, from 1. */
static void write_one(FILE *stream, const struct alignment *alignment, enum alignment_format format, long position, long sentence)
{
    switch (format) {
    case ALIGNMENT_AUTO: break; /* has been resolved */
    case ALIGNMENT_MATRIX:
        if (position > 1)
            putc('\n', stream);
        write_matrix(stream, alignment);
        break;
    case ALIGNMENT_LONG: write_long(stream, alignment, sentence); break;
    case ALIGNMENT_PHARAOH: write_pharaoh(stream, alignment); break;
    case ALIGNMENT_JSON:
        fputs(position > 1 ? ",\n" : "\n", stream);
        alignment_json(stream, alignment, sentence);
        break;
    case ALIGNMENT_HTML:
        fputs(position > 1 ? ",\n" : "\n", stream);
        page_add(stream, alignment, sentence, NULL);
        break;
    case ALIGNMENT_SVG: alignment_svg(stream, alignment); break;
    }
}

int alignment_create(const char *name, const struct alignment *alignment, enum alignment_format format, long sentence)
{
    FILE *stream = io_create(name);
    int failed = stream == NULL;

    if (stream) {
        begin(stream, format);
        write_one(stream, alignment, format, 1, sentence);
        end(stream, format);
        failed = ferror(stream);
        failed |= fclose(stream);
    }
    return failed ? error("%s: cannot be written: %s", name, strerror(errno)) : 0;
}

int alignment_write(struct alignment_file *file, const struct alignment *alignment)
{
    struct text name = { 0 };
    int failed;

    file->sentences++;
    if (file->stream) {
        if (file->format == ALIGNMENT_SVG && file->sentences > 1)
            return error("%s: a figure shows one sentence; give one line, or a directory (--alignment DIR/ --alignment-format svg)",
                         file->name);
        write_one(file->stream, alignment, file->format, file->sentences, file->sentences);
        return 0;
    }
    text_format(&name, "%s%06ld.%s", file->name, file->sentences, endings[file->format]);
    failed = alignment_create(name.data, alignment, file->format, file->sentences);
    text_release(&name);
    return failed;
}

int alignment_flush(struct alignment_file *file)
{
    if (!file->stream || file->stream == stdout || file->failed || (!fflush(file->stream) && !ferror(file->stream)))
        return file->failed;
    return file->failed = error("%s: cannot be written: %s", file->name, strerror(errno ? errno : EIO));
}

int alignment_close(struct alignment_file *file)
{
    int failed;

    if (file->stream)
        end(file->stream, file->format);
    failed = alignment_flush(file);
    if (file->stream && file->stream != stdout && fclose(file->stream) && !failed)
        failed = error("%s: cannot be written: %s", file->name, strerror(errno));
    file->stream = NULL;
    return failed;
}
