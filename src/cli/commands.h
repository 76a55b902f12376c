/* commands: the functions behind `nmt NAME …`. Each gets argv with argv[0] = its name and returns the program's exit code. */
#ifndef NMT_CLI_COMMANDS_H
#define NMT_CLI_COMMANDS_H

int cmd_train(int argc, const char **argv);
int cmd_translate(int argc, const char **argv);
int cmd_align(int argc, const char **argv);
int cmd_lexicon(int argc, const char **argv);
int cmd_eval(int argc, const char **argv);
int cmd_compare(int argc, const char **argv);
int cmd_check(int argc, const char **argv);
int cmd_quantize(int argc, const char **argv);
int cmd_info(int argc, const char **argv);
int cmd_serve(int argc, const char **argv);
int cmd_plot(int argc, const char **argv);
int cmd_bench(int argc, const char **argv);

#endif
