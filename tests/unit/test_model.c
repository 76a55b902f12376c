/* Properties of the model over numbers, in float: a sentence means the same in every company, a batch may be cut into parts,
 * training can learn pairs by heart. (How the weights start: test_params.c.) */
#include "base/memory.h"
#include "math/vec.h"

#include "../check.h"
#include "../pairs.h"

#include <stdlib.h>
#include <string.h>

static const struct config config = {
    .Vx = 23, .Vy = 19, .E = 12, .H = 16, .A = 11, .L = 10, .encoder_layers = 2, .tie = TIE_NONE
};
static const int lengths[][2] = { { 7, 9 }, { 1, 4 }, { 12, 3 }, { 5, 1 }, { 7, 12 }, { 2, 1 }, { 3, 9 }, { 15, 6 } };
enum { PAIRS = sizeof lengths / sizeof *lengths };
static const struct dropout everything = {
    .embedding = 0.2, .state = 0.2, .annotation = 0.2, .readout = 0.2, .source_word = 0.2, .target_word = 0.2
};

struct setup {
    struct model model;
    struct pairs pairs;
    struct pass pass;
    struct matmul *matmul;
    struct params gradient;
    real *array; /* of the gradient */
};

static void setup_make(struct setup *setup, enum backend backend, enum precision precision)
{
    *setup = (struct setup){ .matmul = matmul_new(backend, precision) };
    model_init(&setup->model, &config, NULL);
    params_initialize(setup->model.values, &setup->model.layout, INITIAL_GLOROT, 1);
    pairs_make(&setup->pairs, &config, lengths, PAIRS, 2);
    setup->array = memory_new(setup->model.layout.length, sizeof *setup->array);
    params_view(&setup->gradient, &setup->model.layout, &config, setup->array);
}

static void setup_release(struct setup *setup)
{
    free(setup->array);
    matmul_free(setup->matmul);
    pass_release(&setup->pass);
    model_release(&setup->model);
}

/* The nll of each sentence of the batch, by its index. */
static void sentence_nll(struct setup *setup, const struct batch *batch, double *sentences)
{
    struct loss loss = { 0 };
    double words[PAIRS_MOST * PAIRS_LONGEST], total = 0;

    pass_forward(setup->matmul, &setup->pass, &loss, words, batch, &setup->model, 0);
    for (int k = 0; k < batch->sentences; k++) {
        const struct sequence *sequence = &setup->pass.decoder.sequence;

        sentences[sequence->order[k]] = 0;
        for (int t = 0; t < sequence->length[k]; t++)
            sentences[sequence->order[k]] += words[sequence->first[t] + k];
        total += sentences[sequence->order[k]];
    }
    check_near("sum of the sentences", 0, total, loss.nll, 1e-9);
}

static void company(void **state)
{
    static const int orders[][PAIRS] = { { 0, 1, 2, 3, 4, 5, 6, 7 }, { 7, 6, 5, 4, 3, 2, 1, 0 }, { 3, 0, 7, 1, 6, 2, 5, 4 } };
    struct setup setup;
    struct pairs some;
    double alone[PAIRS], together[PAIRS];

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    for (int b = 0; b < PAIRS; b++) {
        pairs_pick(&some, &setup.pairs, &b, 1);
        sentence_nll(&setup, &some.batch, &alone[b]);
        assert_true(alone[b] > 0.1);
    }
    for (int i = 0; i < 3; i++)
        for (int count = 2; count <= PAIRS; count++) {
            pairs_pick(&some, &setup.pairs, orders[i], count);
            sentence_nll(&setup, &some.batch, together);
            for (int b = 0; b < count; b++)
                check_near("nll of a sentence", (size_t)orders[i][b], together[b], alone[orders[i][b]], 1e-4);
        }
    setup_release(&setup);
}

/* A layer adds to the annotations: one whose numbers are all zero, and so its states, leaves them as they are; others do not. */
static void zero_layer(void **state)
{
    struct config one = config;
    struct setup setup;
    struct model shallow;
    struct loss with = { 0 }, without = { 0 }, zero = { 0 };

    (void)state;
    one.encoder_layers = 1;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    model_init(&shallow, &one, NULL);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];
        int same = params_find(&shallow.layout, tensor->name);

        if (same >= 0)
            memcpy(shallow.values + shallow.layout.tensors[same].offset, setup.model.values + tensor->offset,
                   tensor->count * sizeof(real));
    }
    pass_forward(setup.matmul, &setup.pass, &without, NULL, &setup.pairs.batch, &shallow, 0);
    pass_forward(setup.matmul, &setup.pass, &with, NULL, &setup.pairs.batch, &setup.model, 0);
    assert_true(fabs(with.loss - without.loss) > 1e-3);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];

        if (params_find(&shallow.layout, tensor->name) < 0)
            memset(setup.model.values + tensor->offset, 0, tensor->count * sizeof(real));
    }
    pass_forward(setup.matmul, &setup.pass, &zero, NULL, &setup.pairs.batch, &setup.model, 0);
    check_near("loss with a layer of zeros", 0, zero.loss, without.loss, 0);
    model_release(&shallow);
    setup_release(&setup);
}

