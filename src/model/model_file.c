#include "model/model_file.h"

#include "base/report.h"
#include "math/stored.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* general.architecture, and the prefix of a configuration's keys: models of two GRUs, and those with a Transformer on a side. */
enum architecture { RNNSEARCH, TRANSFORMER };

static const char *const architectures[] = { "rnnsearch", "transformer", NULL };

/* The integer keys of a configuration, in the file's order. A key is omitted where the value is `absent`, and the kind of model does
 * not demand it. */
static const struct {
    const char *key;
    size_t field;
    int demanded[2]; /* by architecture */
    int absent;
} sizes[] = {
    { "source_vocabulary", offsetof(struct config, Vx), { 1, 1 }, 0 },
    { "target_vocabulary", offsetof(struct config, Vy), { 1, 1 }, 0 },
    { "embedding", offsetof(struct config, E), { 1, 1 }, 0 },
    { "hidden", offsetof(struct config, decoder.width), { 1, 0 }, 0 },
    { "encoder_hidden", offsetof(struct config, encoder.width), { 0, 0 }, 0 },
    { "alignment", offsetof(struct config, decoder.alignment), { 1, 0 }, 0 },
    { "maxout", offsetof(struct config, decoder.maxout), { 1, 0 }, 0 },
    { "encoder_layers", offsetof(struct config, encoder.layers), { 0, 1 }, 1 },
    { "encoder_heads", offsetof(struct config, encoder.heads), { 0, 0 }, 0 },
    { "encoder_feed_forward", offsetof(struct config, encoder.feed_forward), { 0, 0 }, 0 },
    { "decoder_layers", offsetof(struct config, decoder.layers), { 0, 0 }, 0 },
    { "heads", offsetof(struct config, decoder.heads), { 0, 0 }, 1 },
    { "feed_forward", offsetof(struct config, decoder.feed_forward), { 0, 0 }, 0 },
    { "lexical", offsetof(struct config, decoder.lexical), { 0, 0 }, 0 },
};

enum { SIZES = sizeof sizes / sizeof *sizes };

static enum architecture architecture_of(const struct config *config)
{
    return config->encoder.type == ENCODER_GRU && config->decoder.type == DECODER_GRU ? RNNSEARCH : TRANSFORMER;
}

/* ARCHITECTURE.NAME, valid until the next call with the same text. */
static const char *key_of(struct text *key, enum architecture architecture, const char *name)
{
    text_clear(key);
    text_format(key, "%s.%s", architectures[architecture], name);
    return key->data;
}

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

static void put_choice(struct gguf_writer *writer, enum architecture architecture, const char *name, const char *value)
{
    struct text key = { 0 };

    gguf_put_string(writer, key_of(&key, architecture, name), value);
    text_release(&key);
}

static void put_network(struct gguf_writer *writer, const struct config *config)
{
    enum architecture kind = architecture_of(config);
    struct text key = { 0 };

    gguf_put_string(writer, "general.architecture", architectures[kind]);
    if (kind == TRANSFORMER) {
        put_choice(writer, kind, "encoder", encoder_type_names[config->encoder.type]);
        put_choice(writer, kind, "decoder", decoder_type_names[config->decoder.type]);
    }
    for (int i = 0; i < SIZES; i++) {
        int value = *(const int *)(const void *)((const char *)config + sizes[i].field);
        int implied = kind == RNNSEARCH && sizes[i].field == offsetof(struct config, encoder.width);

        if (!implied && (sizes[i].demanded[kind] || value != sizes[i].absent))
            gguf_put_u32(writer, key_of(&key, kind, sizes[i].key), (uint32_t)value);
    }
    if (config->encoder.type == ENCODER_TRANSFORMER)
        put_choice(writer, kind, "encoder_norm", norm_names[config->encoder.norm]);
    if (config->decoder.type == DECODER_TRANSFORMER) {
        put_choice(writer, kind, "norm", norm_names[config->decoder.norm]);
    } else {
        put_choice(writer, kind, "attention", attention_names[config->decoder.attention]);
        put_choice(writer, kind, "query", query_names[config->decoder.query]);
    }
    put_choice(writer, kind, "tie", tie_names[config->tie]);
    text_release(&key);
}

