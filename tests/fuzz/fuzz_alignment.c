/* Fuzz target: two lines as alignments in Pharaoh format, the second one's links sure or possible. They are refused, or the measures
 * are between 0 and 1. */
#include "fuzz.h"

#include "eval/aer.h"

static void between(double measure)
{
    HOLDS(measure >= 0 && measure <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct aer aer = { 0 };
    char *lines[16];
    int count = fuzz_lines(bytes, size, lines, 16);

    for (int i = 0; i + 1 < count; i += 2)
        if (aer_add(&aer, lines[i], "links", lines[i + 1], "gold"))
            break;
    between(aer_precision(&aer));
    between(aer_recall(&aer));
    between(aer_rate(&aer));
    free(lines[0]);
    return 0;
}
