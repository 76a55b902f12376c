/* nmt serve: a page and an API on this machine. */
#define _POSIX_C_SOURCE 200809L
#include "base/io.h"
#include "base/processors.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "search/beam.h"
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>

struct serve_settings {
    struct option_list models, languages;
    const char *listen, *keys, *cors, *log;
    int beam, threads, body, characters, texts, most_beam, max_length, queue, per_client, connections, timeout, grace, shortlist;
};

#define ROW(type, member) OPTION(struct serve_settings, type, member)

static const struct option table[] = {
    { "model", ROW(LIST, models), .value = "FILE", .help = "the model; repeat the option to serve several models side by side" },
    { "languages", ROW(LIST, languages), .value = "SOURCE:TARGET",
      .help = "the codes of a model's languages, as in en:fr; none, or one for each model" },
    { "listen", ROW(TEXT, listen), .value = "HOST:PORT", .initial = "127.0.0.1:8080",
      .help = "the address to listen at; with port 0, at any that is free, which is printed" },
    { "threads", ROW(INT, threads), .value = "N", .initial = "auto", .low = 1, .high = QUEUE_WORKERS_MOST, .word = "auto",
      .help = "threads that translate; auto: one per processor" },
    { "beam", ROW(INT, beam), .value = "N", .initial = "5", .low = 1, .high = BEAM_MOST,
      .help = "number of hypotheses kept at each step, where a request does not say" },
    { "shortlist", ROW(FLAG, shortlist),
      .help = "where a request does not say, search only among the few hundred words that the model's shortlist has for the source "
              "words: faster, rarely another text" },
    { "max-length", ROW(INT, max_length), .value = "N", .initial = "150", .low = 1, .high = 100000,
      .help = "translate texts of more than N tokens in pieces of at most N" },
    { "log", ROW(TEXT, log), .value = "FILE", .initial = "-",
      .help = "a JSON line about each request, but not its texts; - for standard output, none for no log" },

    OPTIONS_HEADING("Who may use it"),
    { "api-keys", ROW(TEXT, keys), .value = "FILE",
      .help = "requests need one of the keys in FILE, one per line; or the one in the environment variable NMT_API_KEY" },
    { "cors", ROW(TEXT, cors), .value = "ORIGIN", .help = "let pages of this origin use the API, as in https://example.org, or *" },

    OPTIONS_HEADING("Limits"),
    { "max-body", ROW(INT, body), .value = "BYTES", .initial = "262144", .low = 1, .high = 1 << 30,
      .help = "refuse a request with a larger body" },
    { "max-characters", ROW(INT, characters), .value = "N", .initial = "20000", .low = 1, .high = 1 << 30,
      .help = "refuse a request whose texts together have more characters" },
    { "max-texts", ROW(INT, texts), .value = "N", .initial = "256", .low = 1, .high = 1 << 20,
      .help = "refuse a request with more texts" },
    { "max-beam", ROW(INT, most_beam), .value = "N", .initial = "16", .low = 1, .high = BEAM_MOST,
      .help = "refuse a request for a larger beam or longer list" },
    { "max-waiting", ROW(INT, queue), .value = "N", .initial = "256", .low = 1, .high = 1 << 20,
      .help = "answer 503 while N requests wait for a thread" },
    { "max-per-client", ROW(INT, per_client), .value = "N", .initial = "128", .low = 1, .high = 1 << 20,
      .help = "answer 429 to an address while N of its requests are in progress" },
    { "max-connections", ROW(INT, connections), .value = "N", .initial = "512", .low = 1, .high = 1 << 20,
      .help = "accept no more connections than N at the same time" },
    { "timeout", ROW(INT, timeout), .value = "SECONDS", .initial = "30", .low = 1, .high = 86400,
      .help = "answer 503 to a request that has waited so long for a thread; close connections that are idle so long" },
    { "grace", ROW(INT, grace), .value = "SECONDS", .initial = "30", .high = 86400,
      .help = "on SIGTERM or SIGINT, finish what is in progress for at most so long" },
    OPTIONS_END,
};

static const struct command command = { "serve", "--model FILE [OPTION...]", table, sizeof(struct serve_settings), 0 };

/* ---- settings ---- */

/* The file's name without directories and ending. Heap. */
static char *name_of(const char *path)
{
    static const char ending[] = ".gguf";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);

    if (length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0)
        length -= strlen(ending);
    return memory_copy_text(name, length);
}

/* 0, or -1 after reporting. */
static int check_names(const struct serve_settings *s)
{
    int same = 0;

    for (int i = 0; i < s->models.count && !same; i++)
        for (int k = 0; k < i && !same; k++) {
            char *a = name_of(s->models.items[i]), *b = name_of(s->models.items[k]);

            same = strcmp(a, b) == 0;
            free(a);
            free(b);
        }
    return same ? error("serve: two models have the same name, by which requests choose them; rename one of the files") : 0;
}

/* 0, or -1 after reporting. */
static int check(const struct serve_settings *s)
{
    if (s->models.count == 0)
        return error("serve: --model is missing; see nmt serve --help");
    if (s->languages.count && s->languages.count != s->models.count)
        return error("serve: give --languages for each --model, or for none");
    for (int i = 0; i < s->languages.count; i++) {
        const char *colon = strchr(s->languages.items[i], ':');

        if (!colon || colon == s->languages.items[i] || !colon[1] || strchr(colon + 1, ':'))
            return error("serve: --languages: expected SOURCE:TARGET, as in en:fr, not \"%s\"", s->languages.items[i]);
    }
    if (s->cors && (!*s->cors || strpbrk(s->cors, "\r\n ")))
        return error("serve: --cors: expected one origin, as in https://example.org, or *");
    return check_names(s);
}

