#include "train/summary.h"

#include "base/cluster.h"
#include "base/report.h"
#include "math/team.h"

/* Prefixes of the lines of one subject: the first line has its name. */
#define FIRST "%-12s "
#define NEXT "             "

static void print_validation(const struct training *training)
{
    const struct corpus *valid = &training->valid;

    if (valid->pairs && settings_have_valid(training->settings))
        note(FIRST "%zu pairs", "validation", valid->pairs);
    else if (valid->pairs)
        note(FIRST "%zu pairs of the corpus, set aside (--valid-split)", "validation", valid->pairs);
    else
        note(FIRST "none: the last model is kept", "validation");
    if (training->copies)
        note(NEXT "%zu copies of them were removed from the corpus", training->copies);
    if (valid->replaced)
        warning("%ld invalid UTF-8 sequences in the validation pairs were replaced by U+FFFD", valid->replaced);
}

/* One line for each source of pairs, if there are several or if they have a weight. */
static void print_parts(const struct corpus *corpus)
{
    for (int part = 0; part < corpus->part_count; part++) {
        const struct corpus_files *files = &corpus->parts[part];
        size_t pairs = 0;

        if (corpus->part_count == 1 && files->weight == 1)
            return;
        for (size_t k = 0; k < corpus->pairs; k++)
            pairs += corpus->part[k] == part;
        note(NEXT "%zu %spairs of %s, weight %g", pairs, files->synthetic ? "synthetic " : "",
             files->pairs ? files->pairs : files->source, files->weight);
    }
}

static void print_corpus(const struct training *training)
{
    const struct corpus *corpus = &training->corpus;
    const struct dropped *dropped = &corpus->dropped;

    note(FIRST "%zu pairs: %ld source and %ld target tokens", "corpus", corpus->pairs, corpus_tokens(corpus, SOURCE),
         corpus_tokens(corpus, TARGET));
    print_parts(corpus);
    if (dropped->empty || dropped->bad_utf8 || dropped->too_long)
        note(NEXT "left out: %ld with an empty side, %ld not UTF-8, %ld too long", dropped->empty, dropped->bad_utf8,
             dropped->too_long);
    if (dropped->too_long)
        note(NEXT "too long: more than %d tokens on a side; --max-length 0 keeps all", training->settings->max_length);
    if (corpus->replaced)
        warning("%ld invalid UTF-8 sequences in the corpus were replaced by U+FFFD", corpus->replaced);
}

static void print_copies(const struct copies *copies)
{
    struct text kinds = { 0 };

    for (int kind = 0; kind < SPAN_KINDS; kind++)
        if (copies->kinds & (1u << kind))
            text_format(&kinds, "%s%s", kinds.length ? ", " : "", span_kind_names[kind]);
    if (kinds.length)
        note(NEXT "copied unchanged: %s", kinds.data);
    text_release(&kinds);
}

/* The kinds of encoder and decoder, with the sizes that each has. */
static void print_sizes(const struct train_settings *s)
{
    struct text decoder = { 0 };

    if (s->encoder == ENCODER_GRU)
        note(NEXT "encoder: gru, layers %d, hidden %d", s->encoder_layers, s->hidden);
    else
        note(NEXT "encoder: transformer, layers %d, heads %d, feed-forward %d, norm %s", s->encoder_layers, s->encoder_heads,
             s->feed_forward, norm_names[s->norm]);
    if (s->decoder == DECODER_TRANSFORMER) {
        text_format(&decoder, "transformer, layers %d, heads %d, feed-forward %d, norm %s", s->decoder_layers, s->heads,
                    s->feed_forward, norm_names[s->norm]);
    } else {
        text_format(&decoder, "gru, hidden %d, attention %s", s->hidden, attention_names[s->attention]);
        if (s->attention != ATTENTION_NONE)
            text_format(&decoder, " (%d, heads %d)", s->alignment, s->heads);
        text_format(&decoder, ", maxout %d%s", s->maxout, s->lexical ? ", lexical output" : "");
    }
    note(NEXT "decoder: %s", decoder.data);
    note(NEXT "embedding %d, tie %s", s->embedding, tie_names[s->tie]);
    if (s->kinds_chosen)
        note(NEXT "GRUs: in equal time, they had the best BLEU on the corpora of models/RECIPES.md; see --model-type");
    text_release(&decoder);
}

