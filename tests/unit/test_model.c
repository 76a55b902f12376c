/* Properties of the model over numbers, in float: a sentence means the same in every company, a batch may be cut into parts, targets may
 * share a source, dropout drops what it says, training can learn pairs by heart. (How the weights start: test_layout.c; the masks
 * themselves: test_dropout.c.) */
#include "base/memory.h"
#include "math/vec.h"
#include "model/pass.h"

#include "../check.h"
#include "../pairs.h"

#include <stdlib.h>
#include <string.h>

static const struct config config = { .Vx = 23,
                                      .Vy = 19,
                                      .E = 12,
                                      .tie = TIE_NONE,
                                      .encoder = { .layers = 2, .width = 16 },
                                      .decoder = { .heads = 1, .width = 16, .alignment = 11, .maxout = 10 } };
static const int lengths[][2] = { { 7, 9 }, { 1, 4 }, { 12, 3 }, { 5, 1 }, { 7, 12 }, { 2, 1 }, { 3, 9 }, { 15, 6 } };
enum { PAIRS = sizeof lengths / sizeof *lengths, WORDS_MOST = PAIRS_MOST * PAIRS_LONGEST };
static const struct dropout everything = { .embedding = 0.2,
                                           .state = 0.2,
                                           .annotation = 0.2,
                                           .readout = 0.2,
                                           .residual = 0.2,
                                           .attention = 0.2,
                                           .feed_forward = 0.2,
                                           .source_word = 0.2,
                                           .target_word = 0.2 };

struct setup {
    struct model model;
    struct sample sample;
    struct pass pass;
    struct worker worker;
    struct gradient gradient;
};

static void setup_make_of(struct setup *setup, const struct config *sizes, enum backend backend, enum precision precision)
{
    memset(setup, 0, sizeof *setup);
    worker_init(&setup->worker, 0, backend, precision);
    model_init(&setup->model, sizes, NULL);
    layout_initialize(&setup->model.layout, setup->model.values, INITIAL_GLOROT, 1);
    sample_make(&setup->sample, sizes, lengths, PAIRS, 2);
    gradient_init(&setup->gradient, &setup->model.layout);
}

static void setup_make(struct setup *setup, enum backend backend, enum precision precision)
{
    setup_make_of(setup, &config, backend, precision);
}

static void setup_make_kind(struct setup *setup, enum kind kind)
{
    struct config sizes = config;

    pairs_kind(&sizes, kind);
    setup_make_of(setup, &sizes, BACKEND_OPENBLAS, PRECISION_F32);
}

static void setup_release(struct setup *setup)
{
    gradient_release(&setup->gradient);
    pass_release(&setup->pass);
    worker_release(&setup->worker);
    model_release(&setup->model);
}

static struct dropping dropping_of(const struct dropout *rates, uint64_t update, const int *numbers)
{
    return (struct dropping){ .rates = *rates, .seed = 3, .update = update, .numbers = numbers };
}

/* The nll of each target word of the batch, target sentence after target sentence; returns their sum. */
static double word_nll(struct setup *setup, const struct batch *batch, double *words)
{
    const struct pass_input input = { .model = &setup->model, .batch = batch };
    struct loss loss = { 0 };

    pass_forward(&setup->worker, &setup->pass, &input, &loss, words);
    check_near("loss without smoothing", 0, loss.loss, loss.nll, 1e-9);
    return loss.nll;
}

/* The nll of each target sentence of the batch. */
static void sentence_nll(struct setup *setup, const struct batch *batch, double *sentences)
{
    double words[WORDS_MOST], total = 0, nll = word_nll(setup, batch, words);
    int word = 0;

    for (int b = 0; b < batch->targets; b++) {
        sentences[b] = 0;
        for (int t = 0; t < batch->target_length[b]; t++)
            sentences[b] += words[word++];
        total += sentences[b];
    }
    check_near("sum of the sentences", 0, total, nll, 1e-9);
}

/* The loss of a batch under dropout; the gradient, one pass, is in setup->gradient. */
static double gradient_of(struct setup *setup, const struct sample *sample, const struct dropout *rates, uint64_t update)
{
    const struct dropping dropping = dropping_of(rates, update, sample->numbers);
    const struct pass_input input = {
        .model = &setup->model, .batch = &sample->batch, .dropping = &dropping, .judgement = { .smoothing = 0.1, .scale = 1.0 / 45 }
    };
    struct loss loss = { 0 };

    gradient_begin(&setup->gradient);
    pass_gradient(&setup->worker, &setup->pass, &input, &loss, &setup->gradient);
    gradient_end(&setup->gradient);
    return loss.loss;
}

