#include "model/output.h"

#include "layers/embedding.h"
#include "model/model.h"

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
    embedding_forward(Y, model_block(model, model->output.embedding), ids, mask);
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

/* The rows from `from` on that fit into a chunk of logits. */
static int chunk_of(const struct output_rows *x, int from)
{
    return x->decoded->rows - from < x->logits.rows ? x->decoded->rows - from : x->logits.rows;
}

void output_loss(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss, double *nll)
{
    double chunk_nll[OUTPUT_CHUNK];

    for (int from = 0, rows; from < x->decoded->rows; from += rows) {
        struct matrix logits;

        rows = chunk_of(x, from);
        logits = matrix_rows(x->logits, 0, rows);
        output_logits(worker, model, logits, matrix_rows(x->decoded->top, from, rows));
        cross_entropy_forward(loss, chunk_nll, logits, x->decoded->labels + from, x->judgement.smoothing);
        for (int i = 0; nll && i < rows; i++)
            nll[x->decoded->place[from + i]] = chunk_nll[i];
    }
}

void output_loss_backward(struct worker *worker, const struct model *model, const struct output_rows *x, struct loss *loss,
                          struct gradient *gradient)
{
    const struct output_blocks *blocks = &model->output;

    for (int from = 0, rows; from < x->decoded->rows; from += rows) {
        struct matrix dlogits, top;
        const char *before;

        rows = chunk_of(x, from);
        dlogits = matrix_rows(x->logits, 0, rows);
        top = matrix_rows(x->decoded->top, from, rows);
        output_logits(worker, model, dlogits, top);
        before = worker_enter(worker, SOFTMAX);
        cross_entropy_backward(loss, dlogits, x->decoded->labels + from, x->judgement.smoothing, x->judgement.scale);
        worker_enter(worker, before);
        matmul_backward(worker, matrix_rows(x->decoded->dtop, from, rows), dlogits, &model->weights[blocks->W], SET);
        gradient_product(worker, gradient, blocks->W, dlogits, top);
        gradient_sum(gradient, blocks->b, dlogits);
    }
}
