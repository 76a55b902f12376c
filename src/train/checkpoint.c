#include "train/checkpoint.h"

#include "base/report.h"
#include "model/model_file.h"

#include <stdlib.h>
#include <string.h>

/* The whole numbers and the reals of the state, by key. */
static const struct number {
    const char *key;
    size_t field;
    enum { LONG, INT, DOUBLE } type;
} numbers[] = {
#define NUMBER(name, type)                                                                                                         \
    {                                                                                                                              \
        "checkpoint." #name, offsetof(struct trainer_state, name), type                                                            \
    }
    NUMBER(update, LONG),     NUMBER(epoch, LONG),       NUMBER(batch, LONG), NUMBER(rate_factor, DOUBLE),
    NUMBER(best, DOUBLE),     NUMBER(best_update, LONG), NUMBER(worse, INT),  NUMBER(worse_since_halving, INT),
    NUMBER(loss_sum, DOUBLE), NUMBER(loss_words, LONG),
#undef NUMBER
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

static const char *const moment_prefix[] = { "first.", "second." };

static void put_common(const struct trainer *trainer, struct gguf_writer *writer)
{
    model_file_put_config(writer, &trainer->learner.model.config, trainer->tokenizer);
    gguf_put_string(writer, "training.settings", trainer->options.settings ? trainer->options.settings : "");
    history_put(&trainer->history, writer);
}

int checkpoint_save_model(const struct trainer *trainer, const real *values)
{
    struct gguf_writer writer = { 0 };
    int result;

    put_common(trainer, &writer);
    model_file_put_tensors(&writer, &trainer->learner.model.layout, "", values);
    result = gguf_write(&writer, trainer->options.model);
    gguf_writer_release(&writer);
    return result;
}

int checkpoint_save(const struct trainer *trainer)
{
    const struct learner *learner = &trainer->learner;
    const struct layout *layout = &learner->model.layout;
    struct gguf_writer writer = { 0 };
    int result;

    put_common(trainer, &writer);
    gguf_put_u64(&writer, "checkpoint.corpus", trainer->corpus_hash);
    for (int i = 0; i < NUMBERS; i++) {
        const char *field = (const char *)&trainer->state + numbers[i].field;

        if (numbers[i].type == DOUBLE)
            gguf_put_real(&writer, numbers[i].key, *(const double *)(const void *)field);
        else
            gguf_put_int(&writer, numbers[i].key,
                         numbers[i].type == INT ? *(const int *)(const void *)field : *(const long *)(const void *)field);
    }
    gguf_put_u32(&writer, "checkpoint.moments", (uint32_t)learner->optimizer.moments);
    gguf_put_bool(&writer, "checkpoint.has_average", learner->average != NULL);
    gguf_put_bool(&writer, "checkpoint.has_best", trainer->best != NULL);
    model_file_put_tensors(&writer, layout, "", learner->model.values);
    for (int i = 0; i < learner->optimizer.moments; i++)
        model_file_put_tensors(&writer, layout, moment_prefix[i], learner->optimizer.moment[i]);
    if (learner->average)
        model_file_put_tensors(&writer, layout, "average.", learner->average);
    if (trainer->best)
        model_file_put_tensors(&writer, layout, "best.", trainer->best);
    result = gguf_write(&writer, trainer->options.checkpoint);
    gguf_writer_release(&writer);
    return result;
}

int checkpoint_load(struct trainer *trainer, const struct gguf *gguf)
{
    struct learner *learner = &trainer->learner;
    const struct layout *layout = &learner->model.layout;
    int64_t hash, moments, has_average, has_best;

    if (!gguf_has(gguf, "checkpoint.update"))
        return error("%s: is a model, but no checkpoint: there is no training to resume in it", gguf->path);
    if (gguf_get_int(gguf, "checkpoint.corpus", &hash) || gguf_get_int(gguf, "checkpoint.moments", &moments) ||
        gguf_get_int(gguf, "checkpoint.has_average", &has_average) || gguf_get_int(gguf, "checkpoint.has_best", &has_best))
        return -1;
    if ((uint64_t)hash != trainer->corpus_hash)
        return error("%s: was trained on another corpus; give the same files and options, or train without --resume", gguf->path);
    if (moments != learner->optimizer.moments)
        return error("%s: was trained with another optimiser", gguf->path);
    for (int i = 0; i < NUMBERS; i++) {
        char *field = (char *)&trainer->state + numbers[i].field;
        int64_t whole = 0;
        double value = 0;

        if (numbers[i].type == DOUBLE ? gguf_get_real(gguf, numbers[i].key, &value) : gguf_get_int(gguf, numbers[i].key, &whole))
            return -1;
        if (numbers[i].type == DOUBLE)
            *(double *)(void *)field = value;
        else if (numbers[i].type == INT)
            *(int *)(void *)field = (int)whole;
        else
            *(long *)(void *)field = (long)whole;
    }
    if (trainer->state.update < 0 || trainer->state.epoch < 1 || trainer->state.batch < 0)
        return error("%s: stands at an impossible place of training", gguf->path);
    if (model_file_get_tensors(gguf, layout, "", learner->model.values))
        return -1;
    for (int i = 0; i < learner->optimizer.moments; i++)
        if (model_file_get_tensors(gguf, layout, moment_prefix[i], learner->optimizer.moment[i]))
            return -1;
    if (has_average) {
        learner_average(learner, learner->average_keep > 0 ? learner->average_keep : 0.999);
        if (model_file_get_tensors(gguf, layout, "average.", learner->average))
            return -1;
    }
    if (has_best) {
        if (!trainer->best)
            trainer->best = memory_new(layout->length, sizeof(real));
        if (model_file_get_tensors(gguf, layout, "best.", trainer->best))
            return -1;
    }
    history_release(&trainer->history);
    return history_get(&trainer->history, gguf);
}

char *checkpoint_settings(const struct gguf *gguf)
{
    const char *text;
    size_t length;

    if (gguf_get_string(gguf, "training.settings", &text, &length))
        return NULL;
    return memory_copy_text(text, length);
}
