/* forecast: predicts the memory that training will use. */
#ifndef NMT_TRAIN_FORECAST_H
#define NMT_TRAIN_FORECAST_H

#include "train/trainer.h"

/* In bytes. */
struct forecast {
    size_t text;        /* memory of the process before training, less the parameters: corpus, tokenizer, program */
    size_t parameters;  /* weights, their average and the best ones, a gradient per worker, the optimiser's moments */
    size_t activations; /* of the largest batch of the next epoch, all workers together */
    size_t products;    /* packed weights and compiled matrix products */
    size_t validation;  /* what its activations take beyond those of training */
};

/* The prediction for a trainer that is ready to run. */
struct forecast forecast_memory(const struct trainer *trainer);

size_t forecast_total(const struct forecast *forecast);

/* Reserves memory for the activations, so that nothing is allocated in the loop, if there is enough memory for the whole
 * forecast. 0, or -1 after reporting. */
int forecast_reserve(struct trainer *trainer, const struct forecast *forecast);

#endif
