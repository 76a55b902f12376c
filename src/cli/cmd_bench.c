/* nmt bench: the peak speed of matrix products on this machine, and the speed of training and translation, absolute and as a share
 * of that peak, measured in one run.
 *
 * The data are those of a parallel corpus if files are given (tokens are separated by spaces; the most frequent are kept),
 * otherwise random tokens in sentences as long as captions. Only the floating-point operations of matrix products on real tokens
 * are counted: three times the forward pass for training. */
#include "base/io.h"
#include "base/json.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "corpus/plan.h"
#include "search/beam.h"
#include "train/settings.h"
#include "train/update.h"
#include "train/progress.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_settings {
    const char *source, *target;
    int model_type, embedding, hidden, alignment, maxout, encoder_layers, decoder_layers, heads, feed_forward, query;
    int vocabulary, batch, updates, sentences;
    int threads, backend, precision, json, train, translate, shortlist;
    double dropout, smoothing, peak_seconds;
};

struct bench {
    struct bench_settings s;
    struct team team;
    struct config config;
    struct corpus corpus;
    double peak[2];   /* GFLOP/s of the chosen backend and precision: of one worker, of all */
    struct json json; /* the object that --json prints */
};

static void add_json(struct bench *bench, const char *name, double value)
{
    json_real(&bench->json, name, value, 6);
}

/* GFLOP/s of matrix products of one shape, all workers of a team at once. */
static double team_peak(const struct team *team, int m, int n, int k, double seconds)
{
    double total = 0;

#pragma omp parallel num_threads(team->count) reduction(+ : total)
    TEAM_EACH (team, worker)
        total += matmul_peak(worker, m, n, k, seconds);
    return total;
}

/* The peak of every backend and precision available on this machine, with one worker and with all. */
static int bench_products(struct bench *bench)
{
    static const struct {
        enum backend backend;
        enum precision precision;
    } kinds[] = { { BACKEND_OPENBLAS, PRECISION_F32 },
                  { BACKEND_ONEDNN, PRECISION_F32 },
                  { BACKEND_ONEDNN, PRECISION_BF16 },
                  { BACKEND_ONEDNN, PRECISION_INT8 } };

    if (!bench->s.json)
        printf("matrix products, GFLOP/s    1024x1024x1024   64x1536x512   1024x1024x1024 on %d threads   instructions\n",
               bench->team.count);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct team one, all;
        double large, small, together;
        char name[64];

        if (!worker_available(kinds[i].backend, kinds[i].precision))
            continue;
        if (team_init(&one, 1, kinds[i].backend, kinds[i].precision) ||
            team_init(&all, bench->team.count, kinds[i].backend, kinds[i].precision))
            return -1;
        large = team_peak(&one, 1024, 1024, 1024, bench->s.peak_seconds);
        small = team_peak(&one, 64, 1536, 512, bench->s.peak_seconds);
        together = team_peak(&all, 1024, 1024, 1024, bench->s.peak_seconds);
        if (kinds[i].backend == bench->team.backend && kinds[i].precision == bench->team.precision)
            bench->peak[0] = large, bench->peak[1] = together;
        snprintf(name, sizeof name, "%s %s", backend_names[kinds[i].backend], precision_names[kinds[i].precision]);
        if (!bench->s.json)
            printf("  %-24s %14.1f %13.1f %16.1f   %s\n", name, large, small, together,
                   worker_instructions(kinds[i].backend, kinds[i].precision));
        for (char *c = name; *c; c++)
            *c = *c == ' ' ? '_' : *c;
        strcat(name, "_peak_gflops");
        add_json(bench, name, together);
        team_release(&one);
        team_release(&all);
    }
    return 0;
}

/* Tokens by rank: low ranks are frequent, as in text (Zipf). */
static int32_t random_word(struct rng *rng, int vocabulary)
{
    return (int32_t)(2 + (vocabulary - 2) * pow(rng_uniform(rng), 3));
}

