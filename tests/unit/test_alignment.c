/* Alignments in blocks, and what is written of them. */
#include "cli/alignment_file.h"

#include "../check.h"

#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *const lines[] = { "ab cd ef", "ab", "x y z", "cd ef" };
enum { LINES = sizeof lines / sizeof *lines };

static void tokenizer_of(struct tokenizer *tokenizer)
{
    struct tokenizer_options options = { .units = UNITS_CHAR, .vocabulary = 300, .shared = 1 };

    tokenizer_learn(tokenizer, &options, lines, lines, LINES);
}

/* Random weights of `rows` rows that sum to 1 each; heap. */
static real *weights_of(int rows, int columns, struct rng *rng)
{
    real *alpha = memory_new((size_t)rows * (size_t)columns, sizeof *alpha);

    for (int i = 0; i < rows; i++) {
        real sum = 0, *row = alpha + (size_t)i * (size_t)columns;

        for (int j = 0; j < columns; j++)
            sum += row[j] = (real)(0.1 + rng_uniform(rng));
        for (int j = 0; j < columns; j++)
            row[j] /= sum;
    }
    return alpha;
}

/* " ab cd ef" in the pieces " ab" and " cd ef": each row's weights are in its piece's columns, and sum to 1. */
static void check_pieces(enum alignment_level level)
{
    struct tokenizer tokenizer;
    struct tokens source = { 0 }, target[2] = { { 0 }, { 0 } };
    struct alignment alignment;
    struct rng rng = rng_make(1, 0, 0, 0);
    const int cuts[] = { 0, 3, 9 };
    int rows = 0;

    tokenizer_of(&tokenizer);
    tokenizer_encode(&tokenizer, SOURCE, "ab cd ef", 0, NULL, &source);
    assert_int_equal(source.count, cuts[2]);
    alignment_begin(&alignment, level, &tokenizer, &source, 1);
    for (int i = 0; i < 2; i++) {
        struct aligned_piece piece = { cuts[i], cuts[i + 1], i == 1, 0, &target[i], NULL, NULL };
        real *alpha;

        tokenizer_encode(&tokenizer, TARGET, i ? "z" : "x y", 0, NULL, &target[i]);
        alpha = weights_of(target[i].count + 1, cuts[i + 1] - cuts[i] + 1, &rng);
        piece.alpha = alpha;
        alignment_add(&alignment, &tokenizer, &source, &piece);
        free(alpha);
    }
    assert_int_equal(alignment.columns, level == ALIGNMENT_WORD ? 3 : 10);
    assert_int_equal(alignment.rows, level == ALIGNMENT_WORD ? 3 : 4 + 2 + 1);
    for (int k = 0; k < alignment.block_count; k++) {
        const struct alignment_block *block = &alignment.blocks[k];

        assert_int_equal(block->first_row, rows);
        for (int i = 0; i < block->rows; i++, rows++) {
            double sum = 0;

            for (int column = 0; column < alignment.columns; column++) {
                double weight = alignment_weight(&alignment, block, i, column);
                int is_end = level == ALIGNMENT_TOKEN && column == alignment.columns - 1;
                int inside = is_end || (column >= block->first_column && column < cuts[k + 1]);

                if (level == ALIGNMENT_WORD)
                    inside = k ? column > 0 : column == 0;
                assert_int_equal(weight > 0, inside);
                sum += weight;
            }
            check_near("the sum of a row", (size_t)rows, sum, 1, 1e-5);
            for (int j = 0; j < block->columns; j++)
                assert_true(alignment_weight(&alignment, block, i, alignment_column(&alignment, block, j)) ==
                            block->weights[i * block->columns + j]);
        }
    }
    assert_int_equal(rows, alignment.rows);
    alignment_release(&alignment);
    tokens_release(&source);
    tokens_release(&target[0]);
    tokens_release(&target[1]);
    tokenizer_release(&tokenizer);
}

static void pieces_are_blocks(void **state)
{
    (void)state;
    check_pieces(ALIGNMENT_WORD);
    check_pieces(ALIGNMENT_TOKEN);
}

