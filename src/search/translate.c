#include "search/translate.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A piece of a line: source tokens from … to-1, and its hypotheses. */
struct piece {
    size_t line;
    int from, to, last;
    int32_t *ids; /* [to - from + 1], </s> last */
    int count;    /* hypotheses, at least 1 */
    char **texts;
    double *log_probability;
    struct tokens target; /* of texts[0], if an alignment is wanted */
    real *alpha;          /* likewise */
};

/* Where a line that is too long is cut: after the last end of a sentence in the second half of what fits, else after a comma or the
 * like, else between words, else anywhere. */
static int cut(const struct tokens *tokens, int from, int longest)
{
    static const char *const marks[] = { ".!?;:\u3002\uff01\uff1f\u0964", ",\u3001\uff0c\u060c" };
    int limit = from + longest;

    if (limit >= tokens->count)
        return tokens->count;
    for (size_t kind = 0; kind < 3; kind++)
        for (int i = limit; i > from + longest / 2; i--) {
            int ends_word = tokens->word_of[i - 1] != tokens->word_of[i];

            if (ends_word && (kind == 2 || strstr(marks[kind], tokens->words[tokens->word_of[i - 1]])))
                return i;
        }
    return limit;
}

static void add_pieces(struct piece **pieces, int *count, int *room, size_t line, const struct tokens *tokens, int longest)
{
    int from = 0;

    do {
        struct piece *piece;
        int to = cut(tokens, from, longest), length = to - from;

        memory_reserve_one(pieces, *count, room);
        piece = &(*pieces)[(*count)++];
        *piece = (struct piece){ .line = line,
                                 .from = from,
                                 .to = to,
                                 .last = to == tokens->count,
                                 .ids = memory_new((size_t)length + 1, sizeof(int32_t)) };
        if (length)
            memcpy(piece->ids, tokens->ids + from, (size_t)length * sizeof(int32_t));
        piece->ids[length] = VOCAB_END;
        from = to;
    } while (from < tokens->count);
}

static int longer_first(const void *a, const void *b)
{
    const struct piece *x = *(const struct piece *const *)a, *y = *(const struct piece *const *)b;
    int difference = (y->to - y->from) - (x->to - x->from);

    return difference ? difference : x->line != y->line ? (x->line < y->line ? -1 : 1) : x->from - y->from;
}

/* One worker's view of a batch of pieces. */
struct job {
    struct translator *translator;
    int worker;
    struct piece **pieces;
    int count;
    const struct tokens *lines; /* the lines' tokens */
};

/* A given translation of a piece, for forced decoding. */
struct given {
    struct piece *piece;
    char *text;
    int32_t *ids;
    int length;
};

static void force(const struct job *job, const struct given *given, int count, struct forced *forced)
{
    struct translator *translator = job->translator;
    const int32_t **source = memory_new((size_t)count, sizeof *source), **target = memory_new((size_t)count, sizeof *target);
    int *source_length = memory_new((size_t)count, sizeof(int)), *target_length = memory_new((size_t)count, sizeof(int));
    struct batch batch = { .sentences = count,
                           .source = source,
                           .source_length = source_length,
                           .targets = count,
                           .target = target,
                           .target_length = target_length };

    for (int i = 0; i < count; i++) {
        source[i] = given[i].piece->ids;
        source_length[i] = given[i].piece->to - given[i].piece->from + 1;
        target[i] = given[i].ids;
        target_length[i] = given[i].length;
    }
    force_batch(&translator->team->workers[job->worker], &translator->passes[job->worker], translator->models,
                translator->model_count, &batch, forced);
    free(source);
    free(target);
    free(source_length);
    free(target_length);
}

static int has_unknown(const struct hypothesis *hypothesis)
{
    for (int i = 0; i < hypothesis->length; i++)
        if (hypothesis->ids[i] == VOCAB_UNKNOWN)
            return 1;
    return 0;
}

