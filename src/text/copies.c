#include "text/copies.h"

#include "base/hash.h"
#include "text/table.h"
#include "text/utf8.h"
#include "text/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST_EXAMPLES = 50, /* of spans in a corpus, from which a model learns what placeholders are */
    LEAST_OF_KIND = 10   /* of one kind; addresses are copied without */
};

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

static int is_address(enum span_kind kind)
{
    return kind == SPAN_URL || kind == SPAN_EMAIL || kind == SPAN_TAG;
}

static int is_capitalised(enum span_kind kind)
{
    return kind == SPAN_NAME || kind == SPAN_INITIAL || kind == SPAN_ACRONYM;
}

void copies_placeholder(int number, char out[PLACEHOLDER_BYTES + 1])
{
    memcpy(out, "\xEE\x80\x80", PLACEHOLDER_BYTES + 1); /* U+E000 */
    out[2] = (char)(0x80 + number);
}

int copies_number(const char *text)
{
    unsigned char last;

    if (strncmp(text, "\xEE\x80", 2) != 0)
        return -1;
    last = (unsigned char)text[2];
    return last >= 0x80 && last < 0x80 + COPIES_MOST ? last - 0x80 : -1;
}

int64_t copies_hash(const char *word, size_t length)
{
    char ascii[WORDS_LONGEST];
    size_t count = 0;
    struct text lower = { 0 };
    uint64_t hash;

    for (; count < length && count < sizeof ascii && (unsigned char)word[count] < 0x80; count++)
        ascii[count] = (char)(word[count] >= 'A' && word[count] <= 'Z' ? word[count] + ('a' - 'A') : word[count]);
    if (count == length) /* most words; the same, faster */
        return (int64_t)(hash_bytes(HASH_START, ascii, length) >> 1);
    utf8_normalize(word, length, 1, &lower, NULL);
    hash = hash_bytes(HASH_START, lower.data, lower.length);
    text_release(&lower);
    return (int64_t)(hash >> 1);
}

