#include "model/model.h"

#include "base/memory.h"

#include <stdlib.h>

/* The order of declarations is the order of the tensors in the file. */
void model_declare(struct model *model, const struct config *config)
{
    struct layout *layout = &model->layout;

    *model = (struct model){ .config = *config, .alignment = { decoder_guided_layer(config), -1, PLACE_SOURCE } };
    model->source_embedding = layout_add(layout, config->encoder.type == ENCODER_GRU ? TENSOR_EMBEDDING : TENSOR_SCALED, config->Vx,
                                         config->E, "source.embedding");
    output_declare_embedding(&model->output, layout, config, model->source_embedding);
    model->encoder = encoder_kinds[config->encoder.type]->declare(layout, config);
    model->decoder = decoder_kinds[config->decoder.type]->declare(layout, config);
    output_declare(&model->output, layout, config, model->source_embedding);
}

void model_place_empty(struct model *model)
{
    model->weights = memory_new((size_t)model->layout.block_count, sizeof *model->weights);
    model->copies = memory_new((size_t)model->layout.block_count, sizeof *model->copies);
    for (int i = 0; i < model->layout.block_count; i++)
        model->weights[i] = (struct weight){ .out = model->layout.blocks[i].rows, .in = model->layout.blocks[i].columns };
}

void model_place(struct model *model, real *values)
{
    model->borrowed = values != NULL;
    model->values = values ? values : layout_array(&model->layout);
    model_place_empty(model);
    model_point(model, model->values);
}

void model_point(struct model *model, const real *values)
{
    for (int i = 0; i < model->layout.block_count; i++)
        model->weights[i].w = values + model->layout.blocks[i].offset;
}

int model_may_store(const struct model *model, int block)
{
    const struct block *one = &model->layout.blocks[block];
    enum tensor_kind kind = one->tensors ? model->layout.tensors[one->first].kind : TENSOR_VECTOR;

    return one->columns > 1 && (one->product || kind == TENSOR_EMBEDDING || kind == TENSOR_SCALED);
}

void model_init(struct model *model, const struct config *config, real *values)
{
    model_declare(model, config);
    model_place(model, values);
}

void model_release(struct model *model)
{
    for (int i = 0; model->weights && i < model->layout.block_count; i++)
        matmul_unpack(&model->weights[i]);
    for (int i = 0; model->copies && i < model->layout.block_count; i++)
        free(model->copies[i]);
    free(model->copies);
    if (!model->borrowed)
        free(model->values);
    free(model->weights);
    free(model->encoder);
    free(model->decoder);
    layout_release(&model->layout);
    shortlist_release(&model->shortlist);
    *model = (struct model){ 0 };
}

void model_pack(struct model *model, struct worker *worker, int workers, enum packing packing)
{
    if (!matmul_packs(worker))
        return;
    /* Distributed by direction, as the output layer is as large as all others together; always in the same way, as a copy stays
     * with its worker. */
    for (int i = 2 * model->layout.block_count - 1, share = 0; i >= 0; i--) {
        const struct block *block = &model->layout.blocks[i / 2];

        if (!block->product || !block->count || (i % 2 == BACKWARD && packing == PACK_FORWARD) ||
            (i / 2 == model->output.W && packing == PACK_BELOW_OUTPUT))
            continue;
        if (share++ % workers == worker->index)
            matmul_pack(worker, &model->weights[i / 2], (enum pass_direction)(i % 2));
    }
}

/* Whether a block of a layout has the sizes of an earlier one: products with either share what the backend compiles. */
static int seen_sizes(const struct layout *layout, int number)
{
    const struct block *blocks = layout->blocks, *block = &blocks[number];

    for (int i = 0; i < number; i++)
        if (blocks[i].product && blocks[i].rows == block->rows && blocks[i].columns == block->columns)
            return 1;
    return 0;
}

size_t model_product_numbers(const struct model *model, int *sizes)
{
    size_t numbers = 0;

    *sizes = 0;
    for (int i = 0; i < model->layout.block_count; i++)
        if (model->layout.blocks[i].product && model->layout.blocks[i].count) {
            numbers += model->layout.blocks[i].count;
            *sizes += !seen_sizes(&model->layout, i);
        }
    return numbers;
}

double model_operations(const struct config *config, const struct work *work)
{
    double output = (double)decoder_kinds[config->decoder.type]->top(config) * config->Vy * work->target;

    return 2 * (encoder_kinds[config->encoder.type]->operations(config, work) +
                decoder_kinds[config->decoder.type]->operations(config, work) + output);
}
