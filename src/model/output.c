#include "model/output.h"

#include "layers/embedding.h"
#include "math/vec.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

static const char SOFTMAX[] = "softmax";

void output_declare_embedding(struct output_blocks *output, struct layout *layout, const struct config *config,
                              int source_embedding)
{
    enum tensor_kind kind = config->decoder.type == DECODER_GRU ? TENSOR_EMBEDDING : TENSOR_SCALED;

    output->embedding =
        config->tie == TIE_ALL ? source_embedding : layout_add(layout, kind, config->Vy, config->E, "target.embedding");
}

void output_declare(struct output_blocks *output, struct layout *layout, const struct config *config, int source_embedding)
{
    int top = decoder_kinds[config->decoder.type]->top(config);

    switch (config->tie) {
    case TIE_NONE: output->W = layout_add(layout, TENSOR_MATRIX, config->Vy, top, "output.W"); break;
    case TIE_TARGET: output->W = output->embedding; break;
    case TIE_ALL: output->W = source_embedding; break;
    }
    layout->blocks[output->W].product = 1;
    output->b = layout_add(layout, TENSOR_VECTOR, config->Vy, 1, "output.b");
}

void output_embed(const struct model *model, struct matrix Y, const int32_t *ids, const real *const *mask)
{
    embedding_forward(Y, &model->weights[model->output.embedding], ids, mask);
}

void output_embed_backward(const struct model *model, struct gradient *gradient, struct matrix dY, const int32_t *ids,
                           const real *const *mask)
{
    gradient_rows(gradient, model->output.embedding, dY, ids, mask);
}

void output_logits(struct worker *worker, const struct model *model, struct matrix logits, struct matrix top)
{
    matrix_fill(logits, model_block(model, model->output.b));
    matmul_forward(worker, logits, top, &model->weights[model->output.W], ADD);
}

void output_words_bind(struct output_words *output, const struct model *model, struct arena *arena)
{
    const struct weight *all = &model->weights[model->output.W];

    output->W = (struct weight){ .out = output->count, .in = all->in };
    output->W.w = output->rows = arena_take(arena, (size_t)output->count * (size_t)all->in * sizeof(real));
    output->b = arena_take(arena, (size_t)output->count * sizeof(real));
}

void output_words_gather(struct output_words *output, const struct model *model)
{
    const struct weight *all = &model->weights[model->output.W];
    const real *b = model_block(model, model->output.b);
    real *to = output->rows;

    for (int i = 0; i < output->count; i++, to += all->in) {
        const real *row = weight_rows(all, output->words[i], 1, to);

        if (row != to)
            memcpy(to, row, (size_t)all->in * sizeof *to);
        output->b[i] = b[output->words[i]];
    }
}

void output_words_logits(struct worker *worker, const struct output_words *output, struct matrix logits, struct matrix top)
{
    matrix_fill(logits, output->b);
    matmul_forward(worker, logits, top, &output->W, ADD);
}

void output_bind(struct output_scratch *scratch, const struct model *model, const struct decoded *decoded,
                 const struct judgement *judgement, struct arena *arena)
{
    const struct softmax_sample *sample = judgement->sample;
    int rows = decoded->rows < OUTPUT_CHUNK ? decoded->rows : OUTPUT_CHUNK;

    *scratch = (struct output_scratch){ .logits = matrix_take(arena, rows, sample ? sample->count : model->config.Vy) };
    if (sample) {
        scratch->words = (struct output_words){ .words = sample->words, .count = sample->count };
        output_words_bind(&scratch->words, model, arena);
        scratch->dW = matrix_take(arena, sample->count, decoded->top.columns);
        scratch->db = arena_take(arena, (size_t)sample->count * sizeof(real));
    }
    if (judgement->twins > 0) {
        scratch->top = matrix_take(arena, rows, decoded->top.columns);
        scratch->dtop = matrix_take(arena, rows, decoded->top.columns);
        scratch->row = arena_take(arena, (size_t)decoded->rows * sizeof *scratch->row);
        for (int i = 0; scratch->row && i < decoded->rows; i++)
            scratch->row[decoded->place[i]] = i;
    }
}

/* The rows from `from` on that fit into a chunk of logits. */
static int chunk_of(const struct output_rows *x, int from)
{
    return x->decoded->rows - from < x->scratch.logits.rows ? x->decoded->rows - from : x->scratch.logits.rows;
}

void output_loss(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss, double *nll)
{
    double chunk_nll[OUTPUT_CHUNK];

    for (int from = 0, rows; from < x->decoded->rows; from += rows) {
        struct matrix logits;

        rows = chunk_of(x, from);
        logits = matrix_rows(x->scratch.logits, 0, rows);
        output_logits(worker, model, logits, matrix_rows(x->decoded->top, from, rows));
        cross_entropy_forward(loss, chunk_nll, logits, x->decoded->labels + from, x->judgement.smoothing);
        for (int i = 0; nll && i < rows; i++)
            nll[x->decoded->place[from + i]] = chunk_nll[i];
    }
}

struct chunk {
    struct matrix top, dtop;
    const int32_t *labels;
};

/* Turns a chunk's logits into their gradient, sets dtop, and adds to the output layer's gradient. */
static void chunk_backward(struct worker *worker, const struct model *model, const struct output_rows *x, const struct chunk *chunk,
                           struct loss *loss, struct gradient *gradient)
{
    const struct output_blocks *blocks = &model->output;
    const struct judgement *judgement = &x->judgement;
    struct matrix dlogits = matrix_rows(x->scratch.logits, 0, chunk->top.rows);
    const char *before;

