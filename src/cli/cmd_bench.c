#include "base/report.h"
#include "cli/commands.h"

int cmd_bench(int argc, const char **argv)
{
    (void)argc;
    return error("%s", argv[0]) ? EXIT_FAILED : 0;
}
