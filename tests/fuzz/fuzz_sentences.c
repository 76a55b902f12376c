/* Fuzz target: any bytes are cut into sentences between characters, and each is one sentence by itself. */
#include "fuzz.h"

#include "base/utf8.h"
#include "text/sentences.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    size_t character = 0;
    uint32_t code;

    for (size_t at = 0, length; at < size; at += length) {
        length = sentence_length(text + at, size - at);
        HOLDS(length > 0 && length <= size - at);
        HOLDS(sentence_length(text + at, length) == length);
        while (character < at + length)
            character += utf8_next(text + character, size - character, &code);
        HOLDS(character == at + length);
    }
    return 0;
}
