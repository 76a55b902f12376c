#include "cli/alignment_page.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cli/pages.h"
#include "cli/svg.h"

#include <string.h>
#include <utf8proc.h>

static const char CODE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void page_begin(FILE *stream)
{
    pages_begin(stream, page_alignment);
    fputs("[", stream);
}

void page_end(FILE *stream)
{
    fputs("\n]", stream);
    pages_end(stream, page_alignment);
}

static void add_labels(struct json *json, const char *name, char *const *labels, int count)
{
    json_open(json, name, '[');
    for (int i = 0; i < count; i++)
        json_string(json, NULL, labels[i]);
    json_close(json, ']');
}

static void add_confidence(struct json *json, const struct alignment *alignment, const char *const names[4], int digits)
{
    struct confidence confidence = alignment_confidence(alignment);

    json_real(json, names[0], alignment->tokens ? alignment->total / alignment->tokens : 0, digits);
    json_real(json, names[1], confidence.coverage, digits);
    json_real(json, names[2], confidence.attention_out, digits);
    json_real(json, names[3], confidence.attention_in, digits);
}

static void add_code(struct json *json, const struct alignment_block *block)
{
    size_t cells = (size_t)block->rows * (size_t)block->columns;
    char *code = memory_new(cells + 1, 1);

    for (size_t i = 0; i < cells; i++) {
        int level = (int)(block->weights[i] * 63 + 0.5);

        code[i] = CODE[level < 0 ? 0 : level > 63 ? 63 : level];
    }
    json_string(json, NULL, code);
    free(code);
}

static void add_block(struct json *json, const struct alignment_block *block)
{
    json_open(json, NULL, '[');
    json_integer(json, NULL, block->first_row);
    json_integer(json, NULL, block->rows);
    json_integer(json, NULL, block->first_column);
    json_integer(json, NULL, block->columns);
    add_code(json, block);
    json_close(json, ']');
}

void page_head(struct json *heads, const struct attention_map *map, const struct alignment *alignment)
{
    json_open(heads, NULL, '[');
    json_integer(heads, NULL, map->place);
    json_integer(heads, NULL, map->layer);
    json_integer(heads, NULL, map->head);
    add_code(heads, &alignment->blocks[0]);
    json_close(heads, ']');
}

void page_add(FILE *stream, const struct alignment *alignment, long sentence, const struct json *heads)
{
    static const char *const none[4] = { NULL, NULL, NULL, NULL };
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_integer(&json, "n", sentence);
    json_integer(&json, "e", alignment->level == ALIGNMENT_TOKEN);
    add_labels(&json, "s", alignment->source, alignment->columns);
    add_labels(&json, "t", alignment->target, alignment->rows);
    json_open(&json, "p", '[');
    for (int i = 0; i < alignment->rows; i++)
        json_real(&json, NULL, alignment->log_probability[i], 3);
    json_close(&json, ']');
    json_open(&json, "l", '[');
    add_confidence(&json, alignment, none, 4);
    json_close(&json, ']');
    json_open(&json, "b", '[');
    for (int k = 0; k < alignment->block_count; k++)
        add_block(&json, &alignment->blocks[k]);
    json_close(&json, ']');
    if (heads)
        text_add(json_value(&json, "h"), heads->text.data, heads->text.length);
    json_close(&json, '}');
    pages_print(stream, &json.text);
    json_release(&json);
}

void alignment_json(FILE *stream, const struct alignment *alignment, long sentence)
{
    static const char *const names[4] = { "log_probability_per_token", "coverage", "absentmindedness_target",
                                          "absentmindedness_source" };
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_integer(&json, "number", sentence);
    add_labels(&json, "source", alignment->source, alignment->columns);
    add_labels(&json, "target", alignment->target, alignment->rows);
    json_real(&json, "log_probability", alignment->total, 9);
    add_confidence(&json, alignment, names, 9);
    json_open(&json, "word_log_probability", '[');
    for (int i = 0; i < alignment->rows; i++)
        json_real(&json, NULL, alignment->log_probability[i], 9);
    json_close(&json, ']');
    json_open(&json, "weights", '[');
    for (int k = 0; k < alignment->block_count; k++)
        for (int i = 0; i < alignment->blocks[k].rows; i++) {
            json_open(&json, NULL, '[');
            for (int column = 0; column < alignment->columns; column++)
                json_real(&json, NULL, alignment_weight(alignment, &alignment->blocks[k], i, column), 7);
            json_close(&json, ']');
        }
    json_close(&json, ']');
    json_close(&json, '}');
    fwrite(json.text.data, 1, json.text.length, stream);
    json_release(&json);
}

/* ---- the figure ---- */

enum { CELL = 26, LETTER = 8, MARGIN = 12 };

