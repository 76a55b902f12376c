#include "corpus/survey.h"

#include "base/hash.h"
#include "base/report.h"
#include "corpus/equal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const int survey_percents[5] = { 1, 5, 50, 95, 99 };

/* Where a line begins in the store. */
struct place {
    size_t clean, raw, raw_length;
};

/* ---- reading ---- */

static void make_room(struct survey *survey, size_t room)
{
    survey->number = memory_resize(survey->number, room, sizeof *survey->number);
    for (int side = 0; side < 2; side++)
        survey->facts[side] = memory_resize(survey->facts[side], room, sizeof *survey->facts[side]);
}

/* Stores a line, in its raw form only if that is another. */
static struct place store(struct survey *survey, const struct raw *raw, const struct text *clean)
{
    struct place place = { .clean = survey->store.length, .raw = survey->store.length, .raw_length = raw->length };

    text_add(&survey->store, clean->data, clean->length + 1);
    if (raw->length != clean->length || memcmp(raw->text, clean->data, raw->length) != 0) {
        place.raw = survey->store.length;
        text_add(&survey->store, raw->text, raw->length);
    }
    return place;
}

/* Once nothing moves any more. */
static void point(struct survey *survey, struct place *const places[2])
{
    survey->flaws = memory_new(survey->pairs, sizeof *survey->flaws);
    for (int side = 0; side < 2; side++) {
        survey->lines[side] = memory_new(survey->pairs, sizeof *survey->lines[side]);
        survey->raw[side] = memory_new(survey->pairs, sizeof *survey->raw[side]);
        for (size_t k = 0; k < survey->pairs; k++) {
            survey->lines[side][k] = survey->store.data + places[side][k].clean;
            survey->raw[side][k] = (struct raw_line){ survey->store.data + places[side][k].raw, places[side][k].raw_length };
        }
    }
}

int survey_read(struct survey *survey, const struct corpus_files *files)
{
    struct input input;
    struct raw raw[2];
    struct text clean = { 0 };
    struct place *places[2] = { NULL, NULL };
    size_t room = 0;
    int got = input_open(&input, files);

    *survey =
        (struct survey){ .names = { files->pairs ? files->pairs : files->source, files->pairs ? files->pairs : files->target } };
    while (got >= 0 && (got = input_pair(&input, raw)) > 0) {
        size_t k = survey->pairs;

        if (k == room) {
            room = room ? 2 * room : 1024;
            make_room(survey, room);
            for (int side = 0; side < 2; side++)
                places[side] = memory_resize(places[side], room, sizeof *places[side]);
        }
        for (int side = 0; side < 2; side++) {
            inspect_line(raw[side].text, raw[side].length, &clean, &survey->facts[side][k], survey->letters[side]);
            places[side][k] = store(survey, &raw[side], &clean);
        }
        survey->number[k] = input.readers[0].line;
        survey->pairs++;
    }
    if (got == 0 && survey->pairs == 0)
        got = error("%s: contains no sentence pairs", survey->names[0]);
    if (got == 0)
        point(survey, places);
    input_close(&input);
    text_release(&clean);
    free(places[0]);
    free(places[1]);
    return got;
}

void survey_corpus(struct survey *survey, const struct corpus *corpus)
{
    struct text clean = { 0 };

    *survey = (struct survey){ .pairs = corpus->pairs };
    make_room(survey, corpus->pairs);
    survey->flaws = memory_new(corpus->pairs, sizeof *survey->flaws);
    memcpy(survey->number, corpus->number, corpus->pairs * sizeof *survey->number);
    for (int side = 0; side < 2; side++) {
        survey->lines[side] = memory_new(corpus->pairs, sizeof *survey->lines[side]);
        memcpy(survey->lines[side], corpus->lines[side], corpus->pairs * sizeof *survey->lines[side]);
        for (size_t k = 0; k < corpus->pairs; k++)
            inspect_line(corpus->lines[side][k], strlen(corpus->lines[side][k]), &clean, &survey->facts[side][k],
                         survey->letters[side]);
    }
    text_release(&clean);
}

