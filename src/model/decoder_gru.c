/* decoder_gru: a GRU that at each step attends to the source through the alignment model (paper, section 3.1 and appendix A.2.2):
 *
 *     s_0 = tanh(Ws summary + bs)
 *     q_t = Wa s_{t−1} [+ Ya y_{t−1}] + ba      k_j = Ua h_j          the query may include the previous word (--query word)
 *     c_t = attention(q_t, k, h)                                      model/soft_search.h; without attention: [→h_Tx ; ←h_1]
 *     s_t = GRU(s_{t−1}, E y_{t−1}, c_t)        top_t = readout(s_t, E y_{t−1}, c_t)
 *
 * One row of g is [q | r | z | s~], the query and the three gates, because one product [Wa; Ur; Uz] s_{t−1} serves the first three.
 *
 * `cell` is the step from s_{t−1} to s_t; it runs over time if the target words are given, and once per word in search. Only the
 * values of attention differ. Given words: the values are the annotations h, and the gates' C c_t is a product of the context.
 * Search with one head: because c_t = Σ_j α_tj h_j, the products C c_t and Co c_t are sums of the rows [C; Co] h_j, which are
 * computed once per sentence (`start`); so a step needs no product with C or Co, however many hypotheses the sentence has.
 *
 * Rows are time-major (layers/sequence.h) where words are given. */
#include "base/report.h"
#include "layers/gru.h"
#include "layers/readout.h"
#include "layers/sequence.h"
#include "math/vec.h"
#include "model/model.h"
#include "model/soft_search.h"

#include <string.h>

static const char ATTENTION[] = "attention";

struct blocks {
    int start_W, start_b; /* Ws [H, summary], bs [H] */
    struct soft_search_blocks search;
    int state;      /* [Wa; Ur; Uz]     [A + 2H, H] */
    int bias;       /* [ba; br; bz; b]  [A + 3H] */
    int U;          /* [H, H] */
    int word;       /* [Ya; Wr; Wz; W]  [Q + 3H, E], Q = A with query word, else 0 */
    int context;    /* [Cr; Cz; C]      [3H, width] */
    int readout[4]; /* Uo, Vo, Co [2L, H | E | width], bo [2L] */
    struct lexical_blocks lexical;
};

struct state {
    const struct model *model;
    const struct blocks *blocks;
    struct encoded *encoded;
    struct decoded *decoded;
    struct sequence sequence;                    /* of the target side */
    int *source;                                 /* [targets] by rank: the source sentence */
    int *target;                                 /* [rows] the target sentence */
    int32_t *ids;                                /* [rows] y_{t−1} (-1: none, or dropped) */
    const real **embedding_mask, **readout_mask; /* [rows], or NULL */
    const real *state_masks;                     /* [targets, H], or NULL */
    struct soft_search search;                   /* in search with one head its values are [C; Co] h_j */
    int summed;                                  /* whether they are */
    struct matrix Y, g, rs, s_in, s, c, t;       /* [rows, E | A + 3H | H | H | H | values | 2L] */
    struct matrix s0, next;                      /* [targets, H] by rank; search: [room, H] states before and after the step */
    struct matrix first;                         /* [targets, summary] by rank */
    struct matrix top;                           /* search: [room, L] */
    struct matrix ds_out, dc, dY, dg, dt;        /* training: [rows, …] */
    struct matrix dnext, ds, ds_in, drs, dfirst; /* [targets, …] */
    struct lexical lexical;
};

/* Rows of Ya. */
static int query_word(const struct config *config)
{
    return config->decoder.query == QUERY_WORD ? config->decoder.alignment : 0;
}

/* Columns of g. */
static int gates(const struct config *config)
{
    return config->decoder.alignment + 3 * config->decoder.width;
}

static int width(const struct config *config)
{
    return encoder_kinds[config->encoder.type]->width(config);
}