/* Columns that a text takes on a terminal. */
static int width_of(const char *text)
{
    size_t length = strlen(text);
    int width = 0;
    uint32_t code;

    for (size_t at = 0; at < length;) {
        at += utf8_next(text + at, length - at, &code);
        width += code == UTF8_BAD ? 1 : utf8proc_charwidth((utf8proc_int32_t)code);
    }
    return width;
}

static int widest(char *const *labels, int count)
{
    int most = 1;

    for (int i = 0; i < count; i++)
        most = width_of(labels[i]) > most ? width_of(labels[i]) : most;
    return most;
}

void alignment_svg(FILE *stream, const struct alignment *alignment)
{
    int left = widest(alignment->target, alignment->rows) * LETTER + 2 * MARGIN;
    int top = widest(alignment->source, alignment->columns) * LETTER + 2 * MARGIN;
    int width = left + alignment->columns * CELL + MARGIN, height = top + alignment->rows * CELL + MARGIN;

    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
            "font-size=\"14\">\n",
            width, height, width, height);
    fprintf(stream, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height);
    for (int j = 0; j < alignment->columns; j++) {
        fprintf(stream, "<text transform=\"translate(%d %d) rotate(-90)\" unicode-bidi=\"plaintext\">",
                left + j * CELL + CELL * 2 / 3, top - 6);
        svg_text(stream, alignment->source[j]);
        fputs("</text>\n", stream);
    }
    for (int k = 0; k < alignment->block_count; k++) {
        const struct alignment_block *block = &alignment->blocks[k];

        for (int i = 0; i < block->rows; i++) {
            int row = block->first_row + i, y = top + row * CELL;

            fprintf(stream, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" unicode-bidi=\"plaintext\">", left - 8, y + CELL * 2 / 3);
            svg_text(stream, alignment->target[row]);
            fputs("</text>\n", stream);
            for (int j = 0; j < block->columns; j++) {
                double weight = block->weights[(size_t)i * (size_t)block->columns + (size_t)j];

                if (weight >= 0.005)
                    fprintf(stream, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#1f4e9c\" fill-opacity=\"%.2f\"/>\n",
                            left + alignment_column(alignment, block, j) * CELL, y, CELL, CELL, weight);
            }
        }
    }
    fputs("<path stroke=\"#ccc\" fill=\"none\" d=\"", stream);
    for (int j = 0; j <= alignment->columns; j++)
        fprintf(stream, "M%d %dV%d", left + j * CELL, top, top + alignment->rows * CELL);
    for (int i = 0; i <= alignment->rows; i++)
        fprintf(stream, "M%d %dH%d", left, top + i * CELL, left + alignment->columns * CELL);
    fputs("\"/>\n</svg>\n", stream);
}

/* ---- the terminal ---- */

/* Prints a label in a field of `width` columns, cut if it is longer, at its end. */
static void print_field(FILE *stream, const char *text, int width)
{
    size_t length = strlen(text), at = 0, step;
    int used = 0;
    uint32_t code;

    for (; at < length; at += step) {
        int columns;

        step = utf8_next(text + at, length - at, &code);
        columns = code == UTF8_BAD || utf8_is_control(code) ? 1 : utf8proc_charwidth((utf8proc_int32_t)code);
        if (used + columns > width)
            break;
        used += columns;
    }
    fprintf(stream, "%*s", width - used, "");
    for (size_t i = 0; i < at; i += step) {
        step = utf8_next(text + i, length - i, &code);
        if (code == UTF8_BAD || utf8_is_control(code))
            putc('?', stream);
        else
            fwrite(text + i, 1, step, stream);
    }
}

void alignment_show(FILE *stream, const struct alignment *alignment, int colour)
{
    static const char *const shades[] = { " ", "\u2591", "\u2592", "\u2593", "\u2588" };
    int width = widest(alignment->target, alignment->rows);

    width = width > 24 ? 24 : width;
    for (int k = 0; k < alignment->block_count; k++) {
        const struct alignment_block *block = &alignment->blocks[k];

        for (int i = 0; i < block->rows; i++) {
            print_field(stream, alignment->target[block->first_row + i], width);
            fputs(" |", stream);
            for (int column = 0; column < alignment->columns; column++) {
                double weight = alignment_weight(alignment, block, i, column);

                if (colour)
                    fprintf(stream, "\033[48;5;%dm  \033[0m", 232 + (int)(weight * 23 + 0.5));
                else
                    for (int half = 0; half < 2; half++)
                        fputs(shades[(int)(weight * 4 + 0.5)], stream);
            }
            fputs("|\n", stream);
        }
    }
    /* The source words stand below, each at the end of a line to its column. */
    for (int column = alignment->columns - 1; column >= 0; column--) {
        fprintf(stream, "%*s", width + 2, "");
        for (int before = 0; before < column; before++)
            fputs("\u2502 ", stream);
        fputs("\u2514 ", stream);
        print_field(stream, alignment->source[column], width_of(alignment->source[column]));
        putc('\n', stream);
    }
    putc('\n', stream);
}
