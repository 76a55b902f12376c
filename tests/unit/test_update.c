/* An update of the weights: what it does is what the formulas say, computed here once more in double; and it is the same however many
 * workers share it, and however many threads there are for them. */
#include "base/memory.h"
#include "math/vec.h"
#include "train/update.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

/* Enough numbers for several slices, and more words than a batch has. */
static const struct config config = { .Vx = 211,
                                      .Vy = 97,
                                      .E = 12,
                                      .encoder = { .layers = 2, .width = 16 },
                                      .decoder = { .heads = 1, .width = 16, .alignment = 11, .maxout = 12 } };
static const struct dropout everything = {
    .embedding = 0.2, .state = 0.2, .annotation = 0.2, .readout = 0.2, .source_word = 0.2, .target_word = 0.2
};

/* A corpus made by hand: PAIRS pairs in BATCHES batches, each of rising length. */
enum { BATCHES = 4, PER_BATCH = 8, PAIRS = BATCHES * PER_BATCH, LONGEST = 12 };

struct text_pairs {
    int32_t ids[2][PAIRS][LONGEST];
    const int32_t *sentence[2][PAIRS];
    int length[2][PAIRS];
    int32_t numbers[PAIRS];
    struct corpus corpus;
};

static void text_pairs_make(struct text_pairs *text)
{
    struct rng rng = rng_make(12, 0, 0, 0);

    memset(text, 0, sizeof *text);
    text->corpus.pairs = PAIRS;
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < PAIRS; i++) {
            int length = 1 + i % PER_BATCH + (int)rng_below(&rng, 2 + (size_t)side);

            text->numbers[i] = (i / PER_BATCH * PER_BATCH) + (i * 3 + 1) % PER_BATCH; /* not the corpus's order */
            text->length[side][text->numbers[i]] = length;
            text->sentence[side][i] = text->ids[side][i];
            for (int t = 0; t + 1 < length; t++)
                text->ids[side][text->numbers[i]][t] = 1 + (int32_t)rng_below(&rng, (size_t)(side ? config.Vy : config.Vx) - 1);
        }
        text->corpus.sentence[side] = text->sentence[side];
        text->corpus.length[side] = text->length[side];
    }
}

static struct pairs batch_of(const struct text_pairs *text, int batch, int count)
{
    return (struct pairs){ &text->corpus, text->numbers + batch * PER_BATCH, count };
}

struct setup {
    struct text_pairs text;
    struct team team;
    struct learner learner;
};

static void setup_make(struct setup *setup, int workers, enum optimizer_kind optimizer, enum tie tie)
{
    struct config sizes = config;
    struct rng rng = rng_make(13, 0, 0, 0);
    struct model model;

    sizes.tie = tie;
    sizes.Vx = tie == TIE_ALL ? sizes.Vy : sizes.Vx;
    text_pairs_make(&setup->text);
    for (int i = 0; tie == TIE_ALL && i < PAIRS; i++)
        for (int t = 0; t < LONGEST; t++)
            setup->text.ids[SOURCE][i][t] %= sizes.Vx;
    assert_int_equal(team_init(&setup->team, workers, BACKEND_OPENBLAS, PRECISION_F32), 0);
    model_init(&model, &sizes, NULL);
    layout_initialize(&model.layout, model.values, INITIAL_GLOROT, 1);
    for (int i = 0; i < model.layout.count; i++) /* no tensor of zeros, whose norm would be no measure */
        if (model.layout.tensors[i].kind == TENSOR_VECTOR)
            check_fill(model.values + model.layout.tensors[i].offset, model.layout.tensors[i].count, 0.3, &rng);
    learner_init(&setup->learner, &setup->team, &model, optimizer);
    setup->learner.dropout = everything;
    setup->learner.smoothing = 0.1;
    setup->learner.seed = 17;
    learner_begin(&setup->learner, EXCHANGE_F32);
}

static void setup_release(struct setup *setup)
{
    learner_release(&setup->learner);
    team_release(&setup->team);
}

static size_t length_of(const struct setup *setup)
{
    return setup->learner.model.layout.length;
}

static real *copy_of(const real *numbers, size_t length)
{
    real *copy = memory_new(length, sizeof *copy);

    memcpy(copy, numbers, length * sizeof *copy);
    return copy;
}

