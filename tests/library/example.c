/* Translates its arguments:  cc example.c $(pkg-config --cflags --libs nmt) -o example && ./example fr.gguf 'The cat sleeps.' */
#include <nmt.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char *error = NULL;
    struct nmt_options options = { .alignment = 1, .scores = 1 };
    struct nmt *model = argc > 1 ? nmt_open(argv[1], &error) : NULL;
    size_t count = argc > 2 ? (size_t)argc - 2 : 0;
    struct nmt_result *results = model ? nmt_translate(model, (const char *const *)argv + 2, count, &options, &error) : NULL;

    for (size_t i = 0; results && i < count; i++) {
        printf("%.4f\t%s\n", results[i].log_probability[0], results[i].texts[0]);
        for (int row = 0; row < results[i].rows; row++) {
            const double *weights = results[i].weights + row * results[i].columns;
            int best = 0;

            for (int column = 1; column < results[i].columns; column++)
                best = weights[column] > weights[best] ? column : best;
            printf("    %s <- %s\n", results[i].target[row], results[i].source[best]);
        }
    }
    if (!results)
        fprintf(stderr, "%s\n", error ? error : "usage: example MODEL TEXT...");
    nmt_free(results, count);
    nmt_close(model);
    nmt_free_text(error);
    return results == NULL;
}
