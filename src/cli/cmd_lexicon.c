/* nmt lexicon: word alignments and translation probabilities of a parallel text, without a model. */
#include "base/claims.h"
#include "base/io.h"
#include "base/processors.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "corpus/corpus.h"
#include "lexicon/links.h"
#include "lexicon/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = 4096 /* pairs that are aligned before their lines are written */ };

/* Less probable translations are not written: there are many, and nearly all are wrong. */
#define PROBABILITY_SHOWN 0.001F

struct lexicon_settings {
    struct corpus_files files;
    const char *output, *alignment;
    int symmetrize, bad_utf8, threads;
};

#define ROW(type, member) OPTION(struct lexicon_settings, type, member)

static const struct option table[] = {
    { "source", ROW(TEXT, files.source), .value = "FILE", .help = "source sentences, one per line" },
    { "target", ROW(TEXT, files.target), .value = "FILE", .help = "their translations, one per line" },
    { "pairs", ROW(TEXT, files.pairs), .value = "FILE",
      .help = "instead of --source and --target: one file with source, tab, target on each line" },
    { "output", ROW(TEXT, output), .value = "FILE",
      .help =
          "write translation probabilities: source word, target word, p(target | source), p(source | target), separated by tabs" },
    { "alignment", ROW(TEXT, alignment), .value = "FILE",
      .help = "write links i-j, one line per pair (default: to standard output, unless --output is given)" },
    { "symmetrize", ROW(CHOICE, symmetrize), .value = "HOW", .initial = "grow-diag-final-and", .names = symmetrize_names,
      .help = "how the links of both directions are combined; forward and backward: those of one direction alone" },
    { "bad-utf8", ROW(CHOICE, bad_utf8), .value = "WHAT", .initial = "error", .names = bad_utf8_names,
      .help = "what to do with a line that is not UTF-8: stop, replace the invalid bytes, or leave the pair without links" },
    { "threads", ROW(INT, threads), .value = "N", .initial = "auto", .low = 1, .high = TEAM_MOST, .word = "auto",
      .help = "worker threads; auto: one per processor" },
    OPTIONS_END,
};

static const struct command command = { "lexicon", "--source FILE --target FILE [OPTION...]", table,
                                        sizeof(struct lexicon_settings), 0 };

/* A result: a whole file, or standard output, or nothing. */
struct result {
    struct output file;
    FILE *stream; /* NULL: nothing */
};

static int open_result(struct result *result, const char *name)
{
    *result = (struct result){ 0 };
    if (!name)
        return 0;
    if (strcmp(name, "-") == 0) {
        result->stream = stdout;
        return 0;
    }
    if (io_begin(&result->file, name))
        return -1;
    result->stream = result->file.file;
    return 0;
}

static int close_result(struct result *result)
{
    if (!result->stream)
        return 0;
    return result->stream == stdout ? io_finish_stdout() : io_commit(&result->file);
}

/* The links of a pair as a line, in the order of the target words. */
static void format_links(const unsigned char *links, int Tx, int Ty, struct text *line)
{
    text_clear(line);
    for (int j = 0; j < Ty; j++)
        for (int i = 0; i < Tx; i++)
            if (links[(size_t)j * (size_t)Tx + (size_t)i])
                text_format(line, "%s%d-%d", line->length ? " " : "", i, j);
    text_add(line, "\n", 1);
}

static void align_pair(const struct lexicon_pair *pair, const struct lexicon_text *text, size_t k, enum symmetrize kind,
                       struct text *line)
{
    struct lexicon_sentences sentences = { text->source[k], text->target[k], text->source_length[k], text->target_length[k] };
    int teaches = lexicon_teaches(text, k);
    unsigned char *links = memory_new(teaches ? (size_t)sentences.Tx * (size_t)sentences.Ty : 1, 1);

    if (teaches)
        lexicon_align(pair, &sentences, kind, links);
    format_links(links, teaches ? sentences.Tx : 0, sentences.Ty, line);
    free(links);
}

/* One line per line of the input: an empty one where a side is empty, too long or not UTF-8. 0, or -1 after reporting that there were
 * pairs too long. */
