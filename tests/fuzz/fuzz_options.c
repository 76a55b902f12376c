/* Fuzz target: any bytes as the settings of `nmt train` in a file or a checkpoint. They are refused, or are printed as lines that are
 * read as the same settings. */
#include "fuzz.h"

#include "cli/recipe.h"

/* The settings of `text`, printed; NULL where they are refused. */
static char *read_and_print(const char *text)
{
    const char *argv[] = { "train", NULL };
    struct train_settings settings;
    struct options options;
    struct recipe recipe = { 0 };
    struct text printed = { 0 };

    if (recipe_read(&settings, &options, 1, argv, text, "fuzz") != OPTIONS_GO)
        return NULL;
    recipe_check(&recipe, &settings, &options);
    recipe_print(&settings, &printed);
    recipe_release(&recipe);
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
