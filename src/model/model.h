/* model: the numbers of one translator, and the weights as the matrix products see them. */
#ifndef NMT_MODEL_MODEL_H
#define NMT_MODEL_MODEL_H

#include "model/output.h"

struct model {
    struct config config;
    struct layout layout;
    real *values; /* [layout.length]; owned unless `borrowed` */
    int borrowed;
    struct weight *weights; /* [layout.block_count] every block as a matrix */
    int source_embedding;   /* block [Vx, E] */
    struct output_blocks output;
    void *encoder, *decoder; /* the kinds' block numbers */
};

/* Lays out a model over `values` (borrowed: a mapped file), or over new zeroed memory if NULL. The two halves apart: model_declare
 * makes the layout, model_place takes the values. */
void model_init(struct model *model, const struct config *config, real *values);
void model_declare(struct model *model, const struct config *config);
void model_place(struct model *model, real *values);
void model_release(struct model *model);

/* The numbers of a block. */
static inline const real *model_block(const struct model *model, int block)
{
    return model->values + model->layout.blocks[block].offset;
}

/* (Re)packs this worker's share of the weights for forward products, and for backward ones if wanted. To be called for every one of
 * `workers` workers whenever values changed, by any thread; it waits for nobody. */
void model_pack(struct model *model, struct worker *worker, int workers, int backward_too);

/* Numbers in the matrices of products. */
size_t model_product_numbers(const struct model *model, int *matrices);

/* Floating-point operations of a forward pass. */
double model_operations(const struct config *config, const struct work *work);

#endif
