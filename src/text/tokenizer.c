#include "text/tokenizer.h"

#include "base/report.h"
#include "text/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const unit_names[] = { "bpe", "word", "char", NULL };

enum { MOST_ENTRIES = 1 << 24 }; /* far above any vocabulary; keeps sizes from a damaged file from overflowing */

int tokenizer_least_vocabulary(enum units units)
{
    return vocab_specials(units != UNITS_WORD) + 1;
}

/* Whether a space is expected before `word`; the mark in word mode means the opposite. */
static int expect_space(const struct tokenizer_options *options, const struct word *before, const struct word *word)
{
    return options->pretokenized || words_expect_space(before, word);
}

void tokenizer_unit(const struct tokenizer_options *options, const struct word *before, const struct word *word, struct text *out)
{
    int mark = options->units == UNITS_WORD ? word->space != expect_space(options, before, word) : word->space;

    text_clear(out);
    text_add(out, " ", mark ? 1 : 0);
    text_add(out, word->start, word->length);
}

/* The merges, and the entry of each symbol on either side. */
static int load_bpe(struct tokenizer *tokenizer, const char *where)
{
    struct vocab *sides = tokenizer->sides;
    int total = sides[SOURCE].count + sides[TARGET].count;
    char **pieces = memory_new((size_t)total, sizeof *pieces);
    struct bpe *bpe = &tokenizer->bpe;
    int result;

    memcpy(pieces, sides[SOURCE].pieces, (size_t)sides[SOURCE].count * sizeof *pieces);
    memcpy(pieces + sides[SOURCE].count, sides[TARGET].pieces, (size_t)sides[TARGET].count * sizeof *pieces);
    result = bpe_init(bpe, where, pieces, total, tokenizer->merges, tokenizer->merge_count);
    free(pieces);
    for (int side = SOURCE; side <= TARGET && !result; side++) {
        tokenizer->symbol_ids[side] = memory_new((size_t)bpe->count, sizeof *tokenizer->symbol_ids[side]);
        for (int s = 0; s < bpe->count; s++)
            tokenizer->symbol_ids[side][s] = vocab_find(&sides[side], bpe->symbols[s].text, (size_t)bpe->symbols[s].length);
    }
    return result;
}

static int check_shared(const struct tokenizer *tokenizer, const char *where)
{
    const struct vocab *source = &tokenizer->sides[SOURCE], *target = &tokenizer->sides[TARGET];

    if (!tokenizer->options.shared)
        return 0;
    for (int i = 0; i < source->count || i < target->count; i++)
        if (i >= source->count || i >= target->count || strcmp(source->pieces[i], target->pieces[i]) != 0)
            return error("%s: the vocabularies should be shared but differ at entry %d; the file is damaged", where, i);
    return 0;
}

static int load_vocabularies(struct tokenizer *tokenizer, const struct tokenizer_parts *parts)
{
    static const char *const names[] = { "source", "target" };
    struct text where = { 0 };
    int result = 0;

    for (int side = SOURCE; side <= TARGET && result == 0; side++) {
        text_clear(&where);
        text_format(&where, "%s: %s vocabulary", parts->where, names[side]);
        result = vocab_init(&tokenizer->sides[side], where.data, parts->options.units != UNITS_WORD, parts->pieces[side],
                            parts->counts[side]);
        if (result == 0 && parts->options.tagged && (side == SOURCE || parts->options.shared))
            result = vocab_tag(&tokenizer->sides[side], where.data);
    }
    text_release(&where);
    return result ? result : check_shared(tokenizer, parts->where);
}

static int check_parts(const struct tokenizer_parts *parts)
{
    enum units units = parts->options.units;

    if (units != UNITS_BPE && units != UNITS_WORD && units != UNITS_CHAR)
        return error("%s: tokenizer of unknown kind %d; the file is damaged or too new for this program", parts->where, (int)units);
    if (parts->merge_count < 0 || parts->merge_count > MOST_ENTRIES || parts->counts[SOURCE] > MOST_ENTRIES ||
        parts->counts[TARGET] > MOST_ENTRIES)
        return error("%s: %d merges and vocabularies of %d and %d entries; the file is damaged", parts->where, parts->merge_count,
                     parts->counts[SOURCE], parts->counts[TARGET]);
    if (parts->merge_count > 0 && units != UNITS_BPE)
        return error("%s: %d merges, but this kind of tokenizer has none; the file is damaged", parts->where, parts->merge_count);
    return 0;
}

int tokenizer_load(struct tokenizer *tokenizer, const struct tokenizer_parts *parts)
{
    *tokenizer = (struct tokenizer){ .options = parts->options, .copies = parts->copies };
    if (check_parts(parts)) {
        copies_release(&tokenizer->copies);
        return -1;
    }
    if (load_vocabularies(tokenizer, parts))
        goto failed;
    tokenizer->merges = vocab_copy_strings(parts->merges, 2 * (size_t)parts->merge_count);
    tokenizer->merge_count = parts->merge_count;
    if (parts->options.units != UNITS_WORD && load_bpe(tokenizer, parts->where))
        goto failed;
    return 0;
failed:
    tokenizer_release(tokenizer);
    return -1;
}

