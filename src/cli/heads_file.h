/* heads_file: writes the weights of every head of every layer of a model, self-attention included, for given sentence pairs. */
#ifndef NMT_CLI_HEADS_FILE_H
#define NMT_CLI_HEADS_FILE_H

#include "cli/inference.h"
#include "corpus/corpus.h"

/* For pair n (from 1) and each place (source, encoder, decoder), layer L and head H, both from 0, a CSV matrix
 * DIRECTORY/00000n.PLACE.L.H.csv between tokens: a row per token that looks, a column per token that is looked at. Attention to the
 * source and the decoder's self-attention have a row for each word that is being written; what the decoder looks at itself are the
 * words before: the first column, without a label, is the start. The directory is created if it does not exist. A name that
 * ends in .html is a page of all pairs (cli/alignment_page.h) instead. Pairs of more than `longest` tokens on a side are left out with an
 * error. 0, or -1 after reporting. */
int heads_write(struct inference *inference, const struct corpus *corpus, const char *name, int longest);

/* Whether the name is that of a page. */
int heads_page(const char *name);

#endif
