#define _POSIX_C_SOURCE 200809L
#include "search/alignment.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const alignment_format_names[] = { "matrix", "long", "pharaoh", NULL };
const char *const alignment_level_names[] = { "word", "token", NULL };

static char *copy(const char *label)
{
    return memory_copy_text(label, strlen(label));
}

/* A token's piece with its space mark made visible. */
static char *token_label(const char *piece)
{
    struct text label = { 0 };

    if (piece[0] == ' ')
        text_add_string(&label, "\u2581");
    text_add_string(&label, piece + (piece[0] == ' '));
    return label.data;
}

void alignment_begin(struct alignment *alignment, enum alignment_level level, const struct tokenizer *tokenizer,
                     const struct tokens *source)
{
    *alignment = (struct alignment){ .level = level };
    alignment->columns = level == ALIGNMENT_WORD ? source->word_count : source->count + 1;
    alignment->source = memory_new((size_t)alignment->columns, sizeof(char *));
    for (int j = 0; j < alignment->columns; j++) {
        if (level == ALIGNMENT_WORD)
            alignment->source[j] = copy(source->words[j]);
        else
            alignment->source[j] = token_label(tokenizer->sides[SOURCE].pieces[j < source->count ? source->ids[j] : VOCAB_END]);
    }
}

/* A new row of zeros; takes over the label. */
static double *add_row(struct alignment *alignment, char *label)
{
    size_t columns = (size_t)alignment->columns;
    double *row;

    if (alignment->rows == alignment->row_room) {
        alignment->row_room = alignment->row_room ? 2 * alignment->row_room : 16;
        alignment->target = memory_resize(alignment->target, (size_t)alignment->row_room, sizeof(char *));
        alignment->weights = memory_resize(alignment->weights, size_product((size_t)alignment->row_room, columns), sizeof(double));
    }
    row = alignment->weights + (size_t)alignment->rows * columns;
    memset(row, 0, columns * sizeof *row);
    alignment->target[alignment->rows++] = label;
    return row;
}

/* Scales a row to the sum 1; `from` … `to` share it evenly where nothing lies on words. */
static void normalize(double *row, int columns, int from, int to)
{
    double sum = 0;

    for (int j = 0; j < columns; j++)
        sum += row[j];
    for (int j = 0; j < columns; j++)
        row[j] = sum > 1e-30 ? row[j] / sum : j >= from && j < to ? 1.0 / (to - from) : 0;
}

static void add_words(struct alignment *alignment, const struct tokens *source, int from, int to, const struct tokens *target,
                      const real *alpha)
{
    int Tx = to - from + 1, first = from < to ? source->word_of[from] : 0, last = from < to ? source->word_of[to - 1] + 1 : 0;

    for (int word = 0, i = 0; word < target->word_count; word++) {
        double *row = add_row(alignment, copy(target->words[word]));

        for (; i < target->count && target->word_of[i] == word; i++)
            for (int j = 0; j < to - from; j++)
                row[source->word_of[from + j]] += (double)alpha[(size_t)i * (size_t)Tx + (size_t)j];
        normalize(row, alignment->columns, first, last);
    }
}

static void add_tokens(struct alignment *alignment, const struct tokenizer *tokenizer, int from, int to,
                       const struct tokens *target, const real *alpha, int last)
{
    int Tx = to - from + 1;

    for (int i = 0; i < target->count + last; i++) {
        double *row =
            add_row(alignment, token_label(tokenizer->sides[TARGET].pieces[i < target->count ? target->ids[i] : VOCAB_END]));

        for (int j = 0; j < Tx; j++)
            row[j < Tx - 1 ? from + j : alignment->columns - 1] += (double)alpha[(size_t)i * (size_t)Tx + (size_t)j];
    }
}

void alignment_add(struct alignment *alignment, const struct tokenizer *tokenizer, const struct tokens *source, int from, int to,
                   const struct tokens *target, const real *alpha, int last)
{
    if (alignment->level == ALIGNMENT_WORD)
        add_words(alignment, source, from, to, target, alpha);
    else
        add_tokens(alignment, tokenizer, from, to, target, alpha, last);
}

void alignment_release(struct alignment *alignment)
{
    for (int j = 0; j < alignment->columns && alignment->source; j++)
        free(alignment->source[j]);
    for (int i = 0; i < alignment->rows; i++)
        free(alignment->target[i]);
    free(alignment->source);
    free(alignment->target);
    free(alignment->weights);
    *alignment = (struct alignment){ 0 };
}

