#include "model/kinds.h"

#include "model/model.h"

#include <stddef.h>

const struct encoder_kind *const encoder_kinds[] = { [ENCODER_GRU] = &encoder_gru, [ENCODER_TRANSFORMER] = &encoder_transformer };
const struct decoder_kind *const decoder_kinds[] = { [DECODER_GRU] = &decoder_gru, [DECODER_TRANSFORMER] = &decoder_transformer };

const char *const attention_place_names[] = { "source", "encoder", "decoder", NULL };

int attention_layers(const struct config *config, enum attention_place place)
{
    int decoder = config->decoder.type == DECODER_TRANSFORMER;

    switch (place) {
    case PLACE_ENCODER: return config->encoder.type == ENCODER_TRANSFORMER ? config->encoder.layers : 0;
    case PLACE_DECODER: return decoder ? config->decoder.layers : 0;
    default: return decoder ? config->decoder.layers : config->decoder.attention != ATTENTION_NONE;
    }
}

int attention_heads(const struct config *config, enum attention_place place)
{
    return place == PLACE_ENCODER ? config->encoder.heads : config->decoder.heads;
}

int attention_has_choice(const struct config *config)
{
    return attention_layers(config, PLACE_SOURCE) * attention_heads(config, PLACE_SOURCE) > 1;
}

int decoder_guided_layer(const struct config *config)
{
    int layers = attention_layers(config, PLACE_SOURCE);

    return layers > 1 ? layers - 2 : 0;
}

void encoded_bind(struct encoded *encoded, const struct binding *binding)
{
    const struct config *config = &binding->model->config;
    const struct encoder_kind *kind = encoder_kinds[config->encoder.type];
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    int B = batch->sentences, rows = 0;

    for (int b = 0; b < B; b++)
        rows += batch->source_length[b];
    *encoded = (struct encoded){ .sentences = B, .rows = rows };
    encoded->start = arena_take(arena, (size_t)B * sizeof(int));
    encoded->length = arena_take(arena, (size_t)B * sizeof(int));
    encoded->h = matrix_take(arena, rows, kind->width(config));
    encoded->summary = matrix_take(arena, B, kind->summary(config));
    if (binding->training) {
        encoded->dh = matrix_take(arena, rows, kind->width(config));
        encoded->dsummary = matrix_take(arena, B, kind->summary(config));
    }
    if (!arena->base)
        return;
    for (int b = 0, row = 0; b < B; row += batch->source_length[b++]) {
        encoded->start[b] = row;
        encoded->length[b] = batch->source_length[b];
    }
    if (binding->training)
        matrix_zero(encoded->dh);
}