/* Holds the gradient against wanted [layout.length], tensor by tensor. */
static void check_gradients(const struct setup *setup, const real *wanted)
{
    for (int i = 0; i < setup->model.layout.count; i++) {
        const struct tensor *tensor = &setup->model.layout.tensors[i];
        double norm = sqrt(vec_sum_squares(wanted + tensor->offset, tensor->count));
        int none = strstr(tensor->name, ".bk") != NULL; /* softmax does not notice a bias of the keys: only rounding errors */

        assert_true(norm > 0);
        for (size_t k = 0; k < tensor->count; k++)
            check_near(tensor->name, k, (double)setup->gradient.values[tensor->offset + k], (double)wanted[tensor->offset + k],
                       1e-5 * norm + (none ? 1e-7 : 1e-9));
    }
}

static void check_company(enum kind kind)
{
    static const int orders[][PAIRS] = { { 0, 1, 2, 3, 4, 5, 6, 7 }, { 7, 6, 5, 4, 3, 2, 1, 0 }, { 3, 0, 7, 1, 6, 2, 5, 4 } };
    struct setup setup;
    struct sample some;
    double alone[PAIRS], together[PAIRS];

    setup_make_kind(&setup, kind);
    for (int b = 0; b < PAIRS; b++) {
        sample_pick(&some, &setup.sample, &b, 1);
        sentence_nll(&setup, &some.batch, &alone[b]);
        assert_true(alone[b] > 0.1);
    }
    for (int i = 0; i < 3; i++)
        for (int count = 2; count <= PAIRS; count++) {
            sample_pick(&some, &setup.sample, orders[i], count);
            sentence_nll(&setup, &some.batch, together);
            for (int b = 0; b < count; b++)
                check_near("nll of a sentence", (size_t)orders[i][b], together[b], alone[orders[i][b]], 1e-4);
        }
    setup_release(&setup);
}

static void company(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_company((enum kind)kind);
}

/* Several targets of one source, which is encoded once: in any order, sources without a target among them, each has the nll and the
 * alignment of the pair alone, and together they have the gradient of the pairs. */
static void check_shared(struct decoder_config choices, enum kind kind)
{
    static const int source_of[] = { 2, 0, 0, 1, 2, 0, 4 }, target[] = { 5, 0, 7, 1, 2, 4, 3 };
    static const int target_lengths[] = { 1, 9, 6, 4, 3, 12, 1 };
    enum { SOURCES = 5, TARGETS = sizeof target / sizeof *target };
    const struct dropout none = { 0 };
    struct config sizes = config;
    struct setup setup;
    struct sample shared, one;
    double together[WORDS_MOST], alone[WORDS_MOST], loss = 0;
    real *alignments[TARGETS], *sum;
    int word = 0;

    sizes.decoder.attention = choices.attention;
    sizes.decoder.query = choices.query;
    sizes.decoder.lexical = choices.lexical;
    sizes.decoder.alignment = choices.attention == ATTENTION_NONE ? 0 : sizes.decoder.alignment;
    pairs_kind(&sizes, kind);
    setup_make_of(&setup, &sizes, BACKEND_OPENBLAS, PRECISION_F32);
    shared = setup.sample;
    for (int b = 0; b < TARGETS; b++)
        shared.target[b] = setup.sample.target[target[b]];
    shared.batch = (struct batch){ .sentences = SOURCES,
                                   .source = setup.sample.source,
                                   .source_length = setup.sample.source_length,
                                   .targets = TARGETS,
                                   .target = shared.target,
                                   .target_length = target_lengths,
                                   .source_of = source_of };
    word_nll(&setup, &shared.batch, together);
    for (int b = 0; b < TARGETS; b++) {
        size_t cells = (size_t)(lengths[source_of[b]][0] * target_lengths[b]);

        alignments[b] = memory_new(cells, sizeof(real));
        memcpy(alignments[b], pass_alignment(&setup.pass, b, &setup.model.alignment), cells * sizeof(real));
    }
    sum = memory_new(setup.model.layout.length, sizeof *sum);
    for (int b = 0; b < TARGETS; b++) {
        sample_pick(&one, &setup.sample, &source_of[b], 1);
        one.target[0] = setup.sample.target[target[b]];
        one.target_length[0] = target_lengths[b];
        word_nll(&setup, &one.batch, alone);
        for (int t = 0; t < target_lengths[b]; t++)
            check_near("nll of a word", (size_t)word, together[word], alone[t], 1e-4), word++;
        for (int i = 0; i < target_lengths[b] * lengths[source_of[b]][0]; i++)
            check_near("alignment", (size_t)i, (double)alignments[b][i],
                       (double)pass_alignment(&setup.pass, 0, &setup.model.alignment)[i], 1e-5);
        loss += gradient_of(&setup, &one, &none, 1);
        for (size_t i = 0; i < setup.model.layout.length; i++)
            sum[i] += setup.gradient.values[i];
        free(alignments[b]);
    }
    check_near("loss of targets that share sources", 0, gradient_of(&setup, &shared, &none, 1), loss, 1e-4);
    check_gradients(&setup, sum);
    free(sum);
    setup_release(&setup);
}

