/* model: the numbers of one translator, and the weights as the products see them. */
#ifndef NMT_MODEL_MODEL_H
#define NMT_MODEL_MODEL_H

#include "model/params.h"

/* The matrices, stacked where they act on the same input. Each direction of each layer of the encoder has its own three, in a row
 * (encoder_weight); those of layers that the model lacks have no rows. */
enum weight_name {
    ENCODER_W,                                   /* [Wr; Wz; W]      [3H, E], [3H, 2H] above the first layer */
    ENCODER_UG,                                  /* [Ur; Uz]         [2H, H] */
    ENCODER_U,                                   /* U                [H, H]  */
    START = ENCODER_W + 6 * ENCODER_LAYERS_MOST, /* Ws      [H, H] */
    KEYS,                                        /* Ua               [A, 2H] */
    QUERY,                                       /* [Wa; Ur; Uz]     [A+2H, H] */
    DECODER_U,                                   /* U                [H, H] */
    DECODER_W,                                   /* [Wr; Wz; W]      [3H, E] */
    DECODER_C,                                   /* [Cr; Cz; C]      [3H, 2H] */
    READOUT_U,
    READOUT_V,
    READOUT_C, /* Uo, Vo, Co       [2L, H | E | 2H] */
    OUTPUT,    /* Wo               [Vy, L] */
    WEIGHTS
};

struct model {
    struct config config;
    struct layout layout;
    real *values; /* [layout.length]; owned unless `borrowed` */
    int borrowed;
    struct params params; /* view of values */
    struct weight weights[WEIGHTS];
};

/* Where the ENCODER_W of a layer (from 0) and direction (0: →h, 1: ←h) is; ENCODER_UG and ENCODER_U follow. */
static inline int encoder_weight(int layer, int d)
{
    return ENCODER_W + 3 * (2 * layer + d);
}

/* Lays out a model over `values` (borrowed: a mapped file), or over new zeroed memory if NULL. */
void model_init(struct model *model, const struct config *config, real *values);
void model_release(struct model *model);

/* (Re)packs the weights for forward products, and for backward ones, too, if wanted. To be called whenever values changed. In an
 * OpenMP parallel region all threads call it, each always with the same matmul, and share the work; it does not wait for the others. */
void model_pack(struct model *model, struct matmul *matmul, int backward_too);

#endif
