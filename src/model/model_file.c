#include "model/model_file.h"

#include "base/report.h"
#include "math/vec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ARCHITECTURE "rnnsearch"

/* The integer keys of a configuration, in the file's order. */
static const struct {
    const char *key;
    size_t field;
    int optional; /* the key is omitted where the value is `absent` */
    int absent;
} sizes[] = {
    { ARCHITECTURE ".source_vocabulary", offsetof(struct config, Vx), 0, 0 },
    { ARCHITECTURE ".target_vocabulary", offsetof(struct config, Vy), 0, 0 },
    { ARCHITECTURE ".embedding", offsetof(struct config, E), 0, 0 },
    { ARCHITECTURE ".hidden", offsetof(struct config, decoder.width), 0, 0 },
    { ARCHITECTURE ".alignment", offsetof(struct config, decoder.alignment), 0, 0 },
    { ARCHITECTURE ".maxout", offsetof(struct config, decoder.maxout), 0, 0 },
    { ARCHITECTURE ".encoder_layers", offsetof(struct config, encoder.layers), 1, 1 },
    { ARCHITECTURE ".lexical", offsetof(struct config, decoder.lexical), 1, 0 },
};

enum { SIZES = sizeof sizes / sizeof *sizes };

/* What is copied (text/copies.h); nothing if copies are off. */
static void put_copies(struct gguf_writer *writer, const struct tokenizer *tokenizer)
{
    const struct copies *copies = &tokenizer->copies;
    char *kinds[SPAN_KINDS];
    size_t count = 0;

    if (!tokenizer->options.copy)
        return;
    for (int kind = 0; kind < SPAN_KINDS; kind++)
        if (copies->kinds & (1u << kind))
            kinds[count++] = memory_copy_string(span_kind_names[kind]);
    gguf_put_strings(writer, "tokenizer.copy", kinds, count);
    if (copies->known_count)
        gguf_put_ints(writer, "tokenizer.known", copies->known, copies->known_count);
    while (count > 0)
        free(kinds[--count]);
}

void model_file_put_config(struct gguf_writer *writer, const struct config *config, const struct tokenizer *tokenizer)
{
    const struct tokenizer_options *options = &tokenizer->options;

    gguf_put_string(writer, "general.architecture", ARCHITECTURE);
    for (int i = 0; i < SIZES; i++) {
        int value = *(const int *)(const void *)((const char *)config + sizes[i].field);

        if (!sizes[i].optional || value != sizes[i].absent)
            gguf_put_u32(writer, sizes[i].key, (uint32_t)value);
    }
    gguf_put_string(writer, ARCHITECTURE ".attention", attention_names[config->decoder.attention]);
    gguf_put_string(writer, ARCHITECTURE ".query", query_names[config->decoder.query]);
    gguf_put_string(writer, ARCHITECTURE ".tie", tie_names[config->tie]);
    gguf_put_string(writer, "tokenizer.units", unit_names[options->units]);
    gguf_put_bool(writer, "tokenizer.pretokenized", options->pretokenized);
    gguf_put_bool(writer, "tokenizer.lowercase", options->lowercase);
    gguf_put_bool(writer, "tokenizer.shared", options->shared);
    if (options->tagged)
        gguf_put_bool(writer, "tokenizer.tagged", 1);
    gguf_put_u32(writer, "tokenizer.vocabulary", (uint32_t)options->vocabulary);
    put_copies(writer, tokenizer);
    gguf_put_strings(writer, "tokenizer.merges", tokenizer->merges, 2 * (size_t)tokenizer->merge_count);
    gguf_put_strings(writer, "tokenizer.source", tokenizer->sides[SOURCE].pieces, (size_t)tokenizer->sides[SOURCE].count);
    gguf_put_strings(writer, "tokenizer.target", tokenizer->sides[TARGET].pieces, (size_t)tokenizer->sides[TARGET].count);
}

/* A bias has one dimension. GGUF counts dimensions from the fastest. */
static int dimensions_of(const struct tensor *tensor, size_t *dims)
{
    if (tensor->columns == 1) {
        dims[0] = (size_t)tensor->rows;
        return 1;
    }
    dims[0] = (size_t)tensor->columns;
    dims[1] = (size_t)tensor->rows;
    return 2;
}

static enum gguf_tensor_type real_type(void)
{
    return sizeof(real) == sizeof(double) ? GGUF_TENSOR_F64 : GGUF_TENSOR_F32;
}

void model_file_put_tensors(struct gguf_writer *writer, const struct layout *layout, const char *prefix, const real *values)
{
    for (int i = 0; i < layout->count; i++) {
        const struct tensor *tensor = &layout->tensors[i];
        struct text name = { 0 };
        size_t dims[2];
        int dimensions = dimensions_of(tensor, dims);

        text_format(&name, "%s%s", prefix, tensor->name);
        gguf_add_tensor(writer, name.data, real_type(), dimensions, dims, values + tensor->offset);
        text_release(&name);
    }
}

