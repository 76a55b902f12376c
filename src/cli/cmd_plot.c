/* nmt plot: training curves from the logs of nmt train --log. */
#include "base/claims.h"
#include "base/io.h"
#include "base/report.h"
#include "cli/commands.h"
#include "base/json_read.h"
#include "cli/matrices.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/plot.h"

#include <json-c/json_object.h>
#include <stdlib.h>
#include <string.h>

enum { LOGS_MOST = 64 };

enum plot_axis { AXIS_UPDATES, AXIS_MINUTES, AXIS_TOKENS };

static const char *const axis_names[] = { "updates", "minutes", "tokens", NULL };
static const char *const axis_titles[] = { "updates", "minutes of training", "target tokens" };

struct plot_settings {
    const char *output;
    int by;
};

#define ROW(type, member) OPTION(struct plot_settings, type, member)

static const struct option table[] = {
    { "output", ROW(TEXT, output), .value = "FILE",
      .help = "the picture, .svg, or a page, .html, which also has the film of nmt train --watch" },
    { "by", ROW(CHOICE, by), .value = "WHAT", .initial = "updates", .names = axis_names, .help = "the horizontal axis" },
    OPTIONS_END,
};

static const struct command command = { "plot", "LOG... --output FILE [OPTION...]", table, sizeof(struct plot_settings),
                                        LOGS_MOST };

/* Where a log is: a run that was resumed counts its time and tokens from 0 again. */
struct position {
    enum plot_axis by;
    double seconds, tokens;                 /* of the last line */
    double earlier_seconds, earlier_tokens; /* of runs before */
};

/* What the program keeps of a log. */
struct record {
    struct plot_run run;
    struct json film; /* an array of alignments, of the sentence that was watched */
    int frames;
};

/* The number of a member; whether the object has it. */
static int find(struct json_object *object, const char *key, double *value)
{
    struct json_object *member = json_object_object_get(object, key);

    if (!json_object_is_type(member, json_type_double) && !json_object_is_type(member, json_type_int))
        return 0;
    *value = json_object_get_double(member);
    return 1;
}

/* The horizontal place of a line. Lines of validations have no tokens: they are where the updates before them ended. */
static double advance(struct position *position, struct json_object *line, double update)
{
    double seconds = position->seconds, tokens = position->tokens;

    find(line, "seconds", &seconds);
    find(line, "tokens", &tokens);
    if (seconds < position->seconds)
        position->earlier_seconds += position->seconds;
    if (tokens < position->tokens)
        position->earlier_tokens += position->tokens;
    position->seconds = seconds;
    position->tokens = tokens;
    return position->by == AXIS_MINUTES  ? (position->earlier_seconds + seconds) / 60
           : position->by == AXIS_TOKENS ? position->earlier_tokens + tokens
                                         : update;
}

/* Takes the alignment of the sentence that is watched. 0, or -1 if it is none. */
static int take_frame(struct record *record, struct json_object *frame)
{
    double update;

    if (!matrix_check(frame) || !find(frame, "update", &update))
        return -1;
    json_open(&record->film, NULL, '{');
    json_real(&record->film, "update", update, 15);
    matrix_add(&record->film, frame);
    json_close(&record->film, '}');
    record->frames++;
    return 0;
}

/* 0, or -1 if it is none. */
static int take_validation(struct plot_run *run, struct json_object *line, double x, double loss)
{
    double bleu;

    if (!find(line, "bleu", &bleu))
        return -1;
    plot_add(run, PLOT_VALIDATION_LOSS, x, loss);
    plot_add(run, PLOT_BLEU, x, bleu);
    if (json_object_get_boolean(json_object_object_get(line, "best"))) {
        run->has_best = 1;
        run->best_loss = (struct point){ x, loss };
        run->best_bleu = (struct point){ x, bleu };
    }
    return 0;
}

static void take_updates(struct plot_run *run, struct json_object *line, double x, double loss)
{
    double other;

    plot_add(run, PLOT_TRAINING_LOSS, x, loss);
    if (find(line, "learning_rate", &other))
        plot_add(run, PLOT_RATE, x, other);
    if (find(line, "tokens_per_second", &other))
        plot_add(run, PLOT_SPEED, x, other);
}