static int check(const struct config *config, const char *where)
{
    const struct decoder_config *d = &config->decoder;

    if (config_size(where, "hidden", d->width, 65536) || config_size(where, "maxout", d->maxout, 65536))
        return -1;
    if (d->attention == ATTENTION_NONE ? d->alignment != 0 : d->alignment < 1 || d->alignment > 65536)
        return error("%s: alignment size %d is not valid with attention %s", where, d->alignment, attention_names[d->attention]);
    if (d->lexical && (d->lexical != 1 || d->attention == ATTENTION_NONE))
        return error("%s: lexical output %d is not valid with attention %s", where, d->lexical, attention_names[d->attention]);
    if (config_size(where, "heads", d->heads, 1024))
        return -1;
    if (d->heads > 1 && (d->attention == ATTENTION_NONE || d->alignment % d->heads || width(config) % d->heads))
        return error("%s: %d heads do not divide the alignment model of %d and the source rows of %d", where, d->heads,
                     d->alignment, width(config));
    return 0;
}

static void *declare(struct layout *layout, const struct config *config)
{
    const struct decoder_config *d = &config->decoder;
    int E = config->E, H = d->width, A = d->alignment, L2 = 2 * d->maxout, n = width(config), Q = query_word(config);
    struct blocks *b = memory_new(1, sizeof *b);

    b->start_W = layout_add(layout, TENSOR_MATRIX, H, encoder_kinds[config->encoder.type]->summary(config), "decoder.start.W");
    b->start_b = layout_add(layout, TENSOR_VECTOR, H, 1, "decoder.start.b");
    soft_search_declare(&b->search, layout, config);
    b->state = layout_add(layout, TENSOR_ALIGNMENT, A, H, "attention.Wa");
    layout_join(layout, TENSOR_RECURRENT, H, H, "decoder.Ur");
    layout_join(layout, TENSOR_RECURRENT, H, H, "decoder.Uz");
    b->bias = layout_add(layout, TENSOR_VECTOR, A, 1, "attention.ba");
    layout_join(layout, TENSOR_VECTOR, H, 1, "decoder.br");
    layout_join(layout, TENSOR_VECTOR, H, 1, "decoder.bz");
    layout_join(layout, TENSOR_VECTOR, H, 1, "decoder.b");
    b->U = layout_add(layout, TENSOR_RECURRENT, H, H, "decoder.U");
    b->word = layout_add(layout, TENSOR_ALIGNMENT, Q, E, "attention.Ya");
    layout_join(layout, TENSOR_MATRIX, H, E, "decoder.Wr");
    layout_join(layout, TENSOR_MATRIX, H, E, "decoder.Wz");
    layout_join(layout, TENSOR_MATRIX, H, E, "decoder.W");
    b->context = layout_add(layout, TENSOR_MATRIX, H, n, "decoder.Cr");
    layout_join(layout, TENSOR_MATRIX, H, n, "decoder.Cz");
    layout_join(layout, TENSOR_MATRIX, H, n, "decoder.C");
    b->readout[0] = layout_add(layout, TENSOR_MATRIX, L2, H, "readout.Uo");
    b->readout[1] = layout_add(layout, TENSOR_MATRIX, L2, E, "readout.Vo");
    b->readout[2] = layout_add(layout, TENSOR_MATRIX, L2, n, "readout.Co");
    b->readout[3] = layout_add(layout, TENSOR_VECTOR, L2, 1, "readout.bo");
    if (d->lexical)
        lexical_declare(&b->lexical, layout, config);
    return b;
}

static int top(const struct config *config)
{
    return config->decoder.maxout + (config->decoder.lexical ? config->E : 0);
}

static size_t state_bytes(const struct config *config)
{
    (void)config;
    return sizeof(struct state);
}

static const real *numbers(const struct state *x, int block)
{
    return model_block(x->model, block);
}

/* ---- laying out a batch ---- */

/* y_{t−1} and y_t of every row; words removed by dropout become -1. */
static void lay_out_words(struct state *x, const struct batch *batch, const unsigned char *dropped, size_t *place)
{
    for (int b = 0; b < batch->targets; b++)
        place[b + 1] = place[b] + (size_t)batch->target_length[b];
    for (int t = 0, row = 0; t < x->sequence.steps; t++)
        for (int k = 0; k < x->sequence.active[t]; k++, row++) {
            int b = x->sequence.order[k];
            size_t word = place[b] + (size_t)t;

            x->target[row] = b;
            x->ids[row] = t == 0 || (dropped && dropped[word - 1]) ? -1 : batch->target[b][t - 1];
            x->decoded->labels[row] = batch->target[b][t];
            x->decoded->place[row] = word;
        }
}

