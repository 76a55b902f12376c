#include "cli/recipe.h"

#include "base/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define AUTO (-1)

static const char *const unit_names[] = { "bpe", "word", "char", NULL };
static const char *const bad_utf8_names[] = { "error", "replace", "skip", NULL };

/* Bahdanau, Cho and Bengio 2015, section 4 and appendix B. */
static const char paper[] = "units = word\nvocabulary = 30000\nembedding = 620\nhidden = 1000\nalignment = 1000\nmaxout = 500\n"
                            "encoder-layers = 1\nquery = state\ntie = none\ninitial = paper\noptimizer = adadelta\nlearning-rate = "
                            "1\nwarmup = 0\nhalve-after = 0\n"
                            "clip = 1\nbatch-sentences = 80\npool = 20\nmax-length = 50\nlabel-smoothing = 0\ndropout = 0\n"
                            "word-dropout = 0\nbpe-dropout = 0\naverage = 0\n";

static const struct preset {
    const char *name, *lines;
} presets[] = { { "paper", paper } };

static struct train_settings defaults(void)
{
    return (struct train_settings){
        .units = "bpe",
        .bad_utf8 = "error",
        .tie = "none",
        .attention = "additive",
        .query = "word",
        .initial = "glorot",
        .optimizer = "adam",
        .stop_on = "bleu",
        .backend = "auto",
        .precision = "auto",
        .vocabulary = AUTO,
        .max_length = 100,
        .embedding = AUTO,
        .hidden = AUTO,
        .alignment = AUTO,
        .maxout = AUTO,
        .encoder_layers = AUTO,
        .batch_tokens = AUTO,
        .pool = 100,
        .learning_rate = AUTO,
        .clip = 1,
        .label_smoothing = AUTO,
        .dropout = AUTO,
        .dropout_embedding = AUTO,
        .dropout_state = AUTO,
        .dropout_annotation = AUTO,
        .dropout_readout = AUTO,
        .word_dropout = AUTO,
        .word_dropout_source = AUTO,
        .word_dropout_target = AUTO,
        .bpe_dropout = AUTO,
        .average = AUTO,
        .warmup = AUTO,
        .halve_after = 2,
        .patience = 5,
        .max_updates = AUTO,
        .seed = 1,
    };
}

enum { ROWS_MOST = 64 };