static void print_model(const struct training *training)
{
    const struct tokenizer *tokenizer = &training->tokenizer;
    const struct train_settings *s = training->settings;

    note(FIRST "%d source and %d target entries (at most %d), %d merges", "vocabulary", tokenizer->sides[SOURCE].count,
         tokenizer->sides[TARGET].count, s->vocabulary, tokenizer->merge_count);
    print_copies(&tokenizer->copies);
    if (s->from && s->new_vocabulary)
        note(NEXT "%d source and %d target entries are also the parent's", training->kept[SOURCE], training->kept[TARGET]);
    if (*training->trainer.parent)
        note(FIRST "%s", "parent", training->trainer.parent);
    note(FIRST "%zu parameters", "model", training->trainer.learner.model.layout.parameters);
    print_sizes(s);
}

static void add_bound(struct text *text, int wanted, const char *format, double bound)
{
    if (!wanted)
        return;
    text_add_string(text, text->length ? ", or " : "");
    text_format(text, format, bound);
}

static void print_training(const struct training *training)
{
    const struct train_settings *s = training->settings;
    const struct dropout dropout = settings_dropout(s);
    struct text ends = { 0 };

    text_add_string(&ends, "");
    add_bound(&ends, training->valid.pairs && s->patience, "after %.0f validations without a better model", s->patience);
    add_bound(&ends, s->max_updates >= 0, "after update %.0f", (double)s->max_updates);
    add_bound(&ends, s->max_epochs > 0, "after epoch %.0f", (double)s->max_epochs);
    add_bound(&ends, s->max_minutes > 0, "after %g minutes", s->max_minutes);
    note(FIRST "%s, learning rate %g, batches of %d %s", "training", optimizer_names[s->optimizer], s->learning_rate,
         s->batch_sentences ? s->batch_sentences : s->batch_tokens, s->batch_sentences ? "sentences" : "target tokens");
    note(NEXT "dropout %g (states %g), label smoothing %g", dropout.readout, dropout.state, s->label_smoothing);
    if (s->softmax_sample > 0)
        note(NEXT "softmax of an update over the batch's words and %d others", s->softmax_sample);
    if (s->bpe_dropout > 0 && s->bpe_dropout_updates)
        note(NEXT "BPE-dropout %g for %d updates", s->bpe_dropout, s->bpe_dropout_updates);
    else if (s->bpe_dropout > 0)
        note(NEXT "BPE-dropout %g", s->bpe_dropout);
    if (s->r_drop > 0)
        note(NEXT "every sentence twice, R-Drop with weight %g", s->r_drop);
    note(NEXT "ends %s%s", ends.length ? ends.data : "when interrupted", training->trainer.state.update ? " (resumed)" : "");
    text_release(&ends);
}

static size_t megabytes(size_t bytes)
{
    return bytes / 1000000;
}

void summary_print(const struct training *training, const struct forecast *forecast)
{
    const struct team *team = &training->team;

    print_corpus(training);
    print_validation(training);
    print_model(training);
    print_training(training);
    note(FIRST "%d thread%s, %s, %s", "computing", team->count, team->count == 1 ? "" : "s", backend_names[team->backend],
         precision_names[team->precision]);
    if (cluster_count() > 1)
        note(NEXT "%d processes, %d workers together; numbers are exchanged as %s", cluster_count(),
             training->trainer.learner.exchange.workers, exchange_names[training->settings->exchange]);
    note(FIRST "%zu MB predicted: parameters %zu, activations %zu, matrix products %zu, validation %zu, text %zu", "memory",
         megabytes(forecast_total(forecast)), megabytes(forecast->parameters), megabytes(forecast->activations),
         megabytes(forecast->products), megabytes(forecast->validation), megabytes(forecast->text));
    note(FIRST "%s: the %s model; %s: to resume", "files", training->settings->model, training->valid.pairs ? "best" : "last",
         training->trainer.checkpoint);
    if (training->settings->keep_best > 1)
        note(NEXT "the %d best models, numbered, at the end", training->settings->keep_best);
}
