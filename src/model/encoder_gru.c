/* encoder_gru: the bidirectional GRU (paper, section 3.2 and appendix A.2.1). →h reads the source from its first word to its last,
 * ←h from its last to its first, both from a zero state; the annotation of position j is h_j = [→h_j ; ←h_j], and the summary is
 * ←h_1.
 *
 * Layers above the first read the annotations below them in the same two ways, and add to them:
 *
 *     h_j ← h_j + [→h_j ; ←h_j] of a layer whose input is mask ∘ h_j
 *
 * where the mask is that of the annotations' dropout, the same for every layer's input and for the final annotations; the residual
 * connection is not masked.
 *
 * Both directions run time-major (layers/sequence.h); the backward one reads each sentence from its own end, so that in both, a
 * step's active sentences are a prefix. Annotations are sentence-major, as attention reads them. */
#include "layers/embedding.h"
#include "layers/gru.h"
#include "layers/sequence.h"
#include "math/vec.h"
#include "model/model.h"

#include <string.h>

/* Blocks of one direction of one layer. */
struct direction_blocks {
    int W;  /* [Wr; Wz; W]  [3H, E], [3H, 2H] above the first layer */
    int UG; /* [Ur; Uz]     [2H, H] */
    int U;  /* U            [H, H] */
    int b;  /* [br; bz; b]  [3H] */
};

/* Activations of one direction of one layer, in its time-major order. */
struct direction {
    struct matrix X;              /* [rows, E], [rows, 2H] above the first layer */
    struct matrix g, rs, s_in, s; /* [rows, 3H | H | H | H] */
    real *state_masks;            /* [sentences, H], or NULL */
};

struct state {
    const struct model *model;
    const struct direction_blocks (*blocks)[2]; /* [layers][2]: →h, ←h */
    struct encoded *encoded;
    struct sequence sequence;            /* of the source side */
    int32_t *ids[2];                     /* [rows] by direction, in its order; -1 = dropped */
    const real **mask[2];                /* [rows] embedding masks likewise, or NULL */
    real *annotation_masks;              /* [sentences, 2H], or NULL */
    struct matrix zero;                  /* [sentences, H] */
    struct matrix dg, dX, ds_out;        /* training: [rows, 3H | E or 2H as X | H] */
    struct matrix dinput;                /* [rows, 2H] of a layer's input above the first */
    struct matrix dnext, ds, ds_in, drs; /* [sentences, H] */
    struct direction direction[][2];     /* [layers] */
};

static int check(const struct config *config, const char *where)
{
    return config_size(where, "encoder layers", config->encoder.layers, 64) ||
                   config_size(where, "hidden", config->encoder.width, 65536)
               ? -1
               : 0;
}

static void *declare(struct layout *layout, const struct config *config)
{
    int H = config->encoder.width;
    struct direction_blocks(*blocks)[2] = memory_new((size_t)config->encoder.layers, sizeof *blocks);

    for (int i = 0; i < 2 * config->encoder.layers; i++) {
        struct direction_blocks *b = &blocks[i / 2][i % 2];
        int input = i < 2 ? config->E : 2 * H;
        struct text name = { 0 };
        const char *n;

        text_add_string(&name, "encoder.");
        if (i >= 2)
            text_format(&name, "%d.", i / 2 + 1);
        text_add_string(&name, i % 2 ? "backward" : "forward");
        n = name.data;
        b->W = layout_add(layout, TENSOR_MATRIX, H, input, "%s.Wr", n);
        layout_join(layout, TENSOR_MATRIX, H, input, "%s.Wz", n);
        layout_join(layout, TENSOR_MATRIX, H, input, "%s.W", n);
        b->UG = layout_add(layout, TENSOR_RECURRENT, H, H, "%s.Ur", n);
        layout_join(layout, TENSOR_RECURRENT, H, H, "%s.Uz", n);
        b->U = layout_add(layout, TENSOR_RECURRENT, H, H, "%s.U", n);
        b->b = layout_add(layout, TENSOR_VECTOR, H, 1, "%s.br", n);
        layout_join(layout, TENSOR_VECTOR, H, 1, "%s.bz", n);
        layout_join(layout, TENSOR_VECTOR, H, 1, "%s.b", n);
        text_release(&name);
    }
    return blocks;
}

static int width(const struct config *config)
{
    return 2 * config->encoder.width;
}