/* Updates from..to, each on a batch of its own. */
static void run(struct setup *setup, long from, long to, double rate)
{
    for (long number = from; number <= to; number++) {
        struct pairs pairs = batch_of(&setup->text, (int)(number % BATCHES), PER_BATCH);
        struct update update;

        assert_int_equal(learner_update(&setup->learner, &update, &(struct lesson){ &pairs, 1, 1 }, rate, number), 0);
        assert_true(isfinite(update.norm) && update.norm > 0);
    }
}

/* ---- by hand ---- */

/* The gradient of a whole batch by one pass, where the learner's weights are now: its norm, and the loss. */
static double gradient_by_hand(struct setup *setup, struct gradient *gradient, struct loss *loss, const struct pairs *pairs,
                               long number)
{
    struct learner *learner = &setup->learner;
    struct part part = { 0 };
    struct pass pass = { 0 };
    struct worker worker;
    struct dropping dropping = { .rates = learner->dropout, .seed = learner->seed, .update = (uint64_t)number };
    struct pass_input input = { .model = &learner->model, .batch = &part.batch, .dropping = &dropping };
    double squares = 0;
    long words = 0;

    worker_init(&worker, 0, BACKEND_OPENBLAS, PRECISION_F32);
    part_make(&part, pairs, 0, 1, 0);
    assert_int_equal(part.batch.sentences, pairs->count);
    for (int b = 0; b < part.batch.targets; b++)
        words += part.batch.target_length[b];
    dropping.numbers = part.numbers;
    input.judgement = (struct judgement){ .smoothing = learner->smoothing, .scale = 1.0 / (double)words };
    *loss = (struct loss){ 0 };
    gradient_begin(gradient);
    pass_gradient(&worker, &pass, &input, loss, gradient);
    gradient_end(gradient);
    assert_int_equal(loss->words, words);
    for (size_t i = 0; i < length_of(setup); i++)
        squares += (double)gradient->values[i] * (double)gradient->values[i];
    part_release(&part);
    pass_release(&pass);
    worker_release(&worker);
    return sqrt(squares);
}

/* The step of one number from its clipped gradient, as train/optimizer.h has it, with the moments of all earlier updates. */
static double step_by_hand(enum optimizer_kind kind, double g, double *m, double *v, long update)
{
    double step = 0;

    switch (kind) {
    case OPTIMIZER_ADAM:
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * g * g;
        step = sqrt(1 - pow(0.999, (double)update)) / (1 - pow(0.9, (double)update)) * *m / (sqrt(*v) + 1e-8);
        break;
    case OPTIMIZER_ADADELTA:
        *m = 0.95 * *m + 0.05 * g * g;
        step = sqrt((*v + 1e-6) / (*m + 1e-6)) * g;
        *v = 0.95 * *v + 0.05 * step * step;
        break;
    case OPTIMIZER_SGD: step = g; break;
    }
    return step;
}

/* Holds an update against the weights before it and the gradient that was found there, clipped to `clip`; whether that changed it. */
static int check_step(struct setup *setup, struct gradient *gradient, double *moments[2], double rate, long number)
{
    struct learner *learner = &setup->learner;
    struct pairs pairs = batch_of(&setup->text, (int)(number % BATCHES), PER_BATCH);
    real *before = copy_of(learner->model.values, length_of(setup));
    struct loss loss;
    struct update update;
    double norm = gradient_by_hand(setup, gradient, &loss, &pairs, number);
    double factor = learner->clip > 0 && norm > learner->clip ? learner->clip / norm : 1;

    assert_int_equal(learner_update(learner, &update, &(struct lesson){ &pairs, 1, 1 }, rate, number), 0);
    check_near("norm", (size_t)number, update.norm, norm, 1e-5 * norm);
    check_near("loss", (size_t)number, update.loss.loss, loss.loss, 1e-5 * loss.loss);
    check_near("nll", (size_t)number, update.loss.nll, loss.nll, 1e-5 * loss.nll);
    assert_int_equal(update.loss.words, loss.words);
    for (size_t i = 0; i < length_of(setup); i++) {
        double step = rate * step_by_hand(learner->optimizer.kind, factor * (double)gradient->values[i], &moments[0][i],
                                          &moments[1][i], number);

        check_near("step", i, (double)before[i] - (double)learner->model.values[i], step,
                   1e-4 * fabs(step) + 1e-7 * fabs((double)before[i]) + 1e-6 * rate);
    }
    free(before);
    return factor < 1;
}