/* The text of a hypothesis with unknown words: each is the source word that it attends to most. */
static char *text_with_copies(const struct job *job, struct piece *piece, const struct hypothesis *hypothesis)
{
    const struct tokens *line = &job->lines[piece->line];
    struct given given = { piece, NULL, hypothesis->ids, hypothesis->length };
    struct forced forced;
    struct text text = { 0 };
    const char **copies = memory_new((size_t)hypothesis->length, sizeof *copies);
    int Tx = piece->to - piece->from + 1;

    force(job, &given, 1, &forced);
    for (int i = 0; i < hypothesis->length && Tx > 1; i++) {
        const real *row = forced.alignment + (size_t)i * (size_t)Tx;
        int best = 0;

        for (int j = 1; j < Tx - 1; j++)
            if (row[j] > row[best])
                best = j;
        copies[i] = line->words[line->word_of[piece->from + best]];
    }
    tokenizer_decode(job->translator->tokenizer, TARGET, hypothesis->ids, hypothesis->length, copies, &text);
    free(forced.alignment);
    free(copies);
    return text.data;
}

/* The texts of a piece's hypotheses; texts that came twice are kept once. */
static void take_texts(const struct job *job, struct piece *piece, const struct hypothesis *best, int n_best)
{
    piece->texts = memory_new((size_t)n_best, sizeof(char *));
    piece->log_probability = memory_new((size_t)n_best, sizeof(double));
    for (int i = 0; i < n_best && best[i].ids; i++) {
        char *text;
        int known = 0;

        if (has_unknown(&best[i])) {
            text = text_with_copies(job, piece, &best[i]);
        } else {
            struct text plain = { 0 };

            tokenizer_decode(job->translator->tokenizer, TARGET, best[i].ids, best[i].length, NULL, &plain);
            text = plain.data;
        }
        for (int k = 0; k < piece->count; k++)
            known |= strcmp(piece->texts[k], text) == 0;
        if (known) {
            free(text);
            continue;
        }
        piece->log_probability[piece->count] = best[i].log_probability;
        piece->texts[piece->count++] = text;
    }
}

/* The ids of a text and </s>; heap. */
static int32_t *encode_target(const struct tokenizer *tokenizer, const char *text, struct tokens *tokens, int *length)
{
    int32_t *ids;

    tokenizer_encode(tokenizer, TARGET, text, 0, NULL, tokens);
    ids = memory_new((size_t)tokens->count + 1, sizeof *ids);
    if (tokens->count)
        memcpy(ids, tokens->ids, (size_t)tokens->count * sizeof *ids);
    ids[tokens->count] = VOCAB_END;
    *length = tokens->count + 1;
    return ids;
}

/* Ranks a piece's texts by what forced decoding says of them; lengths count </s>. Search ranked token sequences, of which a few (an
 * unusual split of a word, a copied word) are not the ones that their text stands for. */
static void rank(struct piece *piece, struct given *given, struct forced *forced, double penalty)
{
    for (int i = 1; i < piece->count; i++)
        for (int k = i; k > 0; k--) {
            double before = forced[k - 1].log_probability / pow(given[k - 1].length, penalty);
            struct given given_swap = given[k];
            struct forced forced_swap = forced[k];

            if (before >= forced[k].log_probability / pow(given[k].length, penalty))
                break;
            given[k] = given[k - 1];
            given[k - 1] = given_swap;
            forced[k] = forced[k - 1];
            forced[k - 1] = forced_swap;
        }
}

/* Scores of all texts by forced decoding, and the alignment of the best. There is more than one text only where scores are wanted. */
static void score_texts(const struct job *job)
{
    const struct translate_options *options = &job->translator->options;
    const struct tokenizer *tokenizer = job->translator->tokenizer;
    struct given *given;
    struct forced *forced;
    struct tokens tokens = { 0 };
    int count = 0, n = 0;

    for (int i = 0; i < job->count; i++)
        count += job->pieces[i]->count;
    given = memory_new((size_t)count, sizeof *given);
    forced = memory_new((size_t)count, sizeof *forced);
    for (int i = 0; i < job->count; i++)
        for (int k = 0; k < job->pieces[i]->count; k++, n++) {
            given[n] = (struct given){ .piece = job->pieces[i], .text = job->pieces[i]->texts[k] };
            given[n].ids = encode_target(tokenizer, given[n].text, &tokens, &given[n].length);
        }
    force(job, given, count, forced);
    for (int i = 0, first = 0; i < job->count; first += job->pieces[i++]->count) {
        struct piece *piece = job->pieces[i];

        rank(piece, given + first, forced + first, options->beam.length_penalty);
        for (int k = 0; k < piece->count; k++) {
            piece->texts[k] = given[first + k].text;
            piece->log_probability[k] = forced[first + k].log_probability;
            if (k > 0 || !options->want_alignment)
                free(forced[first + k].alignment);
            free(given[first + k].ids);
        }
        if (options->want_alignment) {
            piece->alpha = forced[first].alignment;
            tokenizer_encode(tokenizer, TARGET, piece->texts[0], 0, NULL, &piece->target);
        }
    }
    tokens_release(&tokens);
    free(given);
    free(forced);
}

