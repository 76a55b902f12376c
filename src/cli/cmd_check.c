/* nmt check: what is wrong with a corpus, before a model is trained on it. */
#include "cli/commands.h"

#include "base/io.h"
#include "base/report.h"
#include "cli/check_output.h"
#include "cli/check_report.h"
#include "cli/options.h"
#include "cli/recipe.h"
#include "lexicon/belong.h"

#include <stdlib.h>
#include <string.h>

enum { LEXICON_LEAST = 200 }; /* pairs: fewer teach no lexicon */

struct check_settings {
    struct corpus_files corpus, held_out[HELD_OUT_SETS]; /* validation, test */
    const char *output;
    struct option_list keep, remove;
    int json, quick, no_estimate, threads;
};

#define ROW(type, member) OPTION(struct check_settings, type, member)

static const struct option table[] = {
    { "source", ROW(TEXT, corpus.source), .value = "FILE", .help = "source sentences, one per line, plain or .gz" },
    { "target", ROW(TEXT, corpus.target), .value = "FILE", .help = "their translations, line by line" },
    { "pairs", ROW(TEXT, corpus.pairs), .value = "FILE",
      .help = "instead of --source and --target: one file with source, tab, target on each line" },
    { "valid-source", ROW(TEXT, held_out[0].source), .value = "FILE", .help = "validation set: is it part of the corpus?" },
    { "valid-target", ROW(TEXT, held_out[0].target), .value = "FILE", .help = "its translations" },
    { "valid-pairs", ROW(TEXT, held_out[0].pairs), .value = "FILE", .help = "the same, in one file" },
    { "test-source", ROW(TEXT, held_out[1].source), .value = "FILE", .help = "test set: is it part of the corpus?" },
    { "test-target", ROW(TEXT, held_out[1].target), .value = "FILE", .help = "its translations" },
    { "test-pairs", ROW(TEXT, held_out[1].pairs), .value = "FILE", .help = "the same, in one file" },
    { "output", ROW(TEXT, output), .value = "PREFIX",
      .help =
          "write the pairs that are in order to PREFIX.source and PREFIX.target (from --pairs: to PREFIX.tsv), the others and why "
          "they were left out to PREFIX.removed.tsv" },
    { "keep", ROW(LIST, keep), .value = "FINDING",
      .help = "do not leave out pairs for this finding, which is named as in the table; may be repeated" },
    { "remove", ROW(LIST, remove), .value = "FINDING",
      .help = "leave out pairs for this finding, too (language, numbers, placeholders); may be repeated" },
    { "quick", ROW(FLAG, quick), .help = "only what takes a second: no lexicon, no languages, no estimate of training" },
    { "no-estimate", ROW(FLAG, no_estimate), .help = "no estimate of the memory and time that training takes" },
    { "json", ROW(FLAG, json), .help = "print one JSON object" },
    { "threads", ROW(INT, threads), .value = "N", .initial = "auto", .low = 1, .high = TEAM_MOST, .word = "auto",
      .help = "worker threads; auto: one per processor" },
    OPTIONS_END
};

static const struct command command = { "check", "--source FILE --target FILE [OPTION...]", table, sizeof(struct check_settings),
                                        0 };

/* What --output leaves out by default: what no training gains from. */
static const uint32_t worthless = FLAW(FLAW_EMPTY) | FLAW(FLAW_UTF8) | FLAW(FLAW_MOJIBAKE) | FLAW(FLAW_CONTROL) |
                                  FLAW(FLAW_DUPLICATE) | FLAW(FLAW_HELD_OUT) | FLAW(FLAW_EQUAL) | FLAW(FLAW_SCRIPT) |
                                  FLAW(FLAW_LANGUAGE) | FLAW(FLAW_SWAPPED) | FLAW(FLAW_SHIFTED) | FLAW(FLAW_LENGTH) |
                                  FLAW(FLAW_UNRELATED);

