/* nmt translate: standard input to standard output, one output line per input line. */
#include "base/cluster.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/report.h"
#include "cli/alignment_page.h"
#include "cli/commands.h"
#include "cli/inference.h"
#include "cli/jsonl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limits of the lines and bytes that are translated together. */
enum { GROUP_LINES = 4096, GROUP_BYTES = 1 << 20 };

enum { FORMAT_TEXT, FORMAT_JSONL };
static const char *const format_names[] = { "text", "jsonl", NULL };

struct translate_settings {
    struct inference_settings common;
    int shortlist, format, beam, n_best, max_length, max_repeats, sample, split, top_k;
    double length_penalty, max_length_ratio, temperature;
    long seed;
    struct noise noise;
    const char *prefix;
};

/* Lines that are translated together. */
struct group {
    struct translation *lines;
    struct request *requests; /* [count] of JSON lines */
    struct reader *prefixes;  /* NULL: none */
    int count, room, request_room, format, split;
    size_t bytes;
    long first; /* number of the first line */
};

/* The next line of the prefixes, if there are any. 0, or -1 after reporting. */
static int read_prefix(const struct group *group, char **prefix, size_t *length, long number)
{
    int got = group->prefixes ? reader_line(group->prefixes, prefix, length) : 1;

    if (got == 0)
        return error("%s: has no line %ld; give a line for each line of the input, blank where there is no prefix",
                     group->prefixes->name, number);
    return got < 0 ? -1 : 0;
}

/* Adds one line; invalid UTF-8 is replaced, with a warning. 0, or -1 after reporting. */
static int group_add(struct group *group, const struct tokenizer *tokenizer, const char *line, size_t length, long number)
{
    struct translation *translation;
    char *prefix = NULL;
    size_t bad, prefix_length = 0;
    int split = group->split;

    if (read_prefix(group, &prefix, &prefix_length, number))
        return -1;
    if (group->format == FORMAT_JSONL) {
        struct request *request;

        memory_reserve_one(&group->requests, group->count, &group->request_room);
        request = &group->requests[group->count];
        request_read(request, line, length, number);
        split = request->split < 0 ? split : request->split;
        line = request->text;
        length = request->length;
    }
    memory_reserve_one(&group->lines, group->count, &group->room);
    translation = &group->lines[group->count];
    *translation = (struct translation){ .number = number };
    if ((split ? translation_read_sentences : translation_read)(translation, tokenizer, line, length, &bad))
        warning("line %ld: byte %zu is not valid UTF-8; invalid sequences were replaced by U+FFFD", number, bad + 1);
    if (prefix)
        translation_set_prefix(translation, tokenizer, prefix, prefix_length);
    else if (group->requests && group->requests[group->count].prefix)
        translation_set_prefix(translation, tokenizer, group->requests[group->count].prefix,
                               strlen(group->requests[group->count].prefix));
    if (group->count++ == 0)
        group->first = number;
    group->bytes += length;
    return 0;
}

static void group_clear(struct group *group)
{
    for (int i = 0; i < group->count; i++) {
        translation_release(&group->lines[i]);
        if (group->requests)
            request_release(&group->requests[i]);
    }
    group->count = 0;
    group->bytes = 0;
}

static void group_release(struct group *group)
{
    group_clear(group);
    free(group->lines);
    free(group->requests);
}

/* Whether the answers have the alignments. */
static int alignments_inside(const struct translate_settings *settings)
{
    return settings->format == FORMAT_JSONL && settings->common.alignment && strcmp(settings->common.alignment, "-") == 0;
}

/* With several processes: gives process 0's group to all: each line's source, and its prefix after + (its last word may go on) or -.
 * 0 if it was the end: an empty group. */
static int group_share(struct group *group)
{
    struct text lines = { 0 };
    size_t bytes;
    char *all;
    const char *at;

    if (cluster_count() == 1)
        return group->count;
    for (int i = 0; i < group->count && cluster_rank() == 0; i++) {
        const char *prefix = group->lines[i].prefix ? group->lines[i].prefix : "";

        text_add(&lines, group->lines[i].source, strlen(group->lines[i].source) + 1);
        text_add_string(&lines, group->lines[i].prefix_open ? "+" : "-");
        text_add(&lines, prefix, strlen(prefix) + 1);
    }
    bytes = lines.length;
    all = cluster_give_block(lines.data, &bytes);
    cluster_give(&group->first, sizeof group->first);
    for (at = all; cluster_rank() > 0 && at < all + bytes; at += strlen(at) + 1) {
        memory_reserve_one(&group->lines, group->count, &group->room);
        group->lines[group->count] = (struct translation){ .number = group->first + group->count };
        group->lines[group->count].own_source = memory_copy_string(at);
        group->lines[group->count].source = group->lines[group->count].own_source;
        at += strlen(at) + 1;
        group->lines[group->count].prefix_open = *at == '+';
        group->lines[group->count].prefix = memory_copy_string(at + 1);
        group->count++;
    }
    free(all);
    return bytes > 0;
}

