#include "train/inspection.h"

#include "base/report.h"
#include "corpus/shift.h"

#include <stdlib.h>

/* One pair in so many may be wrong without a word. */
enum { WORTH_A_WARNING = 1000 };

static const uint32_t wrong = FLAW(FLAW_MOJIBAKE) | FLAW(FLAW_DUPLICATE) | FLAW(FLAW_EQUAL) | FLAW(FLAW_SCRIPT) | FLAW(FLAW_LENGTH);

static void warn_of_pairs(const struct survey *survey)
{
    struct text list = { 0 };
    size_t pairs = 0;

    for (size_t k = 0; k < survey->pairs; k++)
        pairs += (survey->flaws[k] & wrong) != 0;
    for (int i = 0; i < FLAWS; i++) {
        size_t count = wrong & FLAW(i) ? survey_count(survey, (enum flaw)i) : 0;

        if (count)
            text_format(&list, "%s%zu %s", list.length ? ", " : "", count, flaw_names[i]);
    }
    if (pairs * WORTH_A_WARNING >= survey->pairs && pairs)
        warning("%zu of %zu pairs look wrong (%s); nmt check explains and removes them", pairs, survey->pairs, list.data);
    text_release(&list);
}

/* Of the first run of shifted lines. */
static void warn_of_shifts(const struct survey *survey, const struct corpus *corpus)
{
    struct shifts shifts = { 0 };
    struct fit_by_length fit;

    shift_by_length(&shifts, &fit, survey);
    if (shifts.count) {
        const struct shift *shift = &shifts.items[0];
        const struct corpus_files *files = &corpus->parts[corpus->part[shift->first]];

        warning(
            "%s: from line %ld to line %ld, source and target seem to be shifted by %d line%s against each other; see nmt check",
            files->pairs ? files->pairs : files->source, survey->number[shift->first], survey->number[shift->last],
            abs(shift->offset), abs(shift->offset) == 1 ? "" : "s");
    }
    shift_release(&shifts);
}

static void warn_of_overlap(const struct training *training, struct survey *survey)
{
    struct survey valid;
    struct overlap overlap;

    survey_corpus(&valid, &training->valid);
    overlap = survey_overlap(survey, &valid);
    if (overlap.pairs)
        warning("%zu of the %zu validation pairs are also in the corpus: validation will look better than it is; see nmt check",
                overlap.pairs, valid.pairs);
    survey_release(&valid);
}

void inspection_warn(const struct training *training)
{
    struct survey survey;

    survey_corpus(&survey, &training->corpus);
    survey_judge(&survey);
    warn_of_pairs(&survey);
    warn_of_shifts(&survey, &training->corpus);
    if (settings_have_valid(training->settings))
        warn_of_overlap(training, &survey);
    survey_release(&survey);
}
