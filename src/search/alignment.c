#include "search/alignment.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const alignment_level_names[] = { "word", "token", NULL };

static char *copy(const char *label)
{
    return memory_copy_text(label, strlen(label));
}

char *alignment_label(const struct tokenizer *tokenizer, enum side side, const struct tokens *tokens, int i)
{
    const char *piece = tokenizer->sides[side].pieces[i < tokens->count ? tokens->ids[i] : VOCAB_END];
    struct text label = { 0 };

    if (piece[0] == ' ') {
        text_add_string(&label, "\u2581");
        piece++;
    }
    if (!mask_show(&tokens->mask, piece, &label))
        text_add_string(&label, piece);
    return label.data;
}

int alignment_width(const struct alignment *alignment, const struct tokens *source)
{
    return alignment->level == ALIGNMENT_WORD ? source->word_count : source->count;
}

void alignment_begin(struct alignment *alignment, enum alignment_level level, const struct tokenizer *tokenizer,
                     const struct tokens *sources, int count)
{
    int width = 0, j = 0;

    *alignment = (struct alignment){ .level = level };
    for (int k = 0; k < count; k++)
        width += alignment_width(alignment, &sources[k]);
    if (width == 0)
        return;
    alignment->columns = width + (level == ALIGNMENT_TOKEN);
    alignment->source = memory_new((size_t)alignment->columns, sizeof(char *));
    for (int k = 0; k < count; k++)
        for (int i = 0; i < alignment_width(alignment, &sources[k]); i++)
            alignment->source[j++] =
                level == ALIGNMENT_WORD ? copy(sources[k].words[i]) : alignment_label(tokenizer, SOURCE, &sources[k], i);
    if (level == ALIGNMENT_TOKEN)
        alignment->source[j] = alignment_label(tokenizer, SOURCE, &sources[count - 1], sources[count - 1].count);
}

static void add_label(struct alignment *alignment, char *label, double log_probability)
{
    memory_reserve_one(&alignment->log_probability, alignment->rows, &alignment->log_probability_room);
    alignment->log_probability[alignment->rows] = log_probability;
    memory_reserve_one(&alignment->target, alignment->rows, &alignment->row_room);
    alignment->target[alignment->rows++] = label;
}

static struct alignment_block *add_block(struct alignment *alignment, int rows, int first_column, int columns)
{
    struct alignment_block *block;

    memory_reserve_one(&alignment->blocks, alignment->block_count, &alignment->block_room);
    block = &alignment->blocks[alignment->block_count++];
    *block = (struct alignment_block){ alignment->rows, rows, first_column, columns,
                                       memory_new(size_product((size_t)rows, (size_t)columns), sizeof(double)) };
    return block;
}

/* Scales a row to the sum 1; if words have no weight, it is distributed evenly. */
static void normalize(double *row, int columns)
{
    double sum = 0;

    for (int j = 0; j < columns; j++)
        sum += row[j];
    for (int j = 0; j < columns; j++)
        row[j] = sum > 1e-30 ? row[j] / sum : 1.0 / columns;
}

/* Adds the weight of a source token to the words that it stands for, in equal parts. */
static void add_weight(double *row, const struct tokens *source, int first, int token, double weight)
{
    int from = source->word_of[token], to = tokens_word_end(source, token);

    for (int word = from; word < to; word++)
        row[word - first] += weight / (to - from);
}

static void add_words(struct alignment *alignment, const struct tokens *source, const struct aligned_piece *piece)
{
    const struct tokens *target = piece->target;
    int Tx = piece->to - piece->from + 1, first = source->word_of[piece->from];
    int columns = tokens_word_end(source, piece->to - 1) - first;
    const struct alignment_block *block = add_block(alignment, target->word_count, piece->first_column + first, columns);

    for (int word = 0, i = 0; word < target->word_count; word++) {
        double *row = block->weights + (size_t)word * (size_t)columns, log_probability = 0;

        if (i > 0 && (i == target->count || target->word_of[i] > word)) /* the token before stands for this word, too */
            memcpy(row, row - columns, (size_t)columns * sizeof *row);
        for (; i < target->count && target->word_of[i] == word; i++) {
            log_probability += piece->log_probability ? (double)piece->log_probability[i] : 0;
            for (int j = 0; j < Tx - 1; j++)
                add_weight(row, source, first, piece->from + j, (double)piece->alpha[(size_t)i * (size_t)Tx + (size_t)j]);
        }
        normalize(row, columns);
        add_label(alignment, copy(target->words[word]), log_probability);
    }
}

