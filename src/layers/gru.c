#include "layers/gru.h"

#include "math/vec.h"

void gru_read(const struct gru_step *step, const real *masks, const int *order)
{
    int H = step->s.columns;

    if (!masks)
        matrix_copy(step->s_in, step->s);
    for (int k = 0; k < step->s.rows && masks; k++)
        vec_product(matrix_row(step->s_in, k), matrix_row(step->s, k), mask_of(masks, order[k], H), H);
}

void gru_carry(struct matrix dnext, struct matrix ds, struct matrix ds_in, const real *masks, const int *order)
{
    int H = dnext.columns;

    for (int k = 0; k < ds.rows; k++) {
        vec_add(matrix_row(dnext, k), matrix_row(ds, k), H);
        if (masks)
            vec_add_product(matrix_row(dnext, k), matrix_row(ds_in, k), mask_of(masks, order[k], H), H);
        else
            vec_add(matrix_row(dnext, k), matrix_row(ds_in, k), H);
    }
}

void gru_forward(struct worker *worker, const struct gru_step *step, const struct weight *U)
{
    int rows = step->s.rows, H = step->s.columns;

    for (int i = 0; i < rows; i++)
        vec_gru_gates(matrix_row(step->g, i), matrix_row(step->rs, i), matrix_row(step->s_in, i), H);
    if (U)
        matmul_forward(worker, matrix_columns(step->g, 2 * H, H), step->rs, U, ADD);
    for (int i = 0; i < rows; i++)
        vec_gru_state(matrix_row(step->next, i), matrix_row(step->g, i), matrix_row(step->s, i), H);
}

void gru_backward(struct worker *worker, const struct gru_step_gradient *back, const struct gru_step *step, const struct weight *U)
{
    int rows = step->s.rows, H = step->s.columns;

    for (int i = 0; i < rows; i++)
        vec_gru_state_backward(matrix_row(back->dg, i), matrix_row(back->ds, i), matrix_row(back->dnext, i), matrix_row(step->g, i),
                               matrix_row(step->s, i), H);
    if (U)
        matmul_backward(worker, back->drs, matrix_columns(back->dg, 2 * H, H), U, SET);
    else
        matrix_zero(back->drs);
    for (int i = 0; i < rows; i++)
        vec_gru_gates_backward(matrix_row(back->dg, i), matrix_row(back->ds_in, i), matrix_row(back->drs, i),
                               matrix_row(step->g, i), matrix_row(step->s_in, i), H);
}
