#include "train/settings.h"

#include "train/optimizer.h"

#include <string.h>

const char *const stop_metric_names[] = { "bleu", "loss", NULL };
const char *const schedule_names[] = { "plateau", "inverse-sqrt", "cosine", NULL };
const char *const model_type_names[] = { "rnn", "transformer", "mixed", NULL };
const char *const copy_names[] = { "off", "auto", NULL };

static void choose(int *setting, int chosen)
{
    if (*setting == AUTO_SETTING)
        *setting = chosen;
}

static void choose_real(double *setting, double chosen)
{
    if (*setting == AUTO_SETTING)
        *setting = chosen;
}

static double follow(double setting, double other)
{
    return setting == AUTO_SETTING ? other : setting;
}

/* The default learning rate of an optimiser: Adam's is twice as high where a narrow network learns from many pairs. */
static double usual_rate(int optimizer, int fast)
{
    switch (optimizer) {
    case OPTIMIZER_ADAM: return fast ? 0.002 : 0.001;
    case OPTIMIZER_ADADELTA: return 1;
    default: return 0.5;
    }
}

/* A twentieth of the corpus, but at least 100 pairs (a tenth of a small corpus) and at most 1000, beyond which scores gain
 * little. Of a corpus of up to 200 pairs none can be spared. */
static int usual_split(size_t pairs)
{
    size_t least = pairs / 10 < 100 ? pairs / 10 : 100, split = pairs / 20;

    if (pairs <= 200)
        return 0;
    split = split < least ? least : split;
    return (int)(split > 1000 ? 1000 : split);
}

/* A number of heads that divides the width E: parts of 64 numbers, but at least 4 heads. */
static int usual_heads(int E)
{
    int heads = E / 64 > 4 ? E / 64 : 4;

    while (E % heads)
        heads--;
    return heads;
}

static void choose_kinds(struct train_settings *s)
{
    s->kinds_chosen = s->encoder == AUTO_SETTING && s->decoder == AUTO_SETTING;
    choose(&s->encoder, ENCODER_GRU);
    choose(&s->decoder, DECODER_GRU);
}

/* The embedding, and the sizes of the Transformers. */
static void choose_transformer(struct train_settings *s, int narrow)
{
    int encoder = s->encoder == ENCODER_TRANSFORMER, decoder = s->decoder == DECODER_TRANSFORMER;

    choose(&s->embedding, narrow ? 128 : 256);
    choose(&s->heads, decoder ? usual_heads(s->embedding) : 1);
    if (encoder)
        choose(&s->encoder_heads, decoder ? s->heads : usual_heads(s->embedding));
    if (encoder || decoder)
        choose(&s->feed_forward, 4 * s->embedding);
    if (encoder)
        choose(&s->encoder_layers, 3);
    if (decoder)
        choose(&s->decoder_layers, 3);
}

/* The sizes of the GRUs. */
static void choose_gru(struct train_settings *s, int narrow)
{
    int encoder = s->encoder == ENCODER_GRU, decoder = s->decoder == DECODER_GRU;

    if (encoder || decoder)
        choose(&s->hidden, narrow ? 256 : 512);
    if (encoder)
        choose(&s->encoder_layers, narrow ? 2 : 1);
    if (!decoder)
        return;
    choose(&s->alignment, narrow ? 256 : 512);
    choose(&s->maxout, s->tie != TIE_NONE ? s->embedding : narrow ? 256 : 512);
}

/* In a small corpus, a model first learns words in changing pieces, and then as they will be. Links of a file number pieces that must not
 * change; a parent has learned enough. */
static void choose_bpe_dropout(struct train_settings *s, int small)
{
    choose_real(&s->bpe_dropout, small && s->units == UNITS_BPE && !s->from && !settings_guide(s) ? 0.1 : 0);
    choose(&s->bpe_dropout_updates, small && s->bpe_dropout > 0 ? 6000 : 0);
}