/* Prints the translation of line i: the text, the score and the text, or the n-best list (or samples); or a JSON object. */
static void print_line(const struct group *group, int i, const struct translate_settings *settings)
{
    const struct translation *line = &group->lines[i];
    long number = group->first + i;

    if (group->requests) {
        const struct answering answering = { settings->common.scores, settings->n_best > 0, alignments_inside(settings) };

        request_answer(&group->requests[i], line, &answering, stdout);
    } else if (settings->n_best > 0) {
        for (int k = 0; k < line->count; k++)
            printf("%ld\t%d\t%.6f\t%s\n", number, k + 1, line->log_probability[k], line->texts[k]);
    } else if (settings->common.scores) {
        printf("%.6f\t%s\n", line->log_probability[0], line->texts[0]);
    } else {
        puts(line->texts[0]);
    }
}

/* Translates and prints a group. 0, or -1 after reporting. */
static int translate_group(struct translator *translator, struct group *group, const struct translate_settings *settings,
                           struct alignment_file *alignments)
{
    translator_run(translator, group->lines, (size_t)group->count);
    for (int i = 0; i < group->count; i++) {
        const struct translation *line = &group->lines[i];

        if (line->pieces > line->sentences)
            warning("line %ld: has %smore than %d tokens and was translated in %d pieces; see --max-length", group->first + i,
                    line->sentences > 1 ? "sentences of " : "", settings->max_length, line->pieces);
        print_line(group, i, settings);
        if (settings->common.show)
            alignment_show(stdout, &line->alignment, inference_colours());
        if (alignments && alignment_write(alignments, &line->alignment))
            return -1;
    }
    if (alignments && alignment_flush(alignments))
        return -1;
    return io_finish_stdout();
}

/* All of standard input. 0, or -1 after reporting. */
static int translate_all(struct inference *inference, struct translator *translator, const struct translate_settings *settings,
                         struct alignment_file *alignments)
{
    struct reader reader, prefixes;
    struct group group = { .format = settings->format, .split = settings->split, .prefixes = settings->prefix ? &prefixes : NULL };
    char *line;
    size_t length;
    int got = 0, result = 0;

    if ((settings->prefix && reader_open(&prefixes, settings->prefix)) || reader_open(&reader, "-")) {
        group_share(&group); /* the end */
        return -1;
    }
    while (result == 0 && (got = reader_line(&reader, &line, &length)) > 0) {
        result = group_add(&group, translator->tokenizer, line, length, reader.line);
        while (result == 0 && group.count < GROUP_LINES && group.bytes < GROUP_BYTES && reader_ready(&reader) &&
               (got = reader_line(&reader, &line, &length)) > 0)
            result = group_add(&group, translator->tokenizer, line, length, reader.line);
        if (group.count == 0)
            break;
        /* One short line, which cannot become several batches, needs one thread and nothing else. */
        if ((group.count > 1 || reader.line > 1 || group.bytes > (size_t)settings->max_length) &&
            inference_ready(inference, reader.line)) {
            result = -1;
            break;
        }
        group_share(&group);
        if (translate_group(translator, &group, settings, alignments))
            result = -1;
        group_clear(&group);
    }
    if (settings->prefix)
        reader_close(&prefixes);
    group_clear(&group);
    group_share(&group); /* the end */
    group_release(&group);
    reader_close(&reader);
    return got < 0 ? -1 : result;
}

/* The groups of process 0, in another process. */
static int help_translate(struct inference *inference, struct translator *translator)
{
    struct group group = { 0 };

    if (inference_ready(inference, LONG_MAX))
        return -1;
    while (group_share(&group)) {
        translator_run(translator, group.lines, (size_t)group.count);
        group_clear(&group);
    }
    group_release(&group);
    return 0;
}