static void bind_words(struct state *x, const struct binding *binding)
{
    const struct batch *batch = binding->batch;
    const struct dropping *dropping = binding->dropping;
    const struct config *config = &binding->model->config;
    struct arena *arena = binding->arena;
    size_t rows = (size_t)x->sequence.rows;
    int B = batch->targets, E = config->E, L = config->decoder.maxout;
    const real *embedding = dropout_masks(arena, dropping, dropping->rates.embedding, "target.embedding", B, E);
    const real *readout = dropout_masks(arena, dropping, dropping->rates.readout, "readout", B, L);
    const unsigned char *dropped =
        dropout_words(arena, dropping, dropping->rates.target_word, "target.word", B, batch->target_length);
    size_t *place = arena_take(arena, ((size_t)B + 1) * sizeof *place);

    x->state_masks = dropout_masks(arena, dropping, dropping->rates.state, "decoder.state", B, config->decoder.width);
    x->target = arena_take(arena, rows * sizeof(int));
    x->ids = arena_take(arena, rows * sizeof(int32_t));
    x->decoded->labels = arena_take(arena, rows * sizeof(int32_t));
    x->decoded->place = arena_take(arena, rows * sizeof(size_t));
    x->embedding_mask = dropping->rates.embedding > 0 ? arena_take(arena, rows * sizeof(real *)) : NULL;
    x->readout_mask = dropping->rates.readout > 0 ? arena_take(arena, rows * sizeof(real *)) : NULL;
    if (!arena->base)
        return;
    place[0] = 0;
    lay_out_words(x, batch, dropped, place);
    for (size_t row = 0; row < rows; row++) {
        if (x->embedding_mask)
            x->embedding_mask[row] = mask_of(embedding, x->target[row], E);
        if (x->readout_mask)
            x->readout_mask[row] = mask_of(readout, x->target[row], L);
    }
}

static void bind_backward(struct state *x, const struct binding *binding)
{
    const struct config *config = &binding->model->config;
    struct arena *arena = binding->arena;
    int rows = x->sequence.rows, B = x->sequence.sentences, H = config->decoder.width, L = config->decoder.maxout;

    x->ds_out = matrix_take(arena, rows, H);
    x->dc = matrix_take(arena, rows, x->c.columns);
    x->dY = matrix_take(arena, rows, config->E);
    x->dg = matrix_take(arena, rows, gates(config));
    x->dt = matrix_take(arena, rows, 2 * L);
    x->decoded->dtop = matrix_take(arena, rows, top(config));
    x->dnext = matrix_take(arena, B, H);
    x->ds = matrix_take(arena, B, H);
    x->ds_in = matrix_take(arena, B, H);
    x->drs = matrix_take(arena, B, H);
    x->dfirst = matrix_take(arena, B, x->first.columns);
}

static void bind_common(struct state *x, struct encoded *encoded, const struct binding *binding)
{
    *x = (struct state){ .model = binding->model, .blocks = binding->model->decoder, .encoded = encoded };
    x->lexical.blocks = &x->blocks->lexical;
    x->search.blocks = &x->blocks->search;
    x->search.lexical = &x->lexical;
}

static void bind(void *state, struct decoded *decoded, struct encoded *encoded, const struct binding *binding)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    const struct batch *batch = binding->batch;
    struct arena *arena = binding->arena;
    int B = batch->targets, rows, H = config->decoder.width;

    bind_common(x, encoded, binding);
    x->decoded = decoded;
    sequence_make(&x->sequence, batch->target_length, B, arena);
    rows = decoded->rows = x->sequence.rows;
    x->source = arena_take(arena, (size_t)B * sizeof(int));
    for (int k = 0; arena->base && k < B; k++)
        x->source[k] = batch_source_of(batch, x->sequence.order[k]);
    bind_words(x, binding);
    soft_search_bind(&x->search, encoded, binding, &x->sequence, x->source);
    x->Y = matrix_take(arena, rows, config->E);
    x->g = matrix_take(arena, rows, gates(config));
    x->rs = matrix_take(arena, rows, H);
    x->s_in = matrix_take(arena, rows, H);
    x->s = matrix_take(arena, rows, H);
    x->c = matrix_take(arena, rows, encoded->h.columns);
    x->s0 = matrix_take(arena, B, H);
    x->first = matrix_take(arena, B, encoded->summary.columns);
    x->t = matrix_take(arena, rows, 2 * config->decoder.maxout);
    decoded->top = matrix_take(arena, rows, top(config));
    lexical_bind(&x->lexical, binding, encoded, rows, x->target);
    if (binding->training)
        bind_backward(x, binding);
}

