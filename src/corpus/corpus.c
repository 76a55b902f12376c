#include "corpus/corpus.h"

#include "base/hash.h"
#include "base/report.h"

#include <stdlib.h>
#include <string.h>

/* The input and how to read it. */
struct intake {
    struct input input;
    enum bad_utf8 bad_utf8;
    int lowercase, keep_empty;
    struct text line[2]; /* the current pair, normalised */
};

/* Normalises one side. 1, 0 to skip the pair, -1 after reporting. */
static int clean(struct corpus *corpus, struct intake *intake, int side, const struct raw *raw)
{
    size_t bad;
    int invalid = utf8_normalize(raw->text, raw->length, intake->lowercase, &intake->line[side], &bad);

    if (!invalid || intake->bad_utf8 == BAD_UTF8_REPLACE) {
        corpus->replaced += invalid;
        return 1;
    }
    if (intake->bad_utf8 == BAD_UTF8_SKIP)
        return 0;
    return error("%s:%ld: byte %zu is not valid UTF-8; correct the file, or use --bad-utf8 replace or skip", raw->reader->name,
                 raw->reader->line, raw->offset + bad + 1);
}

/* The next pair into intake->line: 1, 0 to leave it out (counted), 2 at the end, -1 after reporting. */
static int next_pair(struct corpus *corpus, struct intake *intake)
{
    struct raw raw[2];
    int got = input_pair(&intake->input, raw), valid[2];

    if (got <= 0)
        return got < 0 ? -1 : 2;
    for (int i = 0; i < 2; i++) {
        valid[i] = clean(corpus, intake, i, &raw[i]);
        if (valid[i] < 0)
            return -1;
    }
    if (!valid[0] || !valid[1]) {
        corpus->dropped.bad_utf8++;
        return 0;
    }
    if (!intake->keep_empty && (intake->line[0].length == 0 || intake->line[1].length == 0)) {
        corpus->dropped.empty++;
        return 0;
    }
    return 1;
}

/* While pairs are added, the store of their texts may move: where each line starts in it. */
struct starts {
    size_t *of[2]; /* [room] */
    size_t room;
};

static void make_room(struct corpus *corpus, struct starts *starts, size_t room)
{
    starts->room = room;
    for (int i = 0; i < 2; i++)
        starts->of[i] = memory_resize(starts->of[i], room, sizeof(size_t));
    corpus->number = memory_resize(corpus->number, room, sizeof *corpus->number);
    corpus->part = memory_resize(corpus->part, room, sizeof *corpus->part);
}

static void add_pair(struct corpus *corpus, struct starts *starts, const struct intake *intake)
{
    if (corpus->pairs == starts->room)
        make_room(corpus, starts, 2 * starts->room);
    for (int i = 0; i < 2; i++) {
        starts->of[i][corpus->pairs] = corpus->store[i].length;
        text_add(&corpus->store[i], intake->line[i].data, intake->line[i].length + 1);
    }
    corpus->part[corpus->pairs] = corpus->part_count - 1;
    corpus->number[corpus->pairs++] = intake->input.readers[0].line;
}

static struct starts find_starts(struct corpus *corpus)
{
    struct starts starts = { 0 };

    make_room(corpus, &starts, corpus->pairs + 1024);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < corpus->pairs; k++)
            starts.of[i][k] = (size_t)(corpus->lines[i][k] - corpus->store[i].data);
    return starts;
}

static void place_lines(struct corpus *corpus, const struct starts *starts)
{
    for (int i = 0; i < 2; i++) {
        corpus->lines[i] = memory_resize(corpus->lines[i], corpus->pairs, sizeof(char *));
        for (size_t k = 0; k < corpus->pairs; k++)
            corpus->lines[i][k] = corpus->store[i].data + starts->of[i][k];
    }
}

int corpus_add(struct corpus *corpus, const struct corpus_files *files, enum bad_utf8 bad_utf8, int lowercase, int keep_empty)
{
    struct intake intake = { .bad_utf8 = bad_utf8, .lowercase = lowercase, .keep_empty = keep_empty };
    struct starts starts = find_starts(corpus);
    size_t before = corpus->pairs;
    int got = -1;

    memory_reserve_one(&corpus->parts, corpus->part_count, &corpus->part_room);
    corpus->parts[corpus->part_count++] = *files;
    if (input_open(&intake.input, files) == 0)
        while ((got = next_pair(corpus, &intake)) >= 0 && got != 2)
            if (got)
                add_pair(corpus, &starts, &intake);
    if (got >= 0 && corpus->pairs == before)
        got = error("%s: contains no sentence pairs", files->pairs ? files->pairs : files->source);
    input_close(&intake.input);
    text_release(&intake.line[0]);
    text_release(&intake.line[1]);
    if (got >= 0)
        place_lines(corpus, &starts);
    else
        corpus_release(corpus);
    free(starts.of[0]);
    free(starts.of[1]);
    return got < 0 ? -1 : 0;
}

int corpus_read(struct corpus *corpus, const struct corpus_files *files, enum bad_utf8 bad_utf8, int lowercase, int keep_empty)
{
    *corpus = (struct corpus){ 0 };
    return corpus_add(corpus, files, bad_utf8, lowercase, keep_empty);
}

