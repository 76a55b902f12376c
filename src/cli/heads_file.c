#include "cli/heads_file.h"

#include "base/report.h"
#include "model/pass.h"
#include "search/piece.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A pair as the model sees it. */
struct seen {
    const struct tokenizer *tokenizer;
    struct tokens tokens[2];
    long number;
};

/* Labels of a side's tokens and </s>; `shifted`: of the words before them. */
static char **labels_of(const struct seen *pair, enum side side, int shifted)
{
    const struct tokens *tokens = &pair->tokens[side];
    char **labels = memory_new((size_t)tokens->count + 1, sizeof *labels);

    for (int i = 0; i <= tokens->count; i++)
        labels[i] = shifted && i == 0 ? memory_copy_string("") : alignment_label(pair->tokenizer, side, tokens, i - shifted);
    return labels;
}

/* The matrix of one head as the program writes alignments. */
static void matrix_of(struct alignment *alignment, const struct seen *pair, const struct attention_map *map, const real *weights)
{
    enum side rows = map->place == PLACE_ENCODER ? SOURCE : TARGET, columns = map->place == PLACE_DECODER ? TARGET : SOURCE;
    size_t cells;

    *alignment = (struct alignment){ .level = ALIGNMENT_TOKEN,
                                     .target = labels_of(pair, rows, 0),
                                     .rows = pair->tokens[rows].count + 1,
                                     .source = labels_of(pair, columns, map->place == PLACE_DECODER),
                                     .columns = pair->tokens[columns].count + 1 };
    cells = size_product((size_t)alignment->rows, (size_t)alignment->columns);
    alignment->blocks = memory_new(1, sizeof *alignment->blocks);
    alignment->block_count = 1;
    alignment->blocks[0] = (struct alignment_block){ 0, alignment->rows, 0, alignment->columns, memory_new(cells, sizeof(double)) };
    for (size_t i = 0; i < cells; i++)
        alignment->blocks[0].weights[i] = (double)weights[i];
}

/* 0, or -1 after reporting. */
static int write_head(const struct seen *pair, const struct attention_map *map, const real *weights, const char *directory)
{
    struct alignment alignment;
    struct text name = { 0 };
    int failed;

    text_format(&name, "%s/%06ld.%s.%d.%d.csv", directory, pair->number, attention_place_names[map->place], map->layer, map->head);
    matrix_of(&alignment, pair, map, weights);
    failed = alignment_create(name.data, &alignment, ALIGNMENT_MATRIX, pair->number);
    alignment_release(&alignment);
    text_release(&name);
    return failed;
}

/* Runs the model over the pair, and writes all its heads. */
static int write_pair(struct worker *worker, struct pass *pass, const struct model *model, const struct seen *pair,
                      const char *directory)
{
    int32_t *ids[2];
    int lengths[2];
    struct batch batch = { .sentences = 1, .targets = 1, .source_length = &lengths[SOURCE], .target_length = &lengths[TARGET] };
    const struct pass_input input = { .model = model, .batch = &batch };
    struct loss loss = { 0 };
    int failed = 0;

    for (int side = SOURCE; side <= TARGET; side++) {
        lengths[side] = pair->tokens[side].count + 1;
        ids[side] = piece_ids(&pair->tokens[side], 0, pair->tokens[side].count);
    }
    batch.source = (const int32_t *const[]){ ids[SOURCE] };
    batch.target = (const int32_t *const[]){ ids[TARGET] };
    pass_forward(worker, pass, &input, &loss, NULL);
    for (int place = 0; place < PLACES && !failed; place++) {
        int heads = attention_heads(&model->config, (enum attention_place)place);

        for (int k = 0; k < heads * attention_layers(&model->config, (enum attention_place)place) && !failed; k++) {
            const struct attention_map map = { k / heads, k % heads, (enum attention_place)place };

            failed = write_head(pair, &map, pass_alignment(pass, 0, &map), directory);
        }
    }
    free(ids[SOURCE]);
    free(ids[TARGET]);
    return failed;
}

int heads_write(struct inference *inference, const struct corpus *corpus, const char *directory, int longest)
{
    struct seen pair = { .tokenizer = inference->tokenizer };
    struct pass pass = { 0 };
    int failed = 0;

    if (mkdir(directory, 0777) && errno != EEXIST)
        return error("%s: cannot be created: %s", directory, strerror(errno));
    for (size_t i = 0; i < corpus->pairs && !failed; i++) {
        pair.number = corpus->number[i];
        tokenizer_encode(pair.tokenizer, SOURCE, corpus->lines[SOURCE][i], 0, NULL, &pair.tokens[SOURCE]);
        tokenizer_encode_target(pair.tokenizer, &pair.tokens[SOURCE], corpus->lines[TARGET][i], &pair.tokens[TARGET]);
        if (pair.tokens[SOURCE].count > longest || pair.tokens[TARGET].count > longest)
            failed =
                error("line %ld: more than %d tokens on a side; its heads are not written; split the line", pair.number, longest);
        else
            failed = write_pair(&inference->team.workers[0], &pass, inference->models[0], &pair, directory);
    }
    pass_release(&pass);
    tokens_release(&pair.tokens[SOURCE]);
    tokens_release(&pair.tokens[TARGET]);
    return failed;
}
