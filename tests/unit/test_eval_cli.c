/* The command line of `nmt eval`, and with it the reading of options that all commands share: output, messages and exit codes. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../files.h"
#include "base/memory.h"
#include "base/report.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WORDS = 24 };

/* A folder for the files of a test, and what the last call printed. */
struct sandbox {
    char folder[64];
    struct text out, err;
};

static void path_of(const struct sandbox *sandbox, const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", sandbox->folder, name);
}

static void write_bytes(const struct sandbox *sandbox, const char *name, const char *bytes, size_t length)
{
    char path[128];
    FILE *file;

    path_of(sandbox, name, path);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_file(const struct sandbox *sandbox, const char *name, const char *text)
{
    write_bytes(sandbox, name, text, strlen(text));
}

static int set_up(void **state)
{
    struct sandbox *sandbox = memory_new(1, sizeof *sandbox);

    strcpy(sandbox->folder, "/tmp/test_eval_cli.XXXXXX");
    if (!mkdtemp(sandbox->folder))
        return -1;
    write_file(sandbox, "ref", "the cat is on the mat\nA small house.\n");
    write_file(sandbox, "hyp", "the cat sat on the mat\na small house.\n");
    write_file(sandbox, "worse", "cat mat\nhouse\n");
    write_file(sandbox, "src", "one two three 4 5 6 7 8 9 ten\n1 2 3 4 5 6 7 8 9 10 11\n");
    *state = sandbox;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "ref", "hyp", "worse", "src", "extra", "conf", "out", "err" };
    struct sandbox *sandbox = *state;
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(sandbox, names[i], path);
        unlink(path);
    }
    text_release(&sandbox->out);
    text_release(&sandbox->err);
    assert_int_equal(rmdir(sandbox->folder), 0);
    free(sandbox);
    return 0;
}

/* Sends a stream into a file of the sandbox; returns a copy of where it went before. */
static int divert(const struct sandbox *sandbox, FILE *stream, const char *name)
{
    char path[128];
    int before;

    fflush(stream);
    before = dup(fileno(stream));
    path_of(sandbox, name, path);
    assert_non_null(freopen(path, "wb", stream));
    return before;
}

static void restore(const struct sandbox *sandbox, FILE *stream, const char *name, int before, struct text *printed)
{
    char path[128];

    fflush(stream);
    assert_true(dup2(before, fileno(stream)) >= 0);
    close(before);
    path_of(sandbox, name, path);
    get_file(path, printed);
}

