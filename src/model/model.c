#include "model/model.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

static struct weight stack(const real *w, int out, int in)
{
    return (struct weight){ .w = w, .out = out, .in = in };
}

void model_init(struct model *model, const struct config *config, real *values)
{
    struct params *p = &model->params;
    struct weight *w = model->weights;
    int E = config->E, H = config->H, A = config->A, L = config->L;

    assert(config->encoder_layers >= 1 && config->encoder_layers <= ENCODER_LAYERS_MOST);
    *model = (struct model){ .config = *config };
    params_layout(&model->layout, config);
    model->borrowed = values != NULL;
    if (!values) {
        struct arena arena = { 0 };

        arena_take(&arena, size_product(model->layout.length, sizeof *values));
        arena_allocate(&arena);
        values = (real *)(void *)arena.base;
    }
    model->values = values;
    params_view(p, &model->layout, config, values);
    for (int i = 0; i < 2 * config->encoder_layers; i++) {
        const struct gru_params *gru = &p->encoder[i / 2][i % 2];
        struct weight *three = w + encoder_weight(i / 2, i % 2);

        three[0] = stack(gru->Wr, 3 * H, i < 2 ? E : 2 * H);
        three[1] = stack(gru->Ur, 2 * H, H);
        three[2] = stack(gru->U, H, H);
    }
    w[START] = stack(p->start_W, H, H);
    w[KEYS] = stack(p->Ua, A, 2 * H);
    w[QUERY] = stack(p->Wa, A + 2 * H, H);
    w[DECODER_U] = stack(p->decoder.U, H, H);
    w[DECODER_W] = stack(p->Ya, config_word_query(config) + 3 * H, E);
    w[DECODER_C] = stack(p->decoder.Cr, 3 * H, 2 * H);
    w[READOUT_U] = stack(p->Uo, 2 * L, H);
    w[READOUT_V] = stack(p->Vo, 2 * L, E);
    w[READOUT_C] = stack(p->Co, 2 * L, 2 * H);
    w[OUTPUT] = stack(p->output_W, config->Vy, L);
}

void model_release(struct model *model)
{
    for (int i = 0; i < WEIGHTS; i++)
        matmul_unpack(&model->weights[i]);
    if (!model->borrowed)
        free(model->values);
    *model = (struct model){ 0 };
}

void model_pack(struct model *model, struct matmul *matmul, int backward_too)
{
    if (!matmul_packs(matmul))
        return;
        /* Dealt out by direction, as OUTPUT is as large as all others together; always alike, as a copy stays with its thread's matmul. */
#pragma omp for schedule(static, 1) nowait
    for (int i = 2 * WEIGHTS - 1; i >= 0; i--)
        if (model->weights[i / 2].out && (i % 2 == FORWARD || backward_too))
            matmul_pack(matmul, &model->weights[i / 2], (enum pass_direction)(i % 2));
}