/* Whether all processes have the same models and options. 0, or -1 after reporting. */
static int compare(const struct inference *inference, int argc, const char **argv)
{
    struct cluster_fact facts[] = { { "the model", HASH_START }, { "their options", HASH_START } };

    if (cluster_count() == 1)
        return 0;
    for (int i = 0; i < inference->count; i++) {
        uint64_t checksum = gguf_checksum(&inference->saved[i].gguf);

        facts[0].hash = hash_bytes(facts[0].hash, &checksum, sizeof checksum);
    }
    for (int i = 1; i < argc; i++)
        facts[1].hash = hash_bytes(facts[1].hash, argv[i], strlen(argv[i]));
    return cluster_compare(facts, 2);
}

#define ROW(type, member) OPTION(struct translate_settings, type, member)

static const struct option table[] = {
    INFERENCE_OPTIONS(struct translate_settings, common),
    { "beam", ROW(INT, beam), .value = "N", .initial = "5", .low = 1, .high = BEAM_MOST,
      .help = "number of hypotheses kept at each step (1: greedy search)" },
    { "n-best", ROW(INT, n_best), .value = "N", .initial = "0", .high = BEAM_MOST,
      .help = "print the N best translations: line number, rank, log-probability, text (0: only the best text)" },
    { "format", ROW(CHOICE, format), .value = "FORMAT", .initial = "text", .names = format_names,
      .help =
          "lines of text, or of JSON (jsonl): {\"text\": ...} in, the same object with \"translation\" out, and score, n_best and "
          "alignment (--alignment -) where these are asked for" },
    { "length-penalty", ROW(REAL, length_penalty), .value = "PENALTY", .initial = "1", .high = 10,
      .help = "rank hypotheses by log-probability / length ^ PENALTY" },
    { "shortlist", ROW(FLAG, shortlist),
      .help = "search only among the few hundred words that the model's shortlist has for the source words: faster, rarely another "
              "text" },
    { "max-length-ratio", ROW(REAL, max_length_ratio), .value = "RATIO", .initial = "3", .low = 0.01, .high = 1000,
      .help = "limit a translation to RATIO x source tokens + 10 tokens" },
    { "split", ROW(FLAG, split),
      .help = "lines may hold several sentences: translate each by itself and join the translations in one line" },
    { "max-length", ROW(INT, max_length), .value = "N", .initial = "150", .low = 1, .high = 100000,
      .help = "translate lines (with --split, sentences) of more than N tokens in pieces of at most N" },
    { "max-repeats", ROW(INT, max_repeats), .value = "N", .initial = "2", .high = 1000,
      .help = "allow a phrase at most N times in a row, or as often as the source repeats one (0: no limit)" },

    { "prefix", ROW(TEXT, prefix), .value = "FILE",
      .help = "each translation begins with the text in the same line of FILE; a last word may go on" },

    OPTIONS_HEADING("Variety (for back-translation)"),
    { "sample", ROW(FLAG, sample),
      .help = "draw translations from the model's distribution instead of searching for the best; with --n-best N, N independent "
              "ones" },
    { "top-k", ROW(INT, top_k), .value = "K", .initial = "all", .low = 1, .high = 10000000, .word = "all",
      .help = "sample from the K most probable tokens" },
    { "temperature", ROW(REAL, temperature), .value = "T", .initial = "1", .low = 1e-6, .high = 1000,
      .help = "sample from p ^ (1/T): below 1, closer to the best translation; above 1, further away" },
    { "noise-drop", ROW(REAL, noise.drop), .value = "P", .initial = "0", .high = 0.99,
      .help = "delete each word of a translation with probability P" },
    { "noise-blank", ROW(REAL, noise.blank), .value = "P", .initial = "0", .high = 1,
      .help = "replace each word that is left by _ with probability P" },
    { "noise-shuffle", ROW(INT, noise.shuffle), .value = "N", .initial = "0", .high = 1000,
      .help = "then shuffle the words, each by at most N places" },
    { "seed", ROW(LONG, seed), .value = "N", .initial = "1", .high = OPTION_ANY, .help = "random seed of samples and noise" },
    OPTIONS_END,
};

static const struct command command = { "translate", "--model FILE [OPTION...] < source > target", table,
                                        sizeof(struct translate_settings), 0 };

/* 0, or -1 after reporting that one file would be overwritten by another. */
static int check_files(const struct translate_settings *s)
{
    const struct inference_settings *settings = &s->common;
    struct claims claims = { 0 };

    inference_claim(settings, &claims);
    claims_input(&claims, "standard input", "-");
    if (s->prefix)
        claims_input(&claims, "--prefix", s->prefix);
    claims_output(&claims, "standard output", "-");
    if (settings->alignment && strcmp(settings->alignment, "-") != 0)
        claims_output(&claims, "--alignment", settings->alignment);
    return claims_check(&claims, "translate");
}

