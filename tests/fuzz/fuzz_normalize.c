/* Fuzz target: any bytes become normalised text, which is valid UTF-8 and stays as it is when it is normalised again. */
#include "fuzz.h"

#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text once = { 0 }, twice = { 0 };

    for (int lowercase = 0; lowercase <= 1; lowercase++) {
        utf8_normalize((const char *)bytes, size, lowercase, &once, NULL);
        HOLDS(utf8_normalize(once.data, once.length, lowercase, &twice, NULL) == 0);
        HOLDS(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
        HOLDS(strlen(once.data) == once.length && !strpbrk(once.data, "\n\r\t"));
    }
    text_release(&once);
    text_release(&twice);
    return 0;
}
