#include "model/pass.h"

struct backward {
    struct encoder_backward encoder;
    struct decoder_backward decoder;
};

static void bind(struct pass *pass, struct backward *back, const struct batch *batch, const struct config *config,
                 const struct dropout *dropout, uint64_t seed, uint64_t update, const int *numbers)
{
    pass->arena.used = 0;
    masks_draw(&pass->masks, batch, config, dropout, seed, update, numbers, &pass->arena);
    encoder_bind(&pass->encoder, batch, config, &pass->masks, &pass->arena);
    decoder_bind(&pass->decoder, batch, config, &pass->masks, &pass->arena);
    if (back) {
        encoder_backward_bind(&back->encoder, &pass->encoder, config, &pass->arena);
        decoder_backward_bind(&back->decoder, &pass->decoder, batch, config, &pass->arena);
    }
}

size_t pass_measure(const struct batch *batch, const struct config *config, const struct dropout *dropout, int training)
{
    struct pass pass = { 0 };
    struct backward back;

    bind(&pass, training ? &back : NULL, batch, config, dropout, 0, 0, NULL);
    return pass.arena.used;
}

void pass_reserve(struct pass *pass, size_t bytes)
{
    if (bytes <= pass->arena.size)
        return;
    arena_release(&pass->arena);
    pass->arena.used = bytes;
    arena_allocate(&pass->arena);
}

void pass_release(struct pass *pass)
{
    arena_release(&pass->arena);
}

void pass_forward(struct matmul *matmul, struct pass *pass, struct loss *loss, double *nll, const struct batch *batch,
                  const struct model *model, double smoothing)
{
    pass_reserve(pass, pass_measure(batch, &model->config, NULL, 0));
    bind(pass, NULL, batch, &model->config, NULL, 0, 0, NULL);
    encoder_forward(matmul, &pass->encoder, model, &pass->masks);
    decoder_forward(matmul, &pass->decoder, &pass->encoder, batch, model, &pass->masks);
    cross_entropy_forward(matmul, loss, nll, pass->decoder.logits, pass->decoder.m, pass->decoder.labels, &model->weights[OUTPUT],
                          model->params.output_b, smoothing, pass->decoder.rows);
}

void pass_gradient(struct matmul *matmul, struct pass *pass, struct loss *loss, const struct params *gradient,
                   const struct batch *batch, const struct model *model, const struct dropout *dropout, double smoothing,
                   double scale, uint64_t seed, uint64_t update, const int *numbers)
{
    struct backward back;

    pass_reserve(pass, pass_measure(batch, &model->config, dropout, 1));
    bind(pass, &back, batch, &model->config, dropout, seed, update, numbers);
    encoder_forward(matmul, &pass->encoder, model, &pass->masks);
    decoder_forward(matmul, &pass->decoder, &pass->encoder, batch, model, &pass->masks);
    decoder_backward(matmul, loss, gradient, &back.decoder, &back.encoder, &pass->decoder, &pass->encoder, batch, model,
                     &pass->masks, smoothing, scale);
    encoder_backward(matmul, gradient, &back.encoder, &pass->encoder, model, &pass->masks);
}
