/* Learning a tokenizer: count the words of both sides, learn merges from all of them, choose each side's entries. */
#include "text/tokenizer.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A distinct word (with its mark) and its count on either side. */
struct unit {
    char *text;
    int64_t counts[2];
};

struct unit_counts {
    struct unit *items;
    int count, room;
    struct table table; /* string -> item */
};

/* The entries of one side, special ones included. */
struct entries {
    char **pieces;
    int count;
};

static void count_unit(struct unit_counts *units, enum side side, const struct text *unit, int64_t times)
{
    int item = table_find(&units->table, unit->data, unit->length);

    if (item < 0) {
        item = units->count;
        memory_reserve_one(&units->items, item, &units->room);
        units->items[units->count++] = (struct unit){ .text = memory_copy_text(unit->data, unit->length) };
        table_add(&units->table, units->items[item].text, unit->length, item);
    }
    units->items[item].counts[side] += times;
}

/* Counts the placeholders, with and without the mark, as the most frequent words of all, so that each is an entry of its own. */
static void count_placeholders(struct unit_counts *units)
{
    enum { ALWAYS = 1 << 30 };

    for (int number = 0; number < COPIES_MOST; number++)
        for (int mark = 0; mark < 2; mark++) {
            char placeholder[PLACEHOLDER_BYTES + 1];
            struct text unit = { 0 };

            copies_placeholder(number, placeholder);
            text_add(&unit, " ", mark ? 1 : 0);
            text_add(&unit, placeholder, PLACEHOLDER_BYTES);
            for (int side = SOURCE; side <= TARGET; side++)
                count_unit(units, (enum side)side, &unit, ALWAYS);
            text_release(&unit);
        }
}

static void count_line(struct unit_counts *units, const struct tokenizer_options *options, enum side side, const char *line,
                       struct text *buffer)
{
    struct words words = words_begin(line, options->pretokenized);
    struct word word, before = { 0 };

    for (; words_next(&words, &word); before = word) {
        tokenizer_unit(options, before.length ? &before : NULL, &word, buffer);
        count_unit(units, side, buffer, 1);
    }
}

/* Counts the words of all lines, whose copies are replaced. */
static void count_pairs(struct unit_counts *units, const struct tokenizer_options *options, const struct copies *copies,
                        char *const *const lines[2], size_t pairs)
{
    struct mask masks[2] = { { 0 } };
    struct text buffer = { 0 };

    if (copies->kinds)
        count_placeholders(units);
    for (size_t i = 0; i < pairs; i++) {
        const char *const pair[] = { lines[SOURCE][i], lines[TARGET][i] };

        copies_mask_pair(copies, pair, &masks[SOURCE], &masks[TARGET]);
        for (int side = SOURCE; side <= TARGET; side++)
            count_line(units, options, (enum side)side, masks[side].text, &buffer);
    }
    text_release(&buffer);
    mask_release(&masks[SOURCE]);
    mask_release(&masks[TARGET]);
}

static void units_release(struct unit_counts *units)
{
    for (int i = 0; i < units->count; i++)
        free(units->items[i].text);
    free(units->items);
    table_release(&units->table);
}

/* The words that occur on one side, or on both together if `joint`, the most frequent first. A heap array of strings that
 * `units` owns. */
static struct counted *side_words(const struct unit_counts *units, enum side side, int joint, size_t *count)
{
    struct counted *words = memory_new((size_t)units->count, sizeof *words);
    size_t found = 0;

    for (int i = 0; i < units->count; i++) {
        const struct unit *unit = &units->items[i];
        int64_t times = joint ? unit->counts[SOURCE] + unit->counts[TARGET] : unit->counts[side];

        if (times > 0)
            words[found++] = (struct counted){ unit->text, times };
    }
    vocab_sort(words, found);
    *count = found;
    return words;
}

/* The special entries, then copies of `chosen`. */
static struct entries make_entries(int bytes, const struct counted *chosen, size_t count)
{
    struct entries entries = { .count = vocab_specials(bytes) };

    assert(count < (size_t)(INT_MAX - entries.count));
    entries.pieces = vocab_special_pieces(bytes, entries.count + (int)count);
    for (size_t i = 0; i < count; i++)
        entries.pieces[entries.count++] = memory_copy_string(chosen[i].text);
    return entries;
}