static void shared_sources(void **state)
{
    (void)state;
    check_shared((struct decoder_config){ 0 }, RNN);
    check_shared((struct decoder_config){ .query = QUERY_WORD }, RNN);
    check_shared((struct decoder_config){ .attention = ATTENTION_SCALED_DOT }, RNN);
    check_shared((struct decoder_config){ .attention = ATTENTION_NONE }, RNN);
    check_shared((struct decoder_config){ .lexical = 1 }, RNN);
    for (int kind = RNN + 1; kind < KINDS; kind++)
        check_shared((struct decoder_config){ 0 }, (enum kind)kind);
}

/* Each row is a distribution over the target words that follow, given those before and no others. */
static void check_distributions(enum kind kind)
{
    enum { PAIR = 0, AT = 4 };
    struct setup setup;
    struct sample one;
    double before[WORDS_MOST], words[WORDS_MOST], sum = 0, most = 0, least = 1;
    int pair = PAIR, differs = 0;

    setup_make_kind(&setup, kind);
    sample_pick(&one, &setup.sample, &pair, 1);
    word_nll(&setup, &one.batch, before);
    for (int32_t word = 0; word < config.Vy; word++) {
        setup.sample.ids[1][PAIR][AT] = word;
        word_nll(&setup, &one.batch, words);
        for (int t = 0; t < AT; t++)
            check_near("nll of a word before", (size_t)t, words[t], before[t], 1e-6);
        for (int t = AT + 1; t < lengths[PAIR][1]; t++)
            differs += fabs(words[t] - before[t]) > 1e-4;
        sum += exp(-words[AT]);
        most = fmax(most, exp(-words[AT]));
        least = fmin(least, exp(-words[AT]));
    }
    check_near("sum of the probabilities", 0, sum, 1, 1e-5);
    assert_true(most > 1.1 * least);
    assert_true(differs > config.Vy); /* every word is read by those after it */
    setup_release(&setup);
}

static void distributions(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_distributions((enum kind)kind);
}

/* Zeros where one layer's model has no tensor, and that model's numbers for the others. */
static void copy_common(struct model *shallow, struct model *deep)
{
    for (int i = 0; i < deep->layout.count; i++) {
        const struct tensor *tensor = &deep->layout.tensors[i];
        int same = layout_find(&shallow->layout, tensor->name);

        if (same >= 0)
            memcpy(shallow->values + shallow->layout.tensors[same].offset, deep->values + tensor->offset,
                   tensor->count * sizeof(real));
        else
            memset(deep->values + tensor->offset, 0, tensor->count * sizeof(real));
    }
}

/* A layer adds to the annotations: one whose numbers are all zero, and so its states, leaves them as they are; others do not. Nor does it
 * change the masks of the others, whatever the dropout. The losses agree to 1e-5: the same numbers lie at other addresses in the two
 * models, and OpenBLAS adds up in another order where a matrix is aligned otherwise. */