static int compare_hashes(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static int is_known(const struct copies *copies, const char *word, size_t length)
{
    int64_t hash = copies_hash(word, length);

    return copies->known_count && bsearch(&hash, copies->known, copies->known_count, sizeof hash, compare_hashes);
}

void copies_release(struct copies *copies)
{
    free(copies->known);
    *copies = (struct copies){ 0 };
}

int copies_equal(const struct copies *a, const struct copies *b)
{
    return a->kinds == b->kinds && a->pretokenized == b->pretokenized && a->known_count == b->known_count &&
           (a->known_count == 0 || memcmp(a->known, b->known, a->known_count * sizeof *a->known) == 0);
}

void mask_release(struct mask *mask)
{
    free(mask->copies);
    text_release(&mask->buffer);
    *mask = (struct mask){ 0 };
}

/* ---- masking ---- */

/* Whether the span is a whole word of pretokenized text. */
static int is_whole(const char *line, const struct span *span)
{
    char after = line[span->start + span->length];

    return (span->start == 0 || line[span->start - 1] == ' ') && (after == ' ' || after == '\0');
}

static void begin(struct mask *mask, const char *line)
{
    mask->line = mask->text = line;
    mask->count = 0;
    memset(mask->strings, 0, sizeof mask->strings);
}

/* The number of the string in the mask that is equal to the span of `line`, or -1. */
static int find_number(const struct mask *mask, const char *line, const struct span *span)
{
    for (int number = 0; number < COPIES_MOST; number++) {
        const struct copy *string = &mask->strings[number];

        if (string->length == span->length && memcmp(mask->line + string->start, line + span->start, span->length) == 0)
            return number;
    }
    return -1;
}

static void add_copy(struct mask *mask, const struct span *span, int number)
{
    struct copy copy = { span->start, span->length, 0, number, span->kind };

    memory_reserve_one(&mask->copies, mask->count, &mask->room);
    mask->copies[mask->count++] = copy;
    if (number >= 0 && mask->strings[number].length == 0)
        mask->strings[number] = copy;
}

/* Writes the masked line. */
static void write_mask(struct mask *mask)
{
    size_t from = 0;

    mask->text = mask->line;
    if (mask->count == 0)
        return;
    text_clear(&mask->buffer);
    for (int i = 0; i < mask->count; i++) {
        struct copy *copy = &mask->copies[i];
        char placeholder[PLACEHOLDER_BYTES + 1];

        text_add(&mask->buffer, mask->line + from, copy->start - from);
        copy->at = mask->buffer.length;
        if (copy->number >= 0)
            copies_placeholder(copy->number, placeholder);
        text_add(&mask->buffer, copy->number >= 0 ? placeholder : replacement, PLACEHOLDER_BYTES);
        from = copy->start + copy->length;
    }
    text_add_string(&mask->buffer, mask->line + from);
    mask->text = mask->buffer.data;
}

/* The number of different private-use characters in the line: they need placeholders before all others. */
static int count_private(const char *line)
{
    unsigned seen = 0;
    int count = 0;

    for (const char *at = line; (at = strstr(at, "\xEE\x80")) != NULL; at++) {
        int number = copies_number(at);

        if (number >= 0 && !(seen & (1u << number))) {
            seen |= 1u << number;
            count++;
        }
    }
    return count;
}

static int is_copied(const struct copies *copies, const char *line, const struct span *span)
{
    if (span->kind >= SPAN_KINDS || !(copies->kinds & (1u << span->kind)) || (copies->pretokenized && !is_whole(line, span)))
        return 0;
    return !is_capitalised(span->kind) || !is_known(copies, line + span->start, span->length);
}

void copies_mask(const struct copies *copies, const char *line, struct mask *out)
{
    struct spans spans = spans_begin(line);
    struct span span;
    int used = 0, reserved;

    begin(out, line);
    if (!copies->kinds)
        return;
    reserved = count_private(line);
    while (spans_next(&spans, &span)) {
        int private = span.kind == SPAN_PRIVATE, number;

        if (!private && !is_copied(copies, line, &span))
            continue;
        number = find_number(out, line, &span);
        if (number < 0) {
            reserved -= private;
            if (used + reserved >= COPIES_MOST)
                continue;
            number = used++;
        }
        add_copy(out, &span, number);
    }
    write_mask(out);
}

void copies_mask_target(const struct copies *copies, const struct mask *source, const char *line, struct mask *out)
{
    struct spans spans = spans_begin(line);
    struct span span;

    begin(out, line);
    if (!copies->kinds)
        return;
    while (spans_next(&spans, &span)) {
        int number = -1;

        if (source && (!copies->pretokenized || span.kind == SPAN_PRIVATE || is_whole(line, &span)))
            number = find_number(source, line, &span);
        if (number >= 0 || span.kind == SPAN_PRIVATE)
            add_copy(out, &span, number);
    }
    write_mask(out);
}

void copies_mask_pair(const struct copies *copies, const char *const lines[2], struct mask *source, struct mask *target)
{
    int kept = 0;

    copies_mask(copies, lines[0], source);
    copies_mask_target(copies, source, lines[1], target);
    for (int i = 0; i < source->count; i++)
        if (source->copies[i].kind == SPAN_PRIVATE || target->strings[source->copies[i].number].length)
            source->copies[kept++] = source->copies[i];
    source->count = kept;
    write_mask(source);
}

int mask_show(const struct mask *mask, const char *piece, struct text *out)
{
    int number = copies_number(piece);

    if (number < 0 || mask->strings[number].length == 0)
        return 0;
    text_add(out, mask->line + mask->strings[number].start, mask->strings[number].length);
    return 1;
}

void copies_fill(const struct mask *source, struct text *text)
{
    struct text filled = { 0 };
    size_t from = 0;

    for (size_t at = 0; at < text->length; at++) {
        int number = copies_number(text->data + at);

        if (number < 0)
            continue;
        text_add(&filled, text->data + from, at - from);
        from = at + PLACEHOLDER_BYTES;
        mask_show(source, text->data + at, &filled);
    }
    if (from > 0) {
        text_add_string(&filled, text->data + from);
        utf8_normalize(filled.data, filled.length, 0, text, NULL);
    }
    text_release(&filled);
}

/* ---- learning ---- */

/* A word in whatever case. */
struct word_count {
    int64_t hash;
    int times; /* on the source side, at most COPIES_FREQUENT + 1 */
    int equal; /* among these: capitalised, and the target line has it too */
};

/* All words of the source side. */
struct counts {
    struct table table; /* hash -> item */
    struct word_count **items;
    int count, room;
};

static struct word_count *find_word(struct counts *counts, int64_t hash)
{
    int item = table_find(&counts->table, &hash, sizeof hash);

    if (item < 0) {
        item = counts->count;
        memory_reserve_one(&counts->items, item, &counts->room);
        counts->items[counts->count++] = memory_new(1, sizeof **counts->items); /* one by one: the table's keys must not move */
        counts->items[item]->hash = hash;
        table_add(&counts->table, &counts->items[item]->hash, sizeof hash, item);
    }
    return counts->items[item];
}

static void counts_release(struct counts *counts)
{
    for (int i = 0; i < counts->count; i++)
        free(counts->items[i]);
    free(counts->items);
    table_release(&counts->table);
}

static void count_words(struct counts *counts, const char *line)
{
    struct spans spans = spans_begin(line);
    struct span span;

    while (spans_next(&spans, &span))
        if (is_capitalised(span.kind) || span.kind == SPAN_WORD) {
            struct word_count *word = find_word(counts, copies_hash(line + span.start, span.length));

            word->times += word->times <= COPIES_FREQUENT;
        }
}

/* Counts the capitalised words of a pair that both sides have. */
static void count_equal(struct counts *counts, const struct mask masks[2])
{
    for (int i = 0; i < masks[0].count; i++) {
        const struct copy *copy = &masks[0].copies[i];

        if (is_capitalised(copy->kind) && masks[1].strings[copy->number].length)
            find_word(counts, copies_hash(masks[0].line + copy->start, copy->length))->equal++;
    }
}

/* Whether a word that was seen COPIES_KNOWN times or more is a name that is copied all the same: not frequent, and nearly always equal. */
static int is_usual_name(const struct word_count *word)
{
    return word->times <= COPIES_FREQUENT && 4 * word->equal >= 3 * word->times;
}

/* The words that were seen often enough to be translated; all of them, or without the usual names. */
static void set_known(struct copies *copies, const struct counts *counts, int without_names)
{
    copies->known = memory_resize(copies->known, (size_t)counts->count + 1, sizeof *copies->known);
    copies->known_count = 0;
    for (int i = 0; i < counts->count; i++)
        if (counts->items[i]->times >= COPIES_KNOWN && !(without_names && is_usual_name(counts->items[i])))
            copies->known[copies->known_count++] = counts->items[i]->hash;
    if (copies->known_count)
        qsort(copies->known, copies->known_count, sizeof *copies->known, compare_hashes);
}

/* The kinds of which at least half are equal on both sides, by the numbers of their spans; 0 if there are too few examples. */
static unsigned choose_kinds(const long found[SPAN_KINDS], const long equal[SPAN_KINDS])
{
    unsigned kinds = 0;
    long examples = 0;

    for (int kind = 0; kind < SPAN_KINDS; kind++)
        if (2 * equal[kind] >= found[kind] && (found[kind] >= LEAST_OF_KIND || is_address(kind))) {
            kinds |= 1u << kind;
            examples += equal[kind];
        }
    return examples >= LEAST_EXAMPLES ? kinds : 0;
}

void copies_learn(struct copies *copies, int pretokenized, char *const *source, char *const *target, size_t pairs)
{
    const unsigned capitalised = 1u << SPAN_NAME | 1u << SPAN_INITIAL | 1u << SPAN_ACRONYM;
    struct copies all = { .kinds = (1u << SPAN_KINDS) - 1, .pretokenized = pretokenized };
    long found[SPAN_KINDS] = { 0 }, equal[SPAN_KINDS] = { 0 };
    struct mask masks[2] = { { 0 } };
    struct counts counts = { 0 };

    *copies = all;
    for (size_t k = 0; k < pairs; k++)
        count_words(&counts, source[k]);
    set_known(copies, &counts, 0);
    for (size_t k = 0; k < pairs; k++) {
        copies_mask(&all, source[k], &masks[0]);
        copies_mask_target(&all, &masks[0], target[k], &masks[1]);
        count_equal(&counts, masks);
        copies_mask(copies, source[k], &masks[0]);
        copies_mask_target(copies, &masks[0], target[k], &masks[1]);
        for (int i = 0; i < masks[0].count; i++) {
            const struct copy *copy = &masks[0].copies[i];

            if (copy->kind < SPAN_KINDS) {
                found[copy->kind]++;
                equal[copy->kind] += masks[1].strings[copy->number].length > 0;
            }
        }
    }
    copies->kinds = choose_kinds(found, equal);
    set_known(copies, &counts, 1);
    if (!(copies->kinds & capitalised)) {
        free(copies->known);
        copies->known = NULL;
        copies->known_count = 0;
    }
    counts_release(&counts);
    mask_release(&masks[0]);
    mask_release(&masks[1]);
}
