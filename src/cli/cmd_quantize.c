/* nmt quantize: a model as a small file. */
#include "base/claims.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "model/small_file.h"

struct quantize_settings {
    const char *output;
    int type;
};

#define ROW(type, member) OPTION(struct quantize_settings, type, member)

static const struct option table[] = {
    { "output", ROW(TEXT, output), .value = "FILE", .help = "the file to write" },
    { "type", ROW(CHOICE, type), .value = "TYPE", .initial = "q8_0", .names = small_names,
      .help = "how matrices are stored: q8_0, about a quarter of the size, or bf16, half of it" },
    OPTIONS_END,
};

static const struct command command = { "quantize", "MODEL --output FILE [OPTION...]", table, sizeof(struct quantize_settings), 1 };

/* 0, or -1 after reporting. */
static int check(const struct quantize_settings *settings, const struct options *options)
{
    struct claims claims = { 0 };

    if (options->argument_count == 0)
        return error("quantize: expected a model file; see nmt quantize --help");
    if (options_require(options, "output", settings->output))
        return -1;
    claims_input(&claims, "the model", options->arguments[0]);
    claims_output(&claims, "--output", settings->output);
    return claims_check(&claims, "quantize");
}

int cmd_quantize(int argc, const char **argv)
{
    struct quantize_settings settings;
    struct options options;
    struct saved_model saved;
    int code = options_read(&options, &command, &settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    if (check(&settings, &options)) {
        code = EXIT_USAGE;
    } else if (model_file_load(&saved, options.arguments[0])) {
        code = EXIT_FAILED;
    } else {
        code = small_file_write(&saved, (enum small_type)settings.type, settings.output) ? EXIT_FAILED : EXIT_DONE;
        model_file_release(&saved);
    }
    options_release(&options);
    return code;
}
