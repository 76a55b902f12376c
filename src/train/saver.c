#include "train/saver.h"

#include "base/cluster.h"
#include "base/report.h"
#include "math/meter.h"
#include "train/checkpoint.h"

#include <stdlib.h>

static void write_model(struct trainer *trainer)
{
    struct saver *saver = &trainer->saver;
    const struct best *best = &trainer->best;
    const real *values = best->average ? best->average : best->count ? best->items[0].values : trainer_values(trainer);

    saver->model_written = cluster_rank() == 0 && checkpoint_save_model(trainer, trainer->settings->model, values) == 0;
    cluster_give(&saver->model_written, sizeof saver->model_written);
    saver->has_model |= saver->model_written;
}

/* Writes the best models, if several are kept. */
static void write_best(struct trainer *trainer)
{
    const struct best *best = &trainer->best;

    trainer->saver.best_missing = 0;
    for (int i = 0; best->most > 1 && i < best->count; i++) {
        char *name = checkpoint_best_name(trainer->settings->model, i);

        trainer->saver.best_missing += cluster_rank() == 0 && checkpoint_save_model(trainer, name, best->items[i].values);
        free(name);
    }
    cluster_give(&trainer->saver.best_missing, sizeof trainer->saver.best_missing);
}

/* Whether it was written. */
static int write_checkpoint(struct trainer *trainer)
{
    int written;

    learner_collect_moments(&trainer->learner);
    written = cluster_rank() == 0 && checkpoint_save(trainer) == 0;
    cluster_give(&written, sizeof written);
    return written;
}

void saver_save(struct trainer *trainer)
{
    struct saver *saver = &trainer->saver;
    long update = trainer->state.update;

    report_as_warnings(1);
    if (!trainer->best.count || !saver->model_written)
        write_model(trainer);
    learner_complete_average(&trainer->learner);
    if (saver->update != update && write_checkpoint(trainer))
        saver->update = update;
    if (!saver->model_written || saver->update != update)
        warning("update %ld is not saved; the next save will try again", update);
    report_as_warnings(0);
    saver->time = meter_clock();
}

int saver_due(const struct trainer *trainer)
{
    double minutes = trainer->settings->save_minutes;

    return minutes > 0 && meter_clock() - trainer->saver.time >= minutes * 60;
}

void saver_save_model(struct trainer *trainer)
{
    report_as_warnings(1);
    write_model(trainer);
    write_best(trainer);
    report_as_warnings(0);
}

int saver_check(const struct trainer *trainer)
{
    const struct saver *saver = &trainer->saver;
    long update = trainer->state.update;
    int no_model = !saver->model_written, no_checkpoint = update > 0 && saver->update != update;

    if (saver->best_missing && !no_model && !no_checkpoint)
        return error("the end of training is not saved: %d of the models of --keep-best could not be written, see above",
                     saver->best_missing);
    if (!no_model && !no_checkpoint)
        return 0;
    return error("the end of training is not saved: %s%s%s could not be written, see above",
                 no_model ? trainer->settings->model : "", no_model && no_checkpoint ? " and " : "",
                 no_checkpoint ? trainer->checkpoint : "");
}