static void zero_layer(void **state)
{
    const struct dropout none = { 0 };
    const struct dropout *const dropouts[] = { &none, &everything };
    struct config one = config;
    struct setup deep, shallow;

    (void)state;
    one.encoder.layers = 1;
    setup_make(&deep, BACKEND_OPENBLAS, PRECISION_F32);
    setup_make_of(&shallow, &one, BACKEND_OPENBLAS, PRECISION_F32);
    for (int i = 0; i < 2; i++) {
        double with, without, zero;

        layout_initialize(&deep.model.layout, deep.model.values, INITIAL_GLOROT, 1);
        with = gradient_of(&deep, &deep.sample, dropouts[i], 8);
        copy_common(&shallow.model, &deep.model);
        without = gradient_of(&shallow, &shallow.sample, dropouts[i], 8);
        zero = gradient_of(&deep, &deep.sample, dropouts[i], 8);
        assert_true(fabs(with - without) > 1e-3);
        check_near("loss with a layer of zeros", (size_t)i, zero, without, 1e-5 * without);
    }
    setup_release(&deep);
    setup_release(&shallow);
}

/* Two workers with half of the batch each, in any order, find the gradient and the loss of the whole: masks go by the sentences'
 * numbers. Another update draws other masks. */
static void check_parts(enum kind kind)
{
    static const int first[] = { 6, 1, 3 }, second[] = { 5, 7, 0, 4, 2 };
    struct setup setup;
    struct sample some;
    double whole, sum;
    size_t length;
    real *copy;

    setup_make_kind(&setup, kind);
    length = setup.model.layout.length;
    copy = memory_new(length, sizeof *copy);
    sample_pick(&some, &setup.sample, first, 3);
    sum = gradient_of(&setup, &some, &everything, 8);
    memcpy(copy, setup.gradient.values, length * sizeof *copy);
    sample_pick(&some, &setup.sample, second, 5);
    sum += gradient_of(&setup, &some, &everything, 8);
    vec_accumulate(copy, setup.gradient.values, length);
    whole = gradient_of(&setup, &setup.sample, &everything, 8);
    check_near("loss in parts", 0, sum, whole, 1e-4);
    check_gradients(&setup, copy);
    assert_true(fabs(gradient_of(&setup, &setup.sample, &everything, 9) - whole) > 1e-3);
    free(copy);
    setup_release(&setup);
}

static void parts(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_parts((enum kind)kind);
}

/* Rows of each alignment are weights that sum to 1, and they are not all alike. */
static void check_alignments(enum kind kind)
{
    struct setup setup;
    double words[WORDS_MOST], spread = 0;

    setup_make_kind(&setup, kind);
    word_nll(&setup, &setup.sample.batch, words);
    for (int b = 0; b < PAIRS; b++) {
        int Tx = lengths[b][0];
        const real *alignment = pass_alignment(&setup.pass, b, &setup.model.alignment);

        for (int t = 0; t < lengths[b][1]; t++) {
            double sum = 0;

            for (int j = 0; j < Tx; j++) {
                assert_true(alignment[t * Tx + j] > 0);
                sum += (double)alignment[t * Tx + j];
                spread = fmax(spread, fabs(alignment[t * Tx + j] - 1.0 / Tx));
            }
            check_near("sum of an alignment's row", (size_t)t, sum, 1, 1e-5);
        }
    }
    assert_true(spread > 0.01);
    setup_release(&setup);
}

static void alignments(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        check_alignments((enum kind)kind);
}

/* Where a mask of a lone sentence shows: a number that it drops reaches no product, so that column of the weight's gradient is zero. */
static const struct seen_mask {
    const char *tensor, *name;
    size_t rate; /* its place in struct dropout */
    int layers;  /* of the encoder, at least */
} seen_masks[] = {
    { "encoder.forward.W", "source.embedding", offsetof(struct dropout, embedding), 1 },
    { "encoder.backward.Wr", "source.embedding", offsetof(struct dropout, embedding), 1 },
    { "decoder.W", "target.embedding", offsetof(struct dropout, embedding), 1 },
    { "readout.Vo", "target.embedding", offsetof(struct dropout, embedding), 1 },
    { "encoder.forward.Ur", "encoder.1.forward.state", offsetof(struct dropout, state), 1 },
    { "encoder.backward.Uz", "encoder.1.backward.state", offsetof(struct dropout, state), 1 },
    { "encoder.2.forward.Uz", "encoder.2.forward.state", offsetof(struct dropout, state), 2 },
    { "encoder.2.backward.Ur", "encoder.2.backward.state", offsetof(struct dropout, state), 2 },
    { "decoder.Ur", "decoder.state", offsetof(struct dropout, state), 1 },
    { "attention.Wa", "decoder.state", offsetof(struct dropout, state), 1 },
    { "attention.Ua", "annotation", offsetof(struct dropout, annotation), 1 },
    { "decoder.C", "annotation", offsetof(struct dropout, annotation), 1 },
    { "encoder.2.forward.W", "annotation", offsetof(struct dropout, annotation), 2 },
    { "encoder.2.backward.Wz", "annotation", offsetof(struct dropout, annotation), 2 },
    { "output.W", "readout", offsetof(struct dropout, readout), 1 },
};
enum { SEEN_MASKS = sizeof seen_masks / sizeof *seen_masks, COLUMNS_MOST = 64 };

