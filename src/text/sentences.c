#include "text/sentences.h"

#include "text/range.h"
#include "text/script.h"
#include "text/utf8.h"

#include <string.h>

/* What a mark says about the end of a sentence, from weak to strong. */
enum ending {
    ENDING_NONE,
    ENDING_STOP,     /* a full stop, which may be that of an abbreviation */
    ENDING_ELLIPSIS, /* … or several full stops */
    ENDING_MARK,     /* ! ? */
    ENDING_SPACED,   /* ends a sentence if a space follows */
    ENDING_ALWAYS    /* no space is needed */
};

/* The marks above ASCII, in ascending order. Tibetan: the single shad separates clauses, too, and is not here. */
static const struct range marks[] = {
    { 0x0589, 0x0589, ENDING_SPACED },   /* Armenian full stop */
    { 0x061F, 0x061F, ENDING_SPACED },   /* Arabic question mark */
    { 0x06D4, 0x06D4, ENDING_SPACED },   /* Urdu full stop */
    { 0x0700, 0x0702, ENDING_SPACED },   /* Syriac full stops */
    { 0x07F9, 0x07F9, ENDING_SPACED },   /* N'Ko exclamation mark */
    { 0x0964, 0x0965, ENDING_ALWAYS },   /* danda, double danda */
    { 0x0F0E, 0x0F0E, ENDING_ALWAYS },   /* Tibetan double shad */
    { 0x104B, 0x104B, ENDING_ALWAYS },   /* Burmese full stop */
    { 0x1362, 0x1362, ENDING_ALWAYS },   /* Ethiopic full stop */
    { 0x1367, 0x1368, ENDING_ALWAYS },   /* Ethiopic question mark, paragraph separator */
    { 0x166E, 0x166E, ENDING_SPACED },   /* full stop of Canadian syllabics */
    { 0x17D4, 0x17D5, ENDING_SPACED },   /* Khmer full stops */
    { 0x1803, 0x1803, ENDING_SPACED },   /* Mongolian full stop */
    { 0x1809, 0x1809, ENDING_SPACED },   /* Manchu full stop */
    { 0x1C7E, 0x1C7F, ENDING_SPACED },   /* Ol Chiki full stops */
    { 0x2026, 0x2026, ENDING_ELLIPSIS }, /* … */
    { 0x203C, 0x203D, ENDING_MARK },     /* ‼ ‽ */
    { 0x2047, 0x2049, ENDING_MARK },     /* ⁇ ⁈ ⁉ */
    { 0x3002, 0x3002, ENDING_ALWAYS },   /* 。 */
    { 0xA4FF, 0xA4FF, ENDING_SPACED },   /* Lisu full stop */
    { 0xA60E, 0xA60F, ENDING_SPACED },   /* Vai full stop, question mark */
    { 0xABEB, 0xABEB, ENDING_ALWAYS },   /* Meetei full stop */
    { 0xFF01, 0xFF01, ENDING_ALWAYS },   /* ！ */
    { 0xFF0E, 0xFF0E, ENDING_MARK },     /* ．, also in numbers */
    { 0xFF1F, 0xFF1F, ENDING_ALWAYS },   /* ？ */
    { 0xFF61, 0xFF61, ENDING_ALWAYS },   /* half width 。 */
};

/* Abbreviations with vowels that stand before a capital letter: titles, and words in the middle of a sentence. */
static const char *const before_names[] = {
    "Prof", "prof", "Gen",  "Col", "Capt",   "Rev",  "Hon",  "Sen",  "Gov",  "Rep", "Pres", "Maj", "Mme", "Mlle", "Sra",
    "Dra",  "Srta", "Ud",   "Uds", "Sig",    "Dott", "Ing",  "Dipl", "Mag",  "Ste", "mevr", "ca",  "Ca",  "al",   "evtl",
    "inkl", "exkl", "bspw", "usw", "approx", "ul",   "Проф", "проф", "акад", "им",  "ул",   "प्रो", "डॉ",  "श्री"
};

/* And before a number. */
static const char *const before_numbers[] = { "no",   "No",  "nos", "Nos", "art", "Art", "Abs",  "Abb", "fig", "Fig",
                                              "Figs", "vol", "Vol", "sec", "Sec", "ch",  "Chap", "Kap", "cap", "Cap",
                                              "Jan",  "Feb", "Apr", "Aug", "Oct", "Okt", "Sept", "Dec", "Dez", "Tel",
                                              "tel",  "op",  "Op",  "Eq",  "pag", "pág", "núm",  "рис", "Рис", "табл" };

