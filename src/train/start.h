/* start: where training starts. Corpora, tokenizer and model come together here, by one of three ways in:
 *
 *     start_fresh        the tokenizer is learned from the corpus, the weights are drawn
 *     start_adapted      tokenizer and weights are those of a parent model
 *     start_resumed      tokenizer, weights and the place in the epoch are a checkpoint's
 *
 * All are the same steps (read, split, encode, limit, lay out), and differ in where tokenizer and weights come from. */
#ifndef NMT_TRAIN_START_H
#define NMT_TRAIN_START_H

#include "model/model_file.h"
#include "train/trainer.h"

struct training {
    struct train_settings *settings; /* not owned */
    struct team team;
    struct corpus corpus, valid;
    size_t copies; /* given up for the validation pairs' sake (corpus/split.h) */
    struct tokenizer tokenizer;
    struct trainer trainer;
};

/* Replaces what is left to choose in the settings, and makes everything ready for trainer_run but the names and texts that go into
 * files. 0; EXIT_FAILED or EXIT_USAGE after reporting. start_release is needed in either case. */
int start_fresh(struct training *training, struct train_settings *settings);
int start_adapted(struct training *training, struct train_settings *settings, struct saved_model *parent);
int start_resumed(struct training *training, struct train_settings *settings, struct saved_model *checkpoint);
void start_release(struct training *training);

#endif