/* Checks that involve several options. 0, or -1 after reporting. */
static int check(const struct translate_settings *s, const struct options *options)
{
    static const char *const searching[] = { "beam", "length-penalty", "shortlist" }, *const sampling[] = { "top-k",
                                                                                                            "temperature" };

    if (!s->sample && s->n_best > s->beam)
        return error("translate: --n-best: %d is more than the %d hypotheses of --beam", s->n_best, s->beam);
    for (size_t i = 0; i < sizeof searching / sizeof *searching; i++)
        if (s->sample && options_changed(options, searching[i]))
            return error("translate: --%s has no effect with --sample, which does not search; omit one of them", searching[i]);
    for (size_t i = 0; i < sizeof sampling / sizeof *sampling; i++)
        if (!s->sample && options_changed(options, sampling[i]))
            return error("translate: --%s needs --sample", sampling[i]);
    if (!s->sample && !noise_wanted(&s->noise) && options_changed(options, "seed"))
        return error("translate: --seed has an effect only with --sample or --noise-...");
    if (s->prefix && s->sample)
        return error("translate: --prefix has no effect with --sample; omit one of them");
    if (s->prefix && s->format == FORMAT_JSONL)
        return error("translate: with --format jsonl, give a \"prefix\" in each request instead of --prefix");
    if (s->format == FORMAT_JSONL && s->common.show)
        return error("translate: --show draws between the lines, which --format jsonl does not allow; omit one of them");
    return check_files(s);
}

/* 0, or -1 after reporting a model without a shortlist. */
static int check_shortlists(const struct inference *inference, const struct translate_settings *s)
{
    for (int i = 0; s->shortlist && i < inference->count; i++)
        if (!inference->models[i]->shortlist.sources)
            return error(
                "%s has no shortlist, which nmt train makes where it learns a lexicon for guided attention; omit --shortlist",
                s->common.models.items[i]);
    return 0;
}

/* 0, or -1 after reporting. */
static int translate(struct inference *inference, const struct translate_settings *s, struct alignment_file *alignments)
{
    const struct translate_options options = {
        .beam = { .shortlist = s->shortlist,
                  .beam = !s->sample  ? s->beam
                          : s->n_best ? s->n_best
                                      : 1,
                  .n_best = s->n_best ? s->n_best : 1,
                  .sampling = { s->sample ? s->temperature : 0, s->top_k },
                  .length_penalty = s->length_penalty,
                  .repeats = s->max_repeats,
                  .length_ratio = s->max_length_ratio,
                  .forbidden = inference->tokenizer->options.units == UNITS_WORD ? -1 : VOCAB_UNKNOWN },
        .noise = s->noise,
        .seed = (uint64_t)s->seed,
        .batch = s->common.batch,
        .longest = s->max_length,
        .want_scores = s->common.scores || s->n_best,
        .want_alignment = s->common.alignment || s->common.show,
        .level = inference->level,
        .shared = cluster_count() > 1
    };
    struct translator translator;
    int result;

    translator_init(&translator, inference->tokenizer, inference->models, inference->count, &inference->team, &options);
    result = cluster_rank() > 0 ? help_translate(inference, &translator) : translate_all(inference, &translator, s, alignments);
    translator_release(&translator);
    return result;
}

int cmd_translate(int argc, const char **argv)
{
    struct translate_settings s;
    struct options options;
    struct inference inference;
    int code = options_read(&options, &command, &s, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    code = check(&s, &options) ? EXIT_USAGE : inference_open(&inference, &s.common, &options);
    if (code == OPTIONS_GO) {
        struct alignment_file alignments,
            *written = s.common.alignment && !alignments_inside(&s) && cluster_rank() == 0 ? &alignments : NULL;

        code = check_shortlists(&inference, &s) ? EXIT_USAGE : EXIT_DONE;
        if (code == EXIT_DONE)
            code =
                cluster_agree(written && alignment_open(written, s.common.alignment, inference.format) ? EXIT_FAILED : EXIT_DONE);
        if (code == EXIT_DONE) {
            code = compare(&inference, argc, argv) || translate(&inference, &s, written) ? EXIT_FAILED : EXIT_DONE;
            if (written && alignment_close(written))
                code = EXIT_FAILED;
        }
        inference_close(&inference);
    }
    options_release(&options);
    return code;
}
