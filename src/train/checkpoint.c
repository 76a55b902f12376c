#include "train/checkpoint.h"

#include "base/report.h"
#include "model/model_file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Version of the checkpoint's own keys. */
enum { VERSION = 3 };

/* No counter ever reaches this, and counters up to it cannot overflow. */
#define COUNT_MOST 1e15

/* The numbers of the state, by key, with their ranges. */
static const struct number {
    const char *key;
    size_t field;
    enum { LONG, INT, DOUBLE } type;
    double low, high;
    int optional; /* checkpoints of older programs lack it */
} numbers[] = {
#define NUMBER(name, type, low, high)                                                                                              \
    {                                                                                                                              \
        "checkpoint." #name, offsetof(struct trainer_state, name), type, low, high, 0                                              \
    }
    NUMBER(update, LONG, 1, COUNT_MOST),
    NUMBER(epoch, LONG, 1, COUNT_MOST),
    NUMBER(batch, LONG, 0, COUNT_MOST),
    NUMBER(due, INT, 0, 1),
    NUMBER(rate_factor, DOUBLE, 0, 1),
    NUMBER(best, DOUBLE, -1e300, 1e300),
    NUMBER(best_update, LONG, 0, COUNT_MOST),
    NUMBER(worse, INT, 0, INT_MAX / 2),
    NUMBER(worse_since_halving, INT, 0, INT_MAX / 2),
    NUMBER(loss_sum, DOUBLE, 0, 1e300),
    NUMBER(loss_words, LONG, 0, COUNT_MOST),
#undef NUMBER
    { "checkpoint.plain_epoch", offsetof(struct trainer_state, plain_epoch), LONG, 0, COUNT_MOST, 1 },
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

static const char *const moment_prefix[] = { "first.", "second." };

static void put_common(const struct trainer *trainer, struct gguf_writer *writer)
{
    model_file_put_config(writer, &trainer->learner.model, trainer->tokenizer);
    if (*trainer->parent)
        gguf_put_string(writer, "training.parent", trainer->parent);
    gguf_put_string(writer, "training.settings", trainer->settings_text);
    history_put(&trainer->history, writer);
}

char *checkpoint_name(const char *model, const char *part)
{
    size_t length = strlen(model);
    struct text name = { 0 };

    if (length > 5 && strcmp(model + length - 5, ".gguf") == 0)
        length -= 5;
    text_add(&name, model, length);
    text_format(&name, ".%s.gguf", part);
    return name.data;
}

char *checkpoint_best_name(const char *model, int i)
{
    struct text part = { 0 };
    char *name;

    text_format(&part, "%d", i + 1);
    name = checkpoint_name(model, part.data);
    text_release(&part);
    return name;
}

int checkpoint_save_model(const struct trainer *trainer, const char *path, const real *values)
{
    struct gguf_writer writer = { 0 };
    int result;

    put_common(trainer, &writer);
    model_file_put_shortlist(&writer, &trainer->learner.model.shortlist);
    model_file_put_tensors(&writer, &trainer->learner.model.layout, "", values);
    result = gguf_write(&writer, path);
    gguf_writer_release(&writer);
    return result;
}

static void put_file(struct gguf_writer *writer, const char *key, const char *name)
{
    if (name)
        gguf_put_string(writer, key, name);
}

static void put_list(struct gguf_writer *writer, const char *key, const struct option_list *names)
{
    size_t count = (size_t)names->count;
    char **strings = memory_new(count, sizeof *strings);

    if (count) {
        memcpy(strings, names->items, count * sizeof *strings);
        gguf_put_strings(writer, key, strings, count);
    }
    free(strings);
}

static void put_files(struct gguf_writer *writer, const struct train_settings *settings)
{
    put_list(writer, "checkpoint.source", &settings->source);
    put_list(writer, "checkpoint.target", &settings->target);
    put_list(writer, "checkpoint.pairs", &settings->pairs);
    put_list(writer, "checkpoint.synthetic_source", &settings->synthetic_source);
    put_list(writer, "checkpoint.synthetic_target", &settings->synthetic_target);
    put_file(writer, "checkpoint.guided_alignment", settings_guide(settings));
    put_file(writer, "checkpoint.valid_source", settings->valid.source);
    put_file(writer, "checkpoint.valid_target", settings->valid.target);
    put_file(writer, "checkpoint.valid_pairs", settings->valid.pairs);
}

static void put_state(struct gguf_writer *writer, const struct trainer_state *state)
{
    for (int i = 0; i < NUMBERS; i++) {
        const char *field = (const char *)state + numbers[i].field;

        if (numbers[i].type == DOUBLE)
            gguf_put_real(writer, numbers[i].key, *(const double *)(const void *)field);
        else
            gguf_put_int(writer, numbers[i].key,
                         numbers[i].type == INT ? *(const int *)(const void *)field : *(const long *)(const void *)field);
    }
}

/* The prefix of the tensors of the best model `i`: "best.", "best.2.", "best.3." …; heap. */
static char *best_prefix(int i)
{
    struct text prefix = { 0 };

    text_add_string(&prefix, "best.");
    if (i > 0)
        text_format(&prefix, "%d.", i + 1);
    return prefix.data;
}

/* The best models: score and update of the first are part of the state, those of the others are arrays. */
static void put_best(struct gguf_writer *writer, const struct layout *layout, const struct best *best)
{
    size_t others = best->count > 1 ? (size_t)best->count - 1 : 0;
    double *scores = memory_new(others, sizeof *scores);
    int64_t *updates = memory_new(others, sizeof *updates);

    for (int i = 0; i < best->count; i++) {
        char *prefix = best_prefix(i);

        model_file_put_tensors(writer, layout, prefix, best->items[i].values);
        if (i > 0) {
            scores[i - 1] = best->items[i].score;
            updates[i - 1] = best->items[i].update;
        }
        free(prefix);
    }
    if (best->most > 1) {
        gguf_put_reals(writer, "checkpoint.next_best", scores, others);
        gguf_put_ints(writer, "checkpoint.next_best_update", updates, others);
    }
    free(scores);
    free(updates);
}

int checkpoint_save(const struct trainer *trainer)
{
    const struct learner *learner = &trainer->learner;
    const struct layout *layout = &learner->model.layout;
    struct gguf_writer writer = { 0 };
    int result;

    put_common(trainer, &writer);
    gguf_put_u32(&writer, "checkpoint.version", VERSION);
    put_files(&writer, trainer->settings);
    gguf_put_u64(&writer, "checkpoint.corpus", trainer->corpus_hash);
    gguf_put_u64(&writer, "checkpoint.validation", trainer->valid_hash);
    gguf_put_u64(&writer, "checkpoint.guide", trainer->guidance.hash);
    gguf_put_u32(&writer, "checkpoint.workers", (uint32_t)learner->exchange.workers);
    put_state(&writer, &trainer->state);
    gguf_put_string(&writer, "checkpoint.optimizer", optimizer_names[learner->optimizer.kind]);
    gguf_put_u32(&writer, "checkpoint.moments", (uint32_t)learner->optimizer.moments);
    gguf_put_bool(&writer, "checkpoint.has_average", learner->average != NULL);
    gguf_put_bool(&writer, "checkpoint.has_best", trainer->best.count > 0);
    model_file_put_tensors(&writer, layout, "", learner->model.values);
    for (int i = 0; i < learner->optimizer.moments; i++)
        model_file_put_tensors(&writer, layout, moment_prefix[i], learner->optimizer.moment[i]);
    if (learner->average)
        model_file_put_tensors(&writer, layout, "average.", learner->average);
    put_best(&writer, layout, &trainer->best);
    result = gguf_write(&writer, trainer->checkpoint);
    gguf_writer_release(&writer);
    return result;
}

/* Reads the state, each number in its range. 0, or -1 after reporting. */
static int get_state(const struct gguf *gguf, struct trainer_state *state)
{
    for (int i = 0; i < NUMBERS; i++) {
        char *field = (char *)state + numbers[i].field;
        int64_t whole = 0;
        double value = 0;

        if (numbers[i].optional && !gguf_has(gguf, numbers[i].key))
            continue;
        if (numbers[i].type == DOUBLE ? gguf_get_real(gguf, numbers[i].key, &value) : gguf_get_int(gguf, numbers[i].key, &whole))
            return -1;
        if (numbers[i].type != DOUBLE)
            value = (double)whole;
        if (!(value >= numbers[i].low && value <= numbers[i].high))
            return error("%s: %s is %g, which is out of range; the file is damaged", gguf->path, numbers[i].key, value);
        if (numbers[i].type == DOUBLE)
            *(double *)(void *)field = value;
        else if (numbers[i].type == INT)
            *(int *)(void *)field = (int)whole;
        else
            *(long *)(void *)field = (long)whole;
    }
    if (state->best_update > state->update)
        return error("%s: its best update is later than its last; the file is damaged", gguf->path);
    return 0;
}

/* Reads one array of the model's layout, all of it finite and at least `low`. 0, or -1 after reporting. */
static int get_array(const struct gguf *gguf, const struct layout *layout, const char *prefix, real *values, double low)
{
    if (model_file_get_tensors(gguf, layout, prefix, values))
        return -1;
    for (size_t i = 0; i < layout->length; i++)
        if (!isfinite(values[i]) || values[i] < low)
            return error("%s: a number of %s%s is out of range; the file is damaged", gguf->path, *prefix ? prefix : "the weights",
                         *prefix ? "…" : "");
    return 0;
}

/* Checks that the checkpoint belongs to this training: optimiser, average, corpora. 0, or -1 after reporting. */
static int check_origin(const struct trainer *trainer, const struct gguf *gguf)
{
    const struct learner *learner = &trainer->learner;
    const char *optimizer = optimizer_names[learner->optimizer.kind], *stored;
    int64_t corpus, validation, guide, moments, has_average, has_best;
    size_t length;

    if (gguf_get_int(gguf, "checkpoint.corpus", &corpus) || gguf_get_int(gguf, "checkpoint.validation", &validation) ||
        gguf_get_int(gguf, "checkpoint.guide", &guide) || gguf_get_string(gguf, "checkpoint.optimizer", &stored, &length) ||
        gguf_get_int(gguf, "checkpoint.moments", &moments) || gguf_get_int(gguf, "checkpoint.has_average", &has_average) ||
        gguf_get_int(gguf, "checkpoint.has_best", &has_best))
        return -1;
    if ((uint64_t)corpus != trainer->corpus_hash)
        return error("%s: was trained on another corpus; give the same text, or train without --resume", gguf->path);
    if ((uint64_t)validation != trainer->valid_hash)
        return error("%s: was validated on other pairs; give the same text, or train without --resume", gguf->path);
    if ((uint64_t)guide != trainer->guidance.hash)
        return error("%s: was trained with other word alignments; give the same --guided-alignment, or train without --resume",
                     gguf->path);
    if (length != strlen(optimizer) || memcmp(stored, optimizer, length) != 0 || moments != learner->optimizer.moments)
        return error("%s: its optimiser differs from the one in its settings; the file is damaged", gguf->path);
    if (!has_average != !learner->average)
        return error("%s: has %s average of the weights, contrary to its settings; the file is damaged", gguf->path,
                     has_average ? "an" : "no");
    if (has_best && !trainer->valid)
        return error("%s: has a best model, but no validation pairs; the file is damaged", gguf->path);
    return 0;
}

/* Reads the checksum of the parent, if there is one. 0, or -1 after reporting. */
static int get_parent(struct trainer *trainer, const struct gguf *gguf)
{
    const char *text;
    size_t length;

    if (!gguf_has(gguf, "training.parent"))
        return 0;
    if (gguf_get_string(gguf, "training.parent", &text, &length))
        return -1;
    if (length + 1 == sizeof trainer->parent)
        memcpy(trainer->parent, text, length);
    if (strspn(trainer->parent, "0123456789abcdef") + 1 != sizeof trainer->parent)
        return error("%s: training.parent is not a checksum; the file is damaged", gguf->path);
    return 0;
}

/* Reads the best models that follow the first. 0, or -1 after reporting. */
static int get_next_best(const struct gguf *gguf, struct trainer *trainer, real *values)
{
    struct best *best = &trainer->best;
    double *scores = NULL;
    int64_t *updates = NULL;
    size_t others, same;
    int result = gguf_get_reals(gguf, "checkpoint.next_best", &scores, &others) ||
                         gguf_get_ints(gguf, "checkpoint.next_best_update", &updates, &same)
                     ? -1
                     : 0;

    if (result == 0 && (others != same || others + (size_t)best->count > (size_t)best->most || (others && !best->count)))
        result = error("%s: the number of its best models contradicts its settings; the file is damaged", gguf->path);
    for (size_t i = 0; result == 0 && i < others; i++) {
        char *prefix = best_prefix(best->count);

        if (!(scores[i] >= -1e300 && scores[i] <= best->items[best->count - 1].score) || updates[i] < 1 ||
            updates[i] > trainer->state.update)
            result = error("%s: its best models are out of order or out of range; the file is damaged", gguf->path);
        else if (!(result = get_array(gguf, &trainer->learner.model.layout, prefix, values, -INFINITY)))
            best_add(best, scores[i], (long)updates[i], values);
        free(prefix);
    }
    free(scores);
    free(updates);
    return result;
}

/* 0, or -1 after reporting. */
static int get_best(const struct gguf *gguf, struct trainer *trainer)
{
    const struct layout *layout = &trainer->learner.model.layout;
    real *values = memory_new(layout->length, sizeof *values);
    int result = 0;

    if (trainer->state.best_update && !(result = get_array(gguf, layout, "best.", values, -INFINITY)))
        best_add(&trainer->best, trainer->state.best, trainer->state.best_update, values);
    if (result == 0 && trainer->best.most > 1)
        result = get_next_best(gguf, trainer, values);
    free(values);
    return result;
}

/* Tells of another number of workers: the sums are then rounded in another way. 0, or -1 after reporting. */
static int compare_workers(const struct trainer *trainer, const struct gguf *gguf)
{
    int now = trainer->learner.exchange.workers;
    int64_t then;

    if (!gguf_has(gguf, "checkpoint.workers"))
        return 0; /* of an earlier version */
    if (gguf_get_int(gguf, "checkpoint.workers", &then))
        return -1;
    if (then != now)
        note("%s: was trained by %ld workers (threads of all processes); with %d, rounding differs from an unbroken run",
             gguf->path, (long)then, now);
    return 0;
}

int checkpoint_load(struct trainer *trainer, const struct gguf *gguf)
{
    struct learner *learner = &trainer->learner;
    const struct layout *layout = &learner->model.layout;
    double moment_low[] = { learner->optimizer.kind == OPTIMIZER_ADADELTA ? 0 : -INFINITY, 0 };
    int64_t has_best;

    if (check_origin(trainer, gguf) || get_parent(trainer, gguf) || get_state(gguf, &trainer->state) ||
        gguf_get_int(gguf, "checkpoint.has_best", &has_best))
        return -1;
    if (!has_best != !trainer->state.best_update)
        return error("%s: its best update and its best weights contradict each other; the file is damaged", gguf->path);
    if (get_array(gguf, layout, "", learner->model.values, -INFINITY))
        return -1;
    for (int i = 0; i < learner->optimizer.moments; i++)
        if (get_array(gguf, layout, moment_prefix[i], learner->optimizer.moment[i], moment_low[i]))
            return -1;
    if (learner->average && get_array(gguf, layout, "average.", learner->average, -INFINITY))
        return -1;
    if (get_best(gguf, trainer))
        return -1;
    history_release(&trainer->history);
    return history_get(&trainer->history, gguf) || compare_workers(trainer, gguf) ? -1 : 0;
}

char *checkpoint_settings(const struct gguf *gguf)
{
    const char *text;
    size_t length;
    int64_t version = 0;

    if (!gguf_has(gguf, "checkpoint.update")) {
        error("%s: is a model, but not a checkpoint: training cannot be resumed from it", gguf->path);
        return NULL;
    }
    if (gguf_has(gguf, "checkpoint.version") && gguf_get_int(gguf, "checkpoint.version", &version))
        return NULL;
    if (version != VERSION) {
        error("%s: is a checkpoint of another version of nmt; resume with that version, or train without --resume", gguf->path);
        return NULL;
    }
    if (gguf_get_string(gguf, "training.settings", &text, &length))
        return NULL;
    if (memchr(text, '\0', length)) {
        error("%s: training.settings contains a NUL byte; the file is damaged", gguf->path);
        return NULL;
    }
    return memory_copy_text(text, length);
}

char *checkpoint_file(const struct gguf *gguf, const char *key)
{
    const char *name;
    size_t length;

    if (!gguf_has(gguf, key) || gguf_get_string(gguf, key, &name, &length))
        return NULL;
    return memory_copy_text(name, length);
}

char **checkpoint_files(const struct gguf *gguf, const char *key, size_t *count)
{
    char **names = NULL;

    *count = 0;
    if (!gguf_has(gguf, key) || gguf_get_strings(gguf, key, &names, count))
        return NULL;
    return names;
}