void survey_release(struct survey *survey)
{
    for (int side = 0; side < 2; side++) {
        free(survey->lines[side]);
        free(survey->raw[side]);
        free(survey->facts[side]);
    }
    free(survey->number);
    free(survey->flaws);
    text_release(&survey->store);
    *survey = (struct survey){ 0 };
}

/* ---- equal lines and pairs ---- */

static uint64_t pair_hash(const struct survey *survey, size_t k)
{
    const uint64_t both[2] = { survey->facts[SOURCE][k].hash, survey->facts[TARGET][k].hash };

    return hash_bytes(HASH_START, both, sizeof both);
}

/* The lines of a side (SOURCE, TARGET), or the pairs (2), equal ones adjacent in their order; heap. */
static struct hashed *sort_by_hash(const struct survey *survey, int what)
{
    struct hashed *keyed = memory_new(survey->pairs, sizeof *keyed);

    for (size_t k = 0; k < survey->pairs; k++)
        keyed[k] = (struct hashed){ what == 2 ? pair_hash(survey, k) : survey->facts[what][k].hash, k };
    equal_sort(keyed, survey->pairs);
    return keyed;
}

static void find_duplicates(struct survey *survey)
{
    struct hashed *keyed = sort_by_hash(survey, 2);

    for (size_t i = 1; i < survey->pairs; i++)
        if (keyed[i].hash == keyed[i - 1].hash && !(survey->flaws[keyed[i].pair] & FLAW(FLAW_EMPTY)))
            survey->flaws[keyed[i].pair] |= FLAW(FLAW_DUPLICATE);
    free(keyed);
}

size_t survey_ambiguous(const struct survey *survey, enum side side)
{
    struct hashed *keyed = sort_by_hash(survey, (int)side);
    const struct line_facts *other = survey->facts[side == SOURCE ? TARGET : SOURCE];
    size_t found = 0;

    for (size_t from = 0, to; from < survey->pairs; from = to) {
        int several = 0;

        for (to = from + 1; to < survey->pairs && keyed[to].hash == keyed[from].hash; to++)
            several |= other[keyed[to].pair].hash != other[keyed[from].pair].hash;
        if (several && survey->facts[side][keyed[from].pair].characters > 0)
            found += to - from;
    }
    free(keyed);
    return found;
}

/* How many entries of `held` have their hash among those of `keyed`; marks the pairs in which they were found, if `flaws` is given. */
static size_t count_common(const struct hashed *keyed, size_t count, const struct hashed *held, size_t held_count, uint32_t *flaws)
{
    size_t at = 0, common = 0;

    for (size_t i = 0; i < held_count; i++) {
        while (at < count && keyed[at].hash < held[i].hash)
            at++;
        common += at < count && keyed[at].hash == held[i].hash;
        for (size_t j = at; flaws && j < count && keyed[j].hash == held[i].hash; j++)
            flaws[keyed[j].pair] |= FLAW(FLAW_HELD_OUT);
    }
    return common;
}

struct overlap survey_overlap(struct survey *survey, const struct survey *held_out)
{
    size_t common[3];

    for (int what = 0; what < 3; what++) {
        struct hashed *keyed = sort_by_hash(survey, what), *held = sort_by_hash(held_out, what);

        common[what] = count_common(keyed, survey->pairs, held, held_out->pairs, what == 2 ? survey->flaws : NULL);
        free(keyed);
        free(held);
    }
    return (struct overlap){ .sources = common[0], .targets = common[1], .pairs = common[2] };
}

/* ---- scripts ---- */

enum { HOME_SHARE = 4 }; /* a script is at home where one in so many lines is written in it */

static void find_foreign_scripts(struct survey *survey)
{
    for (int side = 0; side < 2; side++) {
        const struct line_facts *facts = survey->facts[side];
        size_t lines[SCRIPTS] = { 0 }, written = 0;

        for (size_t k = 0; k < survey->pairs; k++)
            if (facts[k].letters) {
                lines[facts[k].script]++;
                written++;
            }
        for (int i = 0; i < SCRIPTS; i++)
            survey->home[side][i] = lines[i] * HOME_SHARE >= written && lines[i];
        for (size_t k = 0; k < survey->pairs; k++)
            if (facts[k].letters && !survey->home[side][facts[k].script])
                survey->flaws[k] |= FLAW(FLAW_SCRIPT);
    }
}