/* Which weights alignments are made of, where there is a choice. */
static void put_alignment(struct gguf_writer *writer, const struct model *model)
{
    enum architecture kind = architecture_of(&model->config);
    struct text key = { 0 };

    if (attention_layers(&model->config, PLACE_SOURCE) > 1)
        gguf_put_u32(writer, key_of(&key, kind, "alignment_layer"), (uint32_t)model->alignment.layer);
    if (attention_heads(&model->config, PLACE_SOURCE) > 1 && model->alignment.head >= 0)
        gguf_put_u32(writer, key_of(&key, kind, "alignment_head"), (uint32_t)model->alignment.head);
    text_release(&key);
}

void model_file_put_config(struct gguf_writer *writer, const struct model *model, const struct tokenizer *tokenizer)
{
    const struct tokenizer_options *options = &tokenizer->options;

    put_network(writer, &model->config);
    put_alignment(writer, model);
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

/* The tensors of the shortlist. */
static const char COUNTS[] = "shortlist.counts", WORDS[] = "shortlist.words";

void model_file_put_shortlist(struct gguf_writer *writer, const struct shortlist *shortlist)
{
    size_t rows = (size_t)shortlist->sources + 1;

    if (!shortlist->sources)
        return;
    gguf_add_tensor(writer, COUNTS, GGUF_TENSOR_I32, 1, &rows, shortlist->counts);
    gguf_add_tensor(writer, WORDS, GGUF_TENSOR_I32, 1, &shortlist->first[rows], shortlist->words);
}

/* The reverse; a model may have none. 0, or -1 after reporting. */
static int get_shortlist(const struct gguf *gguf, struct model *model)
{
    const struct gguf_tensor *counts = gguf_tensor(gguf, COUNTS), *words = gguf_tensor(gguf, WORDS);
    struct shortlist *list = &model->shortlist;
    size_t rows = (size_t)model->config.Vx + 1, total = 0;
    int sound = counts && words && counts->type == GGUF_TENSOR_I32 && words->type == GGUF_TENSOR_I32 && counts->count == rows;

    if (!counts && !words)
        return 0;
    if (sound) {
        *list = (struct shortlist){ .sources = model->config.Vx, .counts = counts->data, .words = words->data };
        for (size_t x = 0; x < rows && sound; x++) {
            sound = list->counts[x] >= 0 && (size_t)list->counts[x] <= words->count - total;
            total += sound ? (size_t)list->counts[x] : 0;
        }
        sound = sound && total == words->count && total > 0;
        for (size_t i = 0; i < words->count && sound; i++)
            sound = list->words[i] >= 0 && list->words[i] < model->config.Vy;
    }
    if (!sound) {
        *list = (struct shortlist){ 0 };
        return error("%s: the shortlist (%s, %s) does not fit the vocabularies; the file is damaged", gguf->path, COUNTS, WORDS);
    }
    shortlist_index(list);
    return 0;
}

static int is_stored(enum gguf_tensor_type type)
{
    return type == real_type() || type == GGUF_TENSOR_BF16 || type == GGUF_TENSOR_Q8_0;
}

static enum stored stored_type(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_BF16 ? STORED_BF16 : type == GGUF_TENSOR_Q8_0 ? STORED_Q8_0 : STORED_REAL;
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
    } else if (!is_stored(found->type)) {
        error("%s: tensor %s is of type %s; expected %s, BF16 or Q8_0", gguf->path, name.data, gguf_tensor_type_name(found->type),
              gguf_tensor_type_name(real_type()));
        found = NULL;
    } else if (found->dimensions != dimensions || memcmp(found->dims, dims, (size_t)dimensions * sizeof *dims) != 0) {
        error("%s: tensor %s does not have the shape [%d, %d] of this configuration", gguf->path, name.data, tensor->rows,
              tensor->columns);
        found = NULL;
    } else if (!stored_sound(found->data, stored_type(found->type), found->count)) {
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
        stored_read(values + layout->tensors[i].offset, found->data, stored_type(found->type), 0, found->count);
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

/* One of `names`, of which there are as many as before the NULL; `absent` where the key may be missing and is, which -1 forbids.
 * Its index, or -1 after reporting. */
static int get_network_choice(const struct gguf *gguf, enum architecture kind, const char *name, const char *const *names,
                              int absent)
{
    struct text key = { 0 };
    int count = 0, result;

    while (names[count])
        count++;
    key_of(&key, kind, name);
    result = absent >= 0 && !gguf_has(gguf, key.data) ? absent : get_choice(gguf, key.data, names, count);
    text_release(&key);
    return result;
}

static int get_sizes(const struct gguf *gguf, enum architecture kind, struct config *config)
{
    struct text key = { 0 };
    int result = 0;

    for (int i = 0; i < SIZES && result == 0; i++) {
        int *field = (int *)(void *)((char *)config + sizes[i].field);

        key_of(&key, kind, sizes[i].key);
        if (!sizes[i].demanded[kind] && !gguf_has(gguf, key.data))
            *field = sizes[i].absent;
        else
            result = get_int(gguf, key.data, field);
    }
    text_release(&key);
    if (kind == RNNSEARCH)
        config->encoder.width = config->decoder.width;
    return result;
}

/* The kinds of encoder and decoder, and how each works. */
static int get_kinds(const struct gguf *gguf, enum architecture kind, struct config *config)
{
    int encoder = kind == RNNSEARCH ? ENCODER_GRU : get_network_choice(gguf, kind, "encoder", encoder_type_names, -1);
    int decoder = kind == RNNSEARCH ? DECODER_GRU : get_network_choice(gguf, kind, "decoder", decoder_type_names, -1);
    int encoder_norm = NORM_PRE, norm = NORM_PRE, attention = ATTENTION_ADDITIVE, query = QUERY_STATE;

    if (encoder < 0 || decoder < 0)
        return -1;
    if (encoder == ENCODER_TRANSFORMER && (encoder_norm = get_network_choice(gguf, kind, "encoder_norm", norm_names, -1)) < 0)
        return -1;
    if (decoder == DECODER_TRANSFORMER && (norm = get_network_choice(gguf, kind, "norm", norm_names, -1)) < 0)
        return -1;
    if (decoder == DECODER_GRU && ((attention = get_network_choice(gguf, kind, "attention", attention_names, -1)) < 0 ||
                                   (query = get_network_choice(gguf, kind, "query", query_names, QUERY_STATE)) < 0))
        return -1;
    config->encoder.type = (enum encoder_type)encoder;
    config->encoder.norm = (enum norm_place)encoder_norm;
    config->decoder.type = (enum decoder_type)decoder;
    config->decoder.norm = (enum norm_place)norm;
    config->decoder.attention = (enum attention_kind)attention;
    config->decoder.query = (enum query_kind)query;
    return 0;
}

static int get_config(const struct gguf *gguf, struct config *config)
{
    int kind, tie;

    if (!gguf_has(gguf, "general.architecture"))
        return error("%s: is a GGUF file without an architecture, not a translation model", gguf->path);
    kind = get_choice(gguf, "general.architecture", architectures, 2);
    if (kind < 0)
        return -1;
    *config = (struct config){ 0 };
    if (get_sizes(gguf, (enum architecture)kind, config) || get_kinds(gguf, (enum architecture)kind, config))
        return -1;
    tie = get_network_choice(gguf, (enum architecture)kind, "tie", tie_names, -1);
    if (tie < 0)
        return -1;
    config->tie = (enum tie)tie;
    return config_check(config, gguf->path);
}

/* The reverse of put_alignment. 0, or -1 after reporting. */
static int get_alignment(const struct gguf *gguf, struct model *model)
{
    enum architecture kind = architecture_of(&model->config);
    struct attention_map *map = &model->alignment;
    struct text key = { 0 };
    int result = 0;

    if (gguf_has(gguf, key_of(&key, kind, "alignment_layer")))
        result = get_int(gguf, key.data, &map->layer);
    if (result == 0 && gguf_has(gguf, key_of(&key, kind, "alignment_head")))
        result = get_int(gguf, key.data, &map->head);
    if (result == 0 && ((map->layer > 0 && map->layer >= attention_layers(&model->config, PLACE_SOURCE)) ||
                        map->head >= attention_heads(&model->config, PLACE_SOURCE)))
        result = error("%s: alignments are made of head %d of layer %d, which the model does not have", gguf->path, map->head,
                       map->layer);
    text_release(&key);
    return result;
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

/* The tensors of a block, as they are in the file. */
struct filed {
    const struct gguf_tensor **tensors;
    int count;
    size_t numbers;
};

/* Whether all are of one type and without a gap between them. */
static int is_whole(const struct filed *filed)
{
    for (int i = 1; i < filed->count; i++) {
        const struct gguf_tensor *before = filed->tensors[i - 1], *here = filed->tensors[i];

        if (here->type != before->type || (const char *)here->data != (const char *)before->data + before->bytes)
            return 0;
    }
    return 1;
}

/* The numbers of a block: in the map, or as reals in a copy. */
static void place_block(struct model *model, int block, const struct filed *filed)
{
    struct weight *weight = &model->weights[block];
    enum stored type = stored_type(filed->tensors[0]->type);
    real *copy, *at;

    if (is_whole(filed) && type == STORED_REAL) {
        weight->w = filed->tensors[0]->data;
    } else if (is_whole(filed) && model_may_store(model, block)) {
        weight->stored = filed->tensors[0]->data;
        weight->type = type;
    } else {
        weight->w = model->copies[block] = at = copy = memory_new(filed->numbers, sizeof *copy);
        for (int i = 0; i < filed->count; i++, at += filed->tensors[i - 1]->count)
            stored_read(at, filed->tensors[i]->data, stored_type(filed->tensors[i]->type), 0, filed->tensors[i]->count);
    }
}

/* Finds and checks all tensors, and places them. 0, or -1 after reporting. */
static int place_tensors(struct saved_model *saved)
{
    struct model *model = &saved->model;
    const struct gguf_tensor **found = memory_new((size_t)model->layout.count, sizeof *found);
    int result = 0;

    for (int i = 0; i < model->layout.count && result == 0; i++) {
        found[i] = find(&saved->gguf, "", &model->layout.tensors[i]);
        result = found[i] ? 0 : -1;
    }
    if (result == 0)
        model_place_empty(model);
    for (int i = 0; i < model->layout.block_count && result == 0; i++) {
        const struct block *block = &model->layout.blocks[i];

        if (block->tensors)
            place_block(model, i, &(struct filed){ found + block->first, block->tensors, block->count });
    }
    free(found);
    return result;
}

int model_file_is_small(const struct saved_model *saved)
{
    for (int i = 0; i < saved->model.layout.count; i++)
        if (gguf_tensor(&saved->gguf, saved->model.layout.tensors[i].name)->type != real_type())
            return 1;
    return 0;
}

void model_file_unpack(struct saved_model *saved)
{
    struct model *model = &saved->model;

    shortlist_release(&model->shortlist);
    model->values = layout_array(&model->layout);
    for (int i = 0; i < model->layout.block_count; i++) {
        const struct block *block = &model->layout.blocks[i];
        struct weight *weight = &model->weights[i];
        real *to = model->values + block->offset;

        if (block->count && weight_rows(weight, 0, block->rows, to) != to)
            memcpy(to, weight->w, block->count * sizeof *to);
        *weight = (struct weight){ .w = to, .out = block->rows, .in = block->columns };
    }
}

/* A tensor that the configuration does not use means that the model was trained with another configuration. */
static int check_used(const struct gguf *gguf, const struct layout *layout)
{
    static const char *const ours[] = { "source.",    "target.",  "encoder.", "decoder.",
                                        "attention.", "readout.", "lexical.", "output." };

    for (size_t i = 0; i < gguf->tensor_count; i++)
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (strncmp(gguf->tensors[i].name, ours[k], strlen(ours[k])) == 0 && layout_find(layout, gguf->tensors[i].name) < 0)
                return error("%s: tensor %s does not belong to a model of this configuration", gguf->path, gguf->tensors[i].name);
    return 0;
}

/* Everything but the container. 0, or -1 after reporting. */
static int load(struct saved_model *saved, const char *path)
{
    struct config config;
    const struct layout *layout = &saved->model.layout;

    if (get_config(&saved->gguf, &config) || get_tokenizer(&saved->gguf, &saved->tokenizer))
        goto fail;
    if (saved->tokenizer.sides[SOURCE].count != config.Vx || saved->tokenizer.sides[TARGET].count != config.Vy) {
        error("%s: the vocabularies have %d and %d entries, but the configuration says %d and %d", path,
              saved->tokenizer.sides[SOURCE].count, saved->tokenizer.sides[TARGET].count, config.Vx, config.Vy);
        goto fail;
    }
    model_declare(&saved->model, &config);
    if (check_used(&saved->gguf, layout) || get_alignment(&saved->gguf, &saved->model) ||
        get_shortlist(&saved->gguf, &saved->model))
        goto fail;
    if (place_tensors(saved))
        goto fail;
    return 0;
fail:
    model_file_release(saved);
    return -1;
}

int model_file_load(struct saved_model *saved, const char *path)
{
    *saved = (struct saved_model){ 0 };
    return gguf_open(&saved->gguf, path) ? -1 : load(saved, path);
}

int model_file_load_bytes(struct saved_model *saved, const char *path, const void *bytes, size_t size)
{
    *saved = (struct saved_model){ 0 };
    return gguf_parse(&saved->gguf, path, bytes, size) ? -1 : load(saved, path);
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