void tokenizer_release(struct tokenizer *tokenizer)
{
    free(tokenizer->merges);
    for (int side = SOURCE; side <= TARGET; side++) {
        vocab_release(&tokenizer->sides[side]);
        free(tokenizer->symbol_ids[side]);
    }
    bpe_release(&tokenizer->bpe);
    copies_release(&tokenizer->copies);
    *tokenizer = (struct tokenizer){ 0 };
}

void tokens_release(struct tokens *tokens)
{
    free(tokens->ids);
    free(tokens->word_of);
    free(tokens->words);
    free(tokens->storage);
    text_release(&tokens->unit);
    bpe_work_release(&tokens->work);
    mask_release(&tokens->mask);
    *tokens = (struct tokens){ 0 };
}

/* Adds a token of the current word. */
static void add_token(struct tokens *tokens, int32_t id)
{
    memory_reserve_one(&tokens->ids, tokens->count, &tokens->id_room);
    memory_reserve_one(&tokens->word_of, tokens->count, &tokens->word_of_room);
    tokens->ids[tokens->count] = id;
    tokens->word_of[tokens->count++] = tokens->word_count - 1;
}

static void add_bytes(struct tokens *tokens, const char *text, int length)
{
    for (int i = 0; i < length; i++)
        add_token(tokens, VOCAB_BYTE + (unsigned char)text[i]);
}

/* Adds a symbol, or its parts if the side lacks it. The recursion is at most as deep as merges are nested. */
static void add_symbol(const struct tokenizer *tokenizer, enum side side, int number, struct tokens *tokens)
{
    const struct bpe_symbol *symbol = &tokenizer->bpe.symbols[number];
    int32_t id = tokenizer->symbol_ids[side][number];

    if (id >= 0) {
        add_token(tokens, id);
    } else if (symbol->left >= 0) {
        add_symbol(tokenizer, side, symbol->left, tokens);
        add_symbol(tokenizer, side, symbol->right, tokens);
    } else {
        add_bytes(tokens, symbol->text, symbol->length);
    }
}

/* Adds the word's bytes to the list of words. `end` is the start of free storage. */
static char *add_word(struct tokens *tokens, const struct word *word, char *end)
{
    memory_reserve_one(&tokens->words, tokens->word_count, &tokens->word_room);
    tokens->words[tokens->word_count++] = end;
    memcpy(end, word->start, word->length);
    end[word->length] = '\0';
    return end + word->length + 1;
}

/* The words of a line, which tokens are told to belong to. */
struct line_words {
    struct words words;
    struct word word; /* the current one */
    char *end;        /* start of free storage */
};

/* Adds the words up to the one that contains the byte `at` of the line. */
static void reach_word(struct line_words *line, struct tokens *tokens, const char *at)
{
    while ((tokens->word_count == 0 || line->word.start + line->word.length <= at) && words_next(&line->words, &line->word))
        line->end = add_word(tokens, &line->word, line->end);
}

/* The place in the line of a place in the masked line. *next: copies that end before it, on input and output. */
static const char *place_in_line(const struct mask *mask, const char *at, int *next)
{
    size_t place = (size_t)(at - mask->text);

    while (*next < mask->count && mask->copies[*next].at < place)
        ++*next;
    if (*next == 0)
        return mask->line + place;
    place -= mask->copies[*next - 1].at + PLACEHOLDER_BYTES;
    return mask->line + mask->copies[*next - 1].start + mask->copies[*next - 1].length + place;
}

/* Adds the tokens of one word. */
static void encode_word(const struct tokenizer *tokenizer, enum side side, double dropout, struct rng *rng, struct tokens *out)
{
    if (tokenizer->options.units == UNITS_WORD) {
        int32_t id = vocab_find(&tokenizer->sides[side], out->unit.data, out->unit.length);

        add_token(out, id < 0 ? VOCAB_UNKNOWN : id);
        return;
    }
    bpe_encode(&tokenizer->bpe, out->unit.data, out->unit.length, dropout, rng, &out->work);
    for (int at = 0; at >= 0; at = out->work.nodes[at].next) {
        const struct bpe_node *node = &out->work.nodes[at];

        if (node->symbol >= 0)
            add_symbol(tokenizer, side, node->symbol, out);
        else
            add_bytes(out, out->unit.data + node->start, node->length);
    }
}