static int summary(const struct config *config)
{
    return config->encoder.width;
}

static size_t state_bytes(const struct config *config)
{
    return sizeof(struct state) + (size_t)config->encoder.layers * sizeof(struct direction[2]);
}

/* The position in its sentence that direction d reads at step t: →h from the left, ←h from the right. */
static int position(int d, int t, int length)
{
    return d == 0 ? t : length - 1 - t;
}

/* The row of the annotations for direction d at step t of the sentence with rank k. */
static int place(const struct state *x, int d, int t, int k)
{
    return x->encoded->start[x->sequence.order[k]] + position(d, t, x->sequence.length[k]);
}

/* The source words in the order in which direction d reads them. */
static void lay_out_words(struct state *x, int d, const struct batch *batch, const real *masks, const unsigned char *dropped)
{
    for (int t = 0, row = 0; t < x->sequence.steps; t++)
        for (int k = 0; k < x->sequence.active[t]; k++, row++) {
            int b = x->sequence.order[k], j = position(d, t, x->sequence.length[k]);

            x->ids[d][row] = dropped && dropped[x->encoded->start[b] + j] ? -1 : batch->source[b][j];
            if (x->mask[d])
                x->mask[d][row] = mask_of(masks, b, x->model->config.E);
        }
}

static void bind_words(struct state *x, const struct binding *binding)
{
    const struct dropping *dropping = binding->dropping;
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    size_t rows = (size_t)x->sequence.rows;
    const real *masks =
        dropout_masks(arena, dropping, dropping->rates.embedding, "source.embedding", batch->sentences, x->model->config.E);
    const unsigned char *dropped =
        dropout_words(arena, dropping, dropping->rates.source_word, "source.word", batch->sentences, batch->source_length);

    for (int d = 0; d < 2; d++) {
        x->ids[d] = arena_take(arena, rows * sizeof(int32_t));
        x->mask[d] = dropping->rates.embedding > 0 ? arena_take(arena, rows * sizeof(real *)) : NULL;
        if (arena->base)
            lay_out_words(x, d, batch, masks, dropped);
    }
}

static void bind_backward(struct state *x, struct arena *arena)
{
    const struct config *config = &x->model->config;
    int rows = x->sequence.rows, B = x->sequence.sentences, H = config->encoder.width, upper = config->encoder.layers > 1;

    x->dg = matrix_take(arena, rows, 3 * H);
    x->dX = matrix_take(arena, rows, upper && 2 * H > config->E ? 2 * H : config->E);
    x->dinput = matrix_take(arena, upper ? rows : 0, 2 * H);
    x->ds_out = matrix_take(arena, rows, H);
    x->dnext = matrix_take(arena, B, H);
    x->ds = matrix_take(arena, B, H);
    x->ds_in = matrix_take(arena, B, H);
    x->drs = matrix_take(arena, B, H);
}

static void bind(void *state, struct encoded *encoded, const struct binding *binding)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    const struct dropping *dropping = binding->dropping;
    struct arena *arena = binding->arena;
    int B = binding->batch->sentences, H = config->encoder.width;

    x->model = binding->model;
    x->blocks = binding->model->encoder;
    x->encoded = encoded;
    sequence_make(&x->sequence, binding->batch->source_length, B, arena);
    bind_words(x, binding);
    x->annotation_masks = dropout_masks(arena, dropping, dropping->rates.annotation, "annotation", B, 2 * H);
    x->zero = matrix_take(arena, B, H);
    for (int i = 0; i < 2 * config->encoder.layers; i++) {
        static const char *const names[] = { "forward", "backward" };
        struct direction *direction = &x->direction[i / 2][i % 2];
        struct text name = { 0 };

        text_format(&name, "encoder.%d.%s.state", i / 2 + 1, names[i % 2]);
        direction->X = matrix_take(arena, x->sequence.rows, i < 2 ? config->E : 2 * H);
        direction->g = matrix_take(arena, x->sequence.rows, 3 * H);
        direction->rs = matrix_take(arena, x->sequence.rows, H);
        direction->s_in = matrix_take(arena, x->sequence.rows, H);
        direction->s = matrix_take(arena, x->sequence.rows, H);
        direction->state_masks = dropout_masks(arena, dropping, dropping->rates.state, name.data, B, H);
        text_release(&name);
    }
    if (binding->training)
        bind_backward(x, arena);
    if (arena->base)
        matrix_zero(x->zero);
}

