/* script: the writing system of a letter, by Unicode's blocks.
 *
 * Unicode's Script property is not among utf8proc's tables. Blocks come close: apart from a few letters that several scripts share, the
 * letters of a block belong to the script that it is named after. Only letters and marks have a script here; combining accents, which
 * go with any script, have none. */
#ifndef NMT_TEXT_SCRIPT_H
#define NMT_TEXT_SCRIPT_H

#include <stdint.h>

enum script {
    SCRIPT_NONE, /* digits, punctuation, symbols, combining accents */
    SCRIPT_LATIN,
    SCRIPT_GREEK,
    SCRIPT_CYRILLIC,
    SCRIPT_ARMENIAN,
    SCRIPT_HEBREW,
    SCRIPT_ARABIC,
    SCRIPT_SYRIAC,
    SCRIPT_THAANA,
    SCRIPT_NKO,
    SCRIPT_DEVANAGARI,
    SCRIPT_BENGALI,
    SCRIPT_GURMUKHI,
    SCRIPT_GUJARATI,
    SCRIPT_ODIA,
    SCRIPT_TAMIL,
    SCRIPT_TELUGU,
    SCRIPT_KANNADA,
    SCRIPT_MALAYALAM,
    SCRIPT_SINHALA,
    SCRIPT_THAI,
    SCRIPT_LAO,
    SCRIPT_TIBETAN,
    SCRIPT_MYANMAR,
    SCRIPT_GEORGIAN,
    SCRIPT_HANGUL,
    SCRIPT_ETHIOPIC,
    SCRIPT_CHEROKEE,
    SCRIPT_CANADIAN,
    SCRIPT_KHMER,
    SCRIPT_MONGOLIAN,
    SCRIPT_TIFINAGH,
    SCRIPT_HIRAGANA,
    SCRIPT_KATAKANA,
    SCRIPT_HAN,
    SCRIPT_YI,
    SCRIPT_VAI,
    SCRIPT_OL_CHIKI,
    SCRIPT_OSAGE,
    SCRIPT_ADLAM,
    SCRIPT_OTHER, /* letters of all other blocks */
    SCRIPTS
};

/* English names, in the order of the enum. */
extern const char *const script_names[SCRIPTS];

/* The script of a character. */
enum script script_of(uint32_t code);

/* The same script for all scripts that the text of one language mixes: Japanese writes Han, Hiragana and Katakana. */
enum script script_family(enum script script);

#endif
