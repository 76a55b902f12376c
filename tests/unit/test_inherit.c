/* A new vocabulary for an old model: the rows of entries that both vocabularies have are the parent's, bit for bit, side by side; all
 * other rows are as a new model has them; and so for every kind of tie. */
#include "train/inherit.h"

#include <stdlib.h>
#include <string.h>

#include "../check.h"

enum { LINES = 6 };

/* The parent learns from these … */
static char *const parent_lines[2][LINES] = { { "a dog sees", "a dog", "a cat", "a cat sees", "sees dog", "<synthetic>" },
                                              { "un chien", "un chat", "un chien voit", "un chat voit", "dog voit", "dog" } };

/* … and the child from these: "house" and "Hund" are new, "voit" is an entry of the parent's other side only. */
static char *const child_lines[2][LINES] = { { "a dog", "a house", "a dog", "a house", "voit", "voit" },
                                             { "ein Hund", "ein Hund", "un Haus", "un Haus", "dog", "dog" } };

struct one {
    struct tokenizer tokenizer;
    struct model model;
};

static void make(struct one *one, char *const lines[2][LINES], enum tie tie, enum units units, int tagged, unsigned long seed)
{
    const struct tokenizer_options options = { .units = units, .vocabulary = 1000, .shared = tie == TIE_ALL, .tagged = tagged };
    struct config config = { .E = 4,
                             .tie = tie,
                             .encoder = { .layers = 2, .width = 5 },
                             .decoder = { .heads = 1, .width = 5, .alignment = 3, .maxout = 4, .query = QUERY_WORD } };

    tokenizer_learn(&one->tokenizer, &options, lines[SOURCE], lines[TARGET], LINES);
    config.Vx = one->tokenizer.sides[SOURCE].count;
    config.Vy = one->tokenizer.sides[TARGET].count;
    model_init(&one->model, &config, NULL);
    layout_initialize(&one->model.layout, one->model.values, INITIAL_GLOROT, seed);
    for (size_t i = 0; i < one->model.layout.length; i++) /* biases, too */
        one->model.values[i] += (real)(1e-3 * (double)(i % 997) + (double)seed);
}

static void release(struct one *one)
{
    tokenizer_release(&one->tokenizer);
    model_release(&one->model);
}

static const real *row_of(const struct one *one, const char *name, int row)
{
    const struct tensor *tensor = &one->model.layout.tensors[layout_find(&one->model.layout, name)];

    assert_true(row < tensor->rows);
    return one->model.values + tensor->offset + (size_t)row * (size_t)tensor->columns;
}

/* The entry of this string, special ones included; -1: there is none. */
static int entry_of(const struct vocab *vocab, const char *piece)
{
    for (int id = 0; id < vocab->count; id++)
        if (strcmp(vocab->pieces[id], piece) == 0)
            return id;
    return -1;
}

/* Every row of the tensor is the parent's of the same string, or that of the untouched model. Returns the number of the former. */
static int check_rows(const char *name, enum side side, const struct one *child, const struct one *parent, const struct one *fresh)
{
    const struct vocab *vocab = &child->tokenizer.sides[side];
    const struct tensor *tensor = &child->model.layout.tensors[layout_find(&child->model.layout, name)];
    int kept = 0;

    assert_int_equal(tensor->rows, vocab->count);
    for (int id = 0; id < vocab->count; id++) {
        int from = entry_of(&parent->tokenizer.sides[side], vocab->pieces[id]);
        const real *expected = from >= 0 ? row_of(parent, name, from) : row_of(fresh, name, id);

        assert_memory_equal(row_of(child, name, id), expected, (size_t)tensor->columns * sizeof(real));
        kept += from >= 0;
    }
    return kept;
}

static void check(enum tie tie, enum units units, int parent_tagged, int child_tagged)
{
    struct one parent, child, fresh;
    int kept[2];

    make(&parent, parent_lines, tie, units, parent_tagged, 1);
    make(&child, child_lines, tie, units, child_tagged, 2);
    make(&fresh, child_lines, tie, units, child_tagged, 2);
    inherit(&child.model, &child.tokenizer, &parent.model, &parent.tokenizer, kept);
    assert_int_equal(check_rows("source.embedding", SOURCE, &child, &parent, &fresh), kept[SOURCE]);
    assert_int_equal(check_rows("output.b", TARGET, &child, &parent, &fresh), kept[TARGET]);
    if (tie != TIE_ALL)
        check_rows("target.embedding", TARGET, &child, &parent, &fresh);
    if (tie == TIE_NONE)
        check_rows("output.W", TARGET, &child, &parent, &fresh);
    assert_true(kept[SOURCE] < child.tokenizer.sides[SOURCE].count);
    assert_true(kept[TARGET] < child.tokenizer.sides[TARGET].count);
    for (int i = 0; i < child.model.layout.count; i++) {
        const struct tensor *tensor = &child.model.layout.tensors[i];

        if (strncmp(tensor->name, "output.", 7) != 0 && !strstr(tensor->name, ".embedding"))
            assert_memory_equal(row_of(&child, tensor->name, 0), row_of(&parent, tensor->name, 0), tensor->count * sizeof(real));
    }
    release(&parent);
    release(&child);
    release(&fresh);
}

static void rows_follow_their_strings(void **state)
{
    static const enum tie ties[] = { TIE_NONE, TIE_TARGET, TIE_ALL };

    (void)state;
    for (int tie = 0; tie < 3; tie++)
        for (int units = UNITS_BPE; units <= UNITS_CHAR; units++)
            for (int tags = 0; tags < 4; tags++)
                check(ties[tie], (enum units)units, tags & 1, tags >> 1);
}

/* Words: the numbers are known, and the other side does not serve. */
static void sides_stay_apart(void **state)
{
    struct one parent, child;
    int kept[2];

    (void)state;
    make(&parent, parent_lines, TIE_NONE, UNITS_WORD, 0, 1);
    make(&child, child_lines, TIE_NONE, UNITS_WORD, 0, 2);
    inherit(&child.model, &child.tokenizer, &parent.model, &parent.tokenizer, kept);
    assert_true(entry_of(&parent.tokenizer.sides[TARGET], "voit") >= 0 && entry_of(&child.tokenizer.sides[SOURCE], "voit") >= 0);
    assert_int_equal(kept[SOURCE], 2 + 2); /* </s>, <unk>, a, dog */
    assert_int_equal(kept[TARGET], 2 + 2); /* …, un, dog */
    release(&parent);
    release(&child);
}

/* From words to pieces: only </s>, <unk> and equal strings have anything in common. */
static void other_units(void **state)
{
    struct one parent, child;
    int kept[2];

    (void)state;
    make(&parent, parent_lines, TIE_NONE, UNITS_WORD, 0, 1);
    make(&child, child_lines, TIE_NONE, UNITS_CHAR, 0, 2);
    inherit(&child.model, &child.tokenizer, &parent.model, &parent.tokenizer, kept);
    assert_int_equal(kept[SOURCE], 2 + 1); /* a */
    assert_memory_equal(row_of(&child, "source.embedding", 0), row_of(&parent, "source.embedding", 0), 4 * sizeof(real));
    assert_true(row_of(&child, "source.embedding", VOCAB_BYTE)[0] != row_of(&parent, "source.embedding", VOCAB_BYTE)[0]);
    release(&parent);
    release(&child);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_follow_their_strings), cmocka_unit_test(sides_stay_apart),
                                        cmocka_unit_test(other_units) };

    return cmocka_run_group_tests_name("inherit", tests, NULL, NULL);
}