/* The rows of step t in direction x, from its previous state. */
static struct gru_step step_of(const struct state *x, const struct direction *direction, int t)
{
    int first = x->sequence.first[t], active = x->sequence.active[t];

    return (struct gru_step){ .g = matrix_rows(direction->g, first, active),
                              .s =
                                  t ? matrix_rows(direction->s, x->sequence.first[t - 1], active) : matrix_rows(x->zero, 0, active),
                              .s_in = matrix_rows(direction->s_in, first, active),
                              .rs = matrix_rows(direction->rs, first, active),
                              .next = matrix_rows(direction->s, first, active) };
}

/* From X, the input of every step, to s: its product with the input weights, then through time. */
static void direction_forward(struct worker *worker, struct state *x, int layer, int d)
{
    const struct direction_blocks *blocks = &x->blocks[layer][d];
    const struct weight *weights = x->model->weights;
    struct direction *direction = &x->direction[layer][d];
    int H = x->model->config.encoder.width;

    matrix_fill(direction->g, model_block(x->model, blocks->b));
    matmul_forward(worker, direction->g, direction->X, &weights[blocks->W], ADD);
    for (int t = 0; t < x->sequence.steps; t++) {
        struct gru_step step = step_of(x, direction, t);

        gru_read(&step, direction->state_masks, x->sequence.order);
        if (t)
            matmul_forward(worker, matrix_columns(step.g, 0, 2 * H), step.s_in, &weights[blocks->UG], ADD);
        gru_forward(worker, &step, t ? &weights[blocks->U] : NULL);
    }
}

/* to [rows, n], in direction d's order, from the annotations' columns [column, column + n); through the sentences' masks
 * [sentences, n], if any. */
static void gather(const struct state *x, int d, struct matrix to, struct matrix annotations, int column, const real *masks)
{
    for (int t = 0, row = 0; t < x->sequence.steps; t++)
        for (int k = 0; k < x->sequence.active[t]; k++, row++) {
            const real *from = matrix_row(annotations, place(x, d, t, k)) + column;

            if (masks)
                vec_product(matrix_row(to, row), from, mask_of(masks, x->sequence.order[k], to.columns), to.columns);
            else
                memcpy(matrix_row(to, row), from, (size_t)to.columns * sizeof *from);
        }
}

/* The way back, without masks: into the annotations, or added to them. */
static void scatter(const struct state *x, int d, struct matrix annotations, int column, struct matrix from, enum result result)
{
    for (int t = 0, row = 0; t < x->sequence.steps; t++)
        for (int k = 0; k < x->sequence.active[t]; k++, row++) {
            real *to = matrix_row(annotations, place(x, d, t, k)) + column;

            if (result == ADD)
                vec_add(to, matrix_row(from, row), from.columns);
            else
                memcpy(to, matrix_row(from, row), (size_t)from.columns * sizeof *to);
        }
}

static void mask_annotations(const struct state *x, struct matrix annotations)
{
    for (int b = 0; b < x->encoded->sentences && x->annotation_masks; b++)
        for (int j = 0; j < x->encoded->length[b]; j++) {
            real *row = matrix_row(annotations, x->encoded->start[b] + j);

            vec_product(row, row, mask_of(x->annotation_masks, b, annotations.columns), annotations.columns);
        }
}

/* Both directions read before either writes: above the first layer, the annotations are their input. */
static void layer_forward(struct worker *worker, struct state *x, int layer)
{
    struct matrix h = x->encoded->h;

    for (int d = 0; d < 2; d++) {
        if (layer == 0)
            embedding_forward(x->direction[0][d].X, &x->model->weights[x->model->source_embedding], x->ids[d], x->mask[d]);
        else
            gather(x, d, x->direction[layer][d].X, h, 0, x->annotation_masks);
        direction_forward(worker, x, layer, d);
    }
    for (int d = 0; d < 2; d++)
        scatter(x, d, h, d * x->model->config.encoder.width, x->direction[layer][d].s, layer > 0 ? ADD : SET);
}

static void forward(struct worker *worker, void *state)
{
    struct state *x = state;
    struct encoded *encoded = x->encoded;
    int H = x->model->config.encoder.width;

    for (int layer = 0; layer < x->model->config.encoder.layers; layer++)
        layer_forward(worker, x, layer);
    mask_annotations(x, encoded->h);
    for (int b = 0; b < encoded->sentences; b++)
        memcpy(matrix_row(encoded->summary, b), matrix_row(encoded->h, encoded->start[b]) + H, (size_t)H * sizeof(real));
}