static int random_length(struct rng *rng)
{
    int length = (int)(13.5 + 4 * rng_normal(rng));

    return length < 5 ? 5 : length > 40 ? 40 : length;
}

/* The corpus of the files, one entry per token. */
static int read_corpus(struct bench *bench)
{
    struct corpus_files files = { .source = bench->s.source, .target = bench->s.target };
    struct tokenizer_options options = { .units = UNITS_WORD, .pretokenized = 1, .vocabulary = bench->s.vocabulary };
    struct corpus *corpus = &bench->corpus;
    struct tokenizer tokenizer;

    if (corpus_read(corpus, &files, BAD_UTF8_ERROR, 0, 0))
        return -1;
    tokenizer_learn(&tokenizer, &options, corpus->lines[SOURCE], corpus->lines[TARGET], corpus->pairs);
    corpus_encode(corpus, &tokenizer);
    tokenizer_release(&tokenizer);
    return 0;
}

/* A corpus of random tokens. */
static int make_corpus(struct bench *bench)
{
    struct corpus *corpus = &bench->corpus;

    corpus->pairs = 4000;
    for (int side = 0; side < 2; side++) {
        struct rng rng = rng_make(1, 0x62656e63, (uint64_t)side, 0);
        size_t used = 0;

        corpus->ids[side] = memory_new(corpus->pairs * 42, sizeof(int32_t));
        corpus->sentence[side] = memory_new(corpus->pairs, sizeof(int32_t *));
        corpus->length[side] = memory_new(corpus->pairs, sizeof(int));
        for (size_t k = 0; k < corpus->pairs; k++) {
            struct rng lengths = rng_make(2, 0x6c656e67, k, 0);
            int length = random_length(&lengths) + (side ? (int)rng_below(&rng, 3) - 1 : 0);

            corpus->sentence[side][k] = corpus->ids[side] + used;
            corpus->length[side][k] = length + 1;
            for (int i = 0; i < length; i++)
                corpus->ids[side][used++] = random_word(&rng, bench->s.vocabulary);
            corpus->ids[side][used++] = VOCAB_END;
        }
    }
    return 0;
}

static void report_parts(struct bench *bench)
{
    const struct meter *first = &bench->team.workers[0].meter;
    double total = 0, seconds[METER_PARTS] = { 0 };

    for (int i = 0; i < bench->team.count; i++)
        for (int part = 0; part < bench->team.workers[i].meter.count; part++)
            for (int k = 0; k < first->count; k++)
                if (bench->team.workers[i].meter.parts[part].name == first->parts[k].name) {
                    seconds[k] += bench->team.workers[i].meter.parts[part].seconds;
                    total += bench->team.workers[i].meter.parts[part].seconds;
                }
    for (int k = 0; k < first->count; k++) {
        char name[64];

        snprintf(name, sizeof name, "train_%s_percent", first->parts[k].name);
        add_json(bench, name, 100 * seconds[k] / total);
        if (!bench->s.json)
            printf("%s%s %.1f %%", k ? ", " : "  of the time: ", first->parts[k].name, 100 * seconds[k] / total);
    }
    if (!bench->s.json)
        putchar('\n');
}

static void report_training(struct bench *bench, double seconds, double words, double flops)
{
    if (!bench->s.json)
        printf("training   %s %s, %d threads, batches of %d: %.0f target tokens/s, %.0f ms per update, %.1f GFLOP/s = %.0f %% of "
               "the peak\n",
               backend_names[bench->team.backend], precision_names[bench->team.precision], bench->team.count, bench->s.batch,
               words / seconds, 1000 * seconds / bench->s.updates, 1e-9 * flops / seconds, 1e-7 * flops / seconds / bench->peak[1]);
    add_json(bench, "train_tokens_per_second", words / seconds);
    add_json(bench, "train_gflops", 1e-9 * flops / seconds);
    add_json(bench, "train_percent_of_peak", 1e-7 * flops / seconds / bench->peak[1]);
    add_json(bench, "train_memory_mb", (double)progress_memory() / 1e6);
    report_parts(bench);
}