static double *rate_of(struct dropout *rates, const struct seen_mask *seen)
{
    return (double *)(void *)((char *)rates + seen->rate);
}

/* Holds the columns of a gradient against the mask that is drawn for the sentence's number under this name; how many it drops. */
static int check_mask_seen(const struct setup *setup, const struct seen_mask *seen, const struct dropping *dropping)
{
    struct dropout rates = dropping->rates;
    struct arena arena = { .used = COLUMNS_MOST * sizeof(real) };
    int tensor = layout_find(&setup->model.layout, seen->tensor), rows, columns, dropped = 0;
    const real *mask, *d;

    assert_true(tensor >= 0);
    rows = setup->model.layout.tensors[tensor].rows;
    columns = setup->model.layout.tensors[tensor].columns;
    d = setup->gradient.values + setup->model.layout.tensors[tensor].offset;
    assert_true(columns <= COLUMNS_MOST);
    arena_allocate(&arena);
    mask = dropout_masks(&arena, dropping, *rate_of(&rates, seen), seen->name, 1, columns);
    for (int column = 0; column < columns; column++) {
        int zero = 1;

        for (int row = 0; row < rows; row++)
            zero = zero && d[row * columns + column] == 0;
        if (zero != (mask && mask[column] == 0))
            fail_msg("d%s: column %d is %s, but the mask %s is not so", seen->tensor, column, zero ? "zero" : "not zero",
                     seen->name);
        dropped += zero;
    }
    arena_release(&arena);
    return dropped;
}

/* Every place of the model has a mask of its own name: with this dropout alone and with all others, with one layer and with two. */
static void masks(void **state)
{
    static const int pair = 4;

    (void)state;
    for (int layers = 1; layers <= 2; layers++) {
        struct config sizes = config;
        struct setup setup;
        struct sample one;

        sizes.encoder.layers = layers;
        setup_make_of(&setup, &sizes, BACKEND_OPENBLAS, PRECISION_F32);
        sample_pick(&one, &setup.sample, &pair, 1);
        for (int i = 0; i < SEEN_MASKS; i++)
            for (int others = 0; others < 2; others++) {
                struct dropout rates = { 0 };
                struct dropping dropping;
                int dropped;

                if (seen_masks[i].layers > layers)
                    continue;
                if (others)
                    rates = (struct dropout){ .embedding = 0.1, .state = 0.2, .annotation = 0.15, .readout = 0.1 };
                *rate_of(&rates, &seen_masks[i]) = 0.4;
                dropping = dropping_of(&rates, 6, one.numbers);
                gradient_of(&setup, &one, &rates, 6);
                dropped = check_mask_seen(&setup, &seen_masks[i], &dropping);
                if (!dropped)
                    fail_msg("the mask %s drops nothing", seen_masks[i].name);
                if (others)
                    continue;
                for (int k = 0; k < SEEN_MASKS; k++) /* what is not dropped out is whole */
                    if (seen_masks[k].layers <= layers && seen_masks[k].rate != seen_masks[i].rate)
                        assert_int_equal(check_mask_seen(&setup, &seen_masks[k], &dropping), 0);
            }
        setup_release(&setup);
    }
}

/* A pair in which no word stands twice, </s> but once: which words are dropped shows in the embeddings' gradients. */
static void distinct_words(struct sample *sample, int pair)
{
    for (int side = 0; side < 2; side++)
        for (int t = 0; t + 1 < lengths[pair][side]; t++)
            sample->ids[side][pair][t] = t + 1;
}