/* Regularisation: the less, the more text there is. */
static void choose_dropout(struct train_settings *s, int large, int fast)
{
    choose_real(&s->dropout, large ? 0.1 : fast ? 0.2 : 0.3);
    choose_real(&s->dropout_state, large ? 0 : fast ? 0.1 : 0.2);
    choose_real(&s->dropout_attention, 0.1);
    choose_real(&s->dropout_feed_forward, 0.1);
}

void settings_choose(struct train_settings *s, size_t pairs, size_t authentic)
{
    int tiny = pairs < 4000, small = pairs < 12000, large = pairs >= 60000, recurrent, fast;

    choose_kinds(s);
    /* A small corpus needs a small model; recurrent ones are rather deep than wide (models/RECIPES.md), and then learn fast from more text. */
    recurrent = s->encoder == ENCODER_GRU && s->decoder == DECODER_GRU;
    fast = recurrent && !small;
    choose(&s->vocabulary, s->units == UNITS_WORD ? 30000 : tiny ? 2000 : small ? 4000 : large ? 16000 : 8000);
    choose_transformer(s, small || fast);
    choose_gru(s, small || fast);
    choose(&s->lexical, !large && s->attention != ATTENTION_NONE && s->tie == TIE_NONE);
    choose(&s->batch_tokens, small ? 500 : large && !fast ? 3000 : 1000);
    choose(&s->valid_split, settings_have_valid(s) ? 0 : usual_split(authentic));
    if (strcmp(s->guided_alignment, "off") == 0 || s->attention == ATTENTION_NONE)
        s->guided_weight = 0;
    choose_real(&s->guided_weight, large && strcmp(s->guided_alignment, "auto") == 0 ? 0 : 0.3);
    choose(&s->guided_epochs, 20);
    choose_bpe_dropout(s, small);
    choose_real(&s->learning_rate, usual_rate(s->optimizer, fast && !s->from));
    choose(&s->warmup, s->from ? 100 : 400);
    choose_dropout(s, large, fast);
    choose(&s->softmax_sample, large && s->r_drop == 0 ? 1024 : 0);
}

/* The number of corpora that are not synthetic. */
static int authentic_corpora(const struct train_settings *s)
{
    return s->pairs.count ? s->pairs.count : s->source.count;
}

int settings_corpora(const struct train_settings *s)
{
    return authentic_corpora(s) + s->synthetic_source.count;
}

static double weight_of(const struct option_reals *weights, int number)
{
    return weights->count > 1 ? weights->items[number] : weights->count ? weights->items[0] : 1;
}

struct corpus_files settings_corpus(const struct train_settings *s, int number)
{
    int authentic = authentic_corpora(s);

    if (number >= authentic)
        return (struct corpus_files){ .source = s->synthetic_source.items[number - authentic],
                                      .target = s->synthetic_target.items[number - authentic],
                                      .weight = weight_of(&s->synthetic_weight, number - authentic),
                                      .synthetic = 1 };
    if (s->pairs.count)
        return (struct corpus_files){ .pairs = s->pairs.items[number], .weight = weight_of(&s->weight, number) };
    return (struct corpus_files){ .source = s->source.items[number],
                                  .target = s->target.items[number],
                                  .weight = weight_of(&s->weight, number) };
}

struct tokenizer_options settings_tokenizer(const struct train_settings *s)
{
    return (struct tokenizer_options){ .units = (enum units)s->units,
                                       .pretokenized = s->pretokenized,
                                       .lowercase = s->lowercase,
                                       .vocabulary = s->vocabulary,
                                       .shared = s->tie == TIE_ALL,
                                       .copy = s->copy,
                                       .tagged = s->synthetic_source.count > 0 };
}

/* A size of a part that the model does not have stays AUTO_SETTING. */
static int size_of(int setting)
{
    return setting == AUTO_SETTING ? 0 : setting;
}

static int auto_size(int size)
{
    return size ? size : AUTO_SETTING;
}