static int bench_training(struct bench *bench)
{
    enum { WARM_UP = 5 };
    const struct plan_options batches = { .sentences = bench->s.batch, .pool = 100 };
    struct model model;
    struct learner learner;
    struct plan plan;
    struct update update;
    double from = 0, flops = 0, words = 0;
    int failed = 0, count = 0;

    model_init(&model, &bench->config, NULL);
    layout_initialize(&model.layout, model.values, INITIAL_GLOROT, 1);
    learner_init(&learner, &bench->team, &model, OPTIMIZER_ADAM);
    learner.clip = 1;
    learner.smoothing = bench->s.smoothing;
    learner.dropout = (struct dropout){ .embedding = bench->s.dropout, .readout = bench->s.dropout, .residual = bench->s.dropout };
    plan_make(&plan, &bench->corpus, &batches, 1, 1);
    learner_begin(&learner, EXCHANGE_F32);
    for (size_t i = 0; !failed && count < WARM_UP + bench->s.updates; i = (i + 1) % plan.batches) {
        const struct pairs pairs = plan_batch(&plan, &bench->corpus, i);

        if (pairs.count < bench->s.batch && plan.batches > 1)
            continue;
        if (count == WARM_UP) {
            for (int k = 0; k < bench->team.count; k++)
                meter_reset(&bench->team.workers[k].meter);
            from = meter_clock();
        }
        failed = learner_update(&learner, &update, &(struct lesson){ &pairs, 1, 1 }, 1e-4, count + 1);
        if (count++ < WARM_UP)
            continue;
        for (int k = 0; k < pairs.count; k++) {
            double Tx = bench->corpus.length[SOURCE][pairs.numbers[k]], Ty = bench->corpus.length[TARGET][pairs.numbers[k]];
            const struct work work = { Tx, Ty, Tx * Ty, 1 };

            flops += 3 * model_operations(&bench->config, &work);
            words += Ty;
        }
    }
    if (failed)
        error("bench: training failed");
    else
        report_training(bench, meter_clock() - from, words, flops);
    plan_release(&plan);
    learner_release(&learner);
    return failed;
}

/* Translates batch `index` of the plan, each sentence to exactly its reference's length, so that the work does not depend on the
 * weights. Searches the shortlist, if the model has one. */
static void translate_batch(struct beam *beam, const struct corpus *corpus, const struct plan *plan, size_t index, int beam_size)
{
    const int32_t *pairs = plan->pairs + plan->first[index];
    size_t count = plan->first[index + 1] - plan->first[index];
    const int32_t **source = memory_new(count, sizeof *source);
    int *source_length = memory_new(count, sizeof *source_length), *exact = memory_new(count, sizeof *exact);
    struct hypothesis *best = memory_new(count, sizeof *best);
    struct batch batch = { .sentences = (int)count, .source = source, .source_length = source_length };
    struct beam_options options = { .beam = beam_size, .n_best = 1, .forbidden = -1, .exact_length = exact, .shortlist = 1 };

    for (size_t k = 0; k < count; k++) {
        source[k] = corpus->sentence[SOURCE][pairs[k]];
        source_length[k] = corpus->length[SOURCE][pairs[k]];
        exact[k] = corpus->length[TARGET][pairs[k]];
    }
    beam_search(beam, &batch, &options, best);
    for (size_t k = 0; k < count; k++)
        free(best[k].ids);
    free(source);
    free(source_length);
    free(exact);
    free(best);
}

/* One way of translating, with the JSON key of its result. */
struct way {
    const char *name, *key;
    int beam, batch, sentences, threads;
};