/* The option table over `s`. */
static void make_table(struct train_settings *s, struct poptOption *table)
{
    const struct poptOption rows[] = {
        OPTION_FILE("model", s->model, "the model to write (and MODEL.checkpoint.gguf beside it)", "FILE"),
        OPTION_FILE("source", s->source, "source sentences, one a line, plain or .gz", "FILE"),
        OPTION_FILE("target", s->target, "their translations, line by line", "FILE"),
        OPTION_FILE("pairs", s->pairs, "instead of the two: lines of source, tab, target", "FILE"),
        OPTION_FILE("valid-source", s->valid_source, "held-out source sentences", "FILE"),
        OPTION_FILE("valid-target", s->valid_target, "their translations", "FILE"),
        OPTION_FILE("valid-pairs", s->valid_pairs, "instead of the two: lines of source, tab, target", "FILE"),
        OPTION_FILE("preset", s->preset, "begin with the settings of: paper", "NAME"),
        OPTION_FLAG("resume", s->resume, "go on from the checkpoint, with its settings"),
        OPTION_FILE("log", s->log, "write progress as JSON lines", "FILE"),
        OPTION_FLAG("quiet", s->quiet, "say nothing but warnings and errors"),
        OPTION_INT("first", s->first, "use only the first N pairs (0: all)", "N"),
        OPTION_TEXT("units", s->units, "what a token is: bpe, word or char", "UNITS"),
        OPTION_FLAG("pretokenized", s->pretokenized, "words are what spaces separate, in input and output"),
        OPTION_FLAG("lowercase", s->lowercase, "work in small letters"),
        OPTION_TEXT("bad-utf8", s->bad_utf8, "invalid UTF-8 in the corpus: error, replace or skip", "WHAT"),
        OPTION_INT("vocabulary", s->vocabulary, "entries at most; -1: by the corpus", "N"),
        OPTION_INT("max-length", s->max_length, "leave out pairs with more tokens on a side (0: none)", "N"),
        OPTION_INT("embedding", s->embedding, "size of the word vectors, E; -1: by the corpus", "N"),
        OPTION_INT("hidden", s->hidden, "size of each GRU's state, H; -1: by the corpus", "N"),
        OPTION_INT("alignment", s->alignment, "size of the alignment model, A; -1: by the corpus", "N"),
        OPTION_INT("maxout", s->maxout, "size of the readout, L; -1: by the corpus, or the embedding's if tied", "N"),
        OPTION_INT("encoder-layers", s->encoder_layers,
                   "layers of the encoder, 1 to 4; each adds to the annotations below it; -1: by the corpus", "N"),
        OPTION_TEXT("attention", s->attention, "additive, dot, scaled-dot or none (one fixed vector)", "KIND"),
        OPTION_TEXT("query", s->query, "what it looks with: state (the paper's) or word, the one before too", "WHAT"),
        OPTION_TEXT("tie", s->tie, "one matrix for: none, target (embedding and output) or all (source too)", "WHAT"),
        OPTION_TEXT("initial", s->initial, "initial weights: glorot or paper", "HOW"),
        OPTION_TEXT("optimizer", s->optimizer, "adam, adadelta or sgd", "NAME"),
        OPTION_REAL("learning-rate", s->learning_rate, "learning rate; -1: by the optimiser", "RATE"),
        OPTION_INT("warmup", s->warmup, "updates over which the rate rises from 0; -1: by the corpus", "N"),
        OPTION_INT("halve-after", s->halve_after, "validations without a better one until the rate is halved (0: never)", "N"),
        OPTION_INT("patience", s->patience, "validations without a better one until training ends (0: never)", "N"),
        OPTION_TEXT("stop-on", s->stop_on, "what better means: bleu or loss", "METRIC"),
        OPTION_INT("validate-every", s->validate_every, "updates between validations (0: an epoch)", "N"),
        OPTION_REAL("clip", s->clip, "most that the gradient's norm may be (0: no bound)", "NORM"),
        OPTION_REAL("label-smoothing", s->label_smoothing, "share of the probability spread over all words; -1: by the corpus",
                    "P"),
        OPTION_REAL("dropout", s->dropout, "dropout of embeddings, annotations and readout; -1: by the corpus", "P"),
        OPTION_REAL("dropout-embedding", s->dropout_embedding, "that of the embeddings alone", "P"),
        OPTION_REAL("dropout-state", s->dropout_state, "that of the recurrent states", "P"),
        OPTION_REAL("dropout-annotation", s->dropout_annotation, "that of the encoder's output alone", "P"),
        OPTION_REAL("dropout-readout", s->dropout_readout, "that of the readout alone", "P"),
        OPTION_REAL("word-dropout", s->word_dropout, "whole words dropped on both sides; -1: by the corpus", "P"),
        OPTION_REAL("word-dropout-source", s->word_dropout_source, "on the source side alone", "P"),
        OPTION_REAL("word-dropout-target", s->word_dropout_target, "on the target side alone", "P"),
        OPTION_REAL("bpe-dropout", s->bpe_dropout, "BPE merges skipped in training; -1: by the corpus", "P"),
        OPTION_REAL("average", s->average, "moving average of the weights: how much an update keeps (0: none); -1: 0.999", "P"),
        OPTION_INT("batch-tokens", s->batch_tokens, "target tokens in a batch; -1: by the corpus", "N"),
        OPTION_INT("batch-sentences", s->batch_sentences, "sentences in a batch, instead of tokens (0: tokens)", "N"),
        OPTION_INT("pool", s->pool, "batches that are sorted by length together", "N"),
        OPTION_LONG("max-updates", s->max_updates, "updates at most; 0 writes the initial model, -1: no bound", "N"),
        OPTION_LONG("max-epochs", s->max_epochs, "epochs at most (0: no bound)", "N"),
        OPTION_REAL("max-minutes", s->max_minutes, "minutes at most (0: no bound)", "N"),
        OPTION_LONG("seed", s->seed, "where all randomness comes from", "N"),
        OPTION_INT("threads", s->threads, "worker threads (0: one a processor)", "N"),
        OPTION_TEXT("backend", s->backend, "products by: auto, openblas or onednn", "NAME"),
        OPTION_TEXT("precision", s->precision, "of the products' inputs: auto, f32 or bf16", "NAME"),
        OPTIONS_END
    };

    memcpy(table, rows, sizeof rows);
}

