/* nmt: the command table. */
#define _POSIX_C_SOURCE 200809L
#include "base/cluster.h"
#include "base/io.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct entry {
    const char *name;
    int (*run)(int argc, const char **argv);
    const char *what;
    int spreads; /* over several processes (base/cluster) */
} commands[] = {
    { "train", cmd_train, "train a model on parallel text", 1 },
    { "translate", cmd_translate, "translate standard input, line by line", 1 },
    { "serve", cmd_serve, "translate in a browser, and over HTTP", 0 },
    { "align", cmd_align, "align and score given translations", 0 },
    { "lexicon", cmd_lexicon, "align the words of a parallel text, and list their translations; no model needed", 0 },
    { "eval", cmd_eval, "score translations: BLEU, chrF, TER, alignment error rate", 0 },
    { "compare", cmd_compare, "a page of what distinguishes the translations of several systems", 0 },
    { "check", cmd_check, "check a corpus before training: errors, overlaps, memory and time", 0 },
    { "quantize", cmd_quantize, "write a model as a file of a quarter of the size", 0 },
    { "info", cmd_info, "show the contents of a model file", 0 },
    { "plot", cmd_plot, "draw the training curves of one or several logs", 0 },
    { "bench", cmd_bench, "benchmark matrix products, training and translation on this machine", 0 },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int help(void)
{
    printf("nmt %s: neural machine translation in one program\n\nusage: nmt COMMAND [OPTION...]\n\n", NMT_VERSION);
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].what);
    printf("\nnmt COMMAND --help lists the options of a command; man nmt describes them all.\n");
    return io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
}

/* Closed standard streams are replaced, so that no file opened later gets their number: input and output by one that fails,
 * standard error by one that discards messages. */
static void hold_standard_streams(void)
{
    const int modes[] = { O_WRONLY, O_RDONLY, O_WRONLY };

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) == -1)
            (void)!open("/dev/null", modes[fd]); /* takes the lowest free number, which is fd */
}

/* Runs a command as one of several processes, if a launcher started them. */
static int run_command(const struct entry *command, int argc, const char **argv)
{
    int code;

    if (!cluster_launched())
        return command->run(argc, argv);
    if (cluster_join(NMT_VERSION))
        return EXIT_FAILED;
    if (cluster_rank() > 0 && !freopen("/dev/null", "w", stdout))
        return EXIT_FAILED;
    code = EXIT_USAGE;
    if (command->spreads)
        code = command->run(argc, argv);
    else
        error("%s runs in one process; start it without a launcher", command->name);
    if (!cluster_agreed())
        code = cluster_agree(code);
    cluster_leave();
    return code;
}

static int run(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const char *names[COMMANDS + 1] = { NULL };
    const char *near;

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help();
    if (strcmp(name, "--version") == 0) {
        printf("nmt %s\n", NMT_VERSION);
        return io_finish_stdout() ? EXIT_FAILED : EXIT_DONE;
    }
    for (int i = 0; i < COMMANDS; i++) {
        names[i] = commands[i].name;
        if (strcmp(name, commands[i].name) == 0)
            return run_command(&commands[i], argc - 1, (const char **)(void *)(argv + 1));
    }
    near = options_nearest(name, names);
    if (!*name)
        error("no command given; see nmt --help");
    else if (near)
        error("unknown command '%s'; did you mean '%s'?", name, near);
    else
        error("unknown command '%s'; see nmt --help", name);
    return EXIT_USAGE;
}

/* Does not return from main: the libraries' exit handlers are not safe when memory is short (base/report.h). */
int main(int argc, char **argv)
{
    report_own_exit();
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe and a file at its size limit are write errors, reported like any other */
    signal(SIGXFSZ, SIG_IGN);
    quit(run(argc, argv));
}