/* The words that dropout drops, and no others, have no vector: neither forward, where the loss is that of an embedding whose rows of these
 * words are zero, nor backward. </s> ends the source, and is never read by the decoder. */
static void check_dropped_words(double source_rate, double target_rate, int pair)
{
    const struct dropout rates = { .source_word = source_rate, .target_word = target_rate }, none = { 0 };
    static const char *const names[2] = { "source.word", "target.word" }, *const tables[2] = { "source.embedding",
                                                                                               "target.embedding" };
    struct dropping dropping;
    struct setup setup;
    struct sample one;
    struct arena arena = { .used = 1024 };
    double loss;

    arena_allocate(&arena);
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    distinct_words(&setup.sample, pair);
    sample_pick(&one, &setup.sample, &pair, 1);
    dropping = dropping_of(&rates, 5, one.numbers);
    loss = gradient_of(&setup, &one, &rates, 5);
    for (int side = 0; side < 2; side++) {
        double rate = side ? target_rate : source_rate;
        const struct tensor *table = &setup.model.layout.tensors[layout_find(&setup.model.layout, tables[side])];
        const unsigned char *dropped = dropout_words(&arena, &dropping, rate, names[side], 1, &lengths[pair][side]);

        for (int word = 0; word < table->rows; word++) {
            int last = lengths[pair][side] - 1, t = word == 0 ? last : word - 1, there = word == 0 || t < last;
            int wanted = there && !(dropped && dropped[t]) && !(side == 1 && word == 0);
            size_t row = table->offset + (size_t)word * (size_t)table->columns;
            double norm = vec_sum_squares(setup.gradient.values + row, (size_t)table->columns);

            if ((norm > 0) != wanted)
                fail_msg("%s, word %d: its vector has a gradient of %.3g", tables[side], word, sqrt(norm));
            if (!wanted)
                memset(setup.model.values + row, 0, (size_t)table->columns * sizeof(real));
        }
    }
    check_near("loss with dropped words", 0, loss, gradient_of(&setup, &one, &none, 5), 1e-6 * loss);
    arena_release(&arena);
    setup_release(&setup);
}

static void dropped_words(void **state)
{
    (void)state;
    check_dropped_words(0, 0, 7);
    check_dropped_words(0.4, 0, 7);
    check_dropped_words(0, 0.4, 4);
    check_dropped_words(0.3, 0.3, 0);
    check_dropped_words(0.999999, 0, 7); /* all but </s> */
    check_dropped_words(0, 0.999999, 4);
    check_dropped_words(0.999999, 0.999999, 1);
}

/* What is measured is what is used, and a smaller batch finds the room there already. */
static void measured(void **state)
{
    static const int some[] = { 1, 3, 6 };
    const struct dropout none = { 0 }, words = { .source_word = 0.2 };
    const struct dropout *const dropouts[] = { &none, &everything, &words };
    struct setup setup;
    struct sample few;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    sample_pick(&few, &setup.sample, some, 3);
    for (int i = 0; i < 3; i++) {
        const struct dropping dropping = dropping_of(dropouts[i], 0, setup.sample.numbers);
        struct pass_input all = { .model = &setup.model, .batch = &setup.sample.batch, .dropping = &dropping };
        struct pass_input part = { .model = &setup.model, .batch = &few.batch, .dropping = &dropping };
        double nll[WORDS_MOST];
        const char *base;

        gradient_of(&setup, &setup.sample, dropouts[i], 0);
        assert_int_equal(setup.worker.arena.used, pass_measure(&all, 1));
        base = setup.worker.arena.base;
        gradient_of(&setup, &few, dropouts[i], 0);
        assert_int_equal(setup.worker.arena.used, pass_measure(&part, 1));
        assert_true(pass_measure(&part, 1) < pass_measure(&all, 1));
        all.dropping = NULL;
        word_nll(&setup, &setup.sample.batch, nll);
        assert_int_equal(setup.worker.arena.used, pass_measure(&all, 0));
        assert_true(pass_measure(&all, 0) < pass_measure(&all, 1));
        assert_ptr_equal(setup.worker.arena.base, base);
        arena_release(&setup.worker.arena);
    }
    worker_reserve(&setup.worker, 12345 * 64);
    assert_true(setup.worker.arena.size >= 12345 * 64 && setup.worker.arena.used == 0);
    setup_release(&setup);
}