/* Operations of matrix products per sentence: all hypotheses run from the second word to the last one; the first has one. */
static double translate_operations(const struct bench *bench, const struct corpus *part, int beam)
{
    double total = 0;

    for (size_t k = 0; k < part->pairs; k++) {
        double Tx = part->length[SOURCE][k], words = 1 + beam * (part->length[TARGET][k] - 1.0);
        const struct work work = { Tx, words, Tx * words, 1 };

        total += model_operations(&bench->config, &work);
    }
    return total / (double)part->pairs;
}

/* The sentences of a way of translating. */
static struct corpus translate_corpus(const struct bench *bench, const struct way *way)
{
    struct corpus part = bench->corpus;

    part.pairs = (size_t)way->sentences < part.pairs ? (size_t)way->sentences : part.pairs;
    return part;
}

/* Translates the first sentences in batches, longest first. Returns sentences per second. */
static double translate_speed(struct bench *bench, struct model *model, const struct way *way)
{
    struct beam *beams = memory_new((size_t)way->threads, sizeof *beams);
    const struct plan_options batches = { .sentences = way->batch, .pool = 1 << 20 };
    struct corpus part = translate_corpus(bench, way);
    struct plan plan;
    double from = 0;

    plan_make(&plan, &part, &batches, 1, 1);
    for (int i = 0; i < way->threads; i++)
        beam_init(&beams[i], &bench->team.workers[i], &model, 1);
    for (int round = 0; round < 2; round++) { /* the first one is a warm-up */
        from = meter_clock();
#pragma omp parallel for schedule(dynamic, 1) num_threads(way->threads) if (way->threads > 1)
        for (size_t i = 0; i < plan.batches; i++)
            translate_batch(&beams[omp_get_thread_num()], &part, &plan, i, way->beam);
    }
    from = meter_clock() - from;
    for (int i = 0; i < way->threads; i++)
        beam_release(&beams[i]);
    free(beams);
    plan_release(&plan);
    return (double)part.pairs / from;
}

/* A shortlist of the usual size, 30 words for each source word and 200 for all, drawn at random. */
static struct shortlist make_shortlist(const struct config *config)
{
    enum { TRANSLATIONS = 30, FREQUENT = 200 };
    struct shortlist list = { .sources = config->Vx };
    struct rng rng = rng_make(1, 0x73686f72, 0, 0);
    int each = TRANSLATIONS < config->Vy ? TRANSLATIONS : config->Vy, all = FREQUENT < config->Vy ? FREQUENT : config->Vy;
    size_t used = 0;

    list.own_counts = memory_new((size_t)list.sources + 1, sizeof *list.own_counts);
    list.own_words = memory_new((size_t)list.sources * (size_t)each + (size_t)all, sizeof *list.own_words);
    for (int x = 0; x <= list.sources; x++) {
        size_t count = (size_t)(list.own_counts[x] = x < list.sources ? each : all), V = (size_t)config->Vy;

        for (size_t i = 0; i < count; i++) { /* one of each of `count` parts of the vocabulary */
            size_t from = i * V / count, to = (i + 1) * V / count;

            list.own_words[used++] = (int32_t)(from + rng_below(&rng, to - from));
        }
    }
    list.counts = list.own_counts;
    list.words = list.own_words;
    shortlist_index(&list);
    return list;
}

static void bench_translation(struct bench *bench)
{
    const struct way ways[] = {
        { "beam 5, batches of 64", "translate_beam5", 5, 64, bench->s.sentences, bench->team.count },
        { "greedy, batches of 64", "translate_greedy", 1, 64, bench->s.sentences, bench->team.count },
        { "greedy, one sentence at a time, 1 thread", "translate_single", 1, 1, bench->s.sentences / 5, 1 },
    };
    struct model model;

    model_init(&model, &bench->config, NULL);
    layout_initialize(&model.layout, model.values, INITIAL_GLOROT, 1);
    model_pack(&model, &bench->team.workers[0], 1, PACK_FORWARD);
    if (bench->s.shortlist)
        model.shortlist = make_shortlist(&bench->config);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        double speed = translate_speed(bench, &model, &ways[i]);
        struct corpus part = translate_corpus(bench, &ways[i]);
        double percent = 1e-7 * speed * translate_operations(bench, &part, ways[i].beam) / bench->peak[ways[i].threads > 1];
        char key[64];

        if (!bench->s.json)
            printf("%s%s: %.1f sentences/s, %.0f %% of the peak\n", i ? "           " : "translate  ", ways[i].name, speed,
                   percent);
        snprintf(key, sizeof key, "%s_sentences_per_second", ways[i].key);
        add_json(bench, key, speed);
        snprintf(key, sizeof key, "%s_percent_of_peak", ways[i].key);
        add_json(bench, key, percent);
    }
    model_release(&model);
}

