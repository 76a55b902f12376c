/* plot: curves of trainings as SVG: a panel per quantity, a colour per training, one axis for all panels. */
#ifndef NMT_CLI_PLOT_H
#define NMT_CLI_PLOT_H

#include <stdio.h>

/* What a log has of each training. Losses share a panel. */
enum quantity { PLOT_TRAINING_LOSS, PLOT_VALIDATION_LOSS, PLOT_BLEU, PLOT_RATE, PLOT_SPEED, PLOT_QUANTITIES };

struct point {
    double x, y;
};

struct curve {
    struct point *points;
    int count, room;
};

/* A training; zero-initialise; plot_run_release. */
struct plot_run {
    const char *name; /* the caller's */
    struct curve curves[PLOT_QUANTITIES];
    int has_best; /* the last validation that was marked as the best */
    struct point best_loss, best_bleu;
};

void plot_add(struct plot_run *run, enum quantity quantity, double x, double y);
void plot_run_release(struct plot_run *run);

/* Draws the runs over x, named `axis`. Quantities that no run has get no panel. Errors are the stream's. */
void plot_draw(FILE *stream, const struct plot_run *runs, int count, const char *axis);

#endif