static int write_alignments(FILE *stream, const struct lexicon_pair *pair, const struct corpus *corpus,
                            const struct lexicon_text *text, const struct team *team, enum symmetrize kind)
{
    struct text *lines = memory_new(GROUP, sizeof *lines);
    long written = 0, input = (long)corpus->pairs + corpus->dropped.bad_utf8;
    int failed = 0;

    for (size_t from = 0; from < text->pairs; from += GROUP) {
        size_t count = text->pairs - from < GROUP ? text->pairs - from : GROUP;

#pragma omp parallel for num_threads(team->count) if (team->count > 1) schedule(dynamic, 16)
        for (size_t k = 0; k < count; k++)
            align_pair(pair, text, from + k, kind, &lines[k]);
        for (size_t k = 0; k < count; k++, written++) {
            for (; written + 1 < corpus->number[from + k]; written++)
                putc('\n', stream);
            fwrite(lines[k].data, 1, lines[k].length, stream);
            if (text->source_length[from + k] > LEXICON_LONGEST || text->target_length[from + k] > LEXICON_LONGEST)
                failed = error("line %ld: more than %d words on a side; cannot be aligned; split the line",
                               corpus->number[from + k], LEXICON_LONGEST);
        }
    }
    for (; written < input; written++)
        putc('\n', stream);
    for (size_t k = 0; k < GROUP; k++)
        text_release(&lines[k]);
    free(lines);
    return failed;
}

/* An entry of the table, as it is sorted: by source word, then the most probable first, then by target word. */
struct entry {
    const struct lexicon_word *source, *target;
    float forward, backward;
};

static int compare_words(const struct lexicon_word *a, const struct lexicon_word *b)
{
    int order = memcmp(a->start, b->start, a->length < b->length ? a->length : b->length);

    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = compare_words(left->source, right->source);

    if (!order)
        order = (left->forward < right->forward) - (left->forward > right->forward);
    return order ? order : compare_words(left->target, right->target);
}

static void write_probabilities(FILE *stream, const struct lexicon_pair *pair, const struct lexicon_words *words)
{
    const struct lexicon *forward = &pair->forward;
    struct entry *entries = memory_new(forward->row[forward->sources] + 1, sizeof *entries);
    size_t count = 0;

    for (int32_t x = 0; x < forward->sources; x++)
        for (size_t e = forward->row[x]; e < forward->row[x + 1]; e++) {
            int32_t y = forward->target[e];

            if (forward->probability[e] >= PROBABILITY_SHOWN)
                entries[count++] = (struct entry){ &words->words[SOURCE][x], &words->words[TARGET][y], forward->probability[e],
                                                   lexicon_probability(&pair->backward, y, x) };
        }
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t e = 0; e < count; e++)
        fprintf(stream, "%.*s\t%.*s\t%.4f\t%.4f\n", (int)entries[e].source->length, entries[e].source->start,
                (int)entries[e].target->length, entries[e].target->start, (double)entries[e].forward, (double)entries[e].backward);
    free(entries);
}

/* Reads, learns and writes. 0, or -1 after reporting. */
static int run(const struct lexicon_settings *settings, const struct team *team)
{
    struct result probabilities = { 0 }, alignments = { 0 };
    struct corpus corpus = { 0 };
    struct lexicon_words words = { 0 };
    struct lexicon_pair pair = { 0 };
    int status = -1, failed = 0;

    if (open_result(&probabilities, settings->output) || open_result(&alignments, settings->alignment) ||
        corpus_read(&corpus, &settings->files, (enum bad_utf8)settings->bad_utf8, 1, 1))
        goto out;
    lexicon_words_init(&words, &corpus);
    lexicon_learn(&pair, team, &words.text, &lexicon_defaults);
    if (probabilities.stream)
        write_probabilities(probabilities.stream, &pair, &words);
    if (alignments.stream)
        failed = write_alignments(alignments.stream, &pair, &corpus, &words.text, team, (enum symmetrize)settings->symmetrize);
    if (close_result(&probabilities) || close_result(&alignments))
        goto out;
    status = failed;
out:
    io_abandon(&probabilities.file);
    io_abandon(&alignments.file);
    lexicon_release(&pair);
    lexicon_words_release(&words);
    corpus_release(&corpus);
    return status;
}

/* 0, or -1 after reporting. */
static int check_settings(const struct lexicon_settings *settings)
{
    const struct corpus_files *files = &settings->files;
    struct claims claims = { 0 };

    if (files->pairs ? files->source || files->target : !files->source || !files->target)
        return error("lexicon: give --source and --target, or --pairs; see nmt lexicon --help");
    claims_input(&claims, "--source", files->source);
    claims_input(&claims, "--target", files->target);
    claims_input(&claims, "--pairs", files->pairs);
    claims_output(&claims, "--output", settings->output);
    claims_output(&claims, "--alignment", settings->alignment);
    return claims_check(&claims, "lexicon");
}

int cmd_lexicon(int argc, const char **argv)
{
    struct lexicon_settings settings;
    struct options options;
    struct team team;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (!settings.output && !settings.alignment)
        settings.alignment = "-";
    if (check_settings(&settings) == 0) {
        code = EXIT_FAILED;
        if (team_init(&team, settings.threads, BACKEND_OPENBLAS, PRECISION_F32) == 0) {
            if (processors_try(team.count) == 0 && run(&settings, &team) == 0)
                code = EXIT_DONE;
            team_release(&team);
        }
    }
    options_release(&options);
    return code;
}
