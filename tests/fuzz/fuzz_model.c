/* Fuzz target: any bytes as a model file. It is refused, or its tokenizer can be used; seeds are models that `nmt train` wrote. */
#include "fuzz.h"

#include "model/model_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct saved_model saved;
    struct tokens tokens = { 0 };
    struct text text = { 0 };

    fuzz_file("model.gguf", bytes, size);
    if (model_file_load(&saved, "model.gguf") == 0) {
        for (int side = SOURCE; side <= TARGET; side++) {
            tokenizer_encode(&saved.tokenizer, (enum side)side, "The cat (again) — à 42 %.", 0, NULL, &tokens);
            tokenizer_decode(&saved.tokenizer, (enum side)side, tokens.ids, tokens.count, NULL, &text);
        }
        model_file_unpack(&saved);
        model_file_release(&saved);
    }
    tokens_release(&tokens);
    text_release(&text);
    return 0;
}