    output_logits(worker, model, dlogits, chunk->top);
    before = worker_enter(worker, SOFTMAX);
    if (judgement->twins > 0)
        cross_entropy_twins_backward(loss, dlogits, chunk->labels, judgement->smoothing, judgement->twins, judgement->scale);
    else
        cross_entropy_backward(loss, dlogits, chunk->labels, judgement->smoothing, judgement->scale);
    worker_enter(worker, before);
    matmul_backward(worker, chunk->dtop, dlogits, &model->weights[blocks->W], SET);
    gradient_product(worker, gradient, blocks->W, dlogits, chunk->top);
    gradient_sum(gradient, blocks->b, dlogits);
}

/* Word i / 2 of the batch, or (odd i) of its second half, the same word again: the decoder's row. */
static int twin(const struct output_rows *x, int i)
{
    return x->scratch.row[i / 2 + (i % 2) * (x->decoded->rows / 2)];
}

static void twins_backward(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss,
                           struct gradient *gradient)
{
    const struct decoded *decoded = x->decoded;
    size_t bytes = (size_t)decoded->top.columns * sizeof(real);

    for (int from = 0, rows; from < decoded->rows; from += rows) {
        int32_t labels[OUTPUT_CHUNK];
        struct chunk chunk = { .labels = labels };

        rows = chunk_of(x, from);
        chunk.top = matrix_rows(x->scratch.top, 0, rows);
        chunk.dtop = matrix_rows(x->scratch.dtop, 0, rows);
        for (int i = 0; i < rows; i++) {
            memcpy(matrix_row(chunk.top, i), matrix_row(decoded->top, twin(x, from + i)), bytes);
            labels[i] = decoded->labels[twin(x, from + i)];
        }
        chunk_backward(worker, model, x, &chunk, loss, gradient);
        for (int i = 0; i < rows; i++)
            memcpy(matrix_row(decoded->dtop, twin(x, from + i)), matrix_row(chunk.dtop, i), bytes);
    }
}

/* The sample's part of the output layer, and how many words stand behind each of its columns. */
static struct stand_ins gather_sample(struct output_words *output, const struct model *model, const struct softmax_sample *sample)
{
    struct stand_ins stand_ins = { .weight = sample->weight };

    output_words_gather(output, model);
    for (int i = 0; i < sample->count; i++) {
        double weight = (double)sample->weight[i];

        output->b[i] += (real)log(weight);
        stand_ins.total += weight;
        stand_ins.offset += weight * log(weight);
    }
    stand_ins.offset /= stand_ins.total;
    return stand_ins;
}

static void sampled_backward(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss,
                             struct gradient *gradient)
{
    const struct softmax_sample *sample = x->judgement.sample;
    struct output_words words = x->scratch.words;
    const struct stand_ins stand_ins = gather_sample(&words, model, sample);
    struct matrix db = matrix_view(x->scratch.db, sample->count, 1);

    matrix_zero(db);
    for (int from = 0, rows; from < x->decoded->rows; from += rows) {
        int32_t labels[OUTPUT_CHUNK];
        struct matrix dlogits, top;
        const char *before;

        rows = chunk_of(x, from);
        dlogits = matrix_rows(x->scratch.logits, 0, rows);
        top = matrix_rows(x->decoded->top, from, rows);
        for (int i = 0; i < rows; i++)
            labels[i] = sample->place[x->decoded->labels[from + i]];
        output_words_logits(worker, &words, dlogits, top);
        before = worker_enter(worker, SOFTMAX);
        cross_entropy_sampled_backward(loss, dlogits, labels, &stand_ins, x->judgement.smoothing, x->judgement.scale);
        worker_enter(worker, before);
        matmul_backward(worker, matrix_rows(x->decoded->dtop, from, rows), dlogits, &words.W, SET);
        matmul_gradient(worker, x->scratch.dW.at, dlogits, top, from ? ADD : SET);
        vec_sum_rows(db.at, dlogits.at, dlogits.stride, rows, dlogits.columns);
    }
    gradient_rows(gradient, model->output.W, x->scratch.dW, sample->words, NULL);
    gradient_rows(gradient, model->output.b, db, sample->words, NULL);
}

void output_loss_backward(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss,
                          struct gradient *gradient)
{
    if (x->judgement.sample) {
        sampled_backward(worker, model, x, loss, gradient);
        return;
    }
    if (x->judgement.twins > 0) {
        twins_backward(worker, model, x, loss, gradient);
        return;
    }
    for (int from = 0, rows; from < x->decoded->rows; from += rows) {
        struct chunk chunk = { .labels = x->decoded->labels + from };

        rows = chunk_of(x, from);
        chunk.top = matrix_rows(x->decoded->top, from, rows);
        chunk.dtop = matrix_rows(x->decoded->dtop, from, rows);
        chunk_backward(worker, model, x, &chunk, loss, gradient);
    }
}

void output_own_numbers(const struct model *model, size_t *from, size_t *to)
{
    const struct block *W = &model->layout.blocks[model->output.W],
                       *b = &model->layout.blocks[model->output.b]; /* one after the other */

    *to = b->offset + b->count;
    *from = model->config.tie == TIE_NONE ? W->offset : *to;
}

void output_settle(const struct model *model, struct gradient *gradient)
{
    gradient_dense(gradient, model->output.W);
    gradient_dense(gradient, model->output.b);
}
