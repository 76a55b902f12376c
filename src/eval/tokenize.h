/* tokenize: cuts a line into the words that BLEU counts, as the reference implementation's tokenizers of the same names do.
 *
 *   13a   what the shared tasks' mteval-v13a script does: entities undone, ASCII punctuation parted, but not within numbers
 *   none  white space alone          char  every character is a word          intl  Unicode punctuation and symbols are parted */
#ifndef NMT_EVAL_TOKENIZE_H
#define NMT_EVAL_TOKENIZE_H

#include "base/memory.h"

enum bleu_tokenizer { BLEU_13A, BLEU_NONE, BLEU_CHAR, BLEU_INTL };

/* Their names in the same order, as options and signatures have them; closed by NULL. */
extern const char *const bleu_tokenizer_names[];

/* The words of `line`, with one space between two, into `words` (cleared first). `lowercase`: in small letters. */
void tokenize_line(enum bleu_tokenizer tokenizer, int lowercase, const char *line, struct text *words);

#endif
