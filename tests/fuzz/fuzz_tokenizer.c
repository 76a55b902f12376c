/* Fuzz target: decode(encode(x)) is x normalised, by tokenizers of every kind that were learned on a few lines, on either side; in word
 * mode, where every word of x is known. */
#include "fuzz.h"

#include "text/tokenizer.h"
#include "text/utf8.h"

static char *const learned[2][6] = {
    { "The little cat (which is old) sees the house.", "\"Where are you?\", asked the man.",
      "The price is 42 % higher: 1,000 euros!", "The cat sees the old man again.",
      "No-one's house is at http://example.org/a?b=c today.", "The little cat sees the house." },
    { "Le petit chat (qui est vieux) voit la maison.", "« Où es-tu ? », demanda l'homme.",
      "Le prix est de 42 % plus haut : 1 000 euros !", "Le chat revoit le vieil homme.", "Кошка видит старый дом; 猫は家を見る。",
      "Le petit chat voit la maison." },
};

static struct tokenizer tokenizers[2 * 2 * 3];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const int sizes[] = { 360, 200, 340 }; /* by units: bpe, word, char */

    (void)argc, (void)argv;
    for (int i = 0; i < 12; i++) {
        enum units units = (enum units)(i % 3);
        struct tokenizer_options options = {
            .units = units, .pretokenized = i / 3 % 2, .shared = i / 6, .vocabulary = sizes[units]
        };

        tokenizer_learn(&tokenizers[i], &options, learned[0], learned[1], 6);
    }
    return 0;
}

static int all_known(const struct tokens *tokens)
{
    for (int i = 0; i < tokens->count; i++)
        if (tokens->ids[i] == 1) /* <unk> */
            return 0;
    return 1;
}

/* Whatever is replaced by placeholders comes back, on either side. */
static void check_copies(const char *line)
{
    struct copies copies = { .kinds = (1u << SPAN_KINDS) - 1, .pretokenized = strlen(line) % 2 };
    struct mask masks[2] = { { 0 } };
    struct text filled = { 0 };

    copies_mask(&copies, line, &masks[0]);
    copies_mask_target(&copies, &masks[0], line, &masks[1]);
    for (int side = 0; side < 2; side++) {
        text_clear(&filled);
        text_add_string(&filled, masks[side].text);
        copies_fill(&masks[side], &filled);
        HOLDS(strcmp(filled.data, line) == 0);
        mask_release(&masks[side]);
    }
    text_release(&filled);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text line = { 0 }, decoded = { 0 };
    struct tokens tokens = { 0 };
    struct rng rng = rng_make(size, 0, 0, 0);

    utf8_normalize((const char *)bytes, size, 0, &line, NULL);
    check_copies(line.data);
    for (int i = 0; i < 24; i++) {
        const struct tokenizer *tokenizer = &tokenizers[i / 2];
        double dropout = tokenizer->options.units == UNITS_BPE && size % 2 ? 0.3 : 0;

        tokenizer_encode(tokenizer, (enum side)(i % 2), line.data, dropout, &rng, &tokens);
        tokenizer_decode(tokenizer, (enum side)(i % 2), tokens.ids, tokens.count, NULL, &decoded);
        HOLDS(strcmp(decoded.data, line.data) == 0 || (tokenizer->options.units == UNITS_WORD && !all_known(&tokens)));
    }
    tokens_release(&tokens);
    text_release(&line);
    text_release(&decoded);
    return 0;
}