/* Runs a command with words parted by single spaces, in which "@" is the sandbox's folder. */
static int run(struct sandbox *sandbox, int (*command)(int, const char **), const char *words)
{
    struct text line = { 0 };
    const char *argv[MOST_WORDS + 1];
    int argc = 0, code, out, err;

    for (; *words; words++) {
        if (*words == '@')
            text_add_string(&line, sandbox->folder);
        else
            text_add(&line, words, 1);
    }
    for (char *word = strtok(line.data, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc < MOST_WORDS);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    out = divert(sandbox, stdout, "out");
    err = divert(sandbox, stderr, "err");
    code = command(argc, argv);
    restore(sandbox, stdout, "out", out, &sandbox->out);
    restore(sandbox, stderr, "err", err, &sandbox->err);
    text_release(&line);
    return code;
}

static void assert_has(const struct text *text, const char *part)
{
    if (!strstr(text->data, part))
        fail_msg("\"%s\" is not in: %s", part, text->data);
}

/* Runs and wants an exit code and one line on stderr that has `message`. */
static void assert_fails(struct sandbox *sandbox, int (*command)(int, const char **), const char *words, int code,
                         const char *message)
{
    int got = run(sandbox, command, words);

    if (got != code)
        fail_msg("%s: exit code %d instead of %d", words, got, code);
    assert_has(&sandbox->err, message);
    assert_int_equal(strncmp(sandbox->err.data, "nmt: error: ", 12), 0);
    assert_ptr_equal(strchr(sandbox->err.data, '\n'), sandbox->err.data + sandbox->err.length - 1);
    assert_int_equal(sandbox->out.length, 0);
}

static void assert_prints(struct sandbox *sandbox, const char *words, const char *part)
{
    assert_int_equal(run(sandbox, cmd_eval, words), EXIT_DONE);
    assert_int_equal(sandbox->err.length, 0);
    assert_has(&sandbox->out, part);
}

static void test_scores(void **state)
{
    assert_prints(*state, "eval --hypothesis @/hyp --reference @/ref",
                  "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6 = 37.99 80.0/62.5/33.3/12.5 "
                  "(BP = 1.000 ratio = 1.000 hyp_len = 10 ref_len = 10)\n");
    assert_prints(*state, "eval --hypothesis @/hyp --reference @/ref --tokenize none --lowercase",
                  "case:lc|eff:no|tok:none|smooth");
    assert_prints(*state, "eval --hypothesis @/ref --reference @/ref --metric chrf --word-order 2",
                  "chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6 = 100.00\n");
    assert_prints(*state, "eval --hypothesis @/hyp --reference @/ref --metric ter",
                  "TER|nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:2.6 = 11.11\n");
}

static void test_json(void **state)
{
    struct sandbox *sandbox = *state;

    assert_prints(sandbox,
                  "eval --hypothesis @/hyp --reference @/ref --json --compare @/worse --samples 50 --by-length --source @/src",
                  "{\"name\": \"BLEU\", \"score\": 37.991784282");
    assert_has(&sandbox->out, "\"signature\": \"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6\"");
    assert_has(&sandbox->out, "\"precisions\": [80, 62.5, 33.3333333333333, 12.5], \"bp\": 1, \"ratio\": 1, \"hyp_len\": 10");
    assert_has(&sandbox->out, "\"by_length\": [{\"source_words\": \"1-10\", \"lines\": 1, ");
    assert_has(&sandbox->out, "{\"source_words\": \"11-20\", \"lines\": 1, ");
    assert_has(&sandbox->out, "\"compare\": {\"name\": \"BLEU\"");
    assert_has(&sandbox->out, "\"bootstrap\": {\"samples\": 50, \"seed\": 1, ");
    assert_ptr_equal(strchr(sandbox->out.data, '\n'), sandbox->out.data + sandbox->out.length - 1);
}

static void test_by_length_and_compare(void **state)
{
    struct sandbox *sandbox = *state;

    assert_prints(sandbox, "eval --hypothesis @/hyp --reference @/ref --metric ter --by-length --source @/src --compare @/worse",
                  "1-10 source words, 1 lines: TER = 16.67\n11-20 source words, 1 lines: TER = 0.00\n");
    assert_has(&sandbox->out, "paired bootstrap, 1000 samples, seed 1: first ");
}

static void test_alignment(void **state)
{
    struct sandbox *sandbox = *state;

    write_file(sandbox, "hyp", "0-0 1-1 2-2\n0-1\n");
    write_file(sandbox, "extra", "0-0 1?1 2-3\n0-1 0?1\n");
    assert_prints(sandbox, "eval --hypothesis @/hyp --alignment @/extra",
                  "AER = 28.57 precision = 75.00 recall = 66.67 (links = 4 sure = 3 possible = 4)\n");
    assert_prints(sandbox, "eval --hypothesis @/hyp --alignment @/extra --json", "{\"name\": \"AER\", \"score\": 28.571428571428");
    write_file(sandbox, "hyp", "0-0\n0:1\n");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/hyp --alignment @/extra", EXIT_FAILED, "/hyp:2: \"0:1\" is not a link");
}

/* Nothing that is given is ignored: each option that says nothing about links is refused by its name. */
static void test_alignment_alone(void **state)
{
    static const struct {
        const char *options, *named;
    } cases[] = {
        { "--reference @/ref", "reference" },
        { "--metric ter", "metric" },
        { "--tokenize none", "tokenize" },
        { "--lowercase", "lowercase" },
        { "--word-order 2", "word-order" },
        { "--by-length", "by-length" },
        { "--source @/src", "source" },
        { "--compare @/worse", "compare" },
        { "--samples 10", "samples" },
        { "--seed 2", "seed" },
        { "--metric ter --tokenize none --lowercase", "metric" },
    };
    struct sandbox *sandbox = *state;
    char words[256], message[256];

    write_file(sandbox, "hyp", "0-0\n");
    write_file(sandbox, "extra", "0-0\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(words, sizeof words, "eval --hypothesis @/hyp --alignment @/extra %s", cases[i].options);
        snprintf(message, sizeof message, "eval: --alignment can be combined only with --hypothesis and --json, not with --%s\n",
                 cases[i].named);
        assert_fails(sandbox, cmd_eval, words, EXIT_USAGE, message);
    }
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/hyp --alignment @/extra --samples 0", EXIT_USAGE,
                 "--samples: 0 is out of range");
    assert_prints(sandbox, "eval --hypothesis @/hyp --alignment @/extra --metric bleu --seed 1", "AER = 0.00");
}