static void run(const struct job *job)
{
    struct translator *translator = job->translator;
    const struct translate_options *options = &translator->options;
    const int32_t **source = memory_new((size_t)job->count, sizeof *source);
    int *length = memory_new((size_t)job->count, sizeof *length);
    int n_best = options->beam.n_best;
    struct hypothesis *best = memory_new((size_t)job->count * (size_t)n_best, sizeof *best);
    struct batch batch = { .sentences = job->count, .source = source, .source_length = length };

    for (int i = 0; i < job->count; i++) {
        source[i] = job->pieces[i]->ids;
        length[i] = job->pieces[i]->to - job->pieces[i]->from + 1;
    }
    beam_search(&translator->beams[job->worker], &batch, &options->beam, best);
    for (int i = 0; i < job->count; i++) {
        struct hypothesis *mine = best + (size_t)i * (size_t)n_best;

        take_texts(job, job->pieces[i], mine, n_best);
        for (int k = 0; k < n_best; k++)
            free(mine[k].ids);
    }
    if (options->want_scores || options->want_alignment)
        score_texts(job);
    free(source);
    free(length);
    free(best);
}

void translator_init(struct translator *translator, const struct tokenizer *tokenizer, struct model *const *models, int model_count,
                     struct team *team, const struct translate_options *options)
{
    *translator = (struct translator){ tokenizer, models, model_count, team, *options, NULL, NULL };
    translator->beams = memory_new((size_t)team->count, sizeof *translator->beams);
    translator->passes = memory_new((size_t)team->count, sizeof *translator->passes);
    for (int i = 0; i < team->count; i++)
        beam_init(&translator->beams[i], &team->workers[i], models, model_count);
}

void translator_release(struct translator *translator)
{
    for (int i = 0; i < translator->team->count; i++) {
        beam_release(&translator->beams[i]);
        pass_release(&translator->passes[i]);
    }
    free(translator->beams);
    free(translator->passes);
}

static int stopped(const struct translator *translator)
{
    return translator->options.stop && *translator->options.stop;
}

/* Puts a finished piece into its line. Piece k of rank r joins rank r of the line; a piece with fewer texts lends its last. */
static void join(struct translator *translator, struct translation *line, struct piece *piece, const struct tokens *tokens)
{
    int n_best = translator->options.beam.n_best;

    if (!line->texts) {
        line->texts = memory_new((size_t)n_best, sizeof(char *));
        line->log_probability = memory_new((size_t)n_best, sizeof(double));
        line->count = piece->count;
        if (translator->options.want_alignment)
            alignment_begin(&line->alignment, translator->options.level, translator->tokenizer, tokens);
    }
    for (int k = line->count; k < piece->count; k++) {
        line->texts[k] = memory_copy_text(line->texts[line->count - 1], strlen(line->texts[line->count - 1]));
        line->log_probability[k] = line->log_probability[line->count - 1];
    }
    line->count = piece->count > line->count ? piece->count : line->count;
    for (int k = 0; k < line->count; k++) {
        int mine = k < piece->count ? k : piece->count - 1;
        struct text text = { 0 };

        if (line->texts[k] && line->texts[k][0])
            text_format(&text, "%s%s", line->texts[k], piece->texts[mine][0] ? " " : "");
        text_add_string(&text, piece->texts[mine]);
        free(line->texts[k]);
        line->texts[k] = text.data;
        line->log_probability[k] += piece->log_probability[mine];
    }
    if (translator->options.want_alignment)
        alignment_add(&line->alignment, translator->tokenizer, tokens, piece->from, piece->to, &piece->target, piece->alpha,
                      piece->last);
    line->pieces++;
}

static void piece_release(struct piece *piece)
{
    for (int i = 0; i < piece->count; i++)
        free(piece->texts[i]);
    free(piece->texts);
    free(piece->log_probability);
    free(piece->ids);
    free(piece->alpha);
    tokens_release(&piece->target);
}

