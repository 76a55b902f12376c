#include "cli/check_report.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { EXAMPLES = 3, JSON_LINES = 100 };

static const char *const sides[2] = { "source", "target" };

/* What the table says of each flaw. */
static const char *const meaning[FLAWS] = {
    [FLAW_EMPTY] = "a side without text",
    [FLAW_UTF8] = "bytes that are not UTF-8",
    [FLAW_MOJIBAKE] = "broken encoding: U+FFFD, or UTF-8 read as Windows-1252",
    [FLAW_CONTROL] = "control characters",
    [FLAW_DUPLICATE] = "copies of a pair further up",
    [FLAW_HELD_OUT] = "also in a held-out set",
    [FLAW_EQUAL] = "source and target are equal",
    [FLAW_SCRIPT] = "in another script than the rest of the side",
    [FLAW_LANGUAGE] = "a side in another language",
    [FLAW_SWAPPED] = "source and target are exchanged",
    [FLAW_SHIFTED] = "belong together with a neighbouring line",
    [FLAW_LENGTH] = "one side is far too long for the other",
    [FLAW_UNRELATED] = "are probably not translations of each other",
    [FLAW_NUMBERS] = "other digits on the two sides",
    [FLAW_PLACEHOLDERS] = "other placeholders or tags on the two sides",
};