/* Pairs that teach the lexicon nothing. */
static const uint32_t unusable = FLAW(FLAW_EMPTY) | FLAW(FLAW_EQUAL) | FLAW(FLAW_SCRIPT) | FLAW(FLAW_LANGUAGE) | FLAW(FLAW_SWAPPED);

/* Flaws beside which it need not be said that the two lines do not belong together. */
static const uint32_t explained = FLAW(FLAW_EMPTY) | FLAW(FLAW_UTF8) | FLAW(FLAW_MOJIBAKE) | FLAW(FLAW_EQUAL) | FLAW(FLAW_SCRIPT) |
                                  FLAW(FLAW_LANGUAGE) | FLAW(FLAW_SWAPPED) | FLAW(FLAW_SHIFTED) | FLAW(FLAW_LENGTH);

static int check_files(const struct corpus_files *files, int needed, const char *prefix)
{
    if (!needed && !files->source && !files->target && !files->pairs)
        return 0;
    if (files->pairs ? files->source || files->target : !files->source || !files->target)
        return error("check: give --%ssource and --%starget, or --%spairs; see nmt check --help", prefix, prefix, prefix);
    return 0;
}

/* Adds the named findings to a set. 0, or -1 after reporting. */
static int add_findings(uint32_t *set, const struct option_list *names, const char *option)
{
    for (int n = 0; n < names->count; n++) {
        int flaw = 0;

        while (flaw_names[flaw] && strcmp(flaw_names[flaw], names->items[n]) != 0)
            flaw++;
        if (!flaw_names[flaw]) {
            const char *near = options_nearest(names->items[n], flaw_names);

            return near ? error("check: --%s: there is no finding \"%s\"; did you mean %s?", option, names->items[n], near)
                        : error("check: --%s: there is no finding \"%s\"; the table of nmt check names them", option,
                                names->items[n]);
        }
        *set |= FLAW(flaw);
    }
    return 0;
}

static int find_removed(const struct check_settings *settings, uint32_t *removed)
{
    uint32_t kept = 0, more = 0;

    if (add_findings(&kept, &settings->keep, "keep") || add_findings(&more, &settings->remove, "remove"))
        return -1;
    *removed = (worthless & ~kept) | more;
    return 0;
}

static void claim_files(struct claims *claims, const struct corpus_files *files, const char *const options[3])
{
    claims_input(claims, options[0], files->source);
    claims_input(claims, options[1], files->target);
    claims_input(claims, options[2], files->pairs);
}

static int check_claims(const struct check_settings *settings, const struct check_output *output)
{
    static const char *const options[1 + HELD_OUT_SETS][3] = { { "--source", "--target", "--pairs" },
                                                               { "--valid-source", "--valid-target", "--valid-pairs" },
                                                               { "--test-source", "--test-target", "--test-pairs" } };
    struct claims claims = { 0 };

    claim_files(&claims, &settings->corpus, options[0]);
    for (int i = 0; i < HELD_OUT_SETS; i++)
        claim_files(&claims, &settings->held_out[i], options[1 + i]);
    if (settings->output)
        check_output_claim(output, &claims);
    claims_output(&claims, "standard output", "-");
    return claims_check(&claims, "check");
}

/* Reads the held-out sets and compares them with the corpus. 0, or -1 after reporting. */
static int compare_held_out(struct check_report *report, struct survey *survey, const struct check_settings *settings)
{
    static const char *const names[HELD_OUT_SETS] = { "validation", "test" };

    for (int i = 0; i < HELD_OUT_SETS; i++) {
        const struct corpus_files *files = &settings->held_out[i];
        struct survey set;

        if (!files->source && !files->pairs)
            continue;
        if (survey_read(&set, files)) {
            survey_release(&set);
            return -1;
        }
        report->held_out[report->held_out_count++] =
            (struct held_out){ .name = names[i],
                               .pairs = set.pairs,
                               .overlap = survey_overlap(survey, &set),
                               .exchanged = report->languages && languages_orientation(report->languages, &set) < 0 };
        survey_release(&set);
    }
    return 0;
}