int translator_run(struct translator *translator, struct translation *translations, size_t count)
{
    struct tokens *lines = memory_new(count, sizeof *lines);
    struct piece *pieces = NULL, **order;
    int piece_count = 0, room = 0, batch = translator->options.batch, batches, threads = translator->team->count;
    int done = 1, whole = 1; /* all lines; the line at hand so far */

    for (size_t i = 0; i < count; i++) {
        tokenizer_encode(translator->tokenizer, SOURCE, translations[i].source, 0, NULL, &lines[i]);
        add_pieces(&pieces, &piece_count, &room, i, &lines[i], translator->options.longest);
    }
    order = memory_new((size_t)piece_count, sizeof *order);
    for (int i = 0; i < piece_count; i++)
        order[i] = &pieces[i];
    qsort(order, (size_t)piece_count, sizeof *order, longer_first);
    /* A short list is shared out evenly, so that no worker stands idle. */
    if (piece_count < batch * threads)
        batch = (piece_count + threads - 1) / threads;
    batches = batch ? (piece_count + batch - 1) / batch : 0;
    if (threads > batches)
        threads = batches;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
#pragma omp for schedule(dynamic, 1)
        for (int i = 0; i < batches; i++) {
            int from = i * batch, left = piece_count - from;
            struct job job = { translator, omp_get_thread_num(), order + from, left < batch ? left : batch, lines };

            if (!stopped(translator))
                run(&job);
        }
    }
    for (int i = 0; i < piece_count; i++) {
        struct piece *piece = &pieces[i];

        done &= piece->count > 0;
        whole &= piece->count > 0;
        if (whole)
            join(translator, &translations[piece->line], piece, &lines[piece->line]);
        if (piece->last) {
            if (!whole)
                translation_release(&translations[piece->line]);
            whole = 1;
        }
        piece_release(piece);
    }
    for (size_t i = 0; i < count; i++)
        tokens_release(&lines[i]);
    free(lines);
    free(pieces);
    free(order);
    return !done;
}

void translation_release(struct translation *translation)
{
    for (int i = 0; i < translation->count; i++)
        free(translation->texts[i]);
    free(translation->texts);
    free(translation->log_probability);
    if (translation->alignment.source)
        alignment_release(&translation->alignment);
    *translation = (struct translation){ 0 };
}

int translator_align(struct translator *translator, char *const *source, char *const *target, size_t count, double *log_probability,
                     struct alignment *alignments)
{
    int batch = translator->options.batch, threads = translator->team->count;
    long batches = (long)((count + (size_t)batch - 1) / (size_t)batch);

#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(dynamic, 1)
    for (long i = 0; i < batches; i++) {
        size_t from = (size_t)i * (size_t)batch, to = from + (size_t)batch < count ? from + (size_t)batch : count;
        int n = (int)(to - from);
        struct tokens *lines = memory_new((size_t)n, sizeof *lines), *targets = memory_new((size_t)n, sizeof *targets);
        struct piece *pieces = NULL;
        struct given *given = memory_new((size_t)n, sizeof *given);
        struct forced *forced = memory_new((size_t)n, sizeof *forced);
        int piece_count = 0, room = 0;
        struct job job = { translator, omp_get_thread_num(), NULL, n, lines };

        if (stopped(translator))
            n = 0;
        for (int k = 0; k < n; k++) {
            tokenizer_encode(translator->tokenizer, SOURCE, source[from + (size_t)k], 0, NULL, &lines[k]);
            add_pieces(&pieces, &piece_count, &room, (size_t)k, &lines[k], lines[k].count + 1);
        }
        for (int k = 0; k < n; k++) {
            given[k].piece = &pieces[k];
            given[k].ids = encode_target(translator->tokenizer, target[from + (size_t)k], &targets[k], &given[k].length);
        }
        force(&job, given, n, forced);
        for (int k = 0; k < n; k++) {
            log_probability[from + (size_t)k] = forced[k].log_probability;
            if (alignments) {
                alignment_begin(&alignments[from + (size_t)k], translator->options.level, translator->tokenizer, &lines[k]);
                alignment_add(&alignments[from + (size_t)k], translator->tokenizer, &lines[k], 0, lines[k].count, &targets[k],
                              forced[k].alignment, 1);
            }
            free(forced[k].alignment);
            free(given[k].ids);
            piece_release(&pieces[k]);
            tokens_release(&lines[k]);
            tokens_release(&targets[k]);
        }
        free(lines);
        free(targets);
        free(pieces);
        free(given);
        free(forced);
    }
    return stopped(translator);
}
