#include "train/validate.h"

#include "eval/bleu.h"
#include "search/translate.h"

#include <math.h>
#include <stdlib.h>

enum { BATCH = 32, LONGEST = 200 };

static double mean_loss(struct model *model, struct team *team, const struct corpus *corpus, const struct tokenizer *tokenizer)
{
    const struct translate_options options = { .beam = { .beam = 1, .n_best = 1, .forbidden = -1 }, .batch = BATCH };
    struct translator translator;
    double *log_probability = memory_new(corpus->pairs, sizeof *log_probability), total = 0;

    translator_init(&translator, tokenizer, &model, 1, team, &options);
    translator_align(&translator, corpus->lines[SOURCE], corpus->lines[TARGET], corpus->pairs, log_probability, NULL);
    for (size_t i = 0; i < corpus->pairs; i++)
        total -= log_probability[i];
    translator_release(&translator);
    free(log_probability);
    return total / (double)corpus_tokens(corpus, TARGET);
}

static double greedy_bleu(struct model *model, struct team *team, const struct corpus *corpus, const struct tokenizer *tokenizer)
{
    const struct translate_options options = { .beam = { .beam = 1,
                                                         .n_best = 1,
                                                         .length_ratio = 2,
                                                         .repeats = TRANSLATE_REPEATS,
                                                         .forbidden = tokenizer->options.units == UNITS_WORD ? -1 : VOCAB_UNKNOWN },
                                               .batch = BATCH,
                                               .longest = LONGEST };
    struct translator translator;
    struct translation *lines = memory_new(corpus->pairs, sizeof *lines);
    char **hypotheses = memory_new(corpus->pairs, sizeof *hypotheses);
    struct bleu bleu;

    for (size_t i = 0; i < corpus->pairs; i++)
        lines[i].source = corpus->lines[SOURCE][i];
    translator_init(&translator, tokenizer, &model, 1, team, &options);
    translator_run(&translator, lines, corpus->pairs);
    translator_release(&translator);
    for (size_t i = 0; i < corpus->pairs; i++)
        hypotheses[i] = lines[i].texts[0];
    bleu_corpus(hypotheses, corpus->lines[TARGET], corpus->pairs, tokenizer->options.pretokenized ? BLEU_NONE : BLEU_13A, 0, &bleu);
    for (size_t i = 0; i < corpus->pairs; i++)
        translation_release(&lines[i]);
    free(lines);
    free(hypotheses);
    return bleu.score;
}

size_t validate_measure(const struct corpus *corpus, const struct model *model)
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

void validate(struct validation *validation, struct model *model, const struct tokenizer *tokenizer, struct team *team,
              const struct corpus *corpus)
{
    validation->loss = mean_loss(model, team, corpus, tokenizer);
    validation->perplexity = exp(validation->loss);
    validation->bleu = greedy_bleu(model, team, corpus, tokenizer);
}