/* ---- the cell ---- */

/* The rows of one step, as parts of the state's matrices. */
struct cell {
    struct gru_step gru; /* its g are the last three parts of g */
    struct matrix g, c;
    int first;         /* the number of the first of them */
    const int *source; /* [rows] the source sentence of each */
    int t;             /* the step, which gives the place of alpha; -1 in search, which keeps no alpha */
};

static struct look look_of(const struct cell *cell, int k)
{
    return (struct look){ k, cell->t, cell->first + k, cell->source[k] };
}

/* Computes every row's context from its query. */
static void look(struct worker *worker, const struct state *x, const struct cell *cell)
{
    const char *before = worker_enter(worker, ATTENTION);

    for (int k = 0; k < cell->c.rows; k++) {
        const struct look one = look_of(cell, k);

        soft_search_look(&x->search, &one, matrix_row(cell->c, k), matrix_row(cell->g, k));
    }
    worker_enter(worker, before);
}

/* From s_{t−1} to s_t. On input, g contains the biases and the contribution of y_{t−1}. */
static void cell_forward(struct worker *worker, const struct state *x, const struct cell *cell)
{
    const struct weight *weights = x->model->weights;
    int A = x->model->config.decoder.alignment, H = x->model->config.decoder.width;

    matmul_forward(worker, matrix_columns(cell->g, 0, A + 2 * H), cell->gru.s_in, &weights[x->blocks->state], ADD);
    look(worker, x, cell);
    if (x->summed)
        for (int k = 0; k < cell->c.rows; k++)
            vec_add(matrix_row(cell->gru.g, k), matrix_row(cell->c, k), 3 * H);
    else
        matmul_forward(worker, cell->gru.g, cell->c, &weights[x->blocks->context], ADD);
    gru_forward(worker, &cell->gru, &weights[x->blocks->U]);
}

/* g = the biases and the word's part: [ba; br; bz; b] + [Ya; Wr; Wz; W] y. */
static void enter_words(struct worker *worker, const struct state *x, struct matrix g, struct matrix Y)
{
    int A = x->model->config.decoder.alignment, Q = query_word(&x->model->config);

    matrix_fill(g, numbers(x, x->blocks->bias));
    matmul_forward(worker, matrix_columns(g, A - Q, g.columns - A + Q), Y, &x->model->weights[x->blocks->word], ADD);
}

/* s0 = tanh(Ws first + bs). */
static void first_state(struct worker *worker, const struct state *x, struct matrix s0, struct matrix first)
{
    matrix_fill(s0, numbers(x, x->blocks->start_b));
    matmul_forward(worker, s0, first, &x->model->weights[x->blocks->start_W], ADD);
    vec_tanh(s0.at, (size_t)s0.rows * (size_t)s0.columns);
}

/* The columns of `top` that are the readout's; the others are the lexical output's. */
static struct matrix readout_part(const struct state *x, struct matrix top)
{
    return matrix_columns(top, 0, x->model->config.decoder.maxout);
}

static struct readout readout_of(const struct state *x, int with_context)
{
    const int *b = x->blocks->readout;
    const struct weight *w = x->model->weights;

    return (struct readout){ &w[b[0]], &w[b[1]], with_context ? &w[b[2]] : NULL, { b[0], b[1], b[2], b[3] } };
}

/* ---- given target words ---- */

static struct cell cell_of(const struct state *x, int t)
{
    int first = x->sequence.first[t], active = x->sequence.active[t], A = x->model->config.decoder.alignment;
    struct matrix g = matrix_rows(x->g, first, active);

