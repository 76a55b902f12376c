#include "cli/heads_file.h"

#include "base/io.h"
#include "base/report.h"
#include "cli/alignment_page.h"
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

/* Where heads go: files in a directory, or a page. */
struct sink {
    const char *directory;
    FILE *page; /* NULL: none */
    long pairs; /* in the page */
};

/* 0, or -1 after reporting. */
static int write_file(const struct seen *pair, const struct attention_map *map, const struct alignment *alignment,
                      const char *directory)
{
    struct text name = { 0 };
    int failed;

    text_format(&name, "%s/%06ld.%s.%d.%d.csv", directory, pair->number, attention_place_names[map->place], map->layer, map->head);
    failed = alignment_create(name.data, alignment, ALIGNMENT_MATRIX, pair->number);
    text_release(&name);
    return failed;
}

/* The heads of the pair that the model has just seen: files, or an array for the page. 0, or -1 after reporting. */
static int write_heads(const struct pass *pass, const struct model *model, const struct seen *pair, const struct sink *sink,
                       struct json *array)
{
    int failed = 0;

    for (int place = 0; place < PLACES && !failed; place++) {
        int heads = attention_heads(&model->config, (enum attention_place)place);

        for (int k = 0; k < heads * attention_layers(&model->config, (enum attention_place)place) && !failed; k++) {
            const struct attention_map map = { k / heads, k % heads, (enum attention_place)place };
            struct alignment alignment;

            matrix_of(&alignment, pair, &map, pass_alignment(pass, 0, &map));
            if (sink->page)
                page_head(array, &map, &alignment);
            else
                failed = write_file(pair, &map, &alignment, sink->directory);
            alignment_release(&alignment);
        }
    }
    return failed;
}

/* The pair in the page: its usual alignment, with the tokens' probabilities, and all heads. */
static void add_to_page(const struct pass *pass, const struct model *model, const struct seen *pair, struct sink *sink,
                        const double *nll)
{
    struct alignment alignment;
    struct json array = { 0 };

    json_open(&array, NULL, '[');
    write_heads(pass, model, pair, sink, &array);
    json_close(&array, ']');
    matrix_of(&alignment, pair, &model->alignment, pass_alignment(pass, 0, &model->alignment));
    alignment.log_probability = memory_new((size_t)alignment.rows, sizeof(double));
    alignment.tokens = alignment.rows;
    for (int i = 0; i < alignment.rows; i++)
        alignment.total += alignment.log_probability[i] = -nll[i];
    fputs(sink->pairs++ ? ",\n" : "\n", sink->page);
    page_add(sink->page, &alignment, pair->number, &array);
    alignment_release(&alignment);
    json_release(&array);
}

/* Runs the model over the pair, and writes all its heads. */
static int write_pair(struct worker *worker, struct pass *pass, const struct model *model, const struct seen *pair,
                      struct sink *sink)
{
    int32_t *ids[2];
    int lengths[2], failed = 0;
    struct batch batch = { .sentences = 1, .targets = 1, .source_length = &lengths[SOURCE], .target_length = &lengths[TARGET] };
    const struct pass_input input = { .model = model, .batch = &batch };
    struct loss loss = { 0 };
    double *nll;

    for (int side = SOURCE; side <= TARGET; side++) {
        lengths[side] = pair->tokens[side].count + 1;
        ids[side] = piece_ids(&pair->tokens[side], 0, pair->tokens[side].count);
    }
    batch.source = (const int32_t *const[]){ ids[SOURCE] };
    batch.target = (const int32_t *const[]){ ids[TARGET] };
    nll = memory_new((size_t)lengths[TARGET], sizeof *nll);
    pass_forward(worker, pass, &input, &loss, nll);
    if (sink->page)
        add_to_page(pass, model, pair, sink, nll);
    else
        failed = write_heads(pass, model, pair, sink, NULL);
    free(nll);
    free(ids[SOURCE]);
    free(ids[TARGET]);
    return failed;
}

int heads_page(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && strcmp(dot, ".html") == 0;
}

/* All pairs. 0, or -1 after reporting. */
static int write_all(struct inference *inference, const struct corpus *corpus, struct sink *sink, int longest)
{
    struct seen pair = { .tokenizer = inference->tokenizer };
    struct pass pass = { 0 };
    int failed = 0;

    for (size_t i = 0; i < corpus->pairs && !failed; i++) {
        pair.number = corpus->number[i];
        tokenizer_encode(pair.tokenizer, SOURCE, corpus->lines[SOURCE][i], 0, NULL, &pair.tokens[SOURCE]);
        tokenizer_encode_target(pair.tokenizer, &pair.tokens[SOURCE], corpus->lines[TARGET][i], &pair.tokens[TARGET]);
        if (pair.tokens[SOURCE].count > longest || pair.tokens[TARGET].count > longest)
            failed =
                error("line %ld: more than %d tokens on a side; its heads are not written; split the line", pair.number, longest);
        else
            failed = write_pair(&inference->team.workers[0], &pass, inference->models[0], &pair, sink);
    }
    pass_release(&pass);
    tokens_release(&pair.tokens[SOURCE]);
    tokens_release(&pair.tokens[TARGET]);
    return failed;
}

int heads_write(struct inference *inference, const struct corpus *corpus, const char *name, int longest)
{
    struct sink sink = { .directory = name };
    struct output output;
    int failed;

    if (!heads_page(name)) {
        if (mkdir(name, 0777) && errno != EEXIST)
            return error("%s: cannot be created: %s", name, strerror(errno));
        return write_all(inference, corpus, &sink, longest);
    }
    if (io_begin(&output, name))
        return -1;
    sink.page = output.file;
    page_begin(sink.page);
    failed = write_all(inference, corpus, &sink, longest);
    page_end(sink.page);
    if (!failed)
        return io_commit(&output);
    io_abandon(&output);
    return -1;
}