static void add_tokens(struct alignment *alignment, const struct tokenizer *tokenizer, const struct aligned_piece *piece)
{
    int Tx = piece->to - piece->from + 1, rows = piece->target->count + piece->last;
    const struct alignment_block *block = add_block(alignment, rows, piece->first_column + piece->from, Tx);

    for (size_t cell = 0; cell < (size_t)rows * (size_t)Tx; cell++)
        block->weights[cell] = (double)piece->alpha[cell];
    for (int i = 0; i < rows; i++)
        add_label(alignment, alignment_label(tokenizer, TARGET, piece->target, i),
                  piece->log_probability ? (double)piece->log_probability[i] : 0);
}

void alignment_add(struct alignment *alignment, const struct tokenizer *tokenizer, const struct tokens *source,
                   const struct aligned_piece *piece)
{
    if (source->count == 0)
        return;
    for (int i = 0; i <= piece->target->count && piece->log_probability; i++)
        alignment->total += (double)piece->log_probability[i];
    alignment->tokens += piece->target->count + 1;
    if (alignment->level == ALIGNMENT_WORD)
        add_words(alignment, source, piece);
    else
        add_tokens(alignment, tokenizer, piece);
}

void alignment_release(struct alignment *alignment)
{
    for (int j = 0; j < alignment->columns; j++)
        free(alignment->source[j]);
    for (int i = 0; i < alignment->rows; i++)
        free(alignment->target[i]);
    for (int k = 0; k < alignment->block_count; k++)
        free(alignment->blocks[k].weights);
    free(alignment->source);
    free(alignment->target);
    free(alignment->blocks);
    free(alignment->log_probability);
    *alignment = (struct alignment){ 0 };
}

int alignment_column(const struct alignment *alignment, const struct alignment_block *block, int j)
{
    int is_end = alignment->level == ALIGNMENT_TOKEN && j == block->columns - 1;

    return is_end ? alignment->columns - 1 : block->first_column + j;
}

double alignment_weight(const struct alignment *alignment, const struct alignment_block *block, int i, int column)
{
    int ends = alignment->level == ALIGNMENT_TOKEN, words = block->columns - ends, j = column - block->first_column;

    if (ends && column == alignment->columns - 1)
        j = words;
    else if (j < 0 || j >= words)
        return 0;
    return block->weights[(size_t)i * (size_t)block->columns + (size_t)j];
}

/* x log x summed over weights that sum to `sum`, each divided by it. */
static double negative_entropy(double weight, double sum)
{
    double share = sum > 1e-12 ? weight / sum : 0;

    return share > 1e-12 ? share * log(share) : 0;
}

struct confidence alignment_confidence(const struct alignment *alignment)
{
    struct confidence result = { 0 };
    int ends = alignment->level == ALIGNMENT_TOKEN, rows = alignment->rows - ends, columns = alignment->columns - ends;
    double *looks, out = 0;

    if (rows < 1 || columns < 1)
        return result;
    looks = memory_new((size_t)columns, sizeof *looks);
    for (int in = 0; in < 2; in++) /* first the sums, and attention going out; then attention coming in, which needs them */
        for (int k = 0; k < alignment->block_count; k++) {
            const struct alignment_block *block = &alignment->blocks[k];

            for (int i = 0; i < block->rows && block->first_row + i < rows; i++)
                for (int j = 0; j < block->columns; j++) {
                    int column = alignment_column(alignment, block, j);
                    double weight = block->weights[(size_t)i * (size_t)block->columns + (size_t)j];

                    if (column >= columns)
                        continue;
                    if (in) {
                        result.attention_in += negative_entropy(weight, looks[column]);
                    } else {
                        looks[column] += weight;
                        out += negative_entropy(weight, 1);
                    }
                }
        }
    for (int j = 0; j < columns; j++)
        result.coverage -= log(1 + (1 - looks[j]) * (1 - looks[j])) / columns;
    result.attention_out = out / rows;
    result.attention_in /= columns;
    free(looks);
    return result;
}