#ifdef NMT_HTTP

/* ---- keys ---- */

/* Of the file, and of the environment. 0, or -1 after reporting. */
static int read_keys(const char *name, struct option_list *keys)
{
    struct reader reader;
    const char *variable = getenv("NMT_API_KEY");
    char *line;
    size_t length;
    int got = 0;

    if (variable && *variable) {
        memory_reserve_one(&keys->items, keys->count, &keys->room);
        keys->items[keys->count++] = memory_copy_string(variable);
    }
    if (!name)
        return 0;
    if (reader_open(&reader, name))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) > 0) {
        length = strcspn(line, "\r");
        if (!length)
            continue;
        memory_reserve_one(&keys->items, keys->count, &keys->room);
        keys->items[keys->count++] = memory_copy_text(line, length);
    }
    reader_close(&reader);
    if (got == 0 && keys->count == 0)
        return error("%s: has no key; give one per line", name);
    return got < 0 ? -1 : 0;
}

static void release_keys(struct option_list *keys)
{
    for (int i = 0; i < keys->count; i++)
        free((char *)(void *)(size_t)keys->items[i]);
    free(keys->items);
}

/* ---- models ---- */

/* Whether a model can translate so; if not, and `problem` is not NULL, *problem says why, for nmt_free_text. */
static int can(const struct served *model, const struct nmt_options *options, char **problem)
{
    const char *const text = ".";
    struct nmt_result *results = nmt_translate(model->nmt, &text, 1, options, problem);

    nmt_free(results, 1);
    return results != NULL;
}

/* What a model can do; and everything that the first translation prepares. 0, or -1 after reporting. */
static int try_model(struct served *model, int shortlist)
{
    char *problem = NULL;

    if (!can(model, NULL, &problem)) {
        error("%s: %s", model->name, problem ? problem : "out of memory");
        nmt_free_text(problem);
        return -1;
    }
    model->aligns = can(model, &(struct nmt_options){ .alignment = 1 }, NULL);
    model->lists = can(model, &(struct nmt_options){ .shortlist = 1 }, NULL);
    return shortlist && !model->lists ? error("%s has no shortlist; omit --shortlist", model->name) : 0;
}

/* 0, or -1 after reporting. */
static int open_model(struct served *model, const char *path, const char *languages, int shortlist)
{
    char *problem = NULL;

    model->name = name_of(path);
    if (languages) {
        size_t length = strcspn(languages, ":");

        model->source = memory_copy_text(languages, length);
        model->target = memory_copy_string(languages + length + 1);
    }
    model->nmt = nmt_open(path, &problem);
    if (model->nmt)
        return try_model(model, shortlist);
    error("%s", problem ? problem : "out of memory");
    nmt_free_text(problem);
    return -1;
}

static void close_models(struct served *models, int count)
{
    for (int i = 0; i < count; i++) {
        nmt_close(models[i].nmt);
        free(models[i].name);
        free(models[i].source);
        free(models[i].target);
    }
    free(models);
}

/* ---- serving ---- */

static struct limits limits_of(const struct serve_settings *s)
{
    return (struct limits){ .body = (size_t)s->body,
                            .characters = (size_t)s->characters,
                            .texts = (size_t)s->texts,
                            .beam = s->most_beam > s->beam ? s->most_beam : s->beam,
                            .max_length = s->max_length,
                            .queue = (size_t)s->queue,
                            .per_client = (size_t)s->per_client,
                            .connections = (unsigned)s->connections,
                            .timeout = s->timeout,
                            .grace = s->grace };
}

/* 0, or -1 after reporting. */
static int open_log(const char *name, FILE **log)
{
    *log = strcmp(name, "-") == 0 ? stdout : NULL;
    if (*log || strcmp(name, "none") == 0)
        return 0;
    *log = fopen(name, "a");
    return *log ? 0 : error("%s: cannot be opened for appending", name);
}

/* 0, or -1 after reporting. */
static int serve(const struct serve_settings *s)
{
    struct served *models = memory_new((size_t)s->models.count, sizeof *models);
    struct option_list keys = { 0 };
    FILE *log = NULL;
    int count = 0, result = read_keys(s->keys, &keys);

    while (result == 0 && count < s->models.count) {
        result =
            open_model(&models[count], s->models.items[count], s->languages.count ? s->languages.items[count] : NULL, s->shortlist);
        count++;
    }
    if (result == 0)
        result = open_log(s->log, &log);
    if (result == 0) {
        const struct server_options options = { .offer = { models, count, s->beam, s->shortlist, limits_of(s) },
                                                .listen = s->listen,
                                                .workers = s->threads                                    ? s->threads
                                                           : processors_available() < QUEUE_WORKERS_MOST ? processors_available()
                                                                                                         : QUEUE_WORKERS_MOST,
                                                .page = (const char *)page_serve,
                                                .cors = s->cors,
                                                .keys = keys.items,
                                                .key_count = keys.count,
                                                .log = log };

        result = server_run(&options);
    }
    if (log && log != stdout)
        fclose(log);
    close_models(models, count);
    release_keys(&keys);
    return result;
}

#else

/* Reports, -1. */
static int serve(const struct serve_settings *s)
{
    (void)s;
    return error("serve: this program was built without libmicrohttpd; install it (on Debian libmicrohttpd-dev) and build again");
}

#endif

int cmd_serve(int argc, const char **argv)
{
    struct serve_settings s;
    struct options options;
    int code = options_read(&options, &command, &s, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    if (check(&s))
        code = EXIT_USAGE;
    else
        code = serve(&s) ? EXIT_FAILED : EXIT_DONE;
    options_release(&options);
    return code;
}