/* A position in a text. */
struct place {
    const char *text;
    size_t at, length;
};

/* The character at the place and its bytes; 0 at the end of the text. */
static uint32_t peek(const struct place *place, size_t *size)
{
    uint32_t code;

    *size = 0;
    if (place->at == place->length)
        return 0;
    *size = utf8_next(place->text + place->at, place->length - place->at, &code);
    return code == UTF8_BAD ? 0xFFFD : code;
}

static uint32_t next(const struct place *place)
{
    size_t size;

    return peek(place, &size);
}

static int is_end(const struct place *place)
{
    return place->at == place->length;
}

static int is_space(uint32_t code)
{
    return code == ' ' || utf8_kind(code) == UTF8_SPACE;
}

static int breaks_line(uint32_t code)
{
    return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

static enum ending ending_of(uint32_t code, enum script before)
{
    if (code == '.')
        return ENDING_STOP;
    if (code == '!' || code == '?' || ((code == ';' || code == 0x37E) && before == SCRIPT_GREEK))
        return ENDING_MARK;
    return (enum ending)range_value(marks, sizeof marks / sizeof *marks, code, ENDING_NONE);
}

/* Quotes with which one language opens what another closes. */
static int is_either_quote(uint32_t code)
{
    return code == 0xAB || code == 0xBB || (code >= 0x2018 && code <= 0x201F) || code == 0x2039 || code == 0x203A;
}

static int opens(uint32_t code)
{
    enum utf8_kind kind = utf8_kind(code);

    return is_either_quote(code) || kind == UTF8_OPEN || kind == UTF8_DASH || code == '"' || code == '\'' || code == '*' ||
           code == '_' || code == 0xBF || code == 0xA1;
}

/* Whether the character at the place, directly after a mark, closes a quote or bracket. */
static int closes(const struct place *place)
{
    size_t size;
    uint32_t code = peek(place, &size);
    struct place after = { place->text, place->at + size, place->length };

    if (is_either_quote(code) && utf8_kind(code) == UTF8_OPEN)
        return is_end(&after) || utf8_kind(next(&after)) != UTF8_LETTER;
    return code == '"' || code == '\'' || code == '*' || code == '_' || utf8_kind(code) == UTF8_CLOSE;
}

/* Passes marks and what closes after them. Returns the strongest mark. */
static enum ending pass_marks(struct place *place, enum script before, int *closed)
{
    enum ending strongest = ENDING_NONE, ending;
    size_t size;
    uint32_t code;

    *closed = 0;
    for (; (code = peek(place, &size)) != 0; place->at += size) {
        ending = ending_of(code, before);
        if (ending == ENDING_STOP && strongest == ENDING_STOP)
            strongest = ENDING_ELLIPSIS;
        if (ending > strongest)
            strongest = ending;
        if (ending == ENDING_NONE && !closes(place))
            break;
        *closed |= ending == ENDING_NONE;
    }
    return strongest;
}

/* Passes spaces. Returns whether there were any; *line: one of them breaks the line. */
static int pass_spaces(struct place *place, int *line)
{
    size_t start = place->at, size;
    uint32_t code;

    *line = 0;
    for (; !is_end(place) && is_space(code = peek(place, &size)); place->at += size)
        *line |= breaks_line(code);
    return place->at > start;
}

/* French: « Oui ! » closes after a space. Passes such quotes; the place is after a space, and is again. */
static void pass_spaced_quotes(struct place *place)
{
    size_t size;
    int line;
    uint32_t code = peek(place, &size);

    while (code == 0xBB || code == 0x203A) {
        struct place after = { place->text, place->at + size, place->length };

        if (!pass_spaces(&after, &line) && !is_end(&after))
            return;
        *place = after;
        code = peek(place, &size);
    }
}

static int is_vowel(uint32_t code)
{
    static const char ascii[] = "aeiouyAEIOUY";
    static const uint32_t others[] = { 0x410, 0x415, 0x418, 0x41E, 0x423, 0x42B, 0x42D, 0x42E, 0x42F, 0x404, 0x406, /* Cyrillic, */
                                       0x430, 0x435, 0x438, 0x43E, 0x443, 0x44B, 0x44D, 0x44E, 0x44F, 0x454, 0x456, /* */
                                       0x391, 0x395, 0x397, 0x399, 0x39F, 0x3A5, 0x3A9,                             /* Greek */
                                       0x3B1, 0x3B5, 0x3B7, 0x3B9, 0x3BF, 0x3C5, 0x3C9 };

    if (code < 0x80)
        return strchr(ascii, (int)code) != NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (code == others[i])
            return 1;
    return script_of(code) == SCRIPT_LATIN || (code >= 0x386 && code <= 0x390) || (code >= 0x3AA && code <= 0x3B0) ||
           (code >= 0x3CA && code <= 0x3CE);
}

/* What there is to know about the word before a full stop. */
struct word_shape {
    int letters, digits, capitals, vowels, roman;
    int parts, first_part, longest_part; /* parts separated by full stops; letters of the first and of the longest */
    uint32_t last;                       /* letter */
};

static struct word_shape shape_of(const char *word, size_t length)
{
    struct word_shape shape = { .parts = 1 };
    struct place place = { word, 0, length };
    int part = 0;
    size_t size;
    uint32_t code;

    for (; (code = peek(&place, &size)) != 0; place.at += size) {
        enum utf8_kind kind = utf8_kind(code);

        if (code == '.') {
            shape.parts++;
            part = 0;
        }
        shape.digits += kind == UTF8_DIGIT;
        if (kind != UTF8_LETTER)
            continue;
        shape.letters++;
        shape.capitals += utf8_is_upper(code);
        shape.vowels += is_vowel(code);
        shape.roman += code == 'I' || code == 'V' || code == 'X' || code == 'L';
        shape.last = code;
        part++;
        if (shape.parts == 1)
            shape.first_part = part;
        if (part > shape.longest_part)
            shape.longest_part = part;
    }
    return shape;
}

static int is_among(const char *const *words, size_t count, const char *word, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return 1;
    return 0;
}

/* Whether one letter and a full stop are an initial, or one of several parts. */
static int is_initial(const struct word_shape *shape)
{
    enum script script = script_of(shape->last);

    return shape->last < 0x80 || shape->capitals || script == SCRIPT_ARABIC || script == SCRIPT_HEBREW ||
           ((script == SCRIPT_CYRILLIC || script == SCRIPT_GREEK) && !shape->vowels);
}

/* Whether the full stop after the bytes `from` … `to` of the text, letters, marks, digits and full stops, is that of an abbreviation or an
 * ordinal number. `after` is the first letter or digit of what follows. */
static int is_abbreviation(const char *text, size_t from, size_t to, uint32_t after)
{
    const char *word = text + from;
    size_t length = to - from;
    const struct word_shape shape = shape_of(word, length);
    enum script script = script_of(shape.last);
    int cased = script == SCRIPT_LATIN || script == SCRIPT_CYRILLIC || script == SCRIPT_GREEK;
    int apart = from == 0 || strchr(" \t\n\r([\"'", text[from - 1]) || (unsigned char)text[from - 1] >= 0x80;
    int elided = from > 0 && (text[from - 1] == '\'' || (from > 2 && memcmp(word - 3, "\u2019", 3) == 0));

    if (script == SCRIPT_THAI || script == SCRIPT_LAO)
        return 1;
    if (shape.digits || !shape.letters)
        return !shape.letters && shape.parts == 1 && shape.digits > 0 && shape.digits <= 2 && apart;
    if (elided && shape.letters <= 2 && !shape.capitals) /* isn't, it's */
        return 0;
    if (shape.parts > 1)
        return shape.first_part <= 2 && shape.longest_part <= 3;
    if (is_among(before_names, sizeof before_names / sizeof *before_names, word, length))
        return 1;
    if (utf8_kind(after) == UTF8_DIGIT && is_among(before_numbers, sizeof before_numbers / sizeof *before_numbers, word, length))
        return 1;
    if (shape.letters == 1)
        return is_initial(&shape);
    return shape.roman == shape.letters || (cased && !shape.vowels && shape.letters <= 4 && shape.capitals < shape.letters);
}

/* The first character of what may be the next sentence, opening quotes and brackets apart; 0 if no sentence begins with it. */
static uint32_t beginning(struct place place)
{
    size_t size;
    uint32_t code = peek(&place, &size);

    for (; !is_end(&place) && (opens(code) || is_space(code)); code = peek(&place, &size))
        place.at += size;
    switch (utf8_kind(code)) {
    case UTF8_LETTER: return utf8_is_lower(code) && script_of(code) != SCRIPT_GEORGIAN ? 0 : code;
    case UTF8_DIGIT:
    case UTF8_NUMBER:
    case UTF8_CURRENCY:
    case UTF8_SYMBOL: return code;
    default: return code == '@' || code == '#' ? code : 0;
    }
}

/* Whether a sentence that ended without a space after it has not ended. */
static int goes_on(const struct place *place, int closed)
{
    uint32_t code = next(place);
    enum utf8_kind kind = utf8_kind(code);

    if (opens(code) || code == '@' || code == '#')
        return 0;
    return kind == UTF8_MARK || kind == UTF8_OTHER || kind == UTF8_PUNCTUATION || kind == UTF8_CLOSE ||
           (closed && script_of(code) == SCRIPT_HIRAGANA); /* a quotation that is a part of its sentence */
}

/* A place between two sentences, perhaps: what was read before it. */
struct candidate {
    size_t word, mark; /* where the word before the mark and the mark begin */
    enum script script;
    enum ending ending;
    int closed;
};

/* Whether a sentence ends at the place, which is after marks, quotes and brackets. If so, moves it to the beginning of the next. */
static int ends(struct place *place, const struct candidate *candidate)
{
    struct place after = *place;
    int line, spaces = pass_spaces(&after, &line), ideographs;
    uint32_t first;

    if (spaces && candidate->ending < ENDING_SPACED)
        pass_spaced_quotes(&after);
    ideographs = script_family(candidate->script) == SCRIPT_HAN && script_family(script_of(next(&after))) == SCRIPT_HAN;
    *place = after;
    if (is_end(place) || line || (spaces && candidate->ending >= ENDING_SPACED))
        return 1;
    if (candidate->ending == ENDING_ALWAYS || (candidate->ending == ENDING_MARK && ideographs))
        return spaces || !goes_on(place, candidate->closed);
    if (!spaces || candidate->ending == ENDING_SPACED)
        return 0;
    first = beginning(after);
    return first && (candidate->ending != ENDING_STOP || !is_abbreviation(place->text, candidate->word, candidate->mark, first));
}

size_t sentence_length(const char *text, size_t length)
{
    struct place place = { text, 0, length };
    struct candidate candidate = { .script = SCRIPT_NONE };
    int line, begun = 0;

    while (!is_end(&place)) {
        size_t size;
        uint32_t code = peek(&place, &size);
        enum utf8_kind kind = utf8_kind(code);

        if (ending_of(code, candidate.script)) {
            struct place after = place;

            candidate.mark = place.at;
            candidate.ending = pass_marks(&after, candidate.script, &candidate.closed);
            place = after;
            if (ends(&after, &candidate))
                return after.at;
            if (candidate.ending != ENDING_STOP || candidate.closed)
                candidate.word = place.at;
            begun = 1;
            continue;
        }
        if (begun && breaks_line(code)) {
            pass_spaces(&place, &line);
            return place.at;
        }
        place.at += size;
        begun |= kind != UTF8_SPACE;
        if (kind == UTF8_LETTER)
            candidate.script = script_of(code);
        if (kind != UTF8_LETTER && kind != UTF8_MARK && kind != UTF8_DIGIT)
            candidate.word = place.at;
    }
    return length;
}

/* Characters of scripts that are written without spaces between sentences, and the punctuation of these. */
static int is_ideographic(uint32_t code)
{
    return utf8_is_han(code) || utf8_is_kana(code) || (code >= 0x3000 && code <= 0x303F) || (code >= 0xFF00 && code <= 0xFF65);
}

const char *sentence_separator(const char *before, const char *after)
{
    size_t end = strlen(before), at = end;
    uint32_t last, first;

    while (at > 0 && ((unsigned char)before[--at] & 0xC0) == 0x80)
        ;
    utf8_next(before + at, end - at, &last);
    utf8_next(after, strlen(after), &first);
    return is_ideographic(last) || (is_ideographic(first) && (is_either_quote(last) || last == 0x2026)) ? "" : " ";
}
