/* tokenize: splits a line into the words that BLEU counts, as the tokenizers of the same names in sacreBLEU do.
 *
 *   13a   as the script mteval-v13a of the shared tasks: entities decoded, ASCII punctuation split off, but not within numbers
 *   none  at white space only
 *   char  every character is a word
 *   intl  Unicode punctuation and symbols split off */
#ifndef NMT_EVAL_TOKENIZE_H
#define NMT_EVAL_TOKENIZE_H

#include "base/memory.h"

enum bleu_tokenizer { BLEU_13A, BLEU_NONE, BLEU_CHAR, BLEU_INTL };

/* Their names in options and signatures, in the same order; NULL-terminated. */
extern const char *const bleu_tokenizer_names[];

/* 13a, or char for lines that hardly have spaces between words, such as Japanese, Chinese and Thai: to 13a, such a line is one word, and BLEU is
 * 0 until a whole line is right. */
enum bleu_tokenizer tokenize_choice(char *const *lines, size_t count);

/* The words of `line`, separated by single spaces, into `words` (cleared first). `lowercase`: in lower case. */
void tokenize_line(enum bleu_tokenizer tokenizer, int lowercase, const char *line, struct text *words);

#endif