/* ---- lengths ---- */

static const double far_length = 5;   /* deviations */
static const double far_ratio = 0.69; /* and a factor of 2 (its logarithm) from the corpus's ratio */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The median; sorts the values. */
static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count ? values[count / 2] : 0;
}

static double deviation(const struct survey *survey, size_t k)
{
    double s = survey->ratio * survey->facts[SOURCE][k].characters, t = survey->facts[TARGET][k].characters;

    return (t - s) / sqrt(s + t);
}

static void find_lengths(struct survey *survey)
{
    double *values = memory_new(survey->pairs, sizeof *values);
    size_t count = 0;

    for (size_t k = 0; k < survey->pairs; k++)
        if (!(survey->flaws[k] & FLAW(FLAW_EMPTY)))
            values[count++] = (double)survey->facts[TARGET][k].characters / survey->facts[SOURCE][k].characters;
    survey->ratio = median(values, count);
    count = 0;
    for (size_t k = 0; k < survey->pairs; k++)
        if (!(survey->flaws[k] & FLAW(FLAW_EMPTY)))
            values[count++] = fabs(deviation(survey, k));
    survey->spread = fmax(median(values, count) / 0.6745, 0.1); /* of a normal distribution */
    for (size_t k = 0; k < survey->pairs; k++) {
        double s = survey->ratio * survey->facts[SOURCE][k].characters, t = survey->facts[TARGET][k].characters;

        if (s > 0 && t > 0 && fabs(deviation(survey, k)) > far_length * survey->spread && fabs(log(t / s)) > far_ratio)
            survey->flaws[k] |= FLAW(FLAW_LENGTH);
    }
    free(values);
}

/* ---- the whole ---- */

void survey_judge(struct survey *survey)
{
    for (size_t k = 0; k < survey->pairs; k++)
        survey->flaws[k] |= inspect_pair(&survey->facts[SOURCE][k], &survey->facts[TARGET][k]);
    find_duplicates(survey);
    find_foreign_scripts(survey);
    find_lengths(survey);
}

size_t survey_count(const struct survey *survey, enum flaw flaw)
{
    size_t count = 0;

    for (size_t k = 0; k < survey->pairs; k++)
        count += (survey->flaws[k] & FLAW(flaw)) != 0;
    return count;
}

static int by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return x < y ? -1 : x > y;
}

/* Adds the words of all lines but every 20th; then of those, too. Returns the number of distinct words; sets *unseen. */
static long distinct_words(const struct survey *survey, enum side side, double *unseen)
{
    enum { EVERY = 20 };
    struct table table = { 0 };
    long count, news = 0, all = 0;

    for (int late = 0; late < 2; late++) {
        for (size_t k = 0; k < survey->pairs; k++) {
            struct words words = words_begin(survey->lines[side][k], 0);
            struct word word;

            if ((k % EVERY == EVERY - 1) != late)
                continue;
            while (words_next(&words, &word)) {
                int item = table_add(&table, word.start, word.length, late);

                all += late;
                news += late && item != 0; /* 0: seen in the other lines */
            }
        }
    }
    count = table.count;
    table_release(&table);
    *unseen = all ? (double)news / (double)all : 0;
    return count;
}

struct side_summary survey_summary(const struct survey *survey, enum side side)
{
    struct side_summary summary = { .words = 0 };
    int *lengths = memory_new(survey->pairs, sizeof *lengths);

    for (size_t k = 0; k < survey->pairs; k++) {
        const struct line_facts *facts = &survey->facts[side][k];

        summary.words += facts->words;
        summary.characters += facts->characters;
        if (facts->words > summary.longest) {
            summary.longest = facts->words;
            summary.longest_line = survey->number[k];
        }
        lengths[k] = facts->words;
    }
    summary.distinct = distinct_words(survey, side, &summary.unseen);
    summary.mean = (double)summary.words / (double)survey->pairs;
    qsort(lengths, survey->pairs, sizeof *lengths, by_int);
    for (int i = 0; i < 5; i++)
        summary.percentile[i] = lengths[(survey->pairs - 1) * (size_t)survey_percents[i] / 100];
    free(lengths);
    return summary;
}
