/* Fuzz target: any bytes as a GGUF file; they are refused, or all that is handed out can be used. */
#include "fuzz.h"

#include "file/gguf.h"

static void get_all_kinds(const struct gguf *gguf, const char *key)
{
    int64_t integer, *integers;
    double real, *reals;
    const char *string;
    char **strings;
    size_t count, total = 0;

    gguf_get_int(gguf, key, &integer);
    gguf_get_real(gguf, key, &real);
    gguf_get_string(gguf, key, &string, &count);
    if (gguf_get_ints(gguf, key, &integers, &count) == 0)
        free(integers);
    if (gguf_get_reals(gguf, key, &reals, &count) == 0)
        free(reals);
    if (gguf_get_strings(gguf, key, &strings, &count) == 0) {
        for (size_t i = 0; i < count; i++)
            total += strlen(strings[i]);
        if (total > gguf->size)
            abort();
        free(strings);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* A copy of just this size: the sanitizer sees one byte read beyond it. */
    uint8_t *copy = memory_new(size, 1);
    struct text printed = { 0 };
    struct gguf gguf;

    if (size)
        memcpy(copy, bytes, size);
    if (gguf_parse(&gguf, "fuzz", copy, size) == 0) {
        for (size_t i = 0; i < gguf.pair_count; i++) {
            get_all_kinds(&gguf, gguf.pairs[i].key);
            gguf_pair_text(&gguf.pairs[i], 3, &printed);
            gguf_pair_json(&gguf.pairs[i], &printed);
        }
        for (size_t i = 0; i < gguf.tensor_count; i++)
            if (gguf_tensor(&gguf, gguf.tensors[i].name) != &gguf.tensors[i])
                abort();
        gguf_checksum(&gguf);
        gguf_close(&gguf);
    }
    text_release(&printed);
    free(copy);
    return 0;
}
