#include "model/params.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* H_n is H if the encoder has layer n, else 0. */
enum size { ONE, E, H, H2, A, Q, L, L2, VX, VY, H_1, H_2, H_3, H_4 };

/* Kinds of tensors, for their initial values. */
enum kind { BIAS, MATRIX, RECURRENT, EMBEDDING, ALIGNMENT, SCORE };

/* Tensors with `stacked` follow the one before, if there is one, without a gap. */
static const struct entry {
    const char *name;
    size_t field;
    enum size rows, columns;
    enum kind kind;
    int stacked;
} table[] = {
#define FIELD(member) offsetof(struct params, member)
#define ENCODER(name, n, d, input)                                                                                                 \
    { name ".Wr", FIELD(encoder[n - 1][d].Wr), H_##n, input, MATRIX, 0 },                                                          \
        { name ".Wz", FIELD(encoder[n - 1][d].Wz), H_##n, input, MATRIX, 1 },                                                      \
        { name ".W", FIELD(encoder[n - 1][d].W), H_##n, input, MATRIX, 1 },                                                        \
        { name ".Ur", FIELD(encoder[n - 1][d].Ur), H_##n, H, RECURRENT, 0 },                                                       \
        { name ".Uz", FIELD(encoder[n - 1][d].Uz), H_##n, H, RECURRENT, 1 },                                                       \
        { name ".U", FIELD(encoder[n - 1][d].U), H_##n, H, RECURRENT, 0 },                                                         \
        { name ".br", FIELD(encoder[n - 1][d].br), H_##n, ONE, BIAS, 0 },                                                          \
        { name ".bz", FIELD(encoder[n - 1][d].bz), H_##n, ONE, BIAS, 1 },                                                          \
    {                                                                                                                              \
        name ".b", FIELD(encoder[n - 1][d].b), H_##n, ONE, BIAS, 1                                                                 \
    }
#define UPPER(n) ENCODER("encoder." #n ".forward", n, 0, H2), ENCODER("encoder." #n ".backward", n, 1, H2)
    { "source.embedding", FIELD(source_embedding), VX, E, EMBEDDING, 0 },
    { "target.embedding", FIELD(target_embedding), VY, E, EMBEDDING, 0 },
    ENCODER("encoder.forward", 1, 0, E),
    ENCODER("encoder.backward", 1, 1, E),
    UPPER(2),
    UPPER(3),
    UPPER(4),
    { "decoder.start.W", FIELD(start_W), H, H, MATRIX, 0 },
    { "decoder.start.b", FIELD(start_b), H, ONE, BIAS, 0 },
    { "attention.Ua", FIELD(Ua), A, H2, ALIGNMENT, 0 },
    { "attention.va", FIELD(va), A, ONE, SCORE, 0 },
    { "attention.Wa", FIELD(Wa), A, H, ALIGNMENT, 0 },
    { "decoder.Ur", FIELD(decoder.Ur), H, H, RECURRENT, 1 },
    { "decoder.Uz", FIELD(decoder.Uz), H, H, RECURRENT, 1 },
    { "attention.ba", FIELD(ba), A, ONE, BIAS, 0 },
    { "decoder.br", FIELD(decoder.br), H, ONE, BIAS, 1 },
    { "decoder.bz", FIELD(decoder.bz), H, ONE, BIAS, 1 },
    { "decoder.b", FIELD(decoder.b), H, ONE, BIAS, 1 },
    { "decoder.U", FIELD(decoder.U), H, H, RECURRENT, 0 },
    { "attention.Ya", FIELD(Ya), Q, E, ALIGNMENT, 0 },
    { "decoder.Wr", FIELD(decoder.Wr), H, E, MATRIX, 1 },
    { "decoder.Wz", FIELD(decoder.Wz), H, E, MATRIX, 1 },
    { "decoder.W", FIELD(decoder.W), H, E, MATRIX, 1 },
    { "decoder.Cr", FIELD(decoder.Cr), H, H2, MATRIX, 0 },
    { "decoder.Cz", FIELD(decoder.Cz), H, H2, MATRIX, 1 },
    { "decoder.C", FIELD(decoder.C), H, H2, MATRIX, 1 },
    { "readout.Uo", FIELD(Uo), L2, H, MATRIX, 0 },
    { "readout.Vo", FIELD(Vo), L2, E, MATRIX, 0 },
    { "readout.Co", FIELD(Co), L2, H2, MATRIX, 0 },
    { "readout.bo", FIELD(bo), L2, ONE, BIAS, 0 },
    { "output.W", FIELD(output_W), VY, L, MATRIX, 0 },
    { "output.b", FIELD(output_b), VY, ONE, BIAS, 0 },
};

enum { ENTRIES = sizeof table / sizeof *table, LINE = 32 / sizeof(real) };
_Static_assert((int)ENTRIES <= (int)TENSOR_MAXIMUM, "a layout must hold every entry");

static int measure(enum size size, const struct config *config)
{
    switch (size) {
    case E: return config->E;
    case H: return config->H;
    case H2: return 2 * config->H;
    case A: return config->A;
    case Q: return config_word_query(config);
    case L: return config->L;
    case L2: return 2 * config->L;
    case VX: return config->Vx;
    case VY: return config->Vy;
    case H_1:
    case H_2:
    case H_3:
    case H_4: return (int)size - H_1 < config->encoder_layers ? config->H : 0;
    case ONE: break;
    }
    return 1;
}

/* Whether this configuration has the tensor at all. */
static int present(const struct entry *entry, const struct config *config)
{
    if (entry->kind == SCORE)
        return config->attention == ATTENTION_ADDITIVE;
    return measure(entry->rows, config) > 0;
}

/* The field that this one shares its numbers with, or itself. */
static size_t owner(size_t field, enum tie tie)
{
    if (tie == TIE_ALL && field == FIELD(target_embedding))
        return FIELD(source_embedding);
    if (tie == TIE_ALL && field == FIELD(output_W))
        return FIELD(source_embedding);
    if (tie == TIE_TARGET && field == FIELD(output_W))
        return FIELD(target_embedding);
    return field;
}

static enum gradient gradient_of(const struct entry *entry, const struct config *config)
{
    switch (entry->kind) {
    case MATRIX:
    case RECURRENT:
    case ALIGNMENT: return GRADIENT_PRODUCT;
    case EMBEDDING: return owner(FIELD(output_W), config->tie) == entry->field ? GRADIENT_PRODUCT : GRADIENT_ROWS;
    case BIAS:
    case SCORE: break;
    }
    return GRADIENT_ADDED;
}

void params_layout(struct layout *layout, const struct config *config)
{
    memset(layout, 0, sizeof *layout);
    for (int i = 0; i < ENTRIES; i++) {
        struct tensor *tensor = &layout->tensors[layout->count];

        if (owner(table[i].field, config->tie) != table[i].field || !present(&table[i], config))
            continue;
        tensor->name = table[i].name;
        tensor->rows = measure(table[i].rows, config);
        tensor->columns = measure(table[i].columns, config);
        tensor->gradient = gradient_of(&table[i], config);
        tensor->count = size_product((size_t)tensor->rows, (size_t)tensor->columns);
        if (!table[i].stacked || !present(&table[i - 1], config))
            layout->length = (layout->length + LINE - 1) / LINE * LINE;
        tensor->offset = layout->length;
        layout->length += tensor->count;
        layout->parameters += tensor->count;
        layout->count++;
    }
    layout->length = (layout->length + LINE - 1) / LINE * LINE;
}

void params_view(struct params *params, const struct layout *layout, const struct config *config, real *array)
{
    memset(params, 0, sizeof *params);
    for (int i = 0, next = 0; i < ENTRIES; i++) {
        real **field = (real **)(void *)((char *)params + table[i].field);
        size_t field_owner = owner(table[i].field, config->tie);

        if (!present(&table[i], config))
            *field =
                array + (next < layout->count ? layout->tensors[next].offset : 0); /* stacks begin where the next tensor does */
        else if (field_owner != table[i].field)
            *field = *(real **)(void *)((char *)params + field_owner);
        else
            *field = array + layout->tensors[next++].offset;
    }
}

int params_find(const struct layout *layout, const char *name)
{
    for (int i = 0; i < layout->count; i++)
        if (strcmp(layout->tensors[i].name, name) == 0)
            return i;
    return -1;
}

/* An orthogonal matrix: Gram and Schmidt's method on a matrix of normal numbers, twice for rounding's sake. */
static void orthogonal(real *w, int n, struct rng *rng)
{
    for (size_t i = 0; i < (size_t)n; i++) {
        real *row = w + i * (size_t)n;
        double norm = 0;

        for (int k = 0; k < n; k++)
            row[k] = (real)rng_normal(rng);
        for (size_t round = 0; round < 2; round++) {
            for (size_t j = 0; j < i; j++) {
                const real *other = w + j * (size_t)n;
                real dot = 0;

                for (int k = 0; k < n; k++)
                    dot += row[k] * other[k];
                for (int k = 0; k < n; k++)
                    row[k] -= dot * other[k];
            }
        }
        for (int k = 0; k < n; k++)
            norm += (double)row[k] * (double)row[k];
        for (int k = 0; k < n; k++)
            row[k] = (real)((double)row[k] / sqrt(norm));
    }
}

static void fill_normal(real *w, size_t count, double deviation, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (real)(deviation * rng_normal(rng));
}

static void fill_uniform(real *w, size_t count, double most, struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        w[i] = (real)(most * (2 * rng_uniform(rng) - 1));
}

static enum kind kind_of(const char *name)
{
    for (int i = 0; i < ENTRIES; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].kind;
    assert(0);
    return BIAS;
}

/* FNV-1a, byte by byte: which stream of random numbers is a tensor's, whatever else the model has. */
static uint64_t name_stream(const char *name)
{
    uint64_t hash = HASH_START;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    return hash;
}

void params_initialize(real *array, const struct layout *layout, enum initial initial, unsigned long seed)
{
    memset(array, 0, layout->length * sizeof *array);
    for (int i = 0; i < layout->count; i++) {
        const struct tensor *tensor = &layout->tensors[i];
        real *w = array + tensor->offset;
        struct rng rng = rng_make(seed, 0x696e6974, name_stream(tensor->name), 0);
        double glorot = sqrt(6.0 / (tensor->rows + tensor->columns));

        switch (kind_of(tensor->name)) {
        case BIAS: break;
        case RECURRENT: orthogonal(w, tensor->rows, &rng); break;
        case MATRIX:
            if (initial == INITIAL_PAPER)
                fill_normal(w, tensor->count, 0.01, &rng);
            else
                fill_uniform(w, tensor->count, glorot, &rng);
            break;
        case EMBEDDING: fill_normal(w, tensor->count, initial == INITIAL_PAPER ? 0.01 : 0.1, &rng); break;
        case ALIGNMENT:
            if (initial == INITIAL_PAPER)
                fill_normal(w, tensor->count, 0.001, &rng);
            else
                fill_uniform(w, tensor->count, glorot, &rng);
            break;
        case SCORE:
            if (initial == INITIAL_GLOROT)
                fill_uniform(w, tensor->count, glorot, &rng);
            break;
        }
    }
}