/* Several updates; clip is a share of the first gradient's norm. */
static void check_steps(enum optimizer_kind kind, double rate, double clip)
{
    enum { UPDATES = 5 };
    struct setup setup;
    struct gradient gradient;
    struct pairs first;
    struct loss loss;
    double *moments[2];
    int clipped = 0;

    setup_make(&setup, 1, kind, TIE_NONE);
    gradient_init(&gradient, &setup.learner.model.layout);
    for (int i = 0; i < 2; i++)
        moments[i] = memory_new(length_of(&setup), sizeof(double));
    first = batch_of(&setup.text, 1, PER_BATCH);
    setup.learner.clip = clip * gradient_by_hand(&setup, &gradient, &loss, &first, 1);
    for (long number = 1; number <= UPDATES; number++)
        clipped += check_step(&setup, &gradient, moments, rate, number);
    assert_int_equal(clipped > 0, clip > 0 && clip < 1);
    for (int i = 0; i < 2; i++)
        free(moments[i]);
    gradient_release(&gradient);
    setup_release(&setup);
}

static void adam(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_ADAM, 0.01, 0);
}

static void adadelta(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_ADADELTA, 1, 0);
}

static void sgd(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_SGD, 0.5, 0);
}

/* The norm that is reported is the one before clipping; the step is that of the gradient scaled down to the norm that is allowed, and a
 * gradient below it is left as it is. */
static void clipping(void **state)
{
    (void)state;
    check_steps(OPTIMIZER_SGD, 0.5, 0.3);
    check_steps(OPTIMIZER_ADADELTA, 1, 0.3);
    check_steps(OPTIMIZER_ADAM, 0.01, 0.3);
    check_steps(OPTIMIZER_SGD, 0.5, 100);
}

/* ---- the average ---- */

/* The average against a plain loop over the weights after each update: it starts at the weights as they were; at first less of it is
 * kept, (1 + n) / (10 + n) at update n. */
static void check_average(double keep, long first, int workers)
{
    struct setup setup;
    double *average, apart = 0;

    setup_make(&setup, workers, OPTIMIZER_ADAM, TIE_NONE);
    learner_average(&setup.learner, keep);
    average = memory_new(length_of(&setup), sizeof *average);
    for (size_t i = 0; i < length_of(&setup); i++)
        average[i] = (double)setup.learner.model.values[i];
    for (long number = first; number < first + 6; number++) {
        double now = fmin(keep, (1.0 + (double)number) / (10.0 + (double)number));

        run(&setup, number, number, 0.01);
        for (size_t i = 0; i < length_of(&setup); i++) {
            average[i] = now * average[i] + (1 - now) * (double)setup.learner.model.values[i];
            check_near("average", i, (double)setup.learner.average[i], average[i], 1e-6);
            apart = fmax(apart, fabs(average[i] - (double)setup.learner.model.values[i]));
        }
    }
    assert_true(apart > 1e-3);
    learner_average(&setup.learner, 0);
    assert_null(setup.learner.average);
    run(&setup, first + 6, first + 6, 0.01);
    free(average);
    setup_release(&setup);
}

static void averages(void **state)
{
    (void)state;
    check_average(0.999, 1, 1);   /* warming up all the time */
    check_average(0.25, 1, 2);    /* past it at update 3 */
    check_average(0.9, 1000, 2);  /* long past it */
    check_average(0.9999, 80, 3); /* more is kept from update to update */
}

/* ---- workers and threads ---- */

static double distance(const real *a, const real *b, size_t count)
{
    double squares = 0;

    for (size_t i = 0; i < count; i++)
        squares += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
    return sqrt(squares);
}

/* Every tensor of `got` against `wanted`, to 1e-5 of its norm; it must have moved much further since the start. */
static void check_weights(const struct setup *got, const struct setup *wanted, const real *start)
{
    const struct layout *layout = &wanted->learner.model.layout;

    for (int i = 0; i < layout->count; i++) {
        const struct tensor *tensor = &layout->tensors[i];
        const real *b = wanted->learner.model.values + tensor->offset;
        double norm = sqrt(vec_sum_squares(b, tensor->count));
        double off = distance(got->learner.model.values + tensor->offset, b, tensor->count) / norm;
        double moved = distance(start + tensor->offset, b, tensor->count) / norm;

        if (!(off <= 1e-5))
            fail_msg("%d workers: %s is off by %.3g of its norm", got->team.count, tensor->name, off);
        if (!(moved > 2e-4))
            fail_msg("%s moved by %.3g of its norm only", tensor->name, moved);
    }
}