/* Shifted lines and pairs that do not belong together, by the lexicon. 0, or -1 after reporting. */
static int judge_by_lexicon(struct check_report *report, struct survey *survey, struct shifts *shifts,
                            const struct fit_by_length *fit, int threads)
{
    struct belong belong;
    struct team team;

    if (team_init(&team, threads, BACKEND_AUTO, PRECISION_AUTO))
        return -1;
    belong_init(&belong, &team, fit, shifts, unusable);
    belong_shifts(&belong, shifts);
    shift_mark(shifts, survey);
    belong_mark(&belong, survey, explained);
    report->unrelated_share = belong.share;
    belong_release(&belong);
    team_release(&team);
    return 0;
}

/* What training with default options will take; nothing where the corpus cannot be read again. */
static void estimate(struct check_report *report, const struct check_settings *settings)
{
    const struct corpus_files *files = &settings->corpus;
    const char *name = files->pairs ? files->pairs : files->source;
    const char *argv[] = { "train", files->pairs ? "--pairs" : "--source", name, "--target", files->target };
    struct train_settings train;
    struct options options;

    if (strcmp(name, "-") == 0 || (files->target && strcmp(files->target, "-") == 0) ||
        options_read(&options, &train_command, &train, files->pairs ? 3 : 5, argv) != OPTIONS_GO)
        return;
    train.bad_utf8 = BAD_UTF8_REPLACE;
    train.threads = settings->threads;
    report_as_warnings(1); /* what cannot be trained can still be checked */
    if (estimate_training(&report->estimate, &train))
        report->estimate.threads = 0;
    report_as_warnings(0);
    options_release(&options);
}

static int check(const struct check_settings *settings, uint32_t removed, const struct check_output *output)
{
    struct survey survey;
    struct languages languages = { .prior = NULL };
    struct shifts shifts = { 0 };
    struct fit_by_length fit;
    struct check_report report = {
        .survey = &survey, .shifts = &shifts, .unrelated_share = -1, .removed = removed, .output = settings->output
    };
    int failed = survey_read(&survey, &settings->corpus);

    if (failed)
        goto out;
    survey_judge(&survey);
    if (!settings->quick) {
        languages_init(&languages, &survey);
        report.languages = &languages;
    }
    failed = compare_held_out(&report, &survey, settings);
    if (failed)
        goto out;
    shift_by_length(&shifts, &fit, &survey);
    if (settings->quick || survey.pairs < LEXICON_LEAST)
        shift_mark(&shifts, &survey);
    else
        failed = judge_by_lexicon(&report, &survey, &shifts, &fit, settings->threads);
    for (size_t k = 0; k < survey.pairs; k++)
        report.kept += !(survey.flaws[k] & removed);
    if (!failed && settings->output)
        failed = check_output_write(output, &survey, removed);
    if (!failed && !settings->quick && !settings->no_estimate)
        estimate(&report, settings);
    if (!failed)
        (settings->json ? check_report_json : check_report_print)(&report);
out:
    shift_release(&shifts);
    languages_release(&languages);
    survey_release(&survey);
    return failed;
}

int cmd_check(int argc, const char **argv)
{
    struct check_settings settings;
    struct check_output output = { { NULL } };
    struct options options;
    uint32_t removed;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    if (settings.output)
        check_output_init(&output, settings.output, settings.corpus.pairs != NULL);
    code = EXIT_USAGE;
    if (check_files(&settings.corpus, 1, "") == 0 && check_files(&settings.held_out[0], 0, "valid-") == 0 &&
        check_files(&settings.held_out[1], 0, "test-") == 0 && find_removed(&settings, &removed) == 0 &&
        check_claims(&settings, &output) == 0) {
        code = check(&settings, removed, &output) ? EXIT_FAILED : EXIT_DONE;
        if (io_finish_stdout())
            code = EXIT_FAILED;
    }
    check_output_release(&output);
    options_release(&options);
    return code;
}
