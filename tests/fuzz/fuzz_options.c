/* Fuzz target: any bytes as the settings of `nmt train` in a file or a checkpoint. They are refused, or are printed as lines that are
 * read as the same settings. */
#include "fuzz.h"

#include "cli/recipe.h"

/* The settings of `text`, printed; NULL where they are refused. */
static char *read_and_print(const char *text)
{
    const char *argv[] = { "train", NULL };
    const struct option_base base = { .lines = text, .where = "fuzz" };
    struct train_settings settings;
    struct options options;
    struct text printed = { 0 };

    if (options_read_over(&options, &base, &train_command, &settings, 1, argv) != OPTIONS_GO)
        return NULL;
    recipe_print(&settings, &printed);
    options_release(&options);
    return printed.data;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = memory_copy_text((const char *)bytes, size), *once = read_and_print(text);

    if (once) {
        char *twice = read_and_print(once);

        HOLDS(twice && strcmp(once, twice) == 0);
        free(twice);
    }
    free(once);
    free(text);
    return 0;
}