    return (struct cell){ .gru = { .g = matrix_columns(g, A, g.columns - A),
                                   .s = t ? matrix_rows(x->s, x->sequence.first[t - 1], active) : matrix_rows(x->s0, 0, active),
                                   .s_in = matrix_rows(x->s_in, first, active),
                                   .rs = matrix_rows(x->rs, first, active),
                                   .next = matrix_rows(x->s, first, active) },
                          .g = g,
                          .c = matrix_rows(x->c, first, active),
                          .first = first,
                          .source = x->source,
                          .t = t };
}

static struct readout_rows readout_rows_of(const struct state *x)
{
    return (struct readout_rows){ x->s, x->Y, x->c, x->t, readout_part(x, x->decoded->top), x->readout_mask };
}

static void forward(struct worker *worker, void *state)
{
    struct state *x = state;
    const struct readout readout = readout_of(x, 1);
    const struct readout_rows rows = readout_rows_of(x);

    for (int k = 0; k < x->sequence.sentences; k++)
        memcpy(matrix_row(x->first, k), matrix_row(x->encoded->summary, x->source[k]), (size_t)x->first.columns * sizeof(real));
    first_state(worker, x, x->s0, x->first);
    soft_search_read(worker, &x->search);
    output_embed(x->model, x->Y, x->ids, x->embedding_mask);
    lexical_read(&x->lexical);
    enter_words(worker, x, x->g, x->Y);
    for (int t = 0; t < x->sequence.steps; t++) {
        struct cell cell = cell_of(x, t);

        gru_read(&cell.gru, x->state_masks, x->sequence.order);
        cell_forward(worker, x, &cell);
    }
    matrix_fill(x->t, numbers(x, x->blocks->readout[3]));
    readout_forward(worker, &rows, &readout);
    lexical_forward(worker, &x->lexical, x->decoded->top);
}

/* Completes dnext with the gradient from the following step, for the targets that have one. */
static void carry(const struct state *x, struct matrix dnext, int carried)
{
    gru_carry(dnext, matrix_rows(x->ds, 0, carried), matrix_rows(x->ds_in, 0, carried), x->state_masks, x->sequence.order);
}

/* From dc to dq (the first part of dg), dkeys, dva and dh. */
static void look_backward(struct worker *worker, struct gradient *gradient, const struct state *x, const struct cell *cell,
                          struct matrix dg, struct matrix dc)
{
    const char *before = worker_enter(worker, ATTENTION);

    for (int k = 0; k < dc.rows; k++) {
        const struct look one = look_of(cell, k);

        soft_search_look_backward(gradient, &x->search, &one, matrix_row(dg, k), matrix_row(dc, k), matrix_row(cell->g, k));
    }
    worker_enter(worker, before);
}

/* One step back: dnext [active, H] is complete; leaves the step's dg and ds_in. */
static void cell_backward(struct worker *worker, struct gradient *gradient, const struct state *x, int t)
{
    const struct weight *weights = x->model->weights;
    struct cell cell = cell_of(x, t);
    int first = x->sequence.first[t], active = x->sequence.active[t], A = x->model->config.decoder.alignment, H = x->s.columns;
    struct matrix dg = matrix_rows(x->dg, first, active), dgates = matrix_columns(dg, A, 3 * H);
    struct matrix dc = matrix_rows(x->dc, first, active);
    struct gru_step_gradient back = { .dnext = matrix_rows(x->dnext, 0, active),
                                      .dg = dgates,
                                      .ds = matrix_rows(x->ds, 0, active),
                                      .ds_in = matrix_rows(x->ds_in, 0, active),
                                      .drs = matrix_rows(x->drs, 0, active) };

    gru_backward(worker, &back, &cell.gru, &weights[x->blocks->U]);
    matmul_backward(worker, dc, dgates, &weights[x->blocks->context], ADD);
    look_backward(worker, gradient, x, &cell, dg, dc);
    matmul_backward(worker, back.ds_in, matrix_columns(dg, 0, A + 2 * H), &weights[x->blocks->state], ADD);
}