/* The named tensor, if it has this shape and type; else NULL after reporting. */
static const struct gguf_tensor *find(const struct gguf *gguf, const char *prefix, const struct tensor *tensor)
{
    struct text name = { 0 };
    const struct gguf_tensor *found;
    size_t dims[2];
    int dimensions = dimensions_of(tensor, dims);

    text_format(&name, "%s%s", prefix, tensor->name);
    found = gguf_tensor(gguf, name.data);
    if (!found) {
        error("%s: tensor %s is missing", gguf->path, name.data);
    } else if (found->type != real_type()) {
        error("%s: tensor %s is of type %s; expected %s", gguf->path, name.data, gguf_tensor_type_name(found->type),
              gguf_tensor_type_name(real_type()));
        found = NULL;
    } else if (found->dimensions != dimensions || memcmp(found->dims, dims, (size_t)dimensions * sizeof *dims) != 0) {
        error("%s: tensor %s does not have the shape [%d, %d] of this configuration", gguf->path, name.data, tensor->rows,
              tensor->columns);
        found = NULL;
    } else if (!vec_sound(found->data, found->count)) {
        error("%s: tensor %s contains numbers that are not finite or far too large; the file is damaged, or training diverged",
              gguf->path, name.data);
        found = NULL;
    }
    text_release(&name);
    return found;
}

int model_file_get_tensors(const struct gguf *gguf, const struct layout *layout, const char *prefix, real *values)
{
    for (int i = 0; i < layout->count; i++) {
        const struct gguf_tensor *found = find(gguf, prefix, &layout->tensors[i]);

        if (!found)
            return -1;
        memcpy(values + layout->tensors[i].offset, found->data, found->bytes);
    }
    return 0;
}

