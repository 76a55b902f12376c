/* nmt info: the contents of a model file, for people and (--json) for programs; --build: what this program was built with. */
#include "base/io.h"
#include "base/json.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/info_page.h"
#include "cli/options.h"
#include "math/team.h"
#include "model/model_file.h"
#include "train/history.h"

#include <inttypes.h>
#include <stdio.h>

enum { ITEMS_SHOWN = 4 }; /* of an array, for people */

struct info_settings {
    int json, html, build;
};

#define ROW(type, member) OPTION(struct info_settings, type, member)

static const struct option table[] = {
    { "json", ROW(FLAG, json), .help = "print one JSON object" },
    { "html", ROW(FLAG, html), .help = "print a page: curves of the training, keys and tensors" },
    { "build", ROW(FLAG, build), .help = "print how this program was built and what it chooses on this machine" },
    OPTIONS_END,
};

static const struct command command = { "info", "MODEL [OPTION...]", table, sizeof(struct info_settings), 1 };

static int print_build(void)
{
    enum backend backend = BACKEND_AUTO;
    enum precision precision = PRECISION_AUTO;

    worker_choose(&backend, &precision);
    printf("version    %s\ncompiler   %s\nbackends   openblas%s\nchosen     %s, %s (%s)\nprecisions f32%s%s\n", NMT_VERSION,
           __VERSION__, backend == BACKEND_ONEDNN ? " onednn" : "", backend_names[backend], precision_names[precision],
           worker_instructions(backend, precision), worker_available(backend, PRECISION_BF16) ? " bf16" : "",
           worker_available(backend, PRECISION_INT8) ? " int8" : "");
    return io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
}

static void print_json(const struct gguf *gguf)
{
    struct json json = { 0 };

    json_open(&json, NULL, '{');
    json_string(&json, "file", gguf->path);
    text_format(json_value(&json, "checksum"), "\"%016" PRIx64 "\"", gguf_checksum(gguf));
    json_line(&json);
    json_open(&json, "keys", '{');
    for (size_t i = 0; i < gguf->pair_count; i++) {
        json_line(&json);
        json_open(&json, gguf->pairs[i].key, '{');
        json_string(&json, "type", gguf_pair_type_name(&gguf->pairs[i]));
        gguf_pair_json(&gguf->pairs[i], json_value(&json, "value"));
        json_close(&json, '}');
    }
    json_close(&json, '}');
    json_line(&json);
    json_open(&json, "tensors", '[');
    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];

        json_line(&json);
        json_open(&json, NULL, '{');
        json_string(&json, "name", tensor->name);
        json_string(&json, "type", gguf_tensor_type_name(tensor->type));
        json_open(&json, "dims", '[');
        for (int d = 0; d < tensor->dimensions; d++)
            json_integer(&json, NULL, (long)tensor->dims[d]);
        json_close(&json, ']');
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    json_print(&json, stdout);
    json_release(&json);
}

static int print_text(const struct gguf *gguf)
{
    struct text out = { 0 };
    struct history history;
    size_t parameters = 0;

    for (size_t i = 0; i < gguf->pair_count; i++) {
        text_format(&out, "%-32s ", gguf->pairs[i].key);
        gguf_pair_text(&gguf->pairs[i], ITEMS_SHOWN, &out);
        text_add_string(&out, "\n");
    }
    text_add_string(&out, "\n");
    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];

        text_format(&out, "%-32s %s [%zu", tensor->name, gguf_tensor_type_name(tensor->type), tensor->dims[tensor->dimensions - 1]);
        for (int d = tensor->dimensions - 2; d >= 0; d--)
            text_format(&out, ", %zu", tensor->dims[d]);
        text_add_string(&out, "]\n");
        parameters += tensor->count;
    }
    if (history_get(&history, gguf)) {
        text_release(&out);
        return -1;
    }
    if (history.count)
        text_format(&out, "\n%8s %6s %11s %10s %11s %6s %9s\n", "update", "epoch", "train loss", "valid loss", "perplexity", "BLEU",
                    "rate");
    for (int i = 0; i < history.count; i++) {
        const struct history_entry *e = &history.entries[i];

        text_format(&out, "%8ld %6ld %11.4f %10.4f %11.3f %6.2f %9.2g\n", e->update, e->epoch, e->train_loss, e->loss,
                    e->perplexity, e->bleu, e->rate);
    }
    text_format(&out, "\n%zu numbers in %zu tensors, %zu bytes, checksum %016" PRIx64 "\n", parameters, gguf->tensor_count,
                gguf->size, gguf_checksum(gguf));
    fwrite(out.data, 1, out.length, stdout);
    history_release(&history);
    text_release(&out);
    return 0;
}

int cmd_info(int argc, const char **argv)
{
    struct info_settings settings;
    struct options options;
    struct saved_model saved;
    int failed = 0, code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    if (settings.build && (settings.json || settings.html || options.argument_count)) {
        error("info: --build takes neither --json, --html nor a model file");
        code = EXIT_USAGE;
    } else if (settings.json && settings.html) {
        error("info: give --json or --html");
        code = EXIT_USAGE;
    } else if (settings.build) {
        code = print_build();
    } else if (options.argument_count == 0) {
        error("info: expected a model file; see nmt info --help");
        code = EXIT_USAGE;
    } else if (model_file_load(&saved, options.arguments[0])) {
        code = EXIT_FAILED;
    } else {
        if (settings.json)
            print_json(&saved.gguf);
        else if (settings.html)
            failed = info_page(stdout, &saved.gguf);
        else
            failed = print_text(&saved.gguf);
        code = failed || io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
        model_file_release(&saved);
    }
    options_release(&options);
    return code;
}
