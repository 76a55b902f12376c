/* recipe: the options of `nmt train`, presets, and the settings that may change when training is resumed. */
#ifndef NMT_CLI_RECIPE_H
#define NMT_CLI_RECIPE_H

#include "cli/options.h"
#include "model/model_file.h"
#include "train/settings.h"

extern const struct command train_command;

/* Reads the command line. With --resume, the checkpoint is opened as `saved`, which the caller releases, and its settings are the
 * defaults; those that define the state of training must not differ. With --from, `saved` is the parent, and the same holds for
 * the settings of its network and, without --new-vocabulary, of its tokenizer. OPTIONS_GO or an exit code, as options_read. */
int recipe_read(struct train_settings *settings, struct options *options, struct saved_model *saved, int argc, const char **argv);

/* Adds all settings except those that belong to one run, one line `name = value` each; threads are those of all processes. */
void recipe_print(const struct train_settings *settings, struct text *text);

/* MODEL.gguf → MODEL.checkpoint.gguf; heap. */
char *recipe_checkpoint_name(const char *model);

#endif
