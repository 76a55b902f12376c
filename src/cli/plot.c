#include "cli/plot.h"

#include "base/memory.h"
#include "cli/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 760, PANEL = 190, LEFT = 64, RIGHT = 24, ABOVE = 30, BELOW = 26, LEGEND = 20, TICKS = 5 };

static const char *const colours[] = { "#1f5fbf", "#d4620d", "#2b8a3e", "#a61e4d", "#6741d9", "#0b7285", "#846358", "#495057" };

enum { COLOURS = sizeof colours / sizeof *colours };

/* The panels, by the quantities that they show: one, or two. */
static const struct panel {
    const char *title;
    int first, last;
} panels[] = {
    { "loss (nats per target token): training thin, validation thick", PLOT_TRAINING_LOSS, PLOT_VALIDATION_LOSS },
    { "validation BLEU", PLOT_BLEU, PLOT_BLEU },
    { "learning rate", PLOT_RATE, PLOT_RATE },
    { "target tokens per second", PLOT_SPEED, PLOT_SPEED },
};

enum { PANELS = sizeof panels / sizeof *panels };

/* Numbers low … high, drawn from `from` to `to`. */
struct axis {
    double low, high, from, to;
};

void plot_add(struct plot_run *run, enum quantity quantity, double x, double y)
{
    struct curve *curve = &run->curves[quantity];

    memory_reserve_one(&curve->points, curve->count, &curve->room);
    curve->points[curve->count++] = (struct point){ x, y };
}

void plot_run_release(struct plot_run *run)
{
    for (int i = 0; i < PLOT_QUANTITIES; i++)
        free(run->curves[i].points);
    *run = (struct plot_run){ 0 };
}

static double place(const struct axis *axis, double value)
{
    double share = axis->high > axis->low ? (value - axis->low) / (axis->high - axis->low) : 0.5;

    return axis->from + share * (axis->to - axis->from);
}

/* 1, 2 or 5 times a power of ten, so that about TICKS of them fit. */
static double tick_of(const struct axis *axis)
{
    double rough = (axis->high - axis->low) / TICKS, power = pow(10, floor(log10(rough > 0 ? rough : 1)));

    return rough / power > 5 ? 10 * power : rough / power > 2 ? 5 * power : rough / power > 1 ? 2 * power : power;
}

static void widen(struct axis *axis, double value, int *any)
{
    if (!*any || value < axis->low)
        axis->low = value;
    if (!*any || value > axis->high)
        axis->high = value;
    *any = 1;
}

/* The range of the panel's numbers. Whether there are any. */
static int range(struct axis *axis, const struct plot_run *runs, int count, const struct panel *panel, int of_x)
{
    int any = 0;

    for (int r = 0; r < count; r++)
        for (int q = panel->first; q <= panel->last; q++)
            for (int i = 0; i < runs[r].curves[q].count; i++)
                widen(axis, of_x ? runs[r].curves[q].points[i].x : runs[r].curves[q].points[i].y, &any);
    return any;
}

static void draw_grid(FILE *stream, const struct axis *x, const struct axis *y)
{
    double step = tick_of(y), across = tick_of(x);

    for (double value = ceil(y->low / step) * step; value <= y->high + step / 1000; value += step)
        fprintf(stream, "<path d=\"M%g %.1fH%g\" stroke=\"#ddd\"/><text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n",
                x->from, place(y, value), x->to, x->from - 6, place(y, value) + 4, fabs(value) < step / 1000 ? 0 : value);
    for (double value = ceil(x->low / across) * across; value <= x->high + across / 1000; value += across)
        fprintf(stream, "<path d=\"M%.1f %gV%g\" stroke=\"#eee\"/><text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%.6g</text>\n",
                place(x, value), y->from, y->to, place(x, value), y->from + 15, fabs(value) < across / 1000 ? 0 : value);
}

static void draw_curve(FILE *stream, const struct curve *curve, const struct axis *x, const struct axis *y, const char *style)
{
    if (!curve->count)
        return;
    fputs("<path fill=\"none\" d=\"", stream);
    for (int i = 0; i < curve->count; i++)
        fprintf(stream, "%c%.1f %.1f", i ? 'L' : 'M', place(x, curve->points[i].x), place(y, curve->points[i].y));
    fprintf(stream, "\" %s/>\n", style);
}

static void draw_best(FILE *stream, const struct point *best, const struct axis *x, const struct axis *y, const char *colour)
{
    fprintf(stream, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\" stroke=\"white\"><title>best: %.6g</title></circle>\n",
            place(x, best->x), place(y, best->y), colour, best->y);
    fprintf(stream, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"%s\">%.4g</text>\n", place(x, best->x) - 7,
            place(y, best->y) + (fabs(y->to - place(y, best->y)) < 15 ? 16 : -6), colour, best->y);
}

static void draw_panel(FILE *stream, const struct plot_run *runs, int count, const struct panel *panel, const struct axis *x,
                       int top)
{
    struct axis y = { .from = top + PANEL - BELOW, .to = top + ABOVE };

    range(&y, runs, count, panel, 0);
    if (panel->first != PLOT_TRAINING_LOSS && y.low > 0)
        y.low = 0;
    fprintf(stream, "<text x=\"%d\" y=\"%d\" font-weight=\"600\">%s</text>\n", LEFT, top + 18, panel->title);
    draw_grid(stream, x, &y);
    for (int r = 0; r < count; r++) {
        char style[80];

        for (int q = panel->first; q <= panel->last; q++) {
            snprintf(style, sizeof style, "stroke=\"%s\" stroke-width=\"%s\"", colours[r % COLOURS],
                     q == PLOT_TRAINING_LOSS || q == PLOT_SPEED ? "1" : "2.2");
            draw_curve(stream, &runs[r].curves[q], x, &y, style);
        }
        if (runs[r].has_best && panel->last == PLOT_VALIDATION_LOSS)
            draw_best(stream, &runs[r].best_loss, x, &y, colours[r % COLOURS]);
        if (runs[r].has_best && panel->last == PLOT_BLEU)
            draw_best(stream, &runs[r].best_bleu, x, &y, colours[r % COLOURS]);
    }
}

void plot_draw(FILE *stream, const struct plot_run *runs, int count, const char *axis)
{
    static const struct panel everything = { "", 0, PLOT_QUANTITIES - 1 };
    struct axis x = { .from = LEFT, .to = WIDTH - RIGHT };
    int shown[PANELS], height = 12, top = 8 + LEGEND * count;

    range(&x, runs, count, &everything, 1);
    x.low = 0;
    for (int p = 0; p < PANELS; p++) {
        struct axis y = { 0 };

        shown[p] = range(&y, runs, count, &panels[p], 0);
        height += shown[p] ? PANEL : 0;
    }
    height += LEGEND * (count + 1);
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
            "font-size=\"12\" fill=\"#333\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
            WIDTH, height, WIDTH, height, WIDTH, height);
    for (int r = 0; r < count; r++) {
        fprintf(stream, "<path d=\"M%d %dh24\" stroke=\"%s\" stroke-width=\"3\"/><text x=\"%d\" y=\"%d\">", LEFT, 16 + LEGEND * r,
                colours[r % COLOURS], LEFT + 32, 20 + LEGEND * r);
        svg_text(stream, runs[r].name);
        fputs("</text>\n", stream);
    }
    for (int p = 0; p < PANELS; p++)
        if (shown[p]) {
            draw_panel(stream, runs, count, &panels[p], &x, top);
            top += PANEL;
        }
    fprintf(stream, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n</svg>\n", WIDTH - RIGHT, height - 8, axis);
}
