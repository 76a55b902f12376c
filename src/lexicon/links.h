/* links: word alignments of a sentence pair as links between words, and what two directions make together. */
#ifndef NMT_LEXICON_LINKS_H
#define NMT_LEXICON_LINKS_H

#include "lexicon/lexicon.h"

/* How the links of two directions become one set (Koehn, Och and Marcu 2003, "Statistical phrase-based translation", section 4.5, and
 * the variant "final-and", as in Moses):
 *
 *   intersection   links of both directions
 *   union          links of either
 *   grow-diag-final-and
 *                  the intersection; then, as long as there are any, links of the union that touch a link (also diagonally) and have a
 *                  word without link; then links of one direction between two words without link */
enum symmetrize { GROW_DIAG_FINAL_AND, UNION, INTERSECTION, FORWARD, BACKWARD };

/* Names in the order of the enum, NULL-terminated, for options. */
extern const char *const symmetrize_names[];

/* forward, backward, out: [Ty, Tx], 1 where word j of the target and word i of the source are linked. `out` is neither of the others. */
void links_symmetrize(enum symmetrize kind, const unsigned char *forward, const unsigned char *backward, int Tx, int Ty,
                      unsigned char *out);

/* The links of a pair, out[Ty, Tx]: each target word with its most probable source word, unless NULL is more probable; backward,
 * each source word with its most probable target word. */
void lexicon_align(const struct lexicon_pair *pair, const struct lexicon_sentences *sentences, enum symmetrize kind,
                   unsigned char *out);

#endif
