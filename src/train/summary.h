/* summary: the table that `nmt train` prints at its start: corpus, model, training, memory and files. */
#ifndef NMT_TRAIN_SUMMARY_H
#define NMT_TRAIN_SUMMARY_H

#include "train/forecast.h"
#include "train/start.h"

void summary_print(const struct training *training, const struct forecast *forecast);

#endif
