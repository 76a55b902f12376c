#include "train/guide.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/report.h"
#include "eval/pharaoh.h"
#include "lexicon/shorten.h"

#include <stdlib.h>
#include <string.h>

/* Learns a lexicon of the corpus's tokens. </s>, the last token of both sides, is no word, and neither is the tag of a synthetic source. */
static void learn(struct lexicon_pair *lexicon, const struct team *team, const struct corpus *corpus,
                  const struct tokenizer *tokenizer, const struct lexicon_options *options)
{
    const int32_t **sources = memory_new(corpus->pairs, sizeof *sources);
    int *lengths[2];

    for (int side = 0; side < 2; side++) {
        lengths[side] = memory_new(corpus->pairs, sizeof *lengths[side]);
        for (size_t k = 0; k < corpus->pairs; k++)
            lengths[side][k] = corpus->length[side][k] - 1 - (side == SOURCE && corpus_synthetic(corpus, k));
    }
    for (size_t k = 0; k < corpus->pairs; k++)
        sources[k] = corpus->sentence[SOURCE][k] + corpus_synthetic(corpus, k);
    lexicon_learn(lexicon, team,
                  &(struct lexicon_text){ .source = sources,
                                          .source_length = lengths[SOURCE],
                                          .target = corpus->sentence[TARGET],
                                          .target_length = lengths[TARGET],
                                          .pairs = corpus->pairs,
                                          .sources = tokenizer->sides[SOURCE].count,
                                          .targets = tokenizer->sides[TARGET].count },
                  options);
    free(sources);
    free(lengths[SOURCE]);
    free(lengths[TARGET]);
}

void guidance_learn(struct guidance *guidance, const struct team *team, const struct corpus *corpus,
                    const struct tokenizer *tokenizer)
{
    guidance->tag = tokenizer->sides[SOURCE].tag;
    learn(&guidance->lexicon, team, corpus, tokenizer, &lexicon_defaults);
}

void guidance_shorten(struct shortlist *shortlist, const struct team *team, const struct corpus *corpus,
                      const struct tokenizer *tokenizer)
{
    struct lexicon_options options = lexicon_defaults;
    struct lexicon_pair lexicon = { 0 };

    options.iterations = 3;
    options.sparse = 1;
    learn(&lexicon, team, corpus, tokenizer, &options);
    lexicon_shorten(shortlist, &lexicon, &shorten_defaults);
    lexicon_release(&lexicon);
}

/* What is needed while links are read. */
struct reading {
    struct guidance *guidance;
    struct text text;                     /* all lines of the file, each NUL-terminated */
    size_t *start;                        /* [lines] into text */
    size_t lines, line_room, count, room; /* count: links */
    struct tokens tokens[2];              /* of the current pair */
    struct links links;
};

/* 0, or -1 after reporting. */
static int read_lines(struct reading *reading, const char *file)
{
    struct reader reader;
    char *line;
    size_t length;
    int got;

    if (reader_open(&reader, file))
        return -1;
    while ((got = reader_line(&reader, &line, &length)) == 1) {
        memory_reserve_one(&reading->start, reading->lines, &reading->line_room);
        reading->start[reading->lines++] = reading->text.length;
        text_add(&reading->text, line, length + 1);
    }
    reader_close(&reader);
    return got;
}

/* Links all tokens of two linked words. */
static void link_words(struct reading *reading, const struct link *link)
{
    const struct tokens *source = &reading->tokens[SOURCE], *target = &reading->tokens[TARGET];

    for (int t = 0; t < target->count; t++)
        for (int s = 0; tokens_cover(target, t, link->target) && s < source->count; s++)
            if (tokens_cover(source, s, link->source)) {
                memory_reserve_one(&reading->guidance->links, reading->count, &reading->room);
                reading->guidance->links[reading->count++] = (struct token_link){ s, t };
            }
}

/* The links of one pair, whose line is in the file at `where`. 0, or -1 after reporting. */
static int link_pair(struct reading *reading, const char *line, const char *where)
{
    int sources = reading->tokens[SOURCE].word_count, targets = reading->tokens[TARGET].word_count;

    if (pharaoh_read(line, where, 0, &reading->links))
        return -1;
    for (int i = 0; i < reading->links.count; i++) {
        const struct link *link = &reading->links.items[i];

        if (link->source >= sources || link->target >= targets)
            return error("%s: link %d-%d is outside the sentence pair, which has %d and %d words (numbered from 0)", where,
                         link->source, link->target, sources, targets);
        link_words(reading, link);
    }
    return 0;
}