static void test_bad_files(void **state)
{
    struct sandbox *sandbox = *state;

    write_file(sandbox, "extra", "only one\n");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/extra --reference @/ref", EXIT_FAILED, "/extra has 1 lines, ");
    assert_has(&sandbox->err, "/ref has 2: line 2 is missing from ");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/hyp --reference @/ref --by-length --source @/extra", EXIT_FAILED,
                 "line 2 is missing from ");
    write_file(sandbox, "extra", "fine\nb\xc3\xa4\xff\n");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/extra --reference @/ref", EXIT_FAILED,
                 "/extra:2: byte 4 (0xFF) is not UTF-8");
    write_bytes(sandbox, "extra", "a\0b\nc\n", 6);
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/extra --reference @/ref", EXIT_FAILED, "/extra:1: byte 2 (0x00)");
    write_file(sandbox, "extra", "");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/extra --reference @/ref", EXIT_FAILED,
                 "/extra: is empty; there is nothing to score");
    assert_fails(sandbox, cmd_eval, "eval --hypothesis @/none --reference @/ref", EXIT_FAILED, "/none: No such file");
}

static void assert_reports_full_disk(struct sandbox *sandbox, int argc, const char **argv)
{
    int err = divert(sandbox, stderr, "err"), out = divert(sandbox, stdout, "out"), code;

    assert_non_null(freopen("/dev/full", "wb", stdout));
    code = cmd_eval(argc, argv);
    clearerr(stdout);
    restore(sandbox, stdout, "out", out, &sandbox->out);
    restore(sandbox, stderr, "err", err, &sandbox->err);
    assert_int_equal(code, EXIT_FAILED);
    assert_has(&sandbox->err, "standard output: ");
}

static void test_full_disk(void **state)
{
    struct sandbox *sandbox = *state;
    char hypothesis[128], reference[128];
    const char *help[] = { "eval", "--help", NULL };
    const char *score[] = { "eval", "--hypothesis", hypothesis, "--reference", reference, NULL };

    if (access("/dev/full", W_OK)) {
        print_message("skipped: there is no /dev/full here\n");
        skip();
    }
    path_of(sandbox, "hyp", hypothesis);
    path_of(sandbox, "ref", reference);
    assert_reports_full_disk(sandbox, 2, help);
    assert_reports_full_disk(sandbox, 5, score);
}