/* From dnext, now the gradient of s_0. */
static void start_backward(struct worker *worker, struct gradient *gradient, struct state *x)
{
    struct matrix ds0 = x->dnext;

    vec_tanh_backward(ds0.at, x->s0.at, ds0.at, (size_t)ds0.rows * (size_t)ds0.columns);
    gradient_product(worker, gradient, x->blocks->start_W, ds0, x->first);
    gradient_sum(gradient, x->blocks->start_b, ds0);
    matmul_backward(worker, x->dfirst, ds0, &x->model->weights[x->blocks->start_W], SET);
    matrix_zero(x->encoded->dsummary);
    for (int k = 0; k < ds0.rows; k++)
        vec_add(matrix_row(x->encoded->dsummary, x->source[k]), matrix_row(x->dfirst, k), x->dfirst.columns);
}

/* All weight gradients, one product each over all steps. */
static void weights_backward(struct worker *worker, struct gradient *gradient, struct state *x)
{
    const struct weight *weights = x->model->weights;
    const struct blocks *b = x->blocks;
    int A = x->model->config.decoder.alignment, H = x->s.columns, Q = query_word(&x->model->config);
    struct matrix dword = matrix_columns(x->dg, A - Q, Q + 3 * H);

    gradient_product(worker, gradient, b->state, matrix_columns(x->dg, 0, A + 2 * H), x->s_in);
    gradient_product(worker, gradient, b->U, matrix_columns(x->dg, A + 2 * H, H), x->rs);
    gradient_product(worker, gradient, b->context, matrix_columns(x->dg, A, 3 * H), x->c);
    gradient_product(worker, gradient, b->word, dword, x->Y);
    gradient_sum(gradient, b->bias, x->dg);
    matmul_backward(worker, x->dY, dword, &weights[b->word], ADD);
    output_embed_backward(x->model, gradient, x->dY, x->ids, x->embedding_mask);
    soft_search_read_backward(worker, gradient, &x->search);
}

static void backward(struct worker *worker, struct gradient *gradient, void *state)
{
    struct state *x = state;
    const struct readout readout = readout_of(x, 1);
    const struct readout_rows rows = readout_rows_of(x);
    const struct readout_gradient back = { readout_part(x, x->decoded->dtop), x->ds_out, x->dY, x->dc, x->dt };
    int carried = 0;

    soft_search_begin_backward(&x->search);
    readout_backward(worker, gradient, &back, &rows, &readout);
    lexical_backward(worker, gradient, &x->lexical, x->decoded->dtop);
    for (int t = x->sequence.steps - 1; t >= 0; t--) {
        struct matrix dnext = matrix_rows(x->dnext, 0, x->sequence.active[t]);

        matrix_copy(dnext, matrix_rows(x->ds_out, x->sequence.first[t], dnext.rows));
        carry(x, dnext, carried);
        cell_backward(worker, gradient, x, t);
        carried = x->sequence.active[t];
    }
    matrix_zero(x->dnext); /* s_0 gets no gradient from the output */
    carry(x, x->dnext, carried);
    start_backward(worker, gradient, x);
    weights_backward(worker, gradient, x);
    lexical_read_backward(gradient, &x->lexical);
}

static const real *alignment(void *state, int b, const struct attention_map *map)
{
    const struct state *x = state;
    int k = 0;

    while (x->sequence.order[k] != b)
        k++;
    return soft_search_alignment(&x->search, k, map->head);
}

/* ---- search ---- */

static void search_bind(void *state, struct encoded *encoded, const struct binding *binding, int room)
{
    struct state *x = state;
    const struct config *config = &binding->model->config;
    struct arena *arena = binding->arena;
    int H = config->decoder.width, L = config->decoder.maxout, fixed = config->decoder.attention == ATTENTION_NONE;
    int context = config->decoder.heads > 1 ? encoded->h.columns : 3 * H + 2 * L;

    bind_common(x, encoded, binding);
    x->summed = config->decoder.heads == 1;
    soft_search_bind(&x->search, encoded, binding, NULL, NULL);
    x->search.values = matrix_take(arena, fixed ? encoded->sentences : encoded->rows, context);
    x->c = matrix_take(arena, room, context);
    x->first = matrix_take(arena, fixed ? encoded->sentences : 0, encoded->h.columns);
    x->s = matrix_take(arena, room, H);
    x->next = matrix_take(arena, room, H);
    x->Y = matrix_take(arena, room, config->E);
    x->g = matrix_take(arena, room, gates(config));
    x->rs = matrix_take(arena, room, H);
    x->t = matrix_take(arena, room, 2 * L);
    x->top = matrix_take(arena, room, top(config));
    lexical_bind(&x->lexical, binding, encoded, room, NULL);
}