static double percent(size_t part, size_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* ---- the table ---- */

static void print_side(const struct survey *survey, enum side side)
{
    struct side_summary s = survey_summary(survey, side);
    long letters = 0;
    const char *separator = " ";

    for (int i = 0; i < SCRIPTS; i++)
        letters += survey->letters[side][i];
    printf("\n%s: %s\n", sides[side], survey->names[side]);
    printf("  %ld words, %ld distinct, %ld characters\n", s.words, s.distinct, s.characters);
    printf("  words per line: mean %.1f; 1 %% of the lines have up to %d, 5 %% %d, 50 %% %d, 95 %% %d, 99 %% %d; the longest %d "
           "(line %ld)\n",
           s.mean, s.percentile[0], s.percentile[1], s.percentile[2], s.percentile[3], s.percentile[4], s.longest, s.longest_line);
    printf("  scripts (by Unicode block):");
    for (int i = 0; i < SCRIPTS; i++)
        if (survey->letters[side][i] * 10000 >= letters && survey->letters[side][i]) {
            printf("%s%s %.2f %%", separator, script_names[i], percent((size_t)survey->letters[side][i], (size_t)letters));
            separator = ", ";
        }
    printf("%s\n", letters ? "" : " no letters");
    printf("  new words: %.1f %% of the words of every 20th line stand in none of the other lines\n", 100 * s.unseen);
}

static void print_examples(const struct survey *survey, int flaw)
{
    int shown = 0;

    for (size_t k = 0; k < survey->pairs && shown < EXAMPLES; k++)
        if (survey->flaws[k] & FLAW(flaw))
            printf("%s%ld", shown++ ? ", " : "; line ", survey->number[k]);
}

static void print_findings(const struct check_report *report)
{
    const struct survey *survey = report->survey;
    int found = 0;

    printf("\nfindings (* = left out by --output, unless --keep names it)\n");
    for (int i = 0; i < FLAWS; i++) {
        size_t count = survey_count(survey, (enum flaw)i);

        if (count == 0)
            continue;
        printf("  %c %-12s %7zu %5.1f %%  %s", report->removed & FLAW(i) ? '*' : ' ', flaw_names[i], count,
               percent(count, survey->pairs), meaning[i]);
        print_examples(survey, i);
        printf("%s\n", count > EXAMPLES ? ", …" : "");
        found = 1;
    }
    if (!found)
        printf("    none\n");
    printf("  %zu of %zu pairs are left\n", report->kept, survey->pairs);
    printf("  for information: %zu pairs have a source with several translations, %zu a target with several sources\n",
           survey_ambiguous(survey, SOURCE), survey_ambiguous(survey, TARGET));
    if (report->unrelated_share < 0)
        printf("  whether the pairs are translations of each other was not judged\n");
}

static void print_shifts(const struct check_report *report)
{
    const struct survey *survey = report->survey;

    if (report->shifts->count)
        printf("\nshifted lines\n");
    for (int n = 0; n < report->shifts->count; n++) {
        const struct shift *shift = &report->shifts->items[n];
        int offset = shift->offset, lines = offset < 0 ? -offset : offset;

        printf("  lines %ld to %ld: a source line belongs to the target %d line%s %s it. Near line %ld, the target has %d line%s "
               "too %s.\n",
               survey->number[shift->first], survey->number[shift->last], lines, lines == 1 ? "" : "s",
               offset < 0 ? "above" : "below", survey->number[shift->first], lines, lines == 1 ? "" : "s",
               offset < 0 ? "few, or the source too many" : "many, or the source too few");
    }
    if (report->shifts->count)
        printf("  Compare both files there, and add or delete the missing or extra line: most of these pairs can be saved.\n");
}

static void print_held_out(const struct check_report *report)
{
    for (int i = 0; i < report->held_out_count; i++) {
        const struct held_out *set = &report->held_out[i];

        printf("%s%s: %zu pairs; in the corpus, too, are %zu of the pairs, %zu of the sources (%.1f %%), %zu of the targets (%.1f "
               "%%)\n",
               i ? "" : "\n", set->name, set->pairs, set->overlap.pairs, set->overlap.sources,
               percent(set->overlap.sources, set->pairs), set->overlap.targets, percent(set->overlap.targets, set->pairs));
        if (set->exchanged)
            printf("  its source and target are exchanged, compared with the corpus: check the order of the files\n");
    }
}

/* Numbers from README.md ("Results"). */
static void print_worth(const struct check_report *report)
{
    printf(
        "\nwhat to expect: with default options, 5,000 pairs of short captions gave 25 BLEU, and 29,000 gave 39 (README.md). Long\n"
        "  sentences of many subjects give far less; new words, above, are words that a model has never seen.\n");
    if (report->kept < 2000)
        printf("  With %zu pairs, expect words and phrases rather than sentences.\n", report->kept);
}

static void print_estimate(const struct check_report *report)
{
    const struct estimate *e = &report->estimate;

    if (e->threads == 0)
        return;
    printf("\ntraining with default options (an estimate, from a few updates on this machine)\n");
    printf("  %zu MB of memory, %zu parameters, %zu updates per epoch\n", e->memory / 1000000, e->parameters, e->updates);
    printf("  about %.0f seconds per epoch with %d thread%s, validation not included; 15 epochs are %.0f minutes, 40 are %.0f\n",
           e->epoch_seconds, e->threads, e->threads == 1 ? "" : "s", 15 * e->epoch_seconds / 60, 40 * e->epoch_seconds / 60);
}

void check_report_print(const struct check_report *report)
{
    printf("%zu pairs\n", report->survey->pairs);
    print_side(report->survey, SOURCE);
    print_side(report->survey, TARGET);
    printf("\nlengths: a target has %.2f characters per character of its source (median)\n", report->survey->ratio);
    print_findings(report);
    print_shifts(report);
    print_held_out(report);
    print_estimate(report);
    print_worth(report);
    if (report->output)
        printf("\nwritten: %s.*\n", report->output);
}

/* ---- JSON ---- */

enum { DIGITS = 6 };

static void side_json(struct json *json, const struct survey *survey, enum side side)
{
    struct side_summary s = survey_summary(survey, side);

    json_line(json);
    json_open(json, sides[side], '{');
    json_string(json, "file", survey->names[side]);
    json_integer(json, "words", s.words);
    json_integer(json, "distinct_words", s.distinct);
    json_integer(json, "characters", s.characters);
    json_real(json, "mean_words", s.mean, DIGITS);
    json_open(json, "percentiles", '{');
    for (int i = 0; i < 5; i++) {
        char name[12];

        snprintf(name, sizeof name, "%d", survey_percents[i]);
        json_integer(json, name, s.percentile[i]);
    }
    json_close(json, '}');
    json_integer(json, "longest", s.longest);
    json_integer(json, "longest_line", s.longest_line);
    json_real(json, "unseen_words", s.unseen, DIGITS);
    json_open(json, "letters", '{');
    for (int i = 0; i < SCRIPTS; i++)
        if (survey->letters[side][i])
            json_integer(json, script_names[i], survey->letters[side][i]);
    json_close(json, '}');
    json_close(json, '}');
}

static void findings_json(struct json *json, const struct check_report *report)
{
    const struct survey *survey = report->survey;

    json_line(json);
    json_open(json, "findings", '{');
    for (int i = 0; i < FLAWS; i++) {
        int listed = 0;

        json_line(json);
        json_open(json, flaw_names[i], '{');
        json_integer(json, "pairs", (long)survey_count(survey, (enum flaw)i));
        json_boolean(json, "removed", (report->removed & FLAW(i)) != 0);
        json_open(json, "first_lines", '[');
        for (size_t k = 0; k < survey->pairs && listed < JSON_LINES; k++)
            if (survey->flaws[k] & FLAW(i)) {
                json_integer(json, NULL, survey->number[k]);
                listed++;
            }
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, '}');
    json_line(json);
    json_integer(json, "kept", (long)report->kept);
    json_integer(json, "sources_with_several_targets", (long)survey_ambiguous(survey, SOURCE));
    json_integer(json, "targets_with_several_sources", (long)survey_ambiguous(survey, TARGET));
}

static void shifts_json(struct json *json, const struct check_report *report)
{
    json_line(json);
    json_open(json, "shifts", '[');
    for (int n = 0; n < report->shifts->count; n++) {
        const struct shift *shift = &report->shifts->items[n];

        json_open(json, NULL, '{');
        json_integer(json, "first_line", report->survey->number[shift->first]);
        json_integer(json, "last_line", report->survey->number[shift->last]);
        json_integer(json, "offset", shift->offset);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void held_out_json(struct json *json, const struct check_report *report)
{
    json_line(json);
    json_open(json, "held_out", '[');
    for (int i = 0; i < report->held_out_count; i++) {
        const struct held_out *set = &report->held_out[i];

        json_open(json, NULL, '{');
        json_string(json, "name", set->name);
        json_integer(json, "pairs", (long)set->pairs);
        json_integer(json, "common_pairs", (long)set->overlap.pairs);
        json_integer(json, "common_sources", (long)set->overlap.sources);
        json_integer(json, "common_targets", (long)set->overlap.targets);
        json_boolean(json, "exchanged", set->exchanged);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void estimate_json(struct json *json, const struct estimate *estimate)
{
    json_line(json);
    json_open(json, "training", '{');
    json_integer(json, "memory_bytes", (long)estimate->memory);
    json_integer(json, "parameters", (long)estimate->parameters);
    json_integer(json, "updates_per_epoch", (long)estimate->updates);
    json_real(json, "seconds_per_epoch", estimate->epoch_seconds, DIGITS);
    json_integer(json, "threads", estimate->threads);
    json_close(json, '}');
}

void check_report_json(const struct check_report *report)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_integer(&json, "pairs", (long)report->survey->pairs);
    side_json(&json, report->survey, SOURCE);
    side_json(&json, report->survey, TARGET);
    json_line(&json);
    json_real(&json, "length_ratio", report->survey->ratio, DIGITS);
    json_boolean(&json, "lexicon", report->unrelated_share >= 0);
    findings_json(&json, report);
    shifts_json(&json, report);
    held_out_json(&json, report);
    if (report->estimate.threads)
        estimate_json(&json, &report->estimate);
    json_close(&json, '}');
    json_print(&json, stdout);
    json_release(&json);
}
