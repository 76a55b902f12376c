/* sentences: where a sentence ends, by the script of the text alone; no language needs to be known.
 *
 *     Mr. Smith paid $3.5 million. "Really?" He did.   ->   Mr. Smith paid $3.5 million. |"Really?" |He did.
 *     我爱你。你呢？                                    ->   我爱你。|你呢？
 *
 * What ends a sentence, together with the closing quotes and brackets after it and then the spaces:
 *     - . ! ? … (after a Greek word, also the question mark ;) if a space comes next and then, after any opening quotes and brackets,
 *       a letter that is not lower case, a digit or a symbol. Thai and Lao do not end sentences with a full stop;
 *     - the full stops and question marks of other scripts: Armenian, Arabic, Syriac, Ethiopic, Khmer and others, if a space comes next;
 *     - 。！？ and the dandas of India, and ! and ? between ideographs: also without a space;
 *     - a line break.
 * What does not, because the full stop is probably that of an abbreviation or a number:
 *     - one letter (J. Smith, z. B.), unless its script writes words of one letter; parts of few letters (e.g., U.S., a.m.);
 *     - a word of at most four letters without a vowel (Mr, Dr, Nr, bzw, др), unless it is written in capitals (TV);
 *     - a word of a short list of titles and abbreviations that have vowels (Prof, Gen, ca, проф: sentences.c);
 *     - before a number, words that announce one (No. 5, Fig. 2, Jan. 1);
 *     - a number of one or two digits or in Roman numerals (3. Oktober, Ludwig XIV. von Frankreich, 1. Introduction).
 * Where that is not enough, sentences stay together rather than being torn apart: "He is from the U.S. She is not." is one. */
#ifndef NMT_TEXT_SENTENCES_H
#define NMT_TEXT_SENTENCES_H

#include <stddef.h>

/* The length in bytes of the first sentence of a text, its trailing spaces included: text[0..length), any bytes. 0 < result <= length
 * where length > 0. White space at the start belongs to the first sentence. Cutting off one sentence after another takes time linear in the
 * length of the text. */
size_t sentence_length(const char *text, size_t length);

/* What goes between two sentences, both not empty: a space, or nothing after an ideograph, kana, or their punctuation, and between a quote and an
 * ideograph. */
const char *sentence_separator(const char *before, const char *after);

#endif
