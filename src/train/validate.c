#include "train/validate.h"

#include "base/cluster.h"
#include "eval/bleu.h"
#include "search/translate.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 32, LONGEST = 200 };

/* Forced decoding of whole lines. */
static int measure_loss(double *loss, struct translator *translator, const struct corpus *corpus)
{
    double *log_probability = memory_new(corpus->pairs, sizeof *log_probability), total = 0;
    int stopped = translator_align(translator, corpus->lines[SOURCE], corpus->lines[TARGET], corpus->pairs, log_probability, NULL);

    for (size_t i = 0; i < corpus->pairs; i++)
        total -= log_probability[i];
    free(log_probability);
    *loss = total / (double)corpus_tokens(corpus, TARGET);
    return stopped;
}

static int measure_bleu(double *score, struct translator *translator, const struct corpus *corpus)
{
    struct translation *lines = memory_new(corpus->pairs, sizeof *lines);
    char **hypotheses = memory_new(corpus->pairs, sizeof *hypotheses);
    enum bleu_tokenizer words =
        translator->tokenizer->options.pretokenized ? BLEU_NONE : tokenize_choice(corpus->lines[TARGET], corpus->pairs);
    struct bleu bleu;
    int stopped;

    for (size_t i = 0; i < corpus->pairs; i++)
        lines[i].source = corpus->lines[SOURCE][i];
    stopped = translator_run(translator, lines, corpus->pairs);
    if (!stopped) {
        for (size_t i = 0; i < corpus->pairs; i++)
            hypotheses[i] = lines[i].texts[0];
        bleu_corpus(hypotheses, corpus->lines[TARGET], corpus->pairs, words, 0, &bleu);
        *score = bleu.score;
    }
    for (size_t i = 0; i < corpus->pairs; i++)
        translation_release(&lines[i]);
    free(lines);
    free(hypotheses);
    return stopped;
}

/* The alignment of a pair, in every process. */
static int watch(struct alignment *alignment, struct translator *translator, const struct corpus *corpus, long pair)
{
    double log_probability;
    int shared = translator->options.shared, stopped;

    translator->options.shared = 0;
    stopped =
        translator_align(translator, corpus->lines[SOURCE] + pair, corpus->lines[TARGET] + pair, 1, &log_probability, alignment);
    translator->options.shared = shared;
    return stopped;
}

/* Activations of forced decoding. */
static size_t measure_forced(const struct corpus *corpus, const struct model *model)
{
    size_t most = 0;

    for (size_t from = 0; from < corpus->pairs; from += BATCH) {
        size_t left = corpus->pairs - from;
        struct batch batch = { .sentences = left < BATCH ? (int)left : BATCH,
                               .source = corpus->sentence[SOURCE] + from,
                               .source_length = corpus->length[SOURCE] + from,
                               .targets = left < BATCH ? (int)left : BATCH,
                               .target = corpus->sentence[TARGET] + from,
                               .target_length = corpus->length[TARGET] + from };
        const struct pass_input input = { .model = model, .batch = &batch };
        size_t bytes = pass_measure(&input, 0);

        most = bytes > most ? bytes : most;
    }
    return most;
}

static int by_length(const void *a, const void *b)
{
    const int *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

/* Of greedy search in the longest sentences, which are searched together. */
static size_t measure_search(const struct corpus *corpus, const struct model *model)
{
    int *lengths = memory_new(corpus->pairs, sizeof *lengths), count = corpus->pairs < BATCH ? (int)corpus->pairs : BATCH;
    const struct batch batch = { .sentences = count, .source = corpus->sentence[SOURCE], .source_length = lengths };
    struct step step = { .model = model };
    size_t bytes;

    for (size_t i = 0; i < corpus->pairs; i++)
        lengths[i] = corpus->length[SOURCE][i] < LONGEST ? corpus->length[SOURCE][i] : LONGEST;
    qsort(lengths, corpus->pairs, sizeof *lengths, by_length);
    bytes = step_measure(&step, &batch, count);
    step_release(&step);
    free(lengths);
    return bytes;
}

size_t validate_measure(const struct corpus *corpus, const struct model *model)
{
    size_t forced = measure_forced(corpus, model), search = measure_search(corpus, model);

    return forced > search ? forced : search;
}

int validate(struct validation *validation, struct model *model, const struct tokenizer *tokenizer, struct team *team,
             const struct corpus *corpus, const volatile sig_atomic_t *stop)
{
    const struct translate_options options = { .beam = { .beam = 1,
                                                         .n_best = 1,
                                                         .length_ratio = 2,
                                                         .repeats = TRANSLATE_REPEATS,
                                                         .forbidden = tokenizer->options.units == UNITS_WORD ? -1 : VOCAB_UNKNOWN },
                                               .batch = BATCH,
                                               .shared = cluster_count() > 1,
                                               .stop = stop };
    struct translator translator;
    int stopped;

    translator_init(&translator, tokenizer, &model, 1, team, &options);
    validation->alignment = (struct alignment){ 0 };
    stopped = measure_loss(&validation->loss, &translator, corpus); /* of whole lines */
    if (validation->watch && !stopped)
        stopped = watch(&validation->alignment, &translator, corpus, validation->watch - 1);
    translator.options.longest = LONGEST;
    stopped = stopped || measure_bleu(&validation->bleu, &translator, corpus);
    validation->perplexity = exp(validation->loss);
    translator_release(&translator);
    return stopped;
}
