#include "cli/info_page.h"

#include "cli/plot.h"
#include "cli/svg.h"
#include "train/history.h"

#include <inttypes.h>
#include <string.h>

enum { ITEMS_SHOWN = 12 }; /* of an array */

static const char HEAD[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Model</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:60rem;padding:0 1rem;color:#1c2330;background:#fff}"
    "h1{font-size:1.2rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin-top:2rem}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0;border-bottom:1px solid "
    "#d9dde4;"
    "overflow-wrap:anywhere}td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}"
    "</style></head><body>\n";

static void print_facts(FILE *stream, const struct gguf *gguf)
{
    size_t parameters = 0;

    for (size_t i = 0; i < gguf->tensor_count; i++)
        parameters += gguf->tensors[i].count;
    fputs("<h1>", stream);
    svg_text(stream, gguf->path);
    fprintf(stream, "</h1>\n<p>%zu numbers in %zu tensors, %zu bytes, checksum %016" PRIx64 "</p>\n", parameters,
            gguf->tensor_count, gguf->size, gguf_checksum(gguf));
}

static void draw_history(FILE *stream, const struct history *history)
{
    struct plot_run run = { .name = "training" };
    const struct history_entry *best = NULL;

    for (int i = 0; i < history->count; i++) {
        const struct history_entry *entry = &history->entries[i];
        double x = (double)entry->update;

        plot_add(&run, PLOT_TRAINING_LOSS, x, entry->train_loss);
        plot_add(&run, PLOT_VALIDATION_LOSS, x, entry->loss);
        plot_add(&run, PLOT_BLEU, x, entry->bleu);
        plot_add(&run, PLOT_RATE, x, entry->rate);
        if (!best || entry->bleu > best->bleu)
            best = entry;
    }
    if (best) {
        run.has_best = 1;
        run.best_loss = (struct point){ (double)best->update, best->loss };
        run.best_bleu = (struct point){ (double)best->update, best->bleu };
        fputs("<h2>Training</h2>\n", stream);
        plot_draw(stream, &run, 1, "updates");
    }
    plot_run_release(&run);
}

static void print_keys(FILE *stream, const struct gguf *gguf)
{
    struct text value = { 0 };

    fputs("<h2>Keys</h2>\n<table><tr><th>key</th><th>type</th><th>value</th></tr>\n", stream);
    for (size_t i = 0; i < gguf->pair_count; i++) {
        text_clear(&value);
        gguf_pair_text(&gguf->pairs[i], ITEMS_SHOWN, &value);
        fputs("<tr><td>", stream);
        svg_text(stream, gguf->pairs[i].key);
        fprintf(stream, "</td><td>%s</td><td dir=\"auto\">", gguf_pair_type_name(&gguf->pairs[i]));
        svg_text(stream, value.data);
        fputs("</td></tr>\n", stream);
    }
    fputs("</table>\n", stream);
    text_release(&value);
}

static void print_tensors(FILE *stream, const struct gguf *gguf)
{
    fputs("<h2>Tensors</h2>\n<table><tr><th>tensor</th><th>type</th><th>rows × columns</th></tr>\n", stream);
    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];

        fputs("<tr><td>", stream);
        svg_text(stream, tensor->name);
        fprintf(stream, "</td><td>%s</td><td class=\"n\">%zu", gguf_tensor_type_name(tensor->type),
                tensor->dims[tensor->dimensions - 1]);
        for (int d = tensor->dimensions - 2; d >= 0; d--)
            fprintf(stream, " × %zu", tensor->dims[d]);
        fputs("</td></tr>\n", stream);
    }
    fputs("</table>\n", stream);
}

int info_page(FILE *stream, const struct gguf *gguf)
{
    struct history history;

    if (history_get(&history, gguf))
        return -1;
    fputs(HEAD, stream);
    print_facts(stream, gguf);
    draw_history(stream, &history);
    print_keys(stream, gguf);
    print_tensors(stream, gguf);
    fputs("</body></html>\n", stream);
    history_release(&history);
    return 0;
}