/* Some updates with the workers, and with one. */
static void check_workers(int workers, enum optimizer_kind kind, double rate, enum tie tie, int sample)
{
    struct setup one, many;
    real *start;

    setup_make(&one, 1, kind, tie);
    setup_make(&many, workers, kind, tie);
    one.learner.clip = many.learner.clip = 0.5;
    one.learner.softmax_sample = many.learner.softmax_sample = sample;
    start = copy_of(one.learner.model.values, length_of(&one));
    run(&one, 1, 4, rate);
    run(&many, 1, 4, rate);
    check_weights(&many, &one, start);
    free(start);
    setup_release(&one);
    setup_release(&many);
}

static void workers_agree(void **state)
{
    (void)state;
    for (int workers = 2; workers <= 3; workers++)
        for (int tie = TIE_NONE; tie <= TIE_ALL; tie++)
            for (int sample = 0; sample <= 5; sample += 5)
                check_workers(workers, OPTIMIZER_SGD, 2, (enum tie)tie, sample);
    check_workers(2, OPTIMIZER_ADADELTA, 1, TIE_NONE, 0);
    check_workers(3, OPTIMIZER_ADADELTA, 1, TIE_TARGET, 0);
}

/* Some workers have no sentence at all, of one or of several updates. */
static void more_workers_than_sentences(void **state)
{
    static const int counts[] = { 2, 1, PER_BATCH, 3, 1 };
    struct setup one, many;
    real *start;

    (void)state;
    for (int tie = TIE_NONE; tie <= TIE_ALL; tie++) {
        setup_make(&one, 1, OPTIMIZER_SGD, (enum tie)tie);
        setup_make(&many, 5, OPTIMIZER_SGD, (enum tie)tie);
        start = copy_of(one.learner.model.values, length_of(&one));
        for (int i = 0; i < 5; i++) {
            struct pairs pairs = batch_of(&one.text, i % BATCHES, counts[i]), same = batch_of(&many.text, i % BATCHES, counts[i]);
            struct update update, other;

            assert_int_equal(learner_update(&one.learner, &update, &(struct lesson){ &pairs, 1, 1 }, 2, i + 1), 0);
            assert_int_equal(learner_update(&many.learner, &other, &(struct lesson){ &same, 1, 1 }, 2, i + 1), 0);
            check_near("norm", (size_t)i, other.norm, update.norm, 1e-5 * update.norm);
            check_near("loss", (size_t)i, other.loss.loss, update.loss.loss, 1e-5 * update.loss.loss);
            assert_int_equal(other.loss.words, update.loss.words);
        }
        check_weights(&many, &one, start);
        free(start);
        setup_release(&one);
        setup_release(&many);
    }
}

/* Two batches of one update have the gradient and the loss of one batch of their sentences. */
static void batches_add_up(void **state)
{
    struct setup one, two;
    real *start;

    (void)state;
    for (int workers = 1; workers <= 3; workers++) {
        setup_make(&one, workers, OPTIMIZER_SGD, TIE_NONE);
        setup_make(&two, workers, OPTIMIZER_SGD, TIE_NONE);
        one.learner.dropout = two.learner.dropout = (struct dropout){ 0 };
        start = copy_of(one.learner.model.values, length_of(&one));
        for (int i = 0; i < 3; i++) {
            struct pairs whole = batch_of(&one.text, i % BATCHES, PER_BATCH), first = batch_of(&two.text, i % BATCHES, PER_BATCH);
            struct pairs halves[] = { first, first };
            struct update update, other;

            halves[0].count = 1;
            halves[1].numbers++;
            halves[1].count = PER_BATCH - 1;
            assert_int_equal(learner_update(&one.learner, &update, &(struct lesson){ &whole, 1, 1 }, 2, i + 1), 0);
            assert_int_equal(learner_update(&two.learner, &other, &(struct lesson){ halves, 2, 2 }, 2, i + 1), 0);
            check_near("norm", (size_t)i, other.norm, update.norm, 1e-5 * update.norm);
            check_near("loss", (size_t)i, other.loss.loss, update.loss.loss, 1e-5 * update.loss.loss);
            assert_int_equal(other.loss.words, update.loss.words);
        }
        check_weights(&two, &one, start);
        free(start);
        setup_release(&one);
        setup_release(&two);
    }
}