struct config settings_config(const struct train_settings *s)
{
    int encoder = s->encoder == ENCODER_TRANSFORMER, decoder = s->decoder == DECODER_TRANSFORMER;

    return (struct config){ .E = s->embedding,
                            .tie = (enum tie)s->tie,
                            .encoder = { .type = (enum encoder_type)s->encoder,
                                         .layers = s->encoder_layers,
                                         .width = encoder ? 0 : s->hidden,
                                         .heads = size_of(s->encoder_heads),
                                         .feed_forward = encoder ? s->feed_forward : 0,
                                         .norm = encoder ? (enum norm_place)s->norm : NORM_PRE },
                            .decoder = { .type = (enum decoder_type)s->decoder,
                                         .heads = s->heads,
                                         .width = decoder ? 0 : s->hidden,
                                         .alignment = s->attention == ATTENTION_NONE ? 0 : size_of(s->alignment),
                                         .maxout = size_of(s->maxout),
                                         .lexical = s->lexical,
                                         .attention = decoder ? ATTENTION_ADDITIVE : (enum attention_kind)s->attention,
                                         .query = decoder ? QUERY_STATE : (enum query_kind)s->query,
                                         .layers = size_of(s->decoder_layers),
                                         .feed_forward = decoder ? s->feed_forward : 0,
                                         .norm = decoder ? (enum norm_place)s->norm : NORM_PRE } };
}

void settings_adopt(struct train_settings *s, const struct config *config, const struct tokenizer_options *tokenizer)
{
    const struct encoder_config *encoder = &config->encoder;
    const struct decoder_config *decoder = &config->decoder;

    s->units = tokenizer->units;
    s->pretokenized = tokenizer->pretokenized;
    s->lowercase = tokenizer->lowercase;
    s->vocabulary = tokenizer->vocabulary;
    s->copy = tokenizer->copy;
    s->tie = config->tie;
    s->embedding = config->E;
    s->encoder = encoder->type;
    s->encoder_layers = encoder->layers;
    s->encoder_heads = auto_size(encoder->heads);
    s->decoder = decoder->type;
    s->decoder_layers = auto_size(decoder->layers);
    s->heads = decoder->heads;
    s->feed_forward = auto_size(decoder->feed_forward ? decoder->feed_forward : encoder->feed_forward);
    s->norm = decoder->type == DECODER_TRANSFORMER ? decoder->norm : encoder->norm;
    s->hidden = auto_size(decoder->width ? decoder->width : encoder->width);
    s->alignment = auto_size(decoder->alignment);
    s->maxout = auto_size(decoder->maxout);
    s->lexical = decoder->lexical;
    if (decoder->type == DECODER_TRANSFORMER)
        return;
    s->attention = (int)decoder->attention;
    s->query = (int)decoder->query;
}

struct dropout settings_dropout(const struct train_settings *s)
{
    return (struct dropout){ .embedding = follow(s->dropout_embedding, s->dropout),
                             .state = s->dropout_state,
                             .annotation = follow(s->dropout_annotation, s->dropout),
                             .readout = follow(s->dropout_readout, s->dropout),
                             .residual = follow(s->dropout_residual, s->dropout),
                             .attention = s->dropout_attention,
                             .feed_forward = s->dropout_feed_forward,
                             .source_word = follow(s->word_dropout_source, s->word_dropout),
                             .target_word = follow(s->word_dropout_target, s->word_dropout) };
}

struct plan_options settings_batches(const struct train_settings *s)
{
    return (struct plan_options){ .tokens = s->batch_tokens, .sentences = s->batch_sentences, .pool = s->pool };
}

const char *settings_guide(const struct train_settings *s)
{
    static const char *const words[] = { "auto", "off", "lexicon" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(s->guided_alignment, words[i]) == 0)
            return NULL;
    return s->guided_alignment;
}

int settings_have_valid(const struct train_settings *s)
{
    return s->valid.pairs || s->valid.source;
}