/* The values of attention: [C; Co] times the rows that it looks at, or without attention times one row per sentence. */
static void sum_products(struct worker *worker, struct state *x)
{
    const struct weight *weights = x->model->weights;
    struct matrix seen = x->encoded->h, values = x->search.values;
    int H = x->s.columns, L2 = x->t.columns;

    if (x->model->config.decoder.attention == ATTENTION_NONE) {
        seen = x->first;
        for (int b = 0; b < x->encoded->sentences; b++)
            soft_search_fixed(&x->search, matrix_row(seen, b), b);
    }
    matmul_forward(worker, matrix_columns(values, 0, 3 * H), seen, &weights[x->blocks->context], SET);
    matmul_forward(worker, matrix_columns(values, 3 * H, L2), seen, &weights[x->blocks->readout[2]], SET);
}

static void start(struct worker *worker, void *state)
{
    struct state *x = state;

    soft_search_read(worker, &x->search);
    if (x->summed)
        sum_products(worker, x);
    first_state(worker, x, matrix_rows(x->s, 0, x->encoded->sentences), x->encoded->summary);
    lexical_read(&x->lexical);
}

static struct matrix step(struct worker *worker, void *state, const int32_t *previous, const int *sentence, int rows)
{
    struct state *x = state;
    int A = x->model->config.decoder.alignment, H = x->s.columns, L2 = x->t.columns;
    struct matrix Y = matrix_rows(x->Y, 0, rows), g = matrix_rows(x->g, 0, rows), s = matrix_rows(x->s, 0, rows);
    struct matrix next = matrix_rows(x->next, 0, rows), c = matrix_rows(x->c, 0, rows), t = matrix_rows(x->t, 0, rows);
    struct matrix out = matrix_rows(x->top, 0, rows);
    struct cell cell = {
        .gru = { matrix_columns(g, A, 3 * H), s, s, matrix_rows(x->rs, 0, rows), next }, .g = g, .c = c, .source = sentence, .t = -1
    };
    const struct readout readout = readout_of(x, !x->summed);
    const struct readout_rows read = { .s = next, .y = Y, .c = c, .t = t, .m = readout_part(x, out) };

    output_embed(x->model, Y, previous, NULL);
    enter_words(worker, x, g, Y);
    cell_forward(worker, x, &cell);
    matrix_fill(t, numbers(x, x->blocks->readout[3]));
    for (int i = 0; x->summed && i < rows; i++)
        vec_add(matrix_row(t, i), matrix_row(c, i) + 3 * H, L2);
    readout_forward(worker, &read, &readout);
    lexical_forward(worker, &x->lexical, out);
    return out;
}

static void select_rows(void *state, const int *parents, int rows)
{
    struct state *x = state;

    for (int i = 0; i < rows; i++)
        memcpy(matrix_row(x->s, i), matrix_row(x->next, parents[i]), (size_t)x->s.columns * sizeof(real));
}

static double operations(const struct config *config, const struct work *work)
{
    double E = config->E, H = config->decoder.width, A = config->decoder.alignment, L = config->decoder.maxout, n = width(config);

    return work->source * n * A + work->pairs * (A + n) +
           work->sentences * H * encoder_kinds[config->encoder.type]->summary(config) +
           work->target * (3 * H * (E + H + n) + A * H + query_word(config) * E + 2 * L * (H + E + n)) +
           (config->decoder.lexical ? lexical_operations(config, work) : 0);
}

const struct decoder_kind decoder_gru = { .name = "gru",
                                          .check = check,
                                          .declare = declare,
                                          .top = top,
                                          .state = state_bytes,
                                          .bind = bind,
                                          .forward = forward,
                                          .backward = backward,
                                          .alignment = alignment,
                                          .search_bind = search_bind,
                                          .start = start,
                                          .step = step,
                                          .select = select_rows,
                                          .operations = operations };