/* A source token that stands for words 1 to 3, and a target token that stands for words 0 and 1. */
static void tokens_stand_for_several_words(void **state)
{
    static const double wanted[3][5] = { { 0.1, 0.2, 0.2, 0.2, 0.3 }, { 0.1, 0.2, 0.2, 0.2, 0.3 }, { 0.5, 0.1, 0.1, 0.1, 0.2 } };
    real alpha[3][4] = { { 0.08f, 0.48f, 0.24f, 0.2f }, { 0.25f, 0.15f, 0.1f, 0.5f }, { 0, 0, 0, 1 } };
    char *words[] = { "a", "b", "c", "d", "e" };
    int32_t ids[] = { 2, 2, 2 };
    int of_source[] = { 0, 1, 4 }, of_target[] = { 0, 2 };
    struct tokens source = { .ids = ids, .word_of = of_source, .count = 3, .words = words, .word_count = 5 };
    struct tokens target = { .ids = ids, .word_of = of_target, .count = 2, .words = words, .word_count = 3 };
    const struct aligned_piece piece = { 0, 3, 1, 0, &target, alpha[0], NULL };
    struct alignment alignment;

    (void)state;
    alignment_begin(&alignment, ALIGNMENT_WORD, NULL, &source, 1);
    alignment_add(&alignment, NULL, &source, &piece);
    assert_int_equal(alignment.columns, 5);
    assert_int_equal(alignment.rows, 3);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 5; j++)
            check_near("a weight", (size_t)(5 * i + j), alignment_weight(&alignment, alignment.blocks, i, j), wanted[i][j], 1e-5);
    alignment_release(&alignment);
}

static void check_confidence(double *weights, int rows, int columns, struct confidence wanted)
{
    struct alignment_block block = { 0, rows, 0, columns, weights };
    const struct alignment alignment = { .rows = rows, .columns = columns, .blocks = &block, .block_count = 1 };
    struct confidence got = alignment_confidence(&alignment);

    check_near("coverage", 0, got.coverage, wanted.coverage, 1e-9);
    check_near("attention out", 0, got.attention_out, wanted.attention_out, 1e-9);
    check_near("attention in", 0, got.attention_in, wanted.attention_in, 1e-9);
}

/* By hand. */
static void confidence(void **state)
{
    double one_to_one[] = { 1, 0, 0, 1 }, flat[] = { 0.5, 0.5, 0.5, 0.5 }, one_column[] = { 1, 1 }, one_row[] = { 0.25, 0.75 };

    (void)state;
    check_confidence(one_to_one, 2, 2, (struct confidence){ 0, 0, 0 });
    check_confidence(flat, 2, 2, (struct confidence){ 0, -log(2), -log(2) });
    check_confidence(one_column, 2, 1, (struct confidence){ -log(2), 0, -log(2) });
    check_confidence(one_row, 1, 2,
                     (struct confidence){ -(log(1 + 0.5625) + log(1 + 0.0625)) / 2, 0.25 * log(0.25) + 0.75 * log(0.75), 0 });
    check_confidence(NULL, 0, 0, (struct confidence){ 0, 0, 0 });
}

/* What is written of an alignment, in a format. */
static void check_written(const struct alignment *alignment, enum alignment_format format, const char *wanted)
{
    char got[256];
    struct alignment_file file = { .name = "test", .format = format, .stream = tmpfile() };
    size_t length;

    assert_non_null(file.stream);
    assert_int_equal(alignment_write(&file, alignment), 0);
    rewind(file.stream);
    length = fread(got, 1, sizeof got - 1, file.stream);
    got[length] = '\0';
    assert_string_equal(got, wanted);
    assert_int_equal(alignment_close(&file), 0);
}

/* A blank source: nothing, but a matrix has a line that is not empty, because an empty one separates matrices. */
static void blank_is_written(void **state)
{
    const struct alignment blank = { 0 };

    (void)state;
    check_written(&blank, ALIGNMENT_MATRIX, "\"\"\n");
    check_written(&blank, ALIGNMENT_LONG, "");
    check_written(&blank, ALIGNMENT_PHARAOH, "\n");
}

/* A model from elsewhere may have any bytes in its tokens. */
static void controls_are_masked(void **state)
{
    char *source[] = { "\033[1m", "a,\"\n", "caf\u00e9\302\233m" }, *target[] = { "\x7f\t" };
    double weights[] = { 0.25, 0.5, 0.25 };
    struct alignment_block block = { 0, 1, 0, 3, weights };
    struct alignment alignment = {
        .source = source, .target = target, .columns = 3, .rows = 1, .blocks = &block, .block_count = 1
    };

    (void)state;
    check_written(&alignment, ALIGNMENT_MATRIX, ",?[1m,\"a,\"\"?\",caf\u00e9?m\n??,0.25,0.5,0.25\n");
    check_written(&alignment, ALIGNMENT_PHARAOH, "1-0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_blocks),   cmocka_unit_test(tokens_stand_for_several_words),
        cmocka_unit_test(confidence),          cmocka_unit_test(blank_is_written),
        cmocka_unit_test(controls_are_masked),
    };

    return cmocka_run_group_tests_name("alignment", tests, NULL, NULL);
}
