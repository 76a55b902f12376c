#include "model/pass.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const struct dropping nothing_dropped = { .numbers = NULL };

static void make_room(void **state, size_t *room, size_t bytes)
{
    if (bytes > *room) {
        free(*state);
        *state = memory_new(1, bytes);
        *room = bytes;
    }
}

static void bind(struct pass *pass, const struct pass_input *input, struct arena *arena, int training)
{
    const struct config *config = &input->model->config;
    const struct encoder_kind *encoder = encoder_kinds[config->encoder.type];
    const struct decoder_kind *decoder = decoder_kinds[config->decoder.type];
    const struct binding binding = { .model = input->model,
                                     .batch = input->batch,
                                     .dropping = input->dropping ? input->dropping : &nothing_dropped,
                                     .guide = input->guide,
                                     .scale = input->judgement.twins > 0 ? input->judgement.scale / 2 : input->judgement.scale,
                                     .arena = arena,
                                     .training = training };

    make_room(&pass->encoder, &pass->encoder_room, encoder->state(config));
    make_room(&pass->decoder, &pass->decoder_room, decoder->state(config));
    pass->encoder_kind = encoder;
    pass->decoder_kind = decoder;
    encoded_bind(&pass->encoded, &binding);
    encoder->bind(pass->encoder, &pass->encoded, &binding);
    decoder->bind(pass->decoder, &pass->decoded, &pass->encoded, &binding);
    output_bind(&pass->output, input->model, &pass->decoded, &input->judgement, arena);
}

size_t pass_measure(const struct pass_input *input, int training)
{
    struct pass pass = { 0 };
    struct arena arena = { 0 };

    bind(&pass, input, &arena, training);
    pass_release(&pass);
    return arena.used;
}

void pass_release(struct pass *pass)
{
    free(pass->encoder);
    free(pass->decoder);
    *pass = (struct pass){ 0 };
}

/* Binds and runs encoder and decoder; returns scratch memory of the loss. */
static struct output_scratch run(struct worker *worker, struct pass *pass, const struct pass_input *input, int training)
{
    worker_reserve(worker, pass_measure(input, training));
    bind(pass, input, &worker->arena, training);
    pass->encoder_kind->forward(worker, pass->encoder);
    pass->decoder_kind->forward(worker, pass->decoder);
    return pass->output;
}

void pass_forward(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss, double *nll)
{
    const struct output_rows rows = { &pass->decoded, run(worker, pass, input, 0), input->judgement };

    output_loss(worker, input->model, &rows, loss, nll);
}

/* Adds the loss of guided attention. */
static void guided_loss(const struct pass *pass, const struct pass_input *input, struct loss *loss)
{
    const struct batch *batch = input->batch;
    double share = input->judgement.twins > 0 ? 0.5 : 1; /* of twins, the mean counts */
    const struct attention_map map = { .layer = decoder_guided_layer(&input->model->config) };

    for (int b = 0; b < batch->targets; b++) {
        const real *alpha = pass_alignment(pass, b, &map), *guide = input->guide->weights[b];
        int Tx = batch->source_length[batch_source_of(batch, b)];

        for (size_t t = 0; t < (size_t)batch->target_length[b]; t++)
            loss->guided += share * attention_guided_loss(alpha + t * (size_t)Tx, guide + t * (size_t)Tx, Tx);
    }
}

void pass_gradient_output(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss,
                          struct gradient *gradient)
{
    const struct output_rows rows = { &pass->decoded, run(worker, pass, input, 1), input->judgement };

    if (input->guide)
        guided_loss(pass, input, loss);
    output_loss_backward(worker, input->model, &rows, loss, gradient);
}

void pass_gradient_rest(struct worker *worker, struct pass *pass, struct gradient *gradient)
{
    pass->decoder_kind->backward(worker, gradient, pass->decoder);
    pass->encoder_kind->backward(worker, gradient, pass->encoder);
}

void pass_gradient(struct worker *worker, struct pass *pass, const struct pass_input *input, struct loss *loss,
                   struct gradient *gradient)
{
    pass_gradient_output(worker, pass, input, loss, gradient);
    pass_gradient_rest(worker, pass, gradient);
}

const real *pass_alignment(const struct pass *pass, int b, const struct attention_map *map)
{
    if (map->place == PLACE_ENCODER)
        return pass->encoder_kind->alignment(pass->encoder, b, map);
    return pass->decoder_kind->alignment(pass->decoder, b, map);
}