/* Eight pairs learned by heart with plain Adam. */
static void by_heart(void **state)
{
    enum { UPDATES = 300 };
    const double beta1 = 0.9, beta2 = 0.99;
    struct setup setup;
    struct pass_input input;
    struct loss loss = { 0 };
    real *m, *v;
    size_t length;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    input = (struct pass_input){ .model = &setup.model, .batch = &setup.sample.batch, .judgement = { .scale = 1.0 / 45 } };
    length = setup.model.layout.length;
    m = memory_new(length, sizeof *m);
    v = memory_new(length, sizeof *v);
    for (int update = 1; update <= UPDATES; update++) {
        loss = (struct loss){ 0 };
        gradient_begin(&setup.gradient);
        pass_gradient(&setup.worker, &setup.pass, &input, &loss, &setup.gradient);
        gradient_end(&setup.gradient);
        if (update == 1) /* of 19 words none is known yet */
            check_near("loss at first", 0, loss.loss / (double)loss.words, log(config.Vy), 0.5);
        vec_adam(setup.model.values, m, v, setup.gradient.values, length, 1,
                 0.01 * sqrt(1 - pow(beta2, update)) / (1 - pow(beta1, update)), beta1, beta2, 1e-8);
    }
    assert_int_equal(loss.words, 45);
    check_near("loss per word after learning", 0, loss.loss / (double)loss.words, 0, 0.01);
    free(m);
    free(v);
    setup_release(&setup);
}

/* Loss, gradient and packing of another backend against OpenBLAS's in f32, before and after the weights change. The weights are such
 * that rounding changes no maxout's choice: with one of 450 changed, bf16's gradient is off by up to a tenth, with none by 0.004. */
static void check_backend(enum backend backend, enum precision precision, double tolerance)
{
    static const unsigned long seeds[] = { 2, 7 };
    enum precision best = precision == PRECISION_F32 ? PRECISION_F32 : PRECISION_AUTO;
    struct setup one, other;

    if (worker_choose(&backend, &best) || best != precision) {
        print_message("skipped: no %s with %s here\n", precision_names[precision], backend_names[backend]);
        skip();
    }
    setup_make(&one, BACKEND_OPENBLAS, PRECISION_F32);
    setup_make(&other, backend, precision);
    for (int round = 0; round < 4; round++) {
        size_t length = one.model.layout.length;
        double difference = 0, wanted, got;

        if (round % 2 == 0) { /* packed weights must follow */
            layout_initialize(&one.model.layout, one.model.values, INITIAL_GLOROT, seeds[round / 2]);
            layout_initialize(&other.model.layout, other.model.values, INITIAL_GLOROT, seeds[round / 2]);
        }
        if (round > 0)
            model_pack(&other.model, &other.worker, 1, round != 3);
        for (int i = 0; round > 0 && i < other.model.layout.block_count; i++)
            assert_int_equal(other.model.weights[i].packed[FORWARD] != NULL,
                             matmul_packs(&other.worker) && other.model.layout.blocks[i].product);
        wanted = gradient_of(&one, &one.sample, &everything, 1);
        got = gradient_of(&other, &other.sample, &everything, 1);
        check_near("loss", (size_t)round, got, wanted, tolerance * wanted);
        for (size_t i = 0; i < length; i++) {
            double off = (double)(one.gradient.values[i] - other.gradient.values[i]);

            difference += off * off;
        }
        check_near("gradient's difference", (size_t)round, sqrt(difference / vec_sum_squares(one.gradient.values, length)), 0,
                   10 * tolerance);
    }
    setup_release(&one);
    setup_release(&other);
}

static void onednn(void **state)
{
    (void)state;
    check_backend(BACKEND_ONEDNN, PRECISION_F32, 1e-6);
}

static void bf16(void **state)
{
    (void)state;
    check_backend(BACKEND_ONEDNN, PRECISION_BF16, 2e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(company),    cmocka_unit_test(shared_sources), cmocka_unit_test(distributions), cmocka_unit_test(parts),
        cmocka_unit_test(alignments), cmocka_unit_test(masks),          cmocka_unit_test(dropped_words), cmocka_unit_test(measured),
        cmocka_unit_test(zero_layer), cmocka_unit_test(by_heart),       cmocka_unit_test(onednn),        cmocka_unit_test(bf16),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