int recipe_read(struct train_settings *settings, struct options *options, int argc, const char **argv, const char *base,
                const char *where)
{
    struct poptOption table[ROWS_MOST];

    *settings = defaults();
    make_table(settings, table);
    return options_read_over(options, base, where, "train", "--model FILE --source FILE --target FILE [OPTION...]", table, argc,
                             argv, 0);
}

void recipe_print(struct train_settings *settings, struct text *text)
{
    static const char *const run_only[] = { "model", "resume", "log", "quiet", "preset", NULL };
    struct poptOption table[ROWS_MOST];

    make_table(settings, table);
    options_print(table, run_only, text);
}

const char *recipe_preset(const struct options *options, const char *name)
{
    const char *names[sizeof presets / sizeof *presets + 1] = { NULL };
    int found;

    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        names[i] = presets[i].name;
    found = options_choice(options, "preset", name, names);
    return found < 0 ? NULL : presets[found].lines;
}

int recipe_has_valid(const struct train_settings *settings)
{
    return settings->valid_pairs || settings->valid_source;
}

static int check_files(const struct train_settings *s)
{
    if (s->pairs ? s->source || s->target : !s->source || !s->target)
        return error("train: give --source and --target, or --pairs; see nmt train --help");
    if (s->valid_pairs ? s->valid_source || s->valid_target : !s->valid_source != !s->valid_target)
        return error("train: give --valid-source and --valid-target, or --valid-pairs");
    return 0;
}