#define ROW(type, member) OPTION(struct bench_settings, type, member)

static const struct option table[] = {
    { "source", ROW(TEXT, source), .value = "FILE",
      .help = "use these source sentences (tokens separated by spaces) instead of random ones" },
    { "target", ROW(TEXT, target), .value = "FILE", .help = "and these translations of them" },
    { "model-type", ROW(CHOICE, model_type), .value = "TYPE", .initial = "rnn", .names = model_type_names,
      .help = "kinds of encoder and decoder, as in nmt train" },
    { "embedding", ROW(INT, embedding), .value = "N", .initial = "256", .low = 1, .high = 65536,
      .help = "size of the word vectors" },
    { "hidden", ROW(INT, hidden), .value = "N", .initial = "512", .low = 1, .high = 65536, .help = "size of the recurrent states" },
    { "alignment", ROW(INT, alignment), .value = "N", .initial = "512", .low = 1, .high = 65536,
      .help = "size of the alignment model" },
    { "maxout", ROW(INT, maxout), .value = "N", .initial = "512", .low = 1, .high = 65536,
      .help = "size of the readout before the output layer" },
    { "encoder-layers", ROW(INT, encoder_layers), .value = "N", .initial = "1", .low = 1, .high = 64,
      .help = "number of encoder layers" },
    { "decoder-layers", ROW(INT, decoder_layers), .value = "N", .initial = "1", .low = 1, .high = 64,
      .help = "number of layers of a Transformer decoder" },
    { "heads", ROW(INT, heads), .value = "N", .initial = "4", .low = 1, .high = 1024, .help = "attention heads of a Transformer" },
    { "feed-forward", ROW(INT, feed_forward), .value = "N", .initial = "1024", .low = 1, .high = 65536,
      .help = "size of the hidden layer of a Transformer's feed-forward layers" },
    { "query", ROW(CHOICE, query), .value = "WHAT", .initial = "word", .names = query_names,
      .help = "condition attention on the decoder state alone, or on the state and the previous word" },
    { "vocabulary", ROW(INT, vocabulary), .value = "N", .initial = "10000", .low = 10, .high = 10000000,
      .help = "vocabulary size of each side" },
    { "batch", ROW(INT, batch), .value = "N", .initial = "64", .low = 1, .high = 4000, .help = "sentences per training batch" },
    { "updates", ROW(INT, updates), .value = "N", .initial = "20", .low = 1, .high = INT_MAX - 10,
      .help = "number of updates to measure, after 5 for warm-up" },
    { "sentences", ROW(INT, sentences), .value = "N", .initial = "1000", .low = 5, .high = INT_MAX,
      .help = "number of sentences to translate" },
    { "dropout", ROW(REAL, dropout), .value = "P", .initial = "0.2", .high = 0.99,
      .help = "dropout of the embeddings and before the output layer" },
    { "label-smoothing", ROW(REAL, smoothing), .value = "P", .initial = "0.1", .high = 0.99,
      .help = "probability spread evenly over the vocabulary" },
    { "peak-seconds", ROW(REAL, peak_seconds), .value = "SECONDS", .initial = "0.5", .low = 0.01, .high = 100,
      .help = "duration of each peak measurement" },
    { "train", ROW(FLAG, train), .help = "measure only training (and the peaks)" },
    { "translate", ROW(FLAG, translate), .help = "measure only translation (and the peaks)" },
    { "shortlist", ROW(FLAG, shortlist),
      .help =
          "translate with a shortlist of the usual size (nmt translate --shortlist), of random words; per cent of the peak then "
          "still count the whole output layer" },
    { "threads", ROW(INT, threads), .value = "N", .initial = "auto", .low = 1, .high = TEAM_MOST, .word = "auto",
      .help = "worker threads; auto: one per processor" },
    { "backend", ROW(CHOICE, backend), .value = "NAME", .initial = "auto", .names = backend_names,
      .help = "library for matrix products" },
    { "precision", ROW(CHOICE, precision), .value = "NAME", .initial = "auto", .names = precision_names,
      .help = "precision of the inputs of matrix products (int8: only for translation)" },
    { "json", ROW(FLAG, json), .help = "print one JSON object" },
    OPTIONS_END,
};