/* One of `names`: its index, or -1 after reporting. */
static int get_choice(const struct gguf *gguf, const char *key, const char *const *names, int count)
{
    const char *text;
    size_t length;

    if (gguf_get_string(gguf, key, &text, &length))
        return -1;
    for (int i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
            return i;
    return error("%s: %s has the unknown value '%.*s'", gguf->path, key, (int)(length > 80 ? 80 : length), text);
}

static int get_int(const struct gguf *gguf, const char *key, int *value)
{
    int64_t wide;

    if (gguf_get_int(gguf, key, &wide))
        return -1;
    if (wide < 0 || wide > INT_MAX)
        return error("%s: %s is out of range", gguf->path, key);
    *value = (int)wide;
    return 0;
}

static int get_config(const struct gguf *gguf, struct config *config)
{
    static const char *const architectures[] = { ARCHITECTURE };
    int tie, attention, query = QUERY_STATE;

    if (!gguf_has(gguf, "general.architecture"))
        return error("%s: is a GGUF file without an architecture, not a translation model", gguf->path);
    if (get_choice(gguf, "general.architecture", architectures, 1) < 0)
        return -1;
    *config = (struct config){ 0 };
    for (int i = 0; i < SIZES; i++) {
        int *field = (int *)(void *)((char *)config + sizes[i].field);

        if (sizes[i].optional && !gguf_has(gguf, sizes[i].key))
            *field = sizes[i].absent;
        else if (get_int(gguf, sizes[i].key, field))
            return -1;
    }
    tie = get_choice(gguf, ARCHITECTURE ".tie", tie_names, 3);
    if (tie < 0)
        return -1;
    config->tie = (enum tie)tie;
    attention = get_choice(gguf, ARCHITECTURE ".attention", attention_names, 4);
    if (attention < 0)
        return -1;
    config->decoder.attention = (enum attention_kind)attention;
    if (gguf_has(gguf, ARCHITECTURE ".query") && (query = get_choice(gguf, ARCHITECTURE ".query", query_names, 2)) < 0)
        return -1;
    config->decoder.query = (enum query_kind)query;
    config->encoder.width = config->decoder.width;
    return config_check(config, gguf->path);
}

/* The reverse of put_copies. 0, or -1 after reporting. */
static int get_copies(const struct gguf *gguf, struct tokenizer_parts *parts)
{
    struct copies *copies = &parts->copies;
    char **kinds;
    size_t count;
    int result = 0;

    copies->pretokenized = parts->options.pretokenized;
    parts->options.copy = gguf_has(gguf, "tokenizer.copy");
    if (!parts->options.copy)
        return 0;
    if (gguf_get_strings(gguf, "tokenizer.copy", &kinds, &count))
        return -1;
    for (size_t i = 0; i < count && result == 0; i++) {
        int kind = 0;

        while (kind < SPAN_KINDS && strcmp(span_kind_names[kind], kinds[i]) != 0)
            kind++;
        if (kind == SPAN_KINDS)
            result = error("%s: tokenizer.copy has the unknown value '%.80s'", gguf->path, kinds[i]);
        else
            copies->kinds |= 1u << kind;
    }
    free(kinds);
    if (result == 0 && gguf_has(gguf, "tokenizer.known"))
        result = gguf_get_ints(gguf, "tokenizer.known", &copies->known, &copies->known_count);
    return result;
}

static int get_tokenizer(const struct gguf *gguf, struct tokenizer *tokenizer)
{
    struct tokenizer_parts parts = { .where = gguf->path };
    struct tokenizer_options *options = &parts.options;
    char **merges = NULL, **source = NULL, **target = NULL;
    size_t merge_count, source_count, target_count;
    int units = get_choice(gguf, "tokenizer.units", unit_names, 3), result = -1;

    if (units < 0 || get_int(gguf, "tokenizer.pretokenized", &options->pretokenized) ||
        get_int(gguf, "tokenizer.lowercase", &options->lowercase) || get_int(gguf, "tokenizer.shared", &options->shared) ||
        get_int(gguf, "tokenizer.vocabulary", &options->vocabulary) ||
        (gguf_has(gguf, "tokenizer.tagged") && get_int(gguf, "tokenizer.tagged", &options->tagged)))
        return -1;
    options->units = (enum units)units;
    if (get_copies(gguf, &parts))
        return -1;
    if (gguf_get_strings(gguf, "tokenizer.merges", &merges, &merge_count) ||
        gguf_get_strings(gguf, "tokenizer.source", &source, &source_count) ||
        gguf_get_strings(gguf, "tokenizer.target", &target, &target_count))
        goto out;
    if (merge_count % 2 || merge_count > INT_MAX || source_count > INT_MAX || target_count > INT_MAX) {
        error("%s: tokenizer.merges must consist of pairs", gguf->path);
        goto out;
    }
    parts.merges = merges;
    parts.merge_count = (int)(merge_count / 2);
    parts.pieces[SOURCE] = source;
    parts.pieces[TARGET] = target;
    parts.counts[SOURCE] = (int)source_count;
    parts.counts[TARGET] = (int)target_count;
    result = tokenizer_load(tokenizer, &parts);
    parts.copies = (struct copies){ 0 };
out:
    copies_release(&parts.copies);
    free(merges);
    free(source);
    free(target);
    return result;
}

/* The start of the values if the file's tensors are laid out as in memory; otherwise NULL. */
static real *values_in_map(const struct gguf *gguf, const struct layout *layout)
{
    union {
        const void *constant;
        char *bytes;
        real *values;
    } base = { 0 };

    for (int i = 0; i < layout->count; i++) {
        const struct gguf_tensor *found = gguf_tensor(gguf, layout->tensors[i].name);

        if (i == 0)
            base.constant = found->data;
        if ((const char *)found->data != (const char *)(base.values + layout->tensors[i].offset))
            return NULL;
    }
    return base.values;
}

/* A tensor that the configuration does not use means that the model was trained with another configuration. */
static int check_used(const struct gguf *gguf, const struct layout *layout)
{
    static const char *const ours[] = { "source.", "target.", "encoder.", "decoder.", "attention.", "readout.", "output." };

    for (size_t i = 0; i < gguf->tensor_count; i++)
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (strncmp(gguf->tensors[i].name, ours[k], strlen(ours[k])) == 0 && layout_find(layout, gguf->tensors[i].name) < 0)
                return error("%s: tensor %s does not belong to a model of this configuration", gguf->path, gguf->tensors[i].name);
    return 0;
}

int model_file_load(struct saved_model *saved, const char *path)
{
    struct config config;
    const struct layout *layout = &saved->model.layout;

    *saved = (struct saved_model){ 0 };
    if (gguf_open(&saved->gguf, path))
        return -1;
    if (get_config(&saved->gguf, &config) || get_tokenizer(&saved->gguf, &saved->tokenizer))
        goto fail;
    if (saved->tokenizer.sides[SOURCE].count != config.Vx || saved->tokenizer.sides[TARGET].count != config.Vy) {
        error("%s: the vocabularies have %d and %d entries, but the configuration says %d and %d", path,
              saved->tokenizer.sides[SOURCE].count, saved->tokenizer.sides[TARGET].count, config.Vx, config.Vy);
        goto fail;
    }
    model_declare(&saved->model, &config);
    if (check_used(&saved->gguf, layout))
        goto fail;
    for (int i = 0; i < layout->count; i++)
        if (!find(&saved->gguf, "", &layout->tensors[i]))
            goto fail;
    model_place(&saved->model, values_in_map(&saved->gguf, layout));
    if (!saved->model.borrowed && model_file_get_tensors(&saved->gguf, layout, "", saved->model.values))
        goto fail;
    return 0;
fail:
    model_file_release(saved);
    return -1;
}

void model_file_release(struct saved_model *saved)
{
    if (saved->model.layout.count)
        model_release(&saved->model);
    if (saved->tokenizer.sides[SOURCE].pieces)
        tokenizer_release(&saved->tokenizer);
    gguf_close(&saved->gguf);
    *saved = (struct saved_model){ 0 };
}
