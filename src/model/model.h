/* model: the numbers of one translation model, and its weights as operands of matrix products. */
#ifndef NMT_MODEL_MODEL_H
#define NMT_MODEL_MODEL_H

#include "model/output.h"
#include "model/shortlist.h"

struct model {
    struct config config;
    struct layout layout;
    real *values; /* [layout.length]; owned unless `borrowed`; NULL: of a file, the numbers are in `weights` only */
    int borrowed;
    struct weight *weights; /* [layout.block_count] every block as a matrix */
    void **copies;          /* [layout.block_count] numbers of weights that are not in `values` or in a file's map; else NULL */
    int source_embedding;   /* block [Vx, E] */
    struct output_blocks output;
    void *encoder, *decoder;        /* the kinds' block numbers */
    struct attention_map alignment; /* the weights that alignments are made of */
    struct shortlist shortlist;     /* of target words, for search; or none */
};

/* Lays out a model over `values` (borrowed), or over new zeroed memory if NULL. The same in two steps: model_declare
 * makes the layout, model_place takes the values. model_place_empty, instead: weights without numbers, which the caller adds. */
void model_init(struct model *model, const struct config *config, real *values);
void model_declare(struct model *model, const struct config *config);
void model_place(struct model *model, real *values);
void model_place_empty(struct model *model);

/* The weights are these numbers [layout.length] from now on, `values` stays what it is; what is packed must be packed again. */
void model_point(struct model *model, const real *values);

void model_release(struct model *model);

/* The numbers of a block that is neither an operand of products nor an embedding: these are always reals. */
static inline const real *model_block(const struct model *model, int block)
{
    return model->weights[block].w;
}

/* Whether the numbers of a block may be of another type than reals. */
int model_may_store(const struct model *model, int block);

/* What is packed: for forward products (search); for backward ones too; the same but the output layer (training with a sample of its words). */
enum packing { PACK_FORWARD, PACK_BOTH, PACK_BELOW_OUTPUT };

/* (Re)packs this worker's share of the weights. To be called for each of `workers` workers whenever values have changed, by any thread; it
 * does not wait for other workers. */
void model_pack(struct model *model, struct worker *worker, int workers, enum packing packing);

/* Numbers in the weights of matrix products, and how many different `sizes` (rows, columns) these weights have. */
size_t model_product_numbers(const struct model *model, int *sizes);

/* Floating-point operations of a forward pass. */
double model_operations(const struct config *config, const struct work *work);

#endif