static const struct command command = { "bench", "[OPTION...]", table, sizeof(struct bench_settings), 0 };

static int check(const struct bench_settings *s)
{
    if (s->precision == PRECISION_INT8 && (s->train || !s->translate))
        return error("bench: int8 is for translation only; use --translate without --train, or choose another --precision");
    if (!s->source != !s->target)
        return error("bench: give both --source and --target, or neither");
    return 0;
}

/* Measures and prints the requested parts. 0, or -1 after reporting. */
static int run(struct bench *bench)
{
    const struct bench_settings *s = &bench->s;
    int status;

    if (s->source ? read_corpus(bench) : make_corpus(bench))
        return -1;
    json_open(&bench->json, NULL, '{');
    json_string(&bench->json, "version", NMT_VERSION);
    json_string(&bench->json, "backend", backend_names[bench->team.backend]);
    json_string(&bench->json, "precision", precision_names[bench->team.precision]);
    json_string(&bench->json, "instructions", worker_instructions(bench->team.backend, bench->team.precision));
    json_integer(&bench->json, "threads", bench->team.count);
    status = bench_products(bench);
    if (status == 0 && (s->train || !s->translate))
        status = bench_training(bench);
    if (status == 0 && (s->translate || !s->train))
        bench_translation(bench);
    json_close(&bench->json, '}');
    if (s->json && status == 0)
        json_print(&bench->json, stdout);
    return status;
}

static struct config config_of(const struct bench_settings *s)
{
    struct config config = { .Vx = s->vocabulary,
                             .Vy = s->vocabulary,
                             .E = s->embedding,
                             .encoder = { .layers = s->encoder_layers, .width = s->hidden },
                             .decoder = { .heads = 1,
                                          .width = s->hidden,
                                          .alignment = s->alignment,
                                          .maxout = s->maxout,
                                          .query = (enum query_kind)s->query } };

    if (s->model_type != MODEL_RNN)
        config.encoder = (struct encoder_config){ ENCODER_TRANSFORMER, s->encoder_layers, 0, s->heads, s->feed_forward, NORM_PRE };
    if (s->model_type == MODEL_TRANSFORMER)
        config.decoder = (struct decoder_config){ DECODER_TRANSFORMER, .heads = s->heads, .layers = s->decoder_layers,
                                                  .feed_forward = s->feed_forward };
    return config;
}

int cmd_bench(int argc, const char **argv)
{
    struct bench bench = { 0 };
    struct bench_settings *s = &bench.s;
    struct options options;
    int code = options_read(&options, &command, s, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (check(s))
        goto out;
    code = EXIT_FAILED;
    if (team_init(&bench.team, s->threads, (enum backend)s->backend, (enum precision)s->precision))
        goto out;
    bench.config = config_of(s);
    if (config_check(&bench.config, "bench")) {
        code = EXIT_USAGE;
        team_release(&bench.team);
        goto out;
    }
    code = run(&bench) || io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
    corpus_release(&bench.corpus);
    team_release(&bench.team);
    json_release(&bench.json);
out:
    options_release(&options);
    return code;
}
