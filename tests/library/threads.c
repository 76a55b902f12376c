/* Eight threads translate the lines of standard input with one model, each all of them in another order and in other groups; prints the
 * first thread's translations, if all are equal. Then what fails: bad options, no model, damaged models, no memory. */
#define _GNU_SOURCE
#include <nmt.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { THREADS = 8, MOST = 200 };

static struct nmt *model;
static char *lines[MOST], *all[THREADS][MOST];
static int count;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *work(void *argument)
{
    int thread = (int)(size_t)argument;

    for (int from = 0, next; from < count; from = next) {
        const char *texts[MOST];
        struct nmt_result *results;
        char *error = NULL;

        next = from + 1 + thread * 3 < count ? from + 1 + thread * 3 : count;
        for (int i = from; i < next; i++)
            texts[i - from] = lines[(i * 7 + thread) % count];
        results = nmt_translate(model, texts, (size_t)(next - from), NULL, &error);
        if (!results)
            fail(error);
        for (int i = from; i < next; i++)
            all[thread][(i * 7 + thread) % count] = strdup(results[i - from].texts[0]);
        nmt_free(results, (size_t)(next - from));
    }
    return NULL;
}

static void must_fail(int failed, char **error, const char *says)
{
    if (!failed || !*error || !strstr(*error, says)) {
        fprintf(stderr, "no error with '%s', but: %s\n", says, *error ? *error : "none");
        exit(1);
    }
    nmt_free_text(*error);
    *error = NULL;
}

/* Two sentences, each translated by itself. */
static void check_split(void)
{
    const char *const texts[] = { "They took a bag. We know.", "They took a bag.", "We know." };
    struct nmt_options split = { .split = 1 };
    char *error = NULL, joined[4096];
    struct nmt_result *results = nmt_translate(model, texts, 3, &split, &error);

    if (!results)
        fail(error);
    snprintf(joined, sizeof joined, "%s %s", results[1].texts[0], results[2].texts[0]);
    if (strcmp(results[0].texts[0], joined) != 0)
        fail("a text of two sentences");
    nmt_free(results, 3);
}

static void check_options(void)
{
    const char *text = "They took a bag.", *prefix = "Nous p";
    struct nmt_options bad = { .beam = 2, .n_best = 3 }, list = { .beam = 4, .n_best = 3 };
    struct nmt_result *results;
    char *error = NULL;

    must_fail(!nmt_translate(model, &text, 1, &bad, &error), &error, "n_best 3");
    bad = (struct nmt_options){ .beam = -1 };
    if (nmt_translate(model, &text, 1, &bad, NULL))
        fail("a beam of -1");
    results = nmt_translate(model, &text, 1, &list, &error);
    if (!results || results->count < 2 || results->count > 3 || !(results->log_probability[0] >= results->log_probability[1]) ||
        results->weights)
        fail("an n-best list");
    nmt_free(results, 1);
    list.prefixes = &prefix;
    results = nmt_translate(model, &text, 1, &list, &error);
    for (int i = 0; i < (results ? results->count : 1); i++)
        if (!results || strncmp(results->texts[i], prefix, strlen(prefix)) != 0)
            fail("a prefix");
    nmt_free(results, 1);
    check_split();
    results = nmt_translate(model, &text, 0, NULL, &error);
    if (!results)
        fail("no texts");
    nmt_free(results, 0);
}

/* The file from memory, whole and damaged. */
static void check_memory(const char *name)
{
    FILE *file = fopen(name, "rb");
    char *bytes = malloc(64 << 20), *error = NULL;
    size_t length = fread(bytes + 1, 1, (64 << 20) - 1, file);
    struct nmt *copy = nmt_open_memory(bytes + 1, length, &error);
    struct nmt_result *results;

    fclose(file);
    if (!copy)
        fail(error);
    memset(bytes, 0x55, length);
    results = nmt_translate(copy, (const char *const *)lines, 1, NULL, &error);
    if (!results || strcmp(results->texts[0], all[0][0]) != 0)
        fail("a model in memory");
    nmt_free(results, 1);
    nmt_close(copy);
    must_fail(!nmt_open_memory(bytes, length, &error), &error, "the model in memory: ");
    must_fail(!nmt_open_memory(bytes, 0, &error), &error, "the model in memory: ");
    must_fail(!nmt_open("/nowhere/x.gguf", &error), &error, "/nowhere/x.gguf: ");
    must_fail(!nmt_open("/", &error), &error, "directory");
    free(bytes);
}

/* Memory runs out in the middle of a call; the next call works. */
static void check_short_memory(void)
{
    const struct rlimit none = { 0, RLIM_INFINITY }, all_of_it = { RLIM_INFINITY, RLIM_INFINITY };
    size_t length = 4 << 20;
    char *text = malloc(length + 1), *error = NULL;
    const char *const texts[] = { text };
    struct nmt_result *results;

    for (size_t i = 0; i < length; i++)
        text[i] = i % 5 == 4 ? ' ' : (char)('a' + i % 26);
    text[length] = '\0';
    setrlimit(RLIMIT_AS, &none);
    results = nmt_translate(model, texts, 1, NULL, &error);
    setrlimit(RLIMIT_AS, &all_of_it);
    must_fail(!results, &error, "memory");
    results = nmt_translate(model, (const char *const *)lines, 1, NULL, NULL);
    if (!results || strcmp(results->texts[0], all[0][0]) != 0)
        fail("after memory was short");
    nmt_free(results, 1);
    free(text);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    char line[4096], *error = NULL;

    model = argc > 1 ? nmt_open(argv[1], &error) : NULL;
    if (!model)
        fail(error ? error : "usage: threads MODEL [no-limits] < TEXT");
    while (count < MOST && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        lines[count++] = strdup(line);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < count; i++) {
        for (int k = 1; k < THREADS; k++)
            if (strcmp(all[k][i], all[0][i]) != 0)
                fail("two threads differ");
        puts(all[0][i]);
    }
    check_options();
    check_memory(argv[1]);
    if (argc == 2) /* sanitizers need memory of their own */
        check_short_memory();
    nmt_close(model);
    for (int i = 0; i < count; i++) {
        free(lines[i]);
        for (int k = 0; k < THREADS; k++)
            free(all[k][i]);
    }
    return 0;
}