static void test_usage(void **state)
{
    static const struct {
        const char *words, *message;
    } cases[] = {
        { "eval", "--hypothesis is missing" },
        { "eval --hypothesis @/hyp", "--reference is missing" },
        { "eval --hypothesis - --reference -", "only one file can be standard input (\"-\")" },
        { "eval --metrik bleu", "eval: unknown option --metrik; did you mean --metric?\n" },
        { "eval --lower", "did you mean --lowercase?" },
        { "eval -json", "did you mean --json?" },
        { "eval --zzzzzzzz", "eval: unknown option --zzzzzzzz; see nmt eval --help\n" },
        { "eval --zzzzzzzz=1", "unknown option --zzzzzzzz; see" },
        { "eval --metric", "--metric: expected a value" },
        { "eval --json=1", "--json takes no value" },
        { "eval --samples few", "--samples: \"few\" is not an integer, or out of range" },
        { "eval --samples 5x", "--samples: \"5x\" is not an integer, or out of range" },
        { "eval --samples 99999999999", "--samples: \"99999999999\" is not an integer, or out of range" },
        { "eval stray", "unexpected argument \"stray\"" },
        { "eval --hypothesis @/hyp --reference @/ref --metric blue", "--metric: \"blue\" is not one of bleu, chrf, ter" },
        { "eval --hypothesis @/hyp --reference @/ref --tokenize 14", "--tokenize: \"14\" is not one of 13a, none, char, intl" },
        { "eval --hypothesis @/hyp --reference @/ref --samples 0", "--samples: 0 is out of range (1 to 1000000)" },
        { "eval --hypothesis @/hyp --reference @/ref --seed -1", "--seed: -1 is too small" },
        { "eval --hypothesis @/hyp --reference @/ref --metric chrf --word-order 1", "--word-order: 1 is neither 0 nor 2" },
        { "eval --hypothesis @/hyp --reference @/ref --word-order 2", "--word-order is for" },
        { "eval --hypothesis @/hyp --reference @/ref --metric ter --tokenize char", "--tokenize is for" },
        { "eval --hypothesis @/hyp --reference @/ref --by-length", "--by-length and --source must be given together" },
        { "eval --hypothesis @/hyp --reference @/ref --samples 10", "eval: --samples is for --compare only\n" },
        { "eval --hypothesis @/hyp --reference @/ref --seed 2", "eval: --seed is for --compare only\n" },
        { "eval --hypothesis @/hyp --reference @/ref --source @/src", "--by-length and --source must be given together" },
        { "eval --hypothesis @/hyp --reference - --by-length --source -", "only one file can be standard input (\"-\")" },
        { "eval --hypothesis @/hyp --reference @/ref --metric chrf --tokenize intl", "--tokenize is for" },
        { "eval --hypothesis @/hyp --reference @/ref --metric ter --word-order 2", "--word-order is for" },
        { "eval --config @/none", "/none: No such file" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(*state, cmd_eval, cases[i].words, EXIT_USAGE, cases[i].message);
}

static void test_help(void **state)
{
    struct sandbox *sandbox = *state;

    assert_prints(sandbox, "eval --help", "Usage: nmt eval --hypothesis FILE");
    assert_has(&sandbox->out, "(default: 1000)");
    assert_has(&sandbox->out, "(default: bleu)");
    assert_has(&sandbox->out, "--config FILE");
}

static void test_config(void **state)
{
    struct sandbox *sandbox = *state;
    struct text conf = { 0 };

    text_format(&conf,
                "# scores\n\n  hypothesis = %s/hyp   # the system\nreference=\"%s/ref\"\r\nmetric = ter\njson\nlowercase = no",
                sandbox->folder, sandbox->folder);
    write_file(sandbox, "conf", conf.data);
    assert_prints(sandbox, "eval --config @/conf", "{\"name\": \"TER\"");
    assert_prints(sandbox, "eval --metric chrf --config @/conf", "{\"name\": \"chrF2\""); /* by hand wins, wherever it stands */
    text_release(&conf);
}

static void test_bad_config(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "json\nbogus line\n", "/conf:2: unknown option bogus line" },
        { "refrence = x\n", "/conf:1: unknown option refrence; did you mean reference?" },
        { "json = perhaps\n", "/conf:1: json: expected yes or no, not \"perhaps\"" },
        { "\n\nsamples = 1e3\n", "/conf:3: samples: \"1e3\" is not an integer, or out of range" },
        { "samples =  # none\n", "/conf:1: samples: expected a value" },
        { "samples\n", "/conf:1: samples: expected a value" },
        { "config = other\n", "/conf:1: unknown option config" },
    };
    struct sandbox *sandbox = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(sandbox, "conf", cases[i].text);
        assert_fails(sandbox, cmd_eval, "eval --config @/conf", EXIT_USAGE, cases[i].message);
    }
    write_bytes(sandbox, "conf", "json\0 x\n", 8);
    assert_fails(sandbox, cmd_eval, "eval --config @/conf", EXIT_USAGE, "/conf:1: has a NUL byte");
}

/* A command with all types of options, in groups, that prints what it has read. */
struct show {
    const char *name, *file;
    double rate;
    long seed;
    int flag, beam, kind, size;
    struct option_list list;
};

static const char *const kinds[] = { "plain", "fancy", NULL };

#define ROW(type, member) OPTION(struct show, type, member)

static const struct option show_table[] = {
    { "flag", ROW(FLAG, flag), .help = "a flag" },
    { "beam", ROW(INT, beam), .value = "N", .initial = "12", .low = 1, .high = OPTION_ANY, .help = "a beam" },
    { "name", ROW(TEXT, name), .value = "NAME", .initial = "none", .help = "a name" },
    { "file", ROW(TEXT, file), .value = "FILE", .help = "a file" },
    OPTIONS_HEADING("More"),
    { "rate", ROW(REAL, rate), .value = "X", .initial = "0.5", .low = 0, .high = 1, .role = OPTION_FREE, .help = "a rate" },
    { "seed", ROW(LONG, seed), .value = "N", .initial = "1", .low = -1e15, .high = OPTION_ANY, .help = "a seed" },
    { "kind", ROW(CHOICE, kind), .value = "KIND", .initial = "plain", .names = kinds, .role = OPTION_OF_STATE, .help = "a kind" },
    { "size", ROW(INT, size), .value = "N", .initial = "auto", .low = 1, .high = 9, .word = "auto", .meaning = -1,
      .role = OPTION_OF_STATE, .help = "a size" },
    { "list", ROW(LIST, list), .value = "FILE", .help = "a list" },
    OPTIONS_END,
};

static const struct command show_command = { "show", "[OPTION...] FILE...", show_table, sizeof(struct show), 2 };

