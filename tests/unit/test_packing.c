/* The backend's copies of weights, which the workers of a team share out. */
#include "base/memory.h"
#include "model/model.h"

#include "../check.h"

#include <stdlib.h>

static const struct config config = { .Vx = 23,
                                      .Vy = 19,
                                      .E = 12,
                                      .encoder = { .layers = 2, .width = 16 },
                                      .decoder = { .heads = 1, .width = 16, .alignment = 11, .maxout = 10 } };

/* Each worker packs its share of the weights, always the same; together they pack each once, in both directions. */
static void packing_in_shares(void **state)
{
    enum { WORKERS = 3 };
    struct worker workers[WORKERS];
    struct model model;
    void *packed[64][2] = { 0 };
    int shares[WORKERS] = { 0 };

    (void)state;
    if (!worker_available(BACKEND_ONEDNN, PRECISION_F32)) {
        print_message("skipped: nothing is packed without oneDNN\n");
        skip();
    }
    model_init(&model, &config, NULL);
    assert_true(model.layout.block_count <= 64);
    for (int i = 0; i < WORKERS; i++)
        worker_init(&workers[i], i, BACKEND_ONEDNN, PRECISION_F32);
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < WORKERS; i++) {
            model_pack(&model, &workers[i], WORKERS, 1);
            for (int k = 0; k < 2 * model.layout.block_count; k++) {
                void *now = model.weights[k / 2].packed[k % 2];

                shares[i] += now != packed[k / 2][k % 2];
                packed[k / 2][k % 2] = now;
            }
        }
    for (int k = 0; k < 2 * model.layout.block_count; k++)
        assert_int_equal(packed[k / 2][k % 2] != NULL, model.layout.blocks[k / 2].product);
    for (int i = 1; i < WORKERS; i++)
        assert_true(abs(shares[i] - shares[0]) <= 1);
    for (int i = 0; i < WORKERS; i++)
        worker_release(&workers[i]);
    model_release(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(packing_in_shares) };

    return cmocka_run_group_tests_name("packing", tests, NULL, NULL);
}
