#include "layers/readout.h"

#include "math/vec.h"

enum { UO, VO, CO, BO };

void readout_forward(struct worker *worker, const struct readout_rows *x, const struct readout *readout)
{
    matmul_forward(worker, x->t, x->s, readout->Uo, ADD);
    matmul_forward(worker, x->t, x->y, readout->Vo, ADD);
    if (readout->Co)
        matmul_forward(worker, x->t, x->c, readout->Co, ADD);
    for (int i = 0; i < x->m.rows; i++) {
        real *m = matrix_row(x->m, i);

        vec_maxout(m, matrix_row(x->t, i), x->m.columns);
        if (x->mask)
            vec_product(m, m, x->mask[i], x->m.columns);
    }
}

void readout_backward(struct worker *worker, struct gradient *gradient, const struct readout_gradient *back,
                      const struct readout_rows *x, const struct readout *readout)
{
    for (int i = 0; i < x->m.rows; i++) {
        real *dm = matrix_row(back->dm, i);

        if (x->mask)
            vec_product(dm, dm, x->mask[i], x->m.columns);
        vec_maxout_backward(matrix_row(back->dt, i), dm, matrix_row(x->t, i), x->m.columns);
    }
    matmul_backward(worker, back->ds, back->dt, readout->Uo, SET);
    matmul_backward(worker, back->dy, back->dt, readout->Vo, SET);
    matmul_backward(worker, back->dc, back->dt, readout->Co, SET);
    gradient_product(worker, gradient, readout->blocks[UO], back->dt, x->s);
    gradient_product(worker, gradient, readout->blocks[VO], back->dt, x->y);
    gradient_product(worker, gradient, readout->blocks[CO], back->dt, x->c);
    gradient_sum(gradient, readout->blocks[BO], back->dt);
}