double corpus_weight(const struct corpus *corpus, size_t pair)
{
    double weight = corpus->part ? corpus->parts[corpus->part[pair]].weight : 0;

    return weight == 0 ? 1 : weight;
}

int corpus_synthetic(const struct corpus *corpus, size_t pair)
{
    return corpus->part && corpus->parts[corpus->part[pair]].synthetic;
}

/* Finds each sentence in the ids. */
static void find_sentences(struct corpus *corpus, int side)
{
    const int32_t *at = corpus->ids[side];

    for (size_t k = 0; k < corpus->pairs; at += corpus->length[side][k++])
        corpus->sentence[side][k] = at;
}

void corpus_encode_again(struct corpus *corpus, const struct tokenizer *tokenizer, double dropout, uint64_t seed, uint64_t epoch)
{
    struct tokens tokens[2] = { 0 };
    size_t used[2] = { 0, 0 }, room[2] = { 0, 0 };

    for (int i = 0; i < 2; i++) {
        free(corpus->ids[i]);
        free(corpus->sentence[i]);
        free(corpus->length[i]);
        corpus->ids[i] = NULL;
        corpus->sentence[i] = memory_new(corpus->pairs, sizeof(int32_t *));
        corpus->length[i] = memory_new(corpus->pairs, sizeof(int));
    }
    for (size_t k = 0; k < corpus->pairs; k++) {
        struct rng rng = rng_make(seed, 0x62706564, epoch, (uint64_t)k);

        const char *const lines[] = { corpus->lines[SOURCE][k], corpus->lines[TARGET][k] };

        tokenizer_encode_pair(tokenizer, lines, dropout, &rng, tokens);
        for (int i = 0; i < 2; i++) {
            size_t count = (size_t)tokens[i].count, tags = i == SOURCE && corpus_synthetic(corpus, k);
            int32_t *at;

            if (used[i] + tags + count + 1 > room[i]) {
                room[i] = 2 * (used[i] + tags + count + 1) + 1024;
                corpus->ids[i] = memory_resize(corpus->ids[i], room[i], sizeof(int32_t));
            }
            at = corpus->ids[i] + used[i];
            if (tags)
                *at = tokenizer->sides[SOURCE].tag;
            memcpy(at + tags, tokens[i].ids, count * sizeof(int32_t));
            at[tags + count] = VOCAB_END;
            corpus->length[i][k] = (int)(tags + count) + 1;
            used[i] += tags + count + 1;
        }
    }
    for (int i = 0; i < 2; i++) {
        find_sentences(corpus, i);
        tokens_release(&tokens[i]);
    }
}

void corpus_encode(struct corpus *corpus, const struct tokenizer *tokenizer)
{
    corpus_encode_again(corpus, tokenizer, 0, 0, 0);
}

void corpus_limit(struct corpus *corpus, int max_length)
{
    size_t kept = 0;

    for (size_t k = 0; k < corpus->pairs; k++) {
        if (corpus->length[SOURCE][k] - 1 > max_length || corpus->length[TARGET][k] - 1 > max_length) {
            corpus->dropped.too_long++;
            continue;
        }
        for (int i = 0; i < 2; i++) {
            corpus->lines[i][kept] = corpus->lines[i][k];
            corpus->sentence[i][kept] = corpus->sentence[i][k];
            corpus->length[i][kept] = corpus->length[i][k];
        }
        if (corpus->part)
            corpus->part[kept] = corpus->part[k];
        corpus->number[kept++] = corpus->number[k];
    }
    corpus->pairs = kept;
}

long corpus_tokens(const struct corpus *corpus, enum side side)
{
    long total = 0;

    for (size_t k = 0; k < corpus->pairs; k++)
        total += corpus->length[side][k];
    return total;
}

void corpus_keep(struct corpus *corpus, size_t pairs)
{
    if (pairs < corpus->pairs)
        corpus->pairs = pairs;
}

uint64_t corpus_hash(const struct corpus *corpus)
{
    uint64_t hash = HASH_START;

    for (size_t k = 0; k < corpus->pairs; k++) {
        double weight = corpus_weight(corpus, k);

        if (weight != 1)
            hash = hash_bytes(hash, &weight, sizeof weight);
        for (int side = 0; side < 2; side++) {
            size_t length = (size_t)corpus->length[side][k];

            hash = hash_bytes(hash, &length, sizeof length);
            hash = hash_bytes(hash, corpus->sentence[side][k], length * sizeof(int32_t));
            hash = hash_bytes(hash, corpus->lines[side][k], strlen(corpus->lines[side][k]) + 1);
        }
    }
    return hash >> 1;
}

void corpus_release(struct corpus *corpus)
{
    for (int i = 0; i < 2; i++) {
        text_release(&corpus->store[i]);
        free(corpus->lines[i]);
        free(corpus->ids[i]);
        free(corpus->sentence[i]);
        free(corpus->length[i]);
    }
    free(corpus->number);
    free(corpus->part);
    free(corpus->parts);
    *corpus = (struct corpus){ 0 };
}