/* Encodes the line of out->mask. */
static void encode_masked(const struct tokenizer *tokenizer, enum side side, double dropout, struct rng *rng, struct tokens *out)
{
    struct words words = words_begin(out->mask.text, tokenizer->options.pretokenized);
    struct line_words line = { .words = words_begin(out->mask.line, tokenizer->options.pretokenized) };
    struct word word, before;
    size_t room = 2 * strlen(out->mask.line) + 1; /* a NUL for each word, which has at least one byte */
    int begun = 0, next = 0;

    out->count = out->word_count = 0;
    if (room > out->storage_room)
        out->storage = memory_resize(out->storage, out->storage_room = 2 * room, 1);
    line.end = out->storage;
    for (; words_next(&words, &word); before = word, begun = 1) {
        reach_word(&line, out, place_in_line(&out->mask, word.start, &next));
        tokenizer_unit(&tokenizer->options, begun ? &before : NULL, &word, &out->unit);
        encode_word(tokenizer, side, dropout, rng, out);
    }
    reach_word(&line, out, out->mask.line + strlen(out->mask.line));
}

void tokenizer_encode(const struct tokenizer *tokenizer, enum side side, const char *normalized, double dropout, struct rng *rng,
                      struct tokens *out)
{
    if (side == SOURCE)
        copies_mask(&tokenizer->copies, normalized, &out->mask);
    else
        copies_mask_target(&tokenizer->copies, NULL, normalized, &out->mask);
    encode_masked(tokenizer, side, dropout, rng, out);
}

void tokenizer_encode_target(const struct tokenizer *tokenizer, const struct tokens *source, const char *normalized,
                             struct tokens *out)
{
    copies_mask_target(&tokenizer->copies, &source->mask, normalized, &out->mask);
    encode_masked(tokenizer, TARGET, 0, NULL, out);
}

void tokenizer_encode_pair(const struct tokenizer *tokenizer, const char *const lines[2], double dropout, struct rng *rng,
                           struct tokens out[2])
{
    copies_mask_pair(&tokenizer->copies, lines, &out[SOURCE].mask, &out[TARGET].mask);
    for (int side = SOURCE; side <= TARGET; side++)
        encode_masked(tokenizer, side, dropout, rng, &out[side]);
}

int tokens_word_end(const struct tokens *tokens, int i)
{
    int word = tokens->word_of[i], next = i + 1 < tokens->count ? tokens->word_of[i + 1] : tokens->word_count;

    return next > word ? next : word + 1;
}

int tokens_cover(const struct tokens *tokens, int i, int word)
{
    return tokens->word_of[i] <= word && word < tokens_word_end(tokens, i);
}

/* Adds one word in word mode: with or without a space, as expected after `before` or, if it is marked, the opposite. */
static void join_word(const struct tokenizer_options *options, const char *piece, struct word *before, struct text *joined)
{
    int marked = piece[0] == ' ';
    struct word word = { piece + marked, strlen(piece + marked), 1 };

    if (word.length == 0)
        return;
    word.space = marked != expect_space(options, before->length ? before : NULL, &word);
    text_add(joined, " ", word.space ? 1 : 0);
    text_add(joined, word.start, word.length);
    *before = word;
}

void tokenizer_decode(const struct tokenizer *tokenizer, enum side side, const int32_t *ids, int count,
                      const char *const *replacements, struct text *out)
{
    const struct vocab *vocab = &tokenizer->sides[side];
    int whole_words = tokenizer->options.units == UNITS_WORD;
    struct text joined = { 0 };
    struct word before = { 0 };

    text_clear(&joined);
    for (int i = 0; i < count; i++) {
        const char *piece;

        assert(ids[i] >= 0 && ids[i] < vocab->count);
        piece = vocab->pieces[ids[i]];
        if (ids[i] == VOCAB_UNKNOWN)
            piece = replacements ? replacements[i] : NULL;
        if (ids[i] == VOCAB_END || !piece || (vocab->tag && ids[i] == vocab->tag)) {
            continue;
        } else if (whole_words) {
            join_word(&tokenizer->options, piece, &before, &joined);
        } else if (ids[i] > VOCAB_UNKNOWN && ids[i] < vocab->specials) {
            char byte = (char)(ids[i] - VOCAB_BYTE);

            text_add(&joined, &byte, 1);
        } else {
            text_add(&joined, " ", ids[i] == VOCAB_UNKNOWN ? 1 : 0);
            text_add_string(&joined, piece);
        }
    }
    utf8_drop_invalid(&joined);
    utf8_normalize(joined.data, joined.length, tokenizer->options.lowercase, out, NULL);
    text_release(&joined);
}

void tokenizer_decode_target(const struct tokenizer *tokenizer, const struct tokens *source, const int32_t *ids, int count,
                             const char *const *replacements, struct text *out)
{
    tokenizer_decode(tokenizer, TARGET, ids, count, replacements, out);
    if (tokenizer->copies.kinds)
        copies_fill(&source->mask, out);
}