/* From the gradient of every state in ds_out: through time, then all weight gradients in one product each, and dX. */
static void direction_backward(struct worker *worker, struct gradient *gradient, struct state *x, int layer, int d)
{
    const struct direction_blocks *blocks = &x->blocks[layer][d];
    const struct weight *weights = x->model->weights;
    const struct direction *direction = &x->direction[layer][d];
    struct matrix dX = matrix_view(x->dX.at, x->sequence.rows, direction->X.columns);
    int H = x->model->config.encoder.width, carried = 0;

    for (int t = x->sequence.steps - 1; t >= 0; t--) {
        int first = x->sequence.first[t], active = x->sequence.active[t];
        struct gru_step step = step_of(x, direction, t);
        struct gru_step_gradient back = { .dnext = matrix_rows(x->dnext, 0, active),
                                          .dg = matrix_rows(x->dg, first, active),
                                          .ds = matrix_rows(x->ds, 0, active),
                                          .ds_in = matrix_rows(x->ds_in, 0, active),
                                          .drs = matrix_rows(x->drs, 0, active) };

        matrix_copy(back.dnext, matrix_rows(x->ds_out, first, active));
        gru_carry(back.dnext, matrix_rows(x->ds, 0, carried), matrix_rows(x->ds_in, 0, carried), direction->state_masks,
                  x->sequence.order);
        gru_backward(worker, &back, &step, t ? &weights[blocks->U] : NULL);
        if (t)
            matmul_backward(worker, back.ds_in, matrix_columns(back.dg, 0, 2 * H), &weights[blocks->UG], ADD);
        carried = active;
    }
    gradient_product(worker, gradient, blocks->UG, matrix_columns(x->dg, 0, 2 * H), direction->s_in);
    gradient_product(worker, gradient, blocks->U, matrix_columns(x->dg, 2 * H, H), direction->rs);
    gradient_product(worker, gradient, blocks->W, x->dg, direction->X);
    gradient_sum(gradient, blocks->b, x->dg);
    matmul_backward(worker, dX, x->dg, &weights[blocks->W], SET);
    if (layer == 0)
        gradient_rows(gradient, x->model->source_embedding, dX, x->ids[d], x->mask[d]);
    else
        scatter(x, d, x->dinput, 0, dX, d > 0 ? ADD : SET);
}

/* From the gradient of the annotations above the layer to that of those below, both in encoded->dh. */
static void layer_backward(struct worker *worker, struct gradient *gradient, struct state *x, int layer)
{
    struct matrix dh = x->encoded->dh;

    for (int d = 0; d < 2; d++) {
        gather(x, d, x->ds_out, dh, d * x->model->config.encoder.width, NULL);
        direction_backward(worker, gradient, x, layer, d);
    }
    if (layer == 0)
        return;
    mask_annotations(x, x->dinput);
    for (int row = 0; row < dh.rows; row++)
        vec_add(matrix_row(dh, row), matrix_row(x->dinput, row), dh.columns);
}

static void backward(struct worker *worker, struct gradient *gradient, void *state)
{
    struct state *x = state;
    struct encoded *encoded = x->encoded;
    int H = x->model->config.encoder.width;

    for (int b = 0; b < encoded->sentences; b++)
        vec_add(matrix_row(encoded->dh, encoded->start[b]) + H, matrix_row(encoded->dsummary, b), H);
    mask_annotations(x, encoded->dh);
    for (int layer = x->model->config.encoder.layers - 1; layer >= 0; layer--)
        layer_backward(worker, gradient, x, layer);
}

static double operations(const struct config *config, const struct work *work)
{
    double E = config->E, H = config->encoder.width;

    return work->source * (2 * 3 * H * (E + H) + 2 * 3 * H * 3 * H * (config->encoder.layers - 1));
}

const struct encoder_kind encoder_gru = { .name = "gru",
                                          .check = check,
                                          .declare = declare,
                                          .width = width,
                                          .summary = summary,
                                          .state = state_bytes,
                                          .bind = bind,
                                          .forward = forward,
                                          .backward = backward,
                                          .operations = operations };