/* The order of addition is a binary tree: for four workers, (0 + 1) + (2 + 3), whose bits differ from those of ((0 + 1) + 2) + 3. */
static void sums_are_a_tree(void **state)
{
    struct exchange exchange;
    real numbers[5][2] = { { 1e8f, 1 }, { 1, 2 }, { -1e8f, 3 }, { 3, 4 }, { 16777216.0f, 5 } }, wanted;

    (void)state;
    exchange_init(&exchange, 5, 2);
    for (int i = 0; i < 5; i++)
        exchange.gradients[i] = numbers[i];
    wanted = ((numbers[0][0] + numbers[1][0]) + (numbers[2][0] + numbers[3][0])) + numbers[4][0];
    exchange_add(&exchange, 0, 2);
    exchange_finish(&exchange, 0, 2);
    assert_true(exchange_summed(&exchange, 0)[0] == wanted && exchange_summed(&exchange, 1)[0] == 15);
    exchange_release(&exchange);
}

/* What an update left behind (rows of embeddings, gradients of whole blocks, masks, parts) changes none after it: a learner that has never
 * seen those batches, and is given the state, does the same to the last bit. */
static void nothing_lives_on(void **state)
{
    (void)state;
    for (int tie = TIE_NONE; tie <= TIE_ALL; tie++)
        for (int workers = 1; workers <= 3; workers++)
            for (long seen = 1; seen <= 2; seen++) {
                struct setup old, fresh;
                size_t bytes;

                setup_make(&old, workers, OPTIMIZER_ADAM, (enum tie)tie);
                setup_make(&fresh, workers, OPTIMIZER_ADAM, (enum tie)tie);
                bytes = length_of(&old) * sizeof(real);
                run(&old, 1, seen, 0.01);
                memcpy(fresh.learner.model.values, old.learner.model.values, bytes);
                for (int i = 0; i < 2; i++)
                    memcpy(fresh.learner.optimizer.moment[i], old.learner.optimizer.moment[i], bytes);
                learner_begin(&fresh.learner, EXCHANGE_F32);
                run(&old, seen + 1, seen + 2, 0.01);
                run(&fresh, seen + 1, seen + 2, 0.01);
                assert_memory_equal(old.learner.model.values, fresh.learner.model.values, bytes);
                for (int i = 0; i < 2; i++)
                    assert_memory_equal(old.learner.optimizer.moment[i], fresh.learner.optimizer.moment[i], bytes);
                setup_release(&old);
                setup_release(&fresh);
            }
}

/* How many threads a region of three gets. */
static int threads_now(void)
{
    int threads = 0;

#pragma omp parallel num_threads(3)
#pragma omp single
    threads = omp_get_num_threads();
    return threads;
}

/* One thread does the work of three workers: the same bits. */
static void one_thread_for_three_workers(void **state)
{
    struct setup normal, starved;
    int levels = omp_get_max_active_levels();
    size_t bytes;

    (void)state;
    setup_make(&normal, 3, OPTIMIZER_ADAM, TIE_NONE);
    setup_make(&starved, 3, OPTIMIZER_ADAM, TIE_NONE);
    learner_average(&normal.learner, 0.99);
    learner_average(&starved.learner, 0.99);
    bytes = length_of(&normal) * sizeof(real);
    assert_int_equal(threads_now(), 3);
    run(&normal, 1, 4, 0.01);
    omp_set_max_active_levels(0);
    assert_int_equal(threads_now(), 1);
    run(&starved, 1, 4, 0.01);
    omp_set_max_active_levels(levels);
    assert_memory_equal(starved.learner.model.values, normal.learner.model.values, bytes);
    assert_memory_equal(starved.learner.average, normal.learner.average, bytes);
    setup_release(&normal);
    setup_release(&starved);
}

/* Two threads for five workers, as under OMP_THREAD_LIMIT: the same bits. */
static void two_threads_for_five_workers(void **state)
{
    struct setup normal, starved;
    int threads = 0;

    (void)state;
    setup_make(&normal, 5, OPTIMIZER_ADAM, TIE_NONE);
    setup_make(&starved, 5, OPTIMIZER_ADAM, TIE_NONE);
    run(&normal, 1, 4, 0.01);
#pragma omp teams num_teams(1) thread_limit(2)
    {
        threads = threads_now();
        run(&starved, 1, 4, 0.01);
    }
    assert_int_equal(threads, 2);
    assert_memory_equal(starved.learner.model.values, normal.learner.model.values, length_of(&normal) * sizeof(real));
    setup_release(&normal);
    setup_release(&starved);
}