/* Every number in its range. AUTO is allowed where recipe_scale knows better. */
static int check_ranges(const struct train_settings *s, const struct options *options)
{
    const struct {
        const char *name;
        long value, low, high;
    } whole[] = {
        { "first", s->first, 0, INT_MAX },
        { "vocabulary", s->vocabulary, AUTO, 10000000 },
        { "max-length", s->max_length, 0, 100000 },
        { "embedding", s->embedding, AUTO, 65536 },
        { "hidden", s->hidden, AUTO, 65536 },
        { "alignment", s->alignment, AUTO, 65536 },
        { "maxout", s->maxout, AUTO, 65536 },
        { "warmup", s->warmup, AUTO, INT_MAX },
        { "halve-after", s->halve_after, 0, INT_MAX },
        { "patience", s->patience, 0, INT_MAX },
        { "validate-every", s->validate_every, 0, INT_MAX },
        { "batch-tokens", s->batch_tokens, AUTO, 10000000 },
        { "batch-sentences", s->batch_sentences, 0, 1000000 },
        { "pool", s->pool, 1, 1000000 },
        { "max-updates", s->max_updates, AUTO, LONG_MAX },
        { "max-epochs", s->max_epochs, 0, LONG_MAX },
        { "seed", s->seed, 0, LONG_MAX },
        { "threads", s->threads, 0, TEAM_MOST },
        { "encoder-layers", s->encoder_layers, AUTO, 64 },
    };
    const struct {
        const char *name;
        int value;
    } sizes[] = { { "embedding", s->embedding },      { "hidden", s->hidden },
                  { "alignment", s->alignment },      { "maxout", s->maxout },
                  { "vocabulary", s->vocabulary },    { "encoder-layers", s->encoder_layers },
                  { "batch-tokens", s->batch_tokens } };
    const struct {
        const char *name;
        double value, high;
        int has_auto;
    } reals[] = {
        { "learning-rate", s->learning_rate, 1000, 1 },
        { "clip", s->clip, 1e9, 0 },
        { "label-smoothing", s->label_smoothing, 0.99, 1 },
        { "dropout", s->dropout, 0.99, 1 },
        { "dropout-embedding", s->dropout_embedding, 0.99, 1 },
        { "dropout-state", s->dropout_state, 0.99, 1 },
        { "dropout-annotation", s->dropout_annotation, 0.99, 1 },
        { "dropout-readout", s->dropout_readout, 0.99, 1 },
        { "word-dropout", s->word_dropout, 0.99, 1 },
        { "word-dropout-source", s->word_dropout_source, 0.99, 1 },
        { "word-dropout-target", s->word_dropout_target, 0.99, 1 },
        { "bpe-dropout", s->bpe_dropout, 0.99, 1 },
        { "average", s->average, 0.999999, 1 },
        { "max-minutes", s->max_minutes, 1e9, 0 },
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value == 0)
            return error("train: --%s: 0 is too small, the least is 1", sizes[i].name);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (options_range(options, whole[i].name, whole[i].value, whole[i].low, whole[i].high))
            return -1;
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!(reals[i].has_auto && reals[i].value == AUTO) &&
            options_range_real(options, reals[i].name, reals[i].value, 0, reals[i].high))
            return -1;
    return 0;
}

int recipe_check(struct recipe *recipe, const struct train_settings *s, const struct options *options)
{
    int units, bad_utf8, attention, query, tie, initial, optimizer, stop_on, backend, precision;

    if (check_files(s) || check_ranges(s, options) || (units = options_choice(options, "units", s->units, unit_names)) < 0 ||
        (bad_utf8 = options_choice(options, "bad-utf8", s->bad_utf8, bad_utf8_names)) < 0 ||
        (attention = options_choice(options, "attention", s->attention, attention_names)) < 0 ||
        (query = options_choice(options, "query", s->query, query_names)) < 0 ||
        (tie = options_choice(options, "tie", s->tie, tie_names)) < 0 ||
        (initial = options_choice(options, "initial", s->initial, initial_names)) < 0 ||
        (optimizer = options_choice(options, "optimizer", s->optimizer, optimizer_names)) < 0 ||
        (stop_on = options_choice(options, "stop-on", s->stop_on, stop_metric_names)) < 0 ||
        (backend = options_choice(options, "backend", s->backend, backend_names)) < 0 ||
        (precision = options_choice(options, "precision", s->precision, precision_names)) < 0)
        return -1;
    if (units != UNITS_BPE && s->bpe_dropout > 0)
        return error("train: --bpe-dropout needs --units bpe");
    if (precision == PRECISION_INT8)
        return error("train: --precision int8 is for translation; use f32, bf16 or auto");
    if (s->vocabulary != AUTO && s->vocabulary < tokenizer_least_vocabulary((enum units)units))
        return error("train: --vocabulary: %d is too small, the least is %d with --units %s", s->vocabulary,
                     tokenizer_least_vocabulary((enum units)units), s->units);
    *recipe = (struct recipe){
        .tokenizer = { .units = (enum units)units,
                       .pretokenized = s->pretokenized,
                       .lowercase = s->lowercase,
                       .vocabulary = s->vocabulary,
                       .shared = tie == TIE_ALL },
        .config = { .tie = (enum tie)tie,
                    .decoder = { .attention = (enum attention_kind)attention, .query = (enum query_kind)query } },
        .initial = (enum initial)initial,
        .optimizer = (enum optimizer_kind)optimizer,
        .bad_utf8 = (enum bad_utf8)bad_utf8,
        .backend = (enum backend)backend,
        .precision = (enum precision)precision,
        .train = { .rate = s->learning_rate,
                   .halve_after = s->halve_after,
                   .patience = s->patience,
                   .metric = (enum stop_metric)stop_on,
                   .validate_every = s->validate_every,
                   .max_updates = s->max_updates,
                   .max_epochs = s->max_epochs,
                   .max_minutes = s->max_minutes,
                   .batches = { .sentences = s->batch_sentences, .pool = s->pool } },
    };
    return 0;
}

