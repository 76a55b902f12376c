/* inherit: the weights of a parent in a model with another vocabulary (Zoph, Yuret, May and Knight 2016, "Transfer learning for
 * low-resource neural machine translation"). Tensors that do not depend on a vocabulary are copied. In those with one row per entry
 * (embeddings, output weights and biases), a row is copied if the parent's vocabulary of the same side has an entry of the same string.
 * The other side's entries do not serve: the two embeddings are unrelated spaces. */
#ifndef NMT_TRAIN_INHERIT_H
#define NMT_TRAIN_INHERIT_H

#include "model/model.h"
#include "text/tokenizer.h"

/* Overwrites the weights of `model`, which are initialised already and whose configuration is the parent's but for the sizes of the
 * vocabularies. kept[side] becomes the number of the side's entries that the parent has. */
void inherit(struct model *model, const struct tokenizer *tokenizer, const struct model *parent,
             const struct tokenizer *parent_tokenizer, int kept[2]);

#endif