/* Takes a line of the log. 0, or -1 if it is not one. */
static int take_line(struct record *record, struct position *position, struct json_object *line)
{
    struct json_object *validation, *frame;
    double update, loss, x;

    if (!json_object_is_type(line, json_type_object))
        return -1;
    if (json_object_object_get_ex(line, "average", NULL))
        return 0;
    if (json_object_object_get_ex(line, "watch", &frame))
        return take_frame(record, frame);
    validation = json_object_object_get(line, "validation");
    if (validation)
        line = validation;
    if (!json_object_is_type(line, json_type_object) || !find(line, "update", &update) || !find(line, "loss", &loss))
        return -1;
    x = advance(position, line, update);
    if (validation)
        return take_validation(&record->run, line, x, loss);
    take_updates(&record->run, line, x, loss);
    return 0;
}

/* 0, or -1 after reporting. */
static int read_log(struct record *record, const char *name, enum plot_axis by)
{
    struct reader reader;
    struct position position = { .by = by };
    const char *problem;
    char *line;
    size_t length;
    int got, failed = 0;

    record->run.name = name;
    json_open(&record->film, NULL, '[');
    if (reader_open(&reader, name))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) > 0 && !failed) {
        struct json_object *object = json_read(line, length, &problem);

        if (take_line(record, &position, object))
            failed = error("%s:%ld: is not a line of a training log; expected one of nmt train --log", name, reader.line);
        json_object_put(object);
    }
    if (got == 0 && !failed && !reader.line)
        failed = error("%s: is empty; expected a log of nmt train --log", name);
    reader_close(&reader);
    json_close(&record->film, ']');
    return got < 0 ? -1 : failed;
}

/* The films of the runs that have one, if any, as part of a page. */
static void add_films(FILE *stream, const struct record *records, int count)
{
    struct json json = { 0 };
    int frames = 0;

    json_open(&json, NULL, '[');
    for (int i = 0; i < count; i++) {
        frames += records[i].frames;
        if (!records[i].frames)
            continue;
        json_open(&json, NULL, '{');
        json_string(&json, "name", records[i].run.name);
        text_add(json_value(&json, "frames"), records[i].film.text.data, records[i].film.text.length);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    if (frames) {
        pages_begin(stream, page_film);
        pages_print(stream, &json.text);
        pages_end(stream, page_film);
    }
    json_release(&json);
}

/* 0, or -1 after reporting. */
static int draw(const char *name, const struct record *records, int count, enum plot_axis by)
{
    struct plot_run *runs = memory_new((size_t)count, sizeof *runs);
    const char *dot = strrchr(name, '.');
    int page = dot && strcmp(dot, ".html") == 0;
    struct output output;

    if (io_begin(&output, name)) {
        free(runs);
        return -1;
    }
    for (int i = 0; i < count; i++)
        runs[i] = records[i].run;
    if (page)
        fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Training curves</title></head><body>\n",
              output.file);
    plot_draw(output.file, runs, count, axis_titles[by]);
    if (page) {
        add_films(output.file, records, count);
        fputs("</body></html>\n", output.file);
    }
    free(runs);
    return io_commit(&output);
}

static int check(const struct plot_settings *settings, const struct options *options)
{
    const char *dot = settings->output ? strrchr(settings->output, '.') : NULL;
    struct claims claims = { 0 };

    if (!options->argument_count)
        return error("plot: expected one or more logs of nmt train --log; see nmt plot --help");
    if (!dot || (strcmp(dot, ".svg") != 0 && strcmp(dot, ".html") != 0))
        return error("plot: give --output with a name that ends in .svg or .html");
    for (int i = 0; i < options->argument_count; i++)
        claims_input(&claims, "log", options->arguments[i]);
    claims_output(&claims, "--output", settings->output);
    return claims_check(&claims, "plot");
}

int cmd_plot(int argc, const char **argv)
{
    struct plot_settings settings;
    struct options options;
    struct record *records;
    int code = options_read(&options, &command, &settings, argc, argv), failed = 0;

    if (code != OPTIONS_GO)
        return code;
    code = EXIT_USAGE;
    if (check(&settings, &options) == 0) {
        records = memory_new((size_t)options.argument_count, sizeof *records);
        for (int i = 0; i < options.argument_count && !failed; i++)
            failed = read_log(&records[i], options.arguments[i], (enum plot_axis)settings.by);
        code =
            failed || draw(settings.output, records, options.argument_count, (enum plot_axis)settings.by) ? EXIT_FAILED : EXIT_DONE;
        for (int i = 0; i < options.argument_count; i++) {
            plot_run_release(&records[i].run);
            json_release(&records[i].film);
        }
        free(records);
    }
    options_release(&options);
    return code;
}