/* `given`, or what the corpus calls for. */
static double choose(double given, double chosen)
{
    return given >= 0 ? given : chosen;
}

/* A corpus of some thousand pairs wants a small model, and a deeper encoder rather than a wider one (models/RECIPES.md). */
static void scale_model(struct config *config, const struct train_settings *s, int small)
{
    config->E = (int)choose(s->embedding, small ? 128 : 256);
    config->encoder.width = config->decoder.width = (int)choose(s->hidden, small ? 256 : 512);
    config->decoder.alignment = config->decoder.attention == ATTENTION_NONE ? 0 : (int)choose(s->alignment, small ? 256 : 512);
    config->decoder.maxout = (int)choose(s->maxout, config->tie != TIE_NONE ? config->E : small ? 256 : 512);
    config->encoder.layers = (int)choose(s->encoder_layers, small ? 2 : 1);
}

void recipe_scale(struct recipe *recipe, const struct train_settings *s, const struct corpus *corpus)
{
    size_t pairs = corpus->pairs;
    int small = pairs < 12000, large = pairs >= 60000;
    double rates[] = { OPTIMIZER_ADAM, OPTIMIZER_ADADELTA, OPTIMIZER_SGD };
    double dropout = choose(s->dropout, small ? 0.3 : large ? 0.1 : 0.3), word = choose(s->word_dropout, 0);
    int vocabulary = s->units[0] == 'w' ? 30000 : small ? 2000 : large ? 16000 : 8000;

    scale_model(&recipe->config, s, small);
    rates[OPTIMIZER_ADAM] = 0.001;
    rates[OPTIMIZER_ADADELTA] = 1;
    rates[OPTIMIZER_SGD] = 0.5;
    recipe->tokenizer.vocabulary = (int)choose(s->vocabulary, vocabulary);
    recipe->train.rate = choose(s->learning_rate, rates[recipe->optimizer]);
    recipe->train.warmup = (long)choose(s->warmup, 400);
    recipe->train.batches.tokens = (int)choose(s->batch_tokens, small ? 500 : large ? 3000 : 1000);
    recipe->smoothing = choose(s->label_smoothing, 0.1);
    recipe->dropout = (struct dropout){ .embedding = choose(s->dropout_embedding, dropout),
                                        .state = choose(s->dropout_state, large ? 0 : 0.2),
                                        .annotation = choose(s->dropout_annotation, dropout),
                                        .readout = choose(s->dropout_readout, dropout),
                                        .source_word = choose(s->word_dropout_source, word),
                                        .target_word = choose(s->word_dropout_target, word) };
    recipe->train.bpe_dropout = choose(s->bpe_dropout, 0);
    recipe->average = choose(s->average, 0.999);
    text_clear(&recipe->reasons);
    text_format(&recipe->reasons, "for %zu pairs: vocabulary %d, batches of ", pairs, recipe->tokenizer.vocabulary);
    if (recipe->train.batches.sentences)
        text_format(&recipe->reasons, "%d sentences", recipe->train.batches.sentences);
    else
        text_format(&recipe->reasons, "%d target tokens", recipe->train.batches.tokens);
    text_format(&recipe->reasons, ", dropout %g (states %g), label smoothing %g, learning rate %g", dropout, recipe->dropout.state,
                recipe->smoothing, recipe->train.rate);
}

void recipe_release(struct recipe *recipe)
{
    text_release(&recipe->reasons);
}
