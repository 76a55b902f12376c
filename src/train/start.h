/* start: prepares corpora, tokenizer and model for training, in one of three ways:
 *
 *     start_fresh        the tokenizer is learned from the corpus, the weights are drawn
 *     start_adapted      weights and tokenizer are those of a parent model (--from); with --new-vocabulary, the tokenizer is learned, and
 *                        the weights are those of the parent as far as the vocabularies agree (train/inherit)
 *     start_resumed      tokenizer, weights and the position in the epoch come from a checkpoint
 *
 * All take the same steps (read, split, encode, limit, lay out), and differ in the origin of tokenizer and weights. */
#ifndef NMT_TRAIN_START_H
#define NMT_TRAIN_START_H

#include "model/model_file.h"
#include "train/trainer.h"

struct training {
    struct train_settings *settings; /* not owned */
    struct team team;
    struct corpus corpus, valid;
    size_t copies; /* copies of validation pairs removed from the corpus (corpus/split.h) */
    struct tokenizer tokenizer;
    int kept[2]; /* with --new-vocabulary: entries of each side that the parent has, too */
    struct trainer trainer;
};

/* Resolves `auto` in the settings and prepares everything for trainer_run except the names and texts that go into files. 0;
 * EXIT_FAILED or EXIT_USAGE after reporting. start_release is needed in either case. */
int start_fresh(struct training *training, struct train_settings *settings);
int start_adapted(struct training *training, struct train_settings *settings, struct saved_model *parent);
int start_resumed(struct training *training, struct train_settings *settings, struct saved_model *checkpoint);
void start_release(struct training *training);

#endif