/* 0, or -1 after reporting. */
static int link_corpus(struct reading *reading, const char *file, const struct corpus *corpus, const struct tokenizer *tokenizer)
{
    struct text where = { 0 };
    int result = 0;

    for (size_t k = 0; k < corpus->pairs && result == 0; k++) {
        size_t number = (size_t)corpus->number[k];

        reading->guidance->first[k] = reading->count;
        if (number > reading->lines) {
            result = error("%s: has %zu lines, but the corpus has more; expected one line of links per sentence pair", file,
                           reading->lines);
            break;
        }
        tokenizer_encode_pair(tokenizer, (const char *[]){ corpus->lines[SOURCE][k], corpus->lines[TARGET][k] }, 0, NULL,
                              reading->tokens);
        text_clear(&where);
        text_format(&where, "%s:%zu", file, number);
        result = link_pair(reading, reading->text.data + reading->start[number - 1], where.data);
    }
    reading->guidance->first[corpus->pairs] = reading->count;
    text_release(&where);
    return result;
}

int guidance_read(struct guidance *guidance, const char *file, const struct corpus *corpus, const struct tokenizer *tokenizer)
{
    struct reading reading = { .guidance = guidance };
    int result = read_lines(&reading, file);

    guidance->first = memory_new(corpus->pairs + 1, sizeof *guidance->first);
    if (result == 0)
        result = link_corpus(&reading, file, corpus, tokenizer);
    if (result == 0)
        guidance->hash = hash_bytes(hash_bytes(HASH_START, guidance->first, (corpus->pairs + 1) * sizeof *guidance->first),
                                    guidance->links, reading.count * sizeof *guidance->links) >>
                         1;
    text_release(&reading.text);
    free(reading.start);
    free(reading.links.items);
    tokens_release(&reading.tokens[SOURCE]);
    tokens_release(&reading.tokens[TARGET]);
    return result;
}

void guidance_release(struct guidance *guidance)
{
    lexicon_release(&guidance->lexicon);
    free(guidance->links);
    free(guidance->first);
    *guidance = (struct guidance){ 0 };
}

static void reserve(struct guide_part *mine, const struct batch *batch)
{
    size_t numbers = 0;

    for (int b = 0; b < batch->targets; b++)
        numbers += size_product((size_t)batch->source_length[b], (size_t)batch->target_length[b]);
    if ((size_t)batch->targets > mine->room) {
        mine->room = (size_t)batch->targets;
        mine->weights = memory_resize(mine->weights, mine->room, sizeof *mine->weights);
    }
    if (numbers > mine->number_room) {
        mine->number_room = numbers;
        mine->numbers = memory_resize(mine->numbers, numbers, sizeof *mine->numbers);
    }
}

/* A [Ty, Tx] from the lexicon: that of the words, then a row and a column for </s>; before them, a column for the tag, if there is
 * one. */
static void fill_from_lexicon(const struct guidance *guidance, const struct batch *batch, int b, real *A)
{
    size_t Tx = (size_t)batch->source_length[b], Ty = (size_t)batch->target_length[b];
    size_t tags = guidance->tag && batch->source[b][0] == guidance->tag, columns = Tx - 1 - tags;
    const struct lexicon_sentences words = { batch->source[b] + tags, batch->target[b], (int)columns, (int)Ty - 1 };

    lexicon_guide(&guidance->lexicon, &words, A);
    for (size_t t = Ty - 1; t-- > 0;) {
        memmove(A + t * Tx + tags, A + t * columns, columns * sizeof *A);
        A[t * Tx] = tags ? 0 : A[t * Tx];
        A[t * Tx + Tx - 1] = 0;
    }
}

/* A [Ty, Tx] from the links of a pair of the corpus. */
static void fill_from_links(const struct guidance *guidance, size_t pair, int Tx, int Ty, real *A)
{
    const struct token_link *link = guidance->links + guidance->first[pair], *end = guidance->links + guidance->first[pair + 1];

    memset(A, 0, (size_t)Tx * (size_t)Ty * sizeof *A);
    for (; link < end; link++)
        A[(size_t)link->target * (size_t)Tx + (size_t)link->source] = 1;
    for (int t = 0; t < Ty - 1; t++) {
        real *row = A + (size_t)t * (size_t)Tx, sum = 0;

        for (int j = 0; j < Tx; j++)
            sum += row[j];
        for (int j = 0; sum > 0 && j < Tx; j++)
            row[j] /= sum;
    }
}

void guide_part_fill(struct guide_part *mine, const struct guidance *guidance, const struct pairs *pairs, const struct part *part)
{
    const struct batch *batch = &part->batch;
    real *at;

    reserve(mine, batch);
    at = mine->numbers;
    for (int b = 0; b < batch->targets; b++) {
        int Tx = batch->source_length[b], Ty = batch->target_length[b];

        if (guidance->first)
            fill_from_links(guidance, (size_t)pairs->numbers[part->numbers[b] % pairs->count], Tx, Ty, at);
        else
            fill_from_lexicon(guidance, batch, b, at);
        mine->weights[b] = at;
        at += (size_t)Tx * (size_t)(Ty - 1);
        memset(at, 0, (size_t)(Tx - 1) * sizeof *at);
        at[Tx - 1] = 1;
        at += Tx;
    }
    mine->guide.weights = mine->weights;
}

void guide_part_release(struct guide_part *mine)
{
    free(mine->weights);
    free(mine->numbers);
    *mine = (struct guide_part){ 0 };
}
