/* What lines and pairs show by themselves (script, inspect), and against the rest of a corpus (survey, shift, language): cases as data. */
#include "corpus/language.h"
#include "corpus/shift.h"

#include "../check.h"
#include "../files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_script(void **state)
{
    static const struct {
        uint32_t code;
        enum script script;
    } cases[] = {
        { 'a', SCRIPT_LATIN },        { 'Z', SCRIPT_LATIN },        { '1', SCRIPT_NONE },        { '@', SCRIPT_NONE },
        { '[', SCRIPT_NONE },         { 0xE9, SCRIPT_LATIN },       { 0xD7, SCRIPT_NONE },       { 0x1EB9, SCRIPT_LATIN },
        { 0x301, SCRIPT_NONE },       { 0x3B1, SCRIPT_GREEK },      { 0x1F00, SCRIPT_GREEK },    { 0x416, SCRIPT_CYRILLIC },
        { 0x5D0, SCRIPT_HEBREW },     { 0x628, SCRIPT_ARABIC },     { 0x64E, SCRIPT_ARABIC },    { 0x663, SCRIPT_NONE },
        { 0x905, SCRIPT_DEVANAGARI }, { 0x93F, SCRIPT_DEVANAGARI }, { 0xE01, SCRIPT_THAI },      { 0x10D0, SCRIPT_GEORGIAN },
        { 0x1200, SCRIPT_ETHIOPIC },  { 0x13A0, SCRIPT_CHEROKEE },  { 0xAB70, SCRIPT_CHEROKEE }, { 0x3042, SCRIPT_HIRAGANA },
        { 0x30A2, SCRIPT_KATAKANA },  { 0x30FC, SCRIPT_KATAKANA },  { 0x4E00, SCRIPT_HAN },      { 0x20000, SCRIPT_HAN },
        { 0x3005, SCRIPT_HAN },       { 0xAC00, SCRIPT_HANGUL },    { 0x1E900, SCRIPT_ADLAM },   { 0x3002, SCRIPT_NONE },
        { 0x1F600, SCRIPT_NONE },     { 0x10FFFF, SCRIPT_NONE },    { 0x10300, SCRIPT_OTHER },   { 0xFF21, SCRIPT_LATIN },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (script_of(cases[i].code) != cases[i].script)
            fail_msg("U+%04X: %s, wanted %s", (unsigned)cases[i].code, script_names[script_of(cases[i].code)],
                     script_names[cases[i].script]);
    assert_int_equal(script_family(SCRIPT_HIRAGANA), script_family(SCRIPT_HAN));
    assert_int_equal(script_family(SCRIPT_GREEK), SCRIPT_GREEK);
}

static struct line_facts inspect(const char *line)
{
    struct text clean = { 0 };
    struct line_facts facts;

    inspect_line(line, strlen(line), &clean, &facts, NULL);
    text_release(&clean);
    return facts;
}

/* What a line is flawed by. */
static void test_lines(void **state)
{
    static const struct {
        const char *line;
        uint32_t flaws;
    } cases[] = {
        { "", FLAW(FLAW_EMPTY) },
        { " \t ", FLAW(FLAW_EMPTY) },
        { "An ordinary line, “quoted”, of 5 €.", 0 },
        { "tab\tand no more", 0 },
        { "bell \a", FLAW(FLAW_CONTROL) },
        { "don\xC2\x92t", FLAW(FLAW_CONTROL) },
        { "caf\xE9", FLAW(FLAW_UTF8) },
        { "cafÃ©", FLAW(FLAW_MOJIBAKE) },
        { "itâ€™s", FLAW(FLAW_MOJIBAKE) },
        { "5Â°", FLAW(FLAW_MOJIBAKE) },
        { "lost: \xEF\xBF\xBD", FLAW(FLAW_MOJIBAKE) },
        { "ÐŸÑ€Ð¸Ð²ÐµÑ‚", FLAW(FLAW_MOJIBAKE) },
        { "Café, garçon, Straße, Ångström, ñ", 0 },
        { "« LIBERTÉ» et «ÉGALITÉ»", 0 },
        { "«IRMÃ»", 0 },
        { "Ìyá mi wà ní ilé", 0 },
        { "Привет", 0 },
        { "\xEF\xBB\xBF"
          "a byte order mark",
          0 },
        { "شكرا\xE2\x80\x8F", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (inspect(cases[i].line).flaws != cases[i].flaws)
            fail_msg("%s: flaws %x, wanted %x", cases[i].line, (unsigned)inspect(cases[i].line).flaws, (unsigned)cases[i].flaws);
    assert_int_equal(inspect("Ein Wort, zwei.").words, 5);
    assert_int_equal(inspect("Ein Wort, zwei.").letter_words, 3);
    assert_int_equal(inspect("naïve 12").characters, 8);
    assert_int_equal(inspect("東京タワー。").script, SCRIPT_HAN);
    assert_int_equal(inspect("123 !").script, SCRIPT_NONE);
}

static void test_pairs(void **state)
{
    static const struct {
        const char *source, *target;
        uint32_t flaws;
    } cases[] = {
        { "Good morning to you all", "Guten Morgen allerseits", 0 },
        { "Good morning to you all", "Good morning to you all", FLAW(FLAW_EQUAL) },
        { "New York", "New York", 0 },
        { "2016 – 1 : 0", "2016 – 1 : 0", 0 },
        { "It costs 1,000 euros", "Es kostet 1.000 Euro", 0 },
        { "It costs 1,000 euros", "Es kostet 100 Euro", FLAW(FLAW_NUMBERS) },
        { "in 1969", "في ١٩٦٩", 0 },
        { "in 1969", "في ١٩٦٨", FLAW(FLAW_NUMBERS) },
        { "5 people", "５人", 0 },
        { "Hello {0}, you have %d files", "Du hast %d Dateien, {0}", 0 },
        { "Hello {name}", "Hallo {nom}", FLAW(FLAW_PLACEHOLDERS) },
        { "You have %s files", "Du hast Dateien", FLAW(FLAW_PLACEHOLDERS) },
        { "%1$s of %2$s", "%2$s, %1$s", 0 },
        { "%(count)d left", "noch %(count)d", 0 },
        { "50 %d'accord", "50 % agreed", 0 },
        { "a <b>bold</b> word", "un mot <b>gras</b>", 0 },
        { "a <b>bold</b> word", "un mot gras", FLAW(FLAW_PLACEHOLDERS) },
        { "<a href=\"x.html\">here</a>", "<a href=\"y.html\">ici</a>", 0 },
        { "1 < 2 and 3 > 2", "1 < 2 et 3 > 2", 0 },
        { "i <3 you", "je t'aime <3", 0 },
        { "", "rien", FLAW(FLAW_EMPTY) },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_facts source = inspect(cases[i].source), target = inspect(cases[i].target);

        if (inspect_pair(&source, &target) != cases[i].flaws)
            fail_msg("%s | %s: flaws %x, wanted %x", cases[i].source, cases[i].target, (unsigned)inspect_pair(&source, &target),
                     (unsigned)cases[i].flaws);
    }
}

/* A survey of a corpus in a file of pairs. */
static void survey(struct survey *survey, const char *pairs)
{
    const struct corpus_files files = { .pairs = "test_inspect.tsv" };

    put_file(files.pairs, pairs, strlen(pairs));
    assert_int_equal(survey_read(survey, &files), 0);
    survey_judge(survey);
    remove(files.pairs);
}

static void test_survey(void **state)
{
    struct survey corpus, held_out;
    struct overlap overlap;

    (void)state;
    survey(&corpus,
           "one house\tune maison\n"
           "two houses\tdeux maisons\n"
           " one  house \tune maison\n" /* equal when normalised */
           "one house\tla maison\n"     /* another translation */
           "дом\tmaison\n"
           "\t\n"
           "\t\n"
           "three cats and a dog\ttrois chats et un chien\n"
           "maison\tune\n"
           "une\tmaison\n" /* not the same pair */
           "a cat\tun chat, et encore un chat, et un chien, et tous les autres animaux de la ferme, et la fermière avec eux\n");
    assert_int_equal(corpus.pairs, 11);
    assert_int_equal(survey_count(&corpus, FLAW_DUPLICATE), 1);
    assert_true(corpus.flaws[2] & FLAW(FLAW_DUPLICATE));
    assert_int_equal(survey_count(&corpus, FLAW_EMPTY), 2);
    assert_int_equal(survey_count(&corpus, FLAW_SCRIPT), 1);
    assert_true(corpus.flaws[4] & FLAW(FLAW_SCRIPT));
    assert_int_equal(survey_count(&corpus, FLAW_LENGTH), 1);
    assert_true(corpus.flaws[10] & FLAW(FLAW_LENGTH));
    assert_int_equal(survey_ambiguous(&corpus, SOURCE), 3);
    assert_int_equal(survey_ambiguous(&corpus, TARGET), 2);
    assert_int_equal(corpus.raw[SOURCE][2].length, strlen(" one  house "));
    assert_string_equal(corpus.lines[SOURCE][2], "one house");

    survey(&held_out, "two houses\tdeux maisons\none house\tcette maison\nfour\tquatre\n");
    overlap = survey_overlap(&corpus, &held_out);
    assert_int_equal(overlap.pairs, 1);
    assert_int_equal(overlap.sources, 2);
    assert_int_equal(overlap.targets, 1);
    assert_int_equal(survey_count(&corpus, FLAW_HELD_OUT), 1);
    assert_true(corpus.flaws[1] & FLAW(FLAW_HELD_OUT));
    survey_release(&held_out);
    survey_release(&corpus);
}

/* Lines i and j fit where j − i is the offset of i. */
struct truth {
    const int *offsets;
};

static double fits(const void *context, size_t i, size_t j)
{
    const struct truth *truth = context;

    return (long)j - (long)i == truth->offsets[i] ? 2 : -2;
}

static void test_shift(void **state)
{
    enum { LINES = 300 };
    int offsets[LINES] = { 0 };
    const struct truth truth = { offsets };
    struct shifts shifts = { 0 };

    (void)state;
    shift_find(&shifts, LINES, fits, &truth);
    assert_int_equal(shifts.count, 0);
    for (int i = 100; i < 103; i++) /* too few to be a shift */
        offsets[i] = 1;
    shift_find(&shifts, LINES, fits, &truth);
    assert_int_equal(shifts.count, 0);
    for (int i = 100; i < 160; i++)
        offsets[i] = 3;
    for (int i = 200; i < LINES; i++)
        offsets[i] = -1;
    shift_find(&shifts, LINES, fits, &truth);
    assert_int_equal(shifts.count, 2);
    assert_int_equal(shifts.items[0].first, 100);
    assert_int_equal(shifts.items[0].last, 159);
    assert_int_equal(shifts.items[0].offset, 3);
    assert_int_equal(shifts.items[1].first, 200);
    assert_int_equal(shifts.items[1].last, LINES - 1);
    assert_int_equal(shifts.items[1].offset, -1);
    for (int i = 0; i < LINES; i++)
        offsets[i] = 2;
    shift_find(&shifts, LINES, fits, &truth);
    assert_int_equal(shifts.count, 1);
    assert_int_equal(shifts.items[0].first, 0);
    shift_release(&shifts);
}

/* Every tenth pair of the demo corpus exchanged, every twelfth target untranslated. */
static void test_languages(void **state)
{
    const struct corpus_files files = { .source = "data/train.en", .target = "data/train.fr" };
    struct survey corpus;
    struct languages languages;
    size_t planted[2] = { 0, 0 }, found[2] = { 0, 0 };

    (void)state;
    assert_int_equal(survey_read(&corpus, &files), 0);
    for (size_t k = 0; k < corpus.pairs; k++) {
        char *source = corpus.lines[SOURCE][k];

        if (k % 10 == 0) {
            corpus.lines[SOURCE][k] = corpus.lines[TARGET][k];
            corpus.lines[TARGET][k] = source;
            planted[0]++;
        } else if (k % 12 == 0) {
            corpus.lines[TARGET][k] = source;
            planted[1]++;
        }
    }
    languages_init(&languages, &corpus);
    for (size_t k = 0; k < corpus.pairs; k++) {
        int swapped = (corpus.flaws[k] & FLAW(FLAW_SWAPPED)) != 0, foreign = (corpus.flaws[k] & FLAW(FLAW_LANGUAGE)) != 0;

        if (k % 10 == 0)
            found[0] += (size_t)swapped;
        else if (k % 12 == 0)
            found[1] += (size_t)foreign;
        else
            assert_int_equal(swapped + foreign, 0);
    }
    assert_true(100 * found[0] >= 95 * planted[0]);
    assert_true(100 * found[1] >= 95 * planted[1]);
    assert_true(languages_orientation(&languages, &corpus) > 0);
    languages_release(&languages);
    survey_release(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script), cmocka_unit_test(test_lines), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_survey), cmocka_unit_test(test_shift), cmocka_unit_test(test_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