/* ---- numbers that are not finite ---- */

/* Nothing is changed by an update whose gradient is not finite, and nothing of it lives on in the next one. */
static void not_finite(void **state)
{
    struct setup setup, undisturbed;
    struct update update;
    struct pairs pairs;
    real *values, *average, *moment[2], *broken, kept;
    size_t bytes;

    (void)state;
    setup_make(&setup, 2, OPTIMIZER_ADAM, TIE_NONE);
    setup_make(&undisturbed, 2, OPTIMIZER_ADAM, TIE_NONE);
    learner_average(&setup.learner, 0.99);
    bytes = length_of(&setup) * sizeof(real);
    run(&setup, 1, 2, 0.01);
    run(&undisturbed, 1, 2, 0.01);
    broken = setup.learner.model.values + setup.learner.model.layout.blocks[setup.learner.model.output.b].offset;
    kept = *broken;
    *broken = NAN;
    values = copy_of(setup.learner.model.values, length_of(&setup));
    average = copy_of(setup.learner.average, length_of(&setup));
    for (int i = 0; i < 2; i++)
        moment[i] = copy_of(setup.learner.optimizer.moment[i], length_of(&setup));
    pairs = batch_of(&setup.text, 0, PER_BATCH);
    assert_int_equal(learner_update(&setup.learner, &update, &(struct lesson){ &pairs, 1, 1 }, 0.01, 3), -1);
    assert_memory_equal(setup.learner.model.values, values, bytes);
    assert_memory_equal(setup.learner.average, average, bytes);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(setup.learner.optimizer.moment[i], moment[i], bytes);
    *broken = kept;
    run(&setup, 3, 4, 0.01);
    run(&undisturbed, 3, 4, 0.01);
    assert_memory_equal(setup.learner.model.values, undisturbed.learner.model.values, bytes);
    free(values);
    free(average);
    free(moment[0]);
    free(moment[1]);
    setup_release(&setup);
    setup_release(&undisturbed);
}

/* ---- parts ---- */

/* The workers' parts together are the batch, each pair once with its number; no worker has two more than another. Twins follow them. */
static void parts(void **state)
{
    struct text_pairs text;
    struct part part = { 0 };

    (void)state;
    text_pairs_make(&text);
    for (int workers = 1; workers <= PER_BATCH + 3; workers++)
        for (int count = 1; count <= PER_BATCH; count++) {
            struct pairs pairs = batch_of(&text, 1, count);
            int seen[PER_BATCH] = { 0 };

            for (int worker = 0; worker < workers; worker++) {
                part_make(&part, &pairs, worker, workers, 0);
                assert_int_equal(part.batch.targets, part.batch.sentences);
                assert_true(part.batch.sentences >= count / workers && part.batch.sentences <= count / workers + 1);
                for (int i = 0; i < part.batch.sentences; i++) {
                    int number = part.numbers[i];
                    int32_t pair = pairs.numbers[number];

                    seen[number]++;
                    assert_ptr_equal(part.batch.source[i], text.ids[SOURCE][pair]);
                    assert_ptr_equal(part.batch.target[i], text.ids[TARGET][pair]);
                    assert_int_equal(part.batch.source_length[i], text.length[SOURCE][pair]);
                    assert_int_equal(part.batch.target_length[i], text.length[TARGET][pair]);
                }
            }
            for (int i = 0; i < count; i++)
                assert_int_equal(seen[i], 1);
            part_make(&part, &pairs, 0, workers, 1);
            for (int i = 0, half = part.batch.targets / 2; i < half; i++) {
                assert_int_equal(part.batch.sentences, 2 * half);
                assert_ptr_equal(part.batch.target[half + i], part.batch.target[i]);
                assert_ptr_equal(part.batch.source[half + i], part.batch.source[i]);
                assert_int_equal(part.numbers[half + i], part.numbers[i] + count);
            }
        }
    part_release(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam),
        cmocka_unit_test(adadelta),
        cmocka_unit_test(sgd),
        cmocka_unit_test(clipping),
        cmocka_unit_test(averages),
        cmocka_unit_test(workers_agree),
        cmocka_unit_test(more_workers_than_sentences),
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(sums_are_a_tree),
        cmocka_unit_test(nothing_lives_on),
        cmocka_unit_test(one_thread_for_three_workers),
        cmocka_unit_test(two_threads_for_five_workers),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(parts),
    };

    vec_flush_denormals(); /* as in the workers */
    return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