/* Adds the gradient of the pairs `which` to setup->array and to *loss. */
static void add_gradient(struct setup *setup, struct loss *loss, const int *which, int count, const struct dropout *dropout,
                         uint64_t update)
{
    struct pairs some;

    pairs_pick(&some, &setup->pairs, which, count);
    pass_gradient(setup->matmul, &setup->pass, loss, &setup->gradient, &some.batch, &setup->model, dropout, 0.1, 1.0 / 45, 3,
                  update, some.numbers);
}

/* Two workers with half of the batch each, in any order, find the gradient and the loss of the whole: masks go by the sentences'
 * numbers. Another update draws other masks. */
static void parts(void **state)
{
    static const int all[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, first[] = { 6, 1, 3 }, second[] = { 5, 7, 0, 4, 2 };
    struct setup setup;
    struct loss whole = { 0 }, sum = { 0 }, other = { 0 };
    size_t length;
    real *copy;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    length = setup.model.layout.length;
    copy = memory_new(length, sizeof *copy);
    add_gradient(&setup, &whole, all, PAIRS, &everything, 8);
    memcpy(copy, setup.array, length * sizeof *copy);
    memset(setup.array, 0, length * sizeof *copy);
    add_gradient(&setup, &sum, first, 3, &everything, 8);
    add_gradient(&setup, &sum, second, 5, &everything, 8);
    check_near("loss in parts", 0, sum.loss, whole.loss, 1e-4);
    assert_int_equal(sum.words, whole.words);
    for (int i = 0; i < setup.model.layout.count; i++) {
        const struct tensor *tensor = &setup.model.layout.tensors[i];
        double norm = sqrt(vec_sum_squares(copy + tensor->offset, tensor->count));

        assert_true(norm > 0);
        for (size_t k = 0; k < tensor->count; k++)
            check_near(tensor->name, k, (double)setup.array[tensor->offset + k], (double)copy[tensor->offset + k],
                       1e-5 * norm + 1e-9);
    }
    add_gradient(&setup, &other, all, PAIRS, &everything, 9);
    assert_true(fabs(other.loss - whole.loss) > 1e-3);
    free(copy);
    setup_release(&setup);
}

/* Rows of each alignment are weights that sum to 1, and they are not all alike. */
static void alignments(void **state)
{
    struct setup setup;
    struct loss loss = { 0 };
    double spread = 0;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    pass_forward(setup.matmul, &setup.pass, &loss, NULL, &setup.pairs.batch, &setup.model, 0);
    for (int k = 0; k < PAIRS; k++) {
        int b = setup.pass.decoder.sequence.order[k], Tx = lengths[b][0];
        const real *alignment = decoder_alignment(&setup.pass.decoder, k);

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

/* Steps and rows as the drawing in layers/sequence.h has them. */
static void sequences(void **state)
{
    static const int some[] = { 2, 4, 3, 2 }, order[] = { 1, 2, 0, 3 }, active[] = { 4, 4, 2, 1 }, first[] = { 0, 4, 8, 10, 11 };
    struct arena arena = { 0 };
    struct sequence sequence;

    (void)state;
    sequence_make(&sequence, some, 4, &arena);
    arena_allocate(&arena);
    sequence_make(&sequence, some, 4, &arena);
    assert_true(sequence.sentences == 4 && sequence.steps == 4 && sequence.rows == 11);
    assert_memory_equal(sequence.order, order, sizeof order);
    assert_memory_equal(sequence.active, active, sizeof active);
    assert_memory_equal(sequence.first, first, sizeof first);
    for (int k = 0; k < 4; k++)
        assert_int_equal(sequence.length[k], some[order[k]]);
    arena_release(&arena);
}

/* A mask drops at its rate and keeps the expectation; it never drops the end of a sentence as a word. */
static void masks(void **state)
{
    const struct dropout dropout = { .annotation = 0.25, .source_word = 0.25, .target_word = 0.999 };
    struct setup setup;
    struct arena arena = { 0 };
    struct masks drawn;
    double dropped = 0, sum = 0;
    enum { TIMES = 200, COUNT = PAIRS * 2 * 16 };

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    masks_draw(&drawn, &setup.pairs.batch, &config, &dropout, 1, 0, setup.pairs.numbers, &arena);
    arena_allocate(&arena);
    for (uint64_t update = 0; update < TIMES; update++) {
        arena.used = 0;
        masks_draw(&drawn, &setup.pairs.batch, &config, &dropout, 1, update, setup.pairs.numbers, &arena);
        assert_true(!drawn.source_embedding && !drawn.decoder_state && !drawn.readout);
        for (int i = 0; i < COUNT; i++) {
            assert_true(drawn.annotation[i] == 0 || fabs(drawn.annotation[i] - 4.0 / 3) < 1e-6);
            dropped += drawn.annotation[i] == 0;
            sum += (double)drawn.annotation[i];
        }
        for (int b = 0, source = 0, target = 0; b < PAIRS; b++) {
            source += lengths[b][0];
            target += lengths[b][1];
            assert_true(!drawn.source_word[source - 1] && !drawn.target_word[target - 1]);
        }
    }
    check_near("share dropped", 0, dropped / (TIMES * COUNT), 0.25, 0.01);
    check_near("mean of a mask", 0, sum / (TIMES * COUNT), 1, 0.015);
    arena_release(&arena);
    setup_release(&setup);
}

/* A layer more draws masks of its own and leaves all others as they are. */
static void masks_of_layers(void **state)
{
    struct config one = config;
    struct setup setup;
    struct arena arena = { 0 };
    struct masks few, more;
    enum { STATES = PAIRS * 16 * sizeof(real) };

    (void)state;
    one.encoder_layers = 1;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    for (int round = 0; round < 2; round++) {
        masks_draw(&few, &setup.pairs.batch, &one, &everything, 1, 2, setup.pairs.numbers, &arena);
        masks_draw(&more, &setup.pairs.batch, &config, &everything, 1, 2, setup.pairs.numbers, &arena);
        if (round == 0)
            arena_allocate(&arena);
    }
    for (int d = 0; d < 2; d++) {
        assert_memory_equal(few.encoder_state[0][d], more.encoder_state[0][d], STATES);
        assert_null(few.encoder_state[1][d]);
        assert_memory_not_equal(more.encoder_state[1][d], more.encoder_state[0][d], STATES);
    }
    assert_memory_not_equal(more.encoder_state[1][0], more.encoder_state[1][1], STATES);
    assert_memory_equal(few.decoder_state, more.decoder_state, STATES);
    assert_memory_equal(few.annotation, more.annotation, 2 * STATES);
    assert_memory_equal(few.readout, more.readout, PAIRS * 10 * sizeof(real));
    assert_memory_equal(few.source_word, more.source_word, (size_t)setup.pairs.source_length[0]);
    assert_memory_equal(few.target_word, more.target_word, (size_t)setup.pairs.target_length[0]);
    arena_release(&arena);
    setup_release(&setup);
}

/* The words that a mask drops, and no others, have no vector; the decoder reads each word one step later. */
static void dropped_words(void **state)
{
    struct setup setup;
    struct loss loss = { 0 };
    int source = 0, target = 0;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    pass_gradient(setup.matmul, &setup.pass, &loss, &setup.gradient, &setup.pairs.batch, &setup.model, &everything, 0, 1, 1, 1,
                  setup.pairs.numbers);
    for (int b = 0; b < PAIRS; b++) {
        const struct encoder *encoder = &setup.pass.encoder;
        const struct decoder *decoder = &setup.pass.decoder;
        const unsigned char *no_source = setup.pass.masks.source_word + source;
        const unsigned char *no_target = setup.pass.masks.target_word + target;
        int Tx = lengths[b][0], Ty = lengths[b][1], source_rank = 0, target_rank = 0;

        while (encoder->sequence.order[source_rank] != b)
            source_rank++;
        while (decoder->sequence.order[target_rank] != b)
            target_rank++;
        for (int t = 0; t < Tx; t++) {
            int row = encoder->sequence.first[t] + source_rank, last = Tx - 1 - t;

            assert_int_equal(encoder->ids[0][row], no_source[t] ? -1 : setup.pairs.source[b][t]);
            assert_int_equal(encoder->ids[1][row], no_source[last] ? -1 : setup.pairs.source[b][last]);
        }
        for (int t = 0; t < Ty; t++) {
            int row = decoder->sequence.first[t] + target_rank;

            assert_int_equal(decoder->ids[row], t == 0 || no_target[t - 1] ? -1 : setup.pairs.target[b][t - 1]);
            assert_int_equal(decoder->labels[row], setup.pairs.target[b][t]);
        }
        source += Tx;
        target += Ty;
    }
    setup_release(&setup);
}

/* What is measured is what is used, and a smaller batch finds the room there already. */
static void measured(void **state)
{
    static const int some[] = { 1, 3, 6 };
    const struct dropout *dropouts[] = { NULL, &everything };
    struct setup setup;
    struct pairs few;
    struct loss loss = { 0 };

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    pairs_pick(&few, &setup.pairs, some, 3);
    for (int i = 0; i < 2; i++) {
        const struct batch *all = &setup.pairs.batch;
        const char *base;

        pass_gradient(setup.matmul, &setup.pass, &loss, &setup.gradient, all, &setup.model, dropouts[i], 0, 1, 0, 0,
                      setup.pairs.numbers);
        assert_int_equal(setup.pass.arena.used, pass_measure(all, &config, dropouts[i], 1));
        base = setup.pass.arena.base;
        pass_gradient(setup.matmul, &setup.pass, &loss, &setup.gradient, &few.batch, &setup.model, dropouts[i], 0, 1, 0, 0,
                      few.numbers);
        assert_int_equal(setup.pass.arena.used, pass_measure(&few.batch, &config, dropouts[i], 1));
        pass_forward(setup.matmul, &setup.pass, &loss, NULL, all, &setup.model, 0);
        assert_int_equal(setup.pass.arena.used, pass_measure(all, &config, NULL, 0));
        assert_ptr_equal(setup.pass.arena.base, base);
        pass_release(&setup.pass);
    }
    pass_reserve(&setup.pass, 12345 * 64);
    assert_true(setup.pass.arena.size >= 12345 * 64);
    setup_release(&setup);
}

/* Eight pairs learned by heart with plain Adam. */
static void by_heart(void **state)
{
    enum { UPDATES = 300 };
    const double beta1 = 0.9, beta2 = 0.99;
    struct setup setup;
    struct loss loss = { 0 };
    real *m, *v;
    size_t length;

    (void)state;
    setup_make(&setup, BACKEND_OPENBLAS, PRECISION_F32);
    length = setup.model.layout.length;
    m = memory_new(length, sizeof *m);
    v = memory_new(length, sizeof *v);
    for (int update = 1; update <= UPDATES; update++) {
        loss = (struct loss){ 0 };
        memset(setup.array, 0, length * sizeof *m);
        pass_gradient(setup.matmul, &setup.pass, &loss, &setup.gradient, &setup.pairs.batch, &setup.model, NULL, 0, 1.0 / 45, 0, 0,
                      NULL);
        if (update == 1) /* of 19 words none is known yet */
            check_near("loss at first", 0, loss.loss / (double)loss.words, log(config.Vy), 0.5);
        vec_adam(setup.model.values, m, v, setup.array, length, 1, 0.01 * sqrt(1 - pow(beta2, update)) / (1 - pow(beta1, update)),
                 beta1, beta2, 1e-8);
    }
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

    if (matmul_choose(&backend, &best) || best != precision) {
        print_message("skipped: no %s with %s here\n", precision_names[precision], backend_names[backend]);
        skip();
    }
    setup_make(&one, BACKEND_OPENBLAS, PRECISION_F32);
    setup_make(&other, backend, precision);
    for (int round = 0; round < 4; round++) {
        size_t length = one.model.layout.length;
        struct loss wanted = { 0 }, got = { 0 };
        double difference = 0;

        if (round % 2 == 0) { /* packed weights must follow */
            params_initialize(one.model.values, &one.model.layout, INITIAL_GLOROT, seeds[round / 2]);
            params_initialize(other.model.values, &other.model.layout, INITIAL_GLOROT, seeds[round / 2]);
        }
        if (round > 0)
            model_pack(&other.model, other.matmul, round != 3);
        for (int i = 0; round > 0 && i < WEIGHTS; i++)
            assert_true(!other.model.weights[i].packed[FORWARD] == !(matmul_packs(other.matmul) && other.model.weights[i].out));
        memset(one.array, 0, length * sizeof(real));
        memset(other.array, 0, length * sizeof(real));
        pass_gradient(one.matmul, &one.pass, &wanted, &one.gradient, &one.pairs.batch, &one.model, &everything, 0.1, 1, 1, 1,
                      one.pairs.numbers);
        pass_gradient(other.matmul, &other.pass, &got, &other.gradient, &other.pairs.batch, &other.model, &everything, 0.1, 1, 1, 1,
                      other.pairs.numbers);
        check_near("loss", (size_t)round, got.loss, wanted.loss, tolerance * wanted.loss);
        for (size_t i = 0; i < length; i++)
            difference += (double)(one.array[i] - other.array[i]) * (double)(one.array[i] - other.array[i]);
        check_near("gradient's difference", (size_t)round, sqrt(difference / vec_sum_squares(one.array, length)), 0,
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
        cmocka_unit_test(company),   cmocka_unit_test(parts),           cmocka_unit_test(alignments),
        cmocka_unit_test(sequences), cmocka_unit_test(masks),           cmocka_unit_test(dropped_words),
        cmocka_unit_test(measured),  cmocka_unit_test(masks_of_layers), cmocka_unit_test(zero_layer),
        cmocka_unit_test(by_heart),  cmocka_unit_test(onednn),          cmocka_unit_test(bf16),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