static void strings_free(char **strings, int count)
{
    for (int i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

static struct entries choose_words(const struct unit_counts *units, enum side side, const struct tokenizer_options *options)
{
    size_t count, kept = 0, room = (size_t)(options->vocabulary - vocab_specials(0));
    struct counted *words = side_words(units, side, options->shared, &count);
    struct entries entries;

    for (size_t i = 0; i < count && kept < room && words[i].count >= VOCAB_LEAST; i++)
        if (!vocab_reserved(words[i].text, 0))
            words[kept++] = words[i];
    entries = make_entries(0, words, kept);
    free(words);
    return entries;
}

static struct entries choose_characters(const struct unit_counts *units, enum side side, const struct tokenizer_options *options)
{
    size_t count;
    struct counted *words = side_words(units, side, options->shared, &count);
    struct entries entries = { .count = vocab_specials(1) };
    int found, room = options->vocabulary - entries.count;
    char **characters = bpe_characters(words, count, room, &found);

    entries.pieces = vocab_special_pieces(1, entries.count + found);
    memcpy(entries.pieces + entries.count, characters, (size_t)found * sizeof *characters);
    entries.count += found;
    free(characters);
    free(words);
    return entries;
}

/* The entries of a side: the pieces that its own words are split into. One that is too rare counts for the two parts that
 * encoding will split it into; a character stays if it is frequent inside pieces too, since unseen words will need it. */
static struct entries choose_pieces(const struct unit_counts *units, enum side side, const struct tokenizer_options *options,
                                    const struct bpe *bpe)
{
    int64_t *seen = memory_new((size_t)bpe->count, sizeof *seen);     /* as a piece of the final segmentation */
    int64_t *inside = memory_new((size_t)bpe->count, sizeof *inside); /* also as a part of a piece */
    struct counted *chosen = memory_new((size_t)bpe->count, sizeof *chosen), *words;
    struct bpe_work work = { 0 };
    struct entries entries;
    size_t count, kept = 0;

    words = side_words(units, side, options->shared, &count);
    for (size_t i = 0; i < count; i++) {
        bpe_encode(bpe, words[i].text, strlen(words[i].text), 0, NULL, &work);
        for (int at = 0; at >= 0; at = work.nodes[at].next)
            if (work.nodes[at].symbol >= 0)
                seen[work.nodes[at].symbol] += words[i].count;
    }
    memcpy(inside, seen, (size_t)bpe->count * sizeof *inside);
    for (int s = bpe->count - 1; s >= 0; s--) { /* a symbol's parts have smaller numbers */
        const struct bpe_symbol *symbol = &bpe->symbols[s];
        int product = symbol->left >= 0;

        if (product) {
            inside[symbol->left] += inside[s];
            inside[symbol->right] += inside[s];
        }
        if (product ? seen[s] >= VOCAB_LEAST : inside[s] >= VOCAB_LEAST) {
            chosen[kept++] = (struct counted){ symbol->text, seen[s] };
        } else if (product) {
            seen[symbol->left] += seen[s];
            seen[symbol->right] += seen[s];
        }
    }
    vocab_sort(chosen, kept);
    entries = make_entries(1, chosen, kept);
    bpe_work_release(&work);
    free(words);
    free(chosen);
    free(inside);
    free(seen);
    return entries;
}

/* Merges from the words of both sides together, and the resulting entries. Characters get at most half of the room: if there are
 * thousands (Han, stray emoji), the rarest are written as bytes, so that there is room for merges. */
static char **learn_pieces(const struct unit_counts *units, const struct tokenizer_options *options, struct entries entries[2],
                           int *merge_count)
{
    int character_count, failed, room = options->vocabulary - vocab_specials(1);
    size_t count;
    struct counted *words = side_words(units, SOURCE, 1, &count);
    char **characters = bpe_characters(words, count, (room + 1) / 2, &character_count);
    char **merges = bpe_learn(words, count, characters, character_count, room - character_count, merge_count);
    struct bpe bpe;

    failed = bpe_init(&bpe, "what was learned", characters, character_count, merges, *merge_count);
    assert(!failed);
    (void)failed;
    for (int side = SOURCE; side <= TARGET; side++)
        entries[side] = choose_pieces(units, side, options, &bpe);
    bpe_release(&bpe);
    strings_free(characters, character_count);
    free(words);
    return merges;
}

/* The tag comes last. */
static void add_tag(struct entries *entries)
{
    entries->pieces = memory_resize(entries->pieces, (size_t)entries->count + 1, sizeof *entries->pieces);
    entries->pieces[entries->count++] = memory_copy_string(vocab_tag_piece);
}

static int load_entries(struct tokenizer *tokenizer, const struct tokenizer_options *options, const struct entries entries[2],
                        char *const *merges, int merge_count, struct copies copies)
{
    struct tokenizer_parts parts = {
        .where = "what was learned", .options = *options, .merges = merges, .merge_count = merge_count, .copies = copies
    };

    for (int side = SOURCE; side <= TARGET; side++) {
        parts.pieces[side] = entries[side].pieces;
        parts.counts[side] = entries[side].count;
    }
    return tokenizer_load(tokenizer, &parts);
}

/* Whether placeholders are wanted, and take at most a quarter of the entries. */
static int has_room_for_copies(const struct tokenizer_options *options)
{
    return options->copy && options->units != UNITS_WORD && options->vocabulary - vocab_specials(1) >= 4 * 2 * COPIES_MOST;
}

void tokenizer_learn(struct tokenizer *tokenizer, const struct tokenizer_options *options, char *const *source, char *const *target,
                     size_t pairs)
{
    char *const *const lines[] = { source, target };
    struct unit_counts units = { 0 };
    struct copies copies = { 0 };
    struct entries entries[2];
    char **merges = NULL;
    int merge_count = 0, failed;

    assert(options->vocabulary >= tokenizer_least_vocabulary(options->units));
    if (has_room_for_copies(options))
        copies_learn(&copies, options->pretokenized, source, target, pairs);
    count_pairs(&units, options, &copies, lines, pairs);
    if (options->units == UNITS_BPE)
        merges = learn_pieces(&units, options, entries, &merge_count);
    for (int side = SOURCE; side <= TARGET && options->units != UNITS_BPE; side++)
        entries[side] =
            options->units == UNITS_WORD ? choose_words(&units, side, options) : choose_characters(&units, side, options);
    for (int side = SOURCE; side <= TARGET && options->tagged; side++)
        if (side == SOURCE || options->shared)
            add_tag(&entries[side]);
    failed = load_entries(tokenizer, options, entries, merges, merge_count, copies);
    assert(!failed); /* learned tokenizers satisfy the checks of tokenizer_load */
    (void)failed;
    strings_free(merges, 2 * merge_count);
    strings_free(entries[SOURCE].pieces, entries[SOURCE].count);
    strings_free(entries[TARGET].pieces, entries[TARGET].count);
    units_release(&units);
}
