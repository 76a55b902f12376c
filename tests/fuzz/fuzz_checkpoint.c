/* Fuzz target: any bytes as a checkpoint that `nmt train --resume` goes on from, by a few updates. It is refused, or training goes on;
 * the corpus stands in the directory at hand (tests/fuzz/run), and so does what the command writes. */
#include "fuzz.h"

#include "cli/commands.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *argv[] = { "train",         "--resume", "--model",      "m.gguf", "--source",  "t.en", "--target", "t.fr",
                           "--max-updates", "3",        "--max-epochs", "4",      "--threads", "1",    "--quiet",  NULL };
    int code;

    fuzz_file("m.checkpoint.gguf", bytes, size);
    code = cmd_train((int)(sizeof argv / sizeof *argv) - 1, argv);
    HOLDS(code >= 0 && code <= 2);
    return 0;
}