static int cmd_show(int argc, const char **argv)
{
    struct show s;
    struct options options;
    struct text stored = { 0 };
    int code = options_read(&options, &show_command, &s, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    printf("%d %d %s %s %g %ld:", s.flag, s.beam, s.name, s.file ? s.file : "(none)", s.rate, s.seed);
    for (int i = 0; i < options.argument_count; i++)
        printf(" %s", options.arguments[i]);
    for (int i = 0; i < s.list.count; i++)
        printf(" [%s]", s.list.items[i]);
    options_print(&show_command, &s, &stored);
    printf("\n%s", stored.data);
    text_release(&stored);
    options_release(&options);
    return EXIT_DONE;
}

/* What cmd_show prints after that line if nothing is given that is stored. */
#define STORED "\nrate = 0.5\nkind = plain\nsize = auto\n"

static void test_types(void **state)
{
    struct sandbox *sandbox = *state;

    assert_int_equal(run(sandbox, cmd_show, "show"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12 none (none) 0.5 1:" STORED);
    assert_int_equal(
        run(sandbox, cmd_show, "show --seed -123456789012 --flag a --rate=1e-3 --beam 1 --beam 7 --name x=y --file - -- --b"),
        EXIT_DONE);
    assert_string_equal(sandbox->out.data, "1 7 x=y - 0.001 -123456789012: a --b\nrate = 0.001\nkind = plain\nsize = auto\n");
    assert_int_equal(run(sandbox, cmd_show, "show --kind fancy --size 9 --rate 0.1"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12 none (none) 0.1 1:\nrate = 0.1\nkind = fancy\nsize = 9\n");
    write_file(sandbox, "conf", "name = \" # \"\nrate = 0.25\nflag = yes\nname = a#b # c\nfile = \"a \"\n");
    assert_int_equal(run(sandbox, cmd_show, "show --config @/conf --rate .5"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "1 12 a#b a  0.5 1:" STORED);
    write_file(sandbox, "conf", "name = \" # \"\n");
    assert_int_equal(run(sandbox, cmd_show, "show --config @/conf"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12  #  (none) 0.5 1:" STORED);
    assert_int_equal(run(sandbox, cmd_show, "show -h"), EXIT_DONE);
    assert_has(&sandbox->out, "\nMore:\n");
    assert_has(&sandbox->out, "(default: 0.5)");
    assert_has(&sandbox->out, "a kind: plain or fancy (default: plain)");
}

/* Lists collect what files give, and what the command line gives replaces it. */
static void test_lists(void **state)
{
    struct sandbox *sandbox = *state;

    assert_int_equal(run(sandbox, cmd_show, "show --list a --list b"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12 none (none) 0.5 1: [a] [b]" STORED);
    write_file(sandbox, "conf", "list = c\nlist = d\n");
    assert_int_equal(run(sandbox, cmd_show, "show --config @/conf"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12 none (none) 0.5 1: [c] [d]" STORED);
    assert_int_equal(run(sandbox, cmd_show, "show --list a --config @/conf"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "0 12 none (none) 0.5 1: [a]" STORED);
    write_file(sandbox, "conf", "list = c\nflag\n");
    assert_int_equal(run(sandbox, cmd_show, "show --config @/conf --list a --list b"), EXIT_DONE);
    assert_string_equal(sandbox->out.data, "1 12 none (none) 0.5 1: [a] [b]" STORED);
}

static void test_wrong_use(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "show a b c", "show: unexpected argument \"c\"" },
        { "show --rate nan", "--rate: \"nan\" is not a number" },
        { "show --rate 1.5", "--rate: 1.5 is out of range (0 to 1)" },
        { "show --beam 0", "--beam: 0 is too small; the minimum is 1" },
        { "show --beam 1e3", "--beam: \"1e3\" is not an integer" },
        { "show --beam 99999999999", "--beam: \"99999999999\" is not an integer, or out of range" },
        { "show --size -1", "--size: -1 is out of range (1 to 9, or auto)" },
        { "show --kind other", "--kind: \"other\" is not one of plain, fancy" },
        { "show --flag=yes", "--flag takes no value" },
        { "show --rate", "--rate: expected a value" },
        { "show --rat 1", "unknown option --rat; did you mean --rate?" },
        { "show -rate 1", "unknown option -rate; did you mean --rate?" },
        { "show ---rate 1", "unknown option ---rate" },
        { "show -x", "unknown option -x" },
        { "show --=1", "unknown option --" },
    };
    struct sandbox *sandbox = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(sandbox, cmd_show, cases[i].line, EXIT_USAGE, cases[i].message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_by_length_and_compare, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alignment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alignment_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_usage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_config, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_use, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