int alignment_open(struct alignment_file *file, const char *name, enum alignment_format format)
{
    size_t length = strlen(name);

    *file = (struct alignment_file){ .name = name, .format = format };
    if (strcmp(name, "-") == 0) {
        file->name = "standard output";
        file->stream = stdout;
    } else if (length && name[length - 1] == '/') {
        if (mkdir(name, 0777) && errno != EEXIST)
            return error("%s: the folder cannot be made: %s", name, strerror(errno));
        return 0;
    } else {
        file->stream = fopen(name, "w");
        if (!file->stream)
            return error("%s: cannot be written: %s", name, strerror(errno));
    }
    if (format == ALIGNMENT_LONG)
        fputs("sentence,target,target_word,source,source_word,weight\n", file->stream);
    return 0;
}

/* A field by RFC 4180: quoted where a comma, a quote or a line end is in it. */
static void field(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    putc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', stream);
        putc(*text, stream);
    }
    putc('"', stream);
}

static void write_matrix(FILE *stream, const struct alignment *alignment)
{
    for (int j = 0; j < alignment->columns; j++) {
        putc(',', stream);
        field(stream, alignment->source[j]);
    }
    putc('\n', stream);
    for (int i = 0; i < alignment->rows; i++) {
        field(stream, alignment->target[i]);
        for (int j = 0; j < alignment->columns; j++)
            fprintf(stream, ",%.7g", alignment->weights[(size_t)i * (size_t)alignment->columns + (size_t)j]);
        putc('\n', stream);
    }
}

static void write_long(FILE *stream, const struct alignment *alignment, long sentence)
{
    for (int i = 0; i < alignment->rows; i++)
        for (int j = 0; j < alignment->columns; j++) {
            fprintf(stream, "%ld,%d,", sentence, i + 1);
            field(stream, alignment->target[i]);
            fprintf(stream, ",%d,", j + 1);
            field(stream, alignment->source[j]);
            fprintf(stream, ",%.7g\n", alignment->weights[(size_t)i * (size_t)alignment->columns + (size_t)j]);
        }
}

static void write_pharaoh(FILE *stream, const struct alignment *alignment)
{
    for (int i = 0; i < alignment->rows && alignment->columns; i++) {
        const double *row = alignment->weights + (size_t)i * (size_t)alignment->columns;
        int best = 0;

        for (int j = 1; j < alignment->columns; j++)
            if (row[j] > row[best])
                best = j;
        fprintf(stream, "%s%d-%d", i ? " " : "", best, i);
    }
    putc('\n', stream);
}

static void write_one(FILE *stream, const struct alignment *alignment, enum alignment_format format, long sentence)
{
    if (format == ALIGNMENT_MATRIX)
        write_matrix(stream, alignment);
    else if (format == ALIGNMENT_LONG)
        write_long(stream, alignment, sentence);
    else
        write_pharaoh(stream, alignment);
}

int alignment_write(struct alignment_file *file, const struct alignment *alignment)
{
    struct text name = { 0 };
    FILE *stream;
    int failed;

    file->sentences++;
    if (file->stream) {
        if (file->format == ALIGNMENT_MATRIX && file->sentences > 1)
            putc('\n', file->stream);
        write_one(file->stream, alignment, file->format, file->sentences);
        return 0;
    }
    text_format(&name, "%s%06ld.%s", file->name, file->sentences, file->format == ALIGNMENT_PHARAOH ? "txt" : "csv");
    stream = io_create(name.data);
    failed = stream == NULL;
    if (stream) {
        if (file->format == ALIGNMENT_LONG)
            fputs("sentence,target,target_word,source,source_word,weight\n", stream);
        write_one(stream, alignment, file->format, file->sentences);
        failed = ferror(stream);
        failed |= fclose(stream);
    }
    if (failed)
        error("%s: cannot be written: %s", name.data, strerror(errno));
    text_release(&name);
    return failed ? -1 : 0;
}

int alignment_flush(struct alignment_file *file)
{
    if (!file->stream || file->failed || (!fflush(file->stream) && !ferror(file->stream)))
        return file->failed;
    return file->failed = error("%s: cannot be written: %s", file->name, strerror(errno ? errno : EIO));
}

int alignment_close(struct alignment_file *file)
{
    int failed = alignment_flush(file);

    if (file->stream && file->stream != stdout && fclose(file->stream) && !failed)
        failed = error("%s: cannot be written: %s", file->name, strerror(errno));
    file->stream = NULL;
    return failed;
}
