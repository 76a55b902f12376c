/* nmt align: alignments and log-probabilities of given translations, by forced decoding. */
#include "base/io.h"
#include "base/report.h"
#include "cli/alignment_page.h"
#include "cli/commands.h"
#include "cli/heads_file.h"
#include "cli/inference.h"

#include <math.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP = 1024, /* pairs in memory as matrices at once */
    HEADS_LONGEST = 1000,
    LONGEST = 10000 /* tokens on a side: a matrix with that many rows and columns takes about 1 GB */
};

struct align_settings {
    struct corpus_files files;
    const char *all_heads;
    struct inference_settings common;
};

#define ROW(type, member) OPTION(struct align_settings, type, member)

static const struct option table[] = {
    { "source", ROW(TEXT, files.source), .value = "FILE", .help = "source sentences, one per line" },
    { "target", ROW(TEXT, files.target), .value = "FILE", .help = "their translations, one per line" },
    { "pairs", ROW(TEXT, files.pairs), .value = "FILE",
      .help = "instead of --source and --target: one file with source, tab, target on each line" },
    INFERENCE_OPTIONS(struct align_settings, common),
    { "all-heads", ROW(TEXT, all_heads), .value = "NAME",
      .help = "write the weights of every head of every layer, self-attention included: as CSV files in the directory NAME, or as "
              "a page, NAME.html" },
    OPTIONS_END,
};

static const struct command command = { "align", "--model FILE --source FILE --target FILE [OPTION...]", table,
                                        sizeof(struct align_settings), 0 };

/* A pair that cannot be aligned gets the score nan and an empty matrix. 0, or -1 after reporting. */
static int align_all(const struct corpus *corpus, struct translator *translator, struct alignment_file *file,
                     const struct inference_settings *settings)
{
    double *log_probability = memory_new(GROUP, sizeof *log_probability);
    struct alignment *alignments = memory_new(GROUP, sizeof *alignments);
    int failed = 0, stop = 0, wanted = file || settings->show;

    for (size_t from = 0; from < corpus->pairs && !stop; from += GROUP) {
        size_t count = corpus->pairs - from < GROUP ? corpus->pairs - from : GROUP;

        translator_align(translator, corpus->lines[SOURCE] + from, corpus->lines[TARGET] + from, count, log_probability,
                         wanted ? alignments : NULL);
        for (size_t i = 0; i < count && !stop; i++) {
            if (isnan(log_probability[i]))
                failed = error("line %ld: more than %d tokens on a side; cannot be aligned; split the line",
                               corpus->number[from + i], LONGEST);
            if (settings->scores)
                printf("%.6f\n", log_probability[i]);
            if (settings->show)
                alignment_show(stdout, &alignments[i], inference_colours());
            if (file)
                stop = alignment_write(file, &alignments[i]);
        }
        for (size_t i = 0; i < count && wanted; i++)
            alignment_release(&alignments[i]);
        if (!stop)
            stop = file ? alignment_flush(file) : 0;
        if (io_finish_stdout())
            stop = -1;
    }
    free(log_probability);
    free(alignments);
    return failed | stop;
}

/* 0, or -1 after reporting that one file would be overwritten by another. */
static int check_files(const struct inference_settings *settings, const struct corpus_files *files, const char *all_heads)
{
    struct claims claims = { 0 };

    inference_claim(settings, &claims);
    claims_input(&claims, "--source", files->source);
    claims_input(&claims, "--target", files->target);
    claims_input(&claims, "--pairs", files->pairs);
    claims_output(&claims, "--alignment", settings->alignment);
    if (all_heads && heads_page(all_heads))
        claims_output(&claims, "--all-heads", all_heads);
    if ((settings->scores || settings->show) && (!settings->alignment || strcmp(settings->alignment, "-") != 0))
        claims_output(&claims, "standard output", "-");
    return claims_check(&claims, "align");
}

int cmd_align(int argc, const char **argv)
{
    struct align_settings settings;
    struct inference_settings s;
    struct corpus_files files;
    struct options options;
    struct inference inference;
    struct translator translator;
    struct alignment_file alignments = { 0 };
    struct corpus corpus;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    s = settings.common;
    files = settings.files;
    if (files.pairs ? files.source || files.target : !files.source || !files.target) {
        error("align: give --source and --target, or --pairs; see nmt align --help");
        code = EXIT_USAGE;
    } else if (settings.all_heads && s.models.count > 1) {
        error("align: --all-heads shows one model; give one --model");
        code = EXIT_USAGE;
    } else {
        if (!s.alignment && !s.scores && !s.show && !settings.all_heads)
            s.alignment = "-";
        code = check_files(&s, &files, settings.all_heads) ? EXIT_USAGE : inference_open(&inference, &s, &options);
    }
    if (code == OPTIONS_GO) {
        struct translate_options translate = {
            .beam = { .beam = 1, .n_best = 1, .forbidden = -1 }, .batch = s.batch, .refused = LONGEST, .level = inference.level
        };

        code = EXIT_FAILED;
        if (corpus_read(&corpus, &files, BAD_UTF8_ERROR, inference.tokenizer->options.lowercase, 1) == 0) {
            if (!s.alignment || alignment_open(&alignments, s.alignment, inference.format) == 0) {
                int failed;

                translator_init(&translator, inference.tokenizer, inference.models, inference.count, &inference.team, &translate);
                failed = inference_ready(&inference, s.precision == PRECISION_F32 ? (long)corpus.pairs : LONG_MAX);
                if (!failed)
                    failed = s.alignment || s.scores || s.show
                                 ? align_all(&corpus, &translator, s.alignment ? &alignments : NULL, &s)
                                 : 0;
                if (!failed && settings.all_heads && heads_write(&inference, &corpus, settings.all_heads, HEADS_LONGEST))
                    failed = -1;
                translator_release(&translator);
                if (s.alignment && alignment_close(&alignments))
                    failed = -1;
                code = failed ? EXIT_FAILED : EXIT_DONE;
            }
            corpus_release(&corpus);
        }
        inference_close(&inference);
    }
    options_release(&options);
    return code;
}
