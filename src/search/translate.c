#include "search/translate.h"

#include "base/cluster.h"
#include "base/rng.h"
#include "search/share.h"
#include "text/sentences.h"
#include "text/utf8.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Maximum number of hypotheses that one worker processes together, whatever --batch and --beam. */
enum { HYPOTHESES_OF_BATCH = 1 << 16 };

/* One worker's view of a batch of pieces. */
struct job {
    struct translator *translator;
    int worker;
    struct piece **pieces;
    int count;
    const struct tokens *sentences; /* their tokens */
};

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

/* Whether this process computes batch i. */
static int is_mine(const struct translator *translator, size_t i)
{
    return !translator->options.shared || i % (size_t)cluster_count() == (size_t)cluster_rank();
}

/* Whether the work was stopped, here or in a process that shares it. */
static int all_stopped(const struct translator *translator)
{
    return translator->options.shared ? cluster_any(stopped(translator)) : stopped(translator);
}

static void score_by(struct translator *translator, int worker, struct scored *pairs, int count)
{
    score(&translator->team->workers[worker], &translator->passes[worker], translator->models, translator->model_count, pairs,
          count);
}

static int samples(const struct translator *translator)
{
    return translator->options.beam.sampling.temperature > 0;
}

/* Ranks guesses and removes duplicates; samples stay as they were drawn. Returns the number left. */
static int rank(const struct translator *translator, struct guess *guesses, int count)
{
    return samples(translator) ? count : guesses_rank(guesses, count, translator->options.beam.length_penalty);
}

static struct scored pair_of(const struct piece *piece, const int32_t *target, int target_length, int want_alignment)
{
    return (struct scored){ .source = piece->ids,
                            .target = target,
                            .source_length = piece->to - piece->from + 1,
                            .target_length = target_length,
                            .want_alignment = want_alignment };
}

static int has_unknown(const struct hypothesis *hypothesis)
{
    for (int i = 0; i < hypothesis->length; i++)
        if (hypothesis->ids[i] == VOCAB_UNKNOWN)
            return 1;
    return 0;
}

/* The text of a hypothesis. alpha [length, Tx], where there are unknown words: each is the source word that it attends to most. */
static char *text_of(const struct job *job, const struct piece *piece, const struct hypothesis *hypothesis, const real *alpha)
{
    const struct tokens *source = &job->sentences[piece->sentence];
    const char **copies = alpha ? memory_new((size_t)hypothesis->length, sizeof *copies) : NULL;
    struct text text = { 0 };
    int Tx = piece->to - piece->from + 1;

    for (int i = 0; i < hypothesis->length && alpha; i++, alpha += Tx) {
        int best = 0;

        for (int j = 1; j < Tx - 1; j++)
            if (alpha[j] > alpha[best])
                best = j;
        copies[i] = source->words[source->word_of[piece->from + best]];
    }
    tokenizer_decode_target(job->translator->tokenizer, source, hypothesis->ids, hypothesis->length, copies, &text);
    free(copies);
    return text.data;
}

/* Text k of a piece, damaged if requested. Takes over `text`. */
static char *add_noise(const struct job *job, const struct piece *piece, int k, char *text)
{
    const struct translator *translator = job->translator;
    struct rng rng = rng_make(piece->key, rng_stream("noise"), (uint64_t)k, 0);
    struct text out = { 0 };

    if (!noise_wanted(&translator->options.noise))
        return text;
    noise_add(&translator->options.noise, &rng, text, translator->tokenizer->options.pretokenized, &out);
    free(text);
    return out.data;
}

/* The texts of the batch's hypotheses, best [pieces, n_best]; the alignments for unknown words are computed in one pass for all. */
static void take_texts(const struct job *job, const struct hypothesis *best, int n_best)
{
    struct scored *unknown = memory_new((size_t)job->count * (size_t)n_best, sizeof *unknown);
    int unknown_count = 0;

    for (int i = 0; i < job->count * n_best; i++)
        if (best[i].ids && has_unknown(&best[i]))
            unknown[unknown_count++] = pair_of(job->pieces[i / n_best], best[i].ids, best[i].length, 1);
    score_by(job->translator, job->worker, unknown, unknown_count);
    for (int i = 0, next = 0; i < job->count; i++, best += n_best) {
        struct piece *piece = job->pieces[i];

        piece->guesses = memory_new((size_t)n_best, sizeof *piece->guesses);
        for (int k = 0; k < n_best && best[k].ids; k++) {
            real *alpha = has_unknown(&best[k]) ? unknown[next++].alignment : NULL;
            struct guess guess = { .text = add_noise(job, piece, k, text_of(job, piece, &best[k], alpha)),
                                   .log_probability = best[k].log_probability,
                                   .length = best[k].length };

            if (samples(job->translator))
                piece->guesses[piece->count++] = guess;
            else
                piece->count = guesses_add(piece->guesses, piece->count, guess);
            free(alpha);
        }
    }
    free(unknown);
}

/* Computes the alignment of one guess of a piece. */
static void align_guess(struct translator *translator, int worker, const struct tokens *source, struct piece *piece,
                        struct guess *guess)
{
    struct scored pair;
    int32_t *ids;

    if (!guess->tokens.ids)
        tokenizer_encode_target(translator->tokenizer, source, guess->text, &guess->tokens);
    ids = piece_ids(&guess->tokens, 0, guess->tokens.count);
    pair = pair_of(piece, ids, guess->tokens.count + 1, 1);
    score_by(translator, worker, &pair, 1);
    free(piece->alpha);
    piece->alpha = pair.alignment;
    free(ids);
}

/* Scores all texts by forced decoding, which re-ranks them, and aligns the best. Search ranked token sequences,
 * of which a few (an unusual split of a word, a copied word) differ from the encoding of their text. */
static void score_texts(const struct job *job, int n_best)
{
    const struct translate_options *options = &job->translator->options;
    struct scored *pairs = memory_new((size_t)job->count * (size_t)n_best, sizeof *pairs);
    int32_t **ids = memory_new((size_t)job->count * (size_t)n_best, sizeof *ids);
    int count = 0;

    for (int i = 0; i < job->count; i++)
        for (int k = 0; k < job->pieces[i]->count; k++, count++) {
            struct guess *guess = &job->pieces[i]->guesses[k];

            tokenizer_encode_target(job->translator->tokenizer, &job->sentences[job->pieces[i]->sentence], guess->text,
                                    &guess->tokens);
            guess->length = guess->tokens.count + 1;
            ids[count] = piece_ids(&guess->tokens, 0, guess->tokens.count);
            pairs[count] = pair_of(job->pieces[i], ids[count], guess->length, options->want_alignment && n_best == 1);
            if (!options->want_alignment)
                tokens_release(&guess->tokens);
        }
    score_by(job->translator, job->worker, pairs, count);
    for (int i = 0, n = 0; i < job->count; i++) {
        struct piece *piece = job->pieces[i];

        piece->alpha = pairs[n].alignment;
        for (int k = 0; k < piece->count; k++)
            piece->guesses[k].log_probability = pairs[n++].log_probability;
        piece->count = rank(job->translator, piece->guesses, piece->count);
        for (int k = 1; k < piece->count; k++)
            tokens_release(&piece->guesses[k].tokens);
        if (options->want_alignment && !piece->alpha)
            align_guess(job->translator, job->worker, &job->sentences[piece->sentence], piece, &piece->guesses[0]);
    }
    for (int i = 0; i < count; i++)
        free(ids[i]);
    free(ids);
    free(pairs);
}

static void translate_batch(const struct job *job)
{
    struct translator *translator = job->translator;
    const struct translate_options *options = &translator->options;
    struct beam_options beam = options->beam;
    uint64_t *keys = memory_new((size_t)job->count, sizeof *keys);
    struct prefix *prefixes = memory_new((size_t)job->count, sizeof *prefixes);
    int n_best = beam.n_best, *length = memory_new((size_t)job->count, sizeof *length);
    const int32_t **source = memory_new((size_t)job->count, sizeof *source);
    struct hypothesis *best = memory_new((size_t)job->count * (size_t)n_best, sizeof *best);
    struct beam_tree *trees = memory_new((size_t)job->count, sizeof *trees);
    struct batch batch = { .sentences = job->count, .source = source, .source_length = length };

    for (int i = 0; i < job->count; i++) {
        source[i] = job->pieces[i]->ids;
        length[i] = job->pieces[i]->to - job->pieces[i]->from + 1;
        keys[i] = job->pieces[i]->key;
        prefixes[i] = (struct prefix){ job->pieces[i]->prefix.ids, job->pieces[i]->forced, job->pieces[i]->rest,
                                       translator->tokenizer->sides[TARGET].pieces, translator->tokenizer->sides[TARGET].specials };
    }
    beam.keys = keys;
    beam.prefixes = samples(translator) ? NULL : prefixes;
    beam.trees = options->want_tree ? trees : NULL;
    beam_search(&translator->beams[job->worker], &batch, &beam, best);
    for (int i = 0; i < job->count; i++)
        job->pieces[i]->tree = trees[i];
    take_texts(job, best, n_best);
    for (int i = 0; i < job->count * n_best; i++)
        free(best[i].ids);
    if (options->want_scores || options->want_alignment)
        score_texts(job, n_best);
    free(source);
    free(length);
    free(keys);
    free(prefixes);
    free(trees);
    free(best);
}

/* The lines of one translator_run, in sentences. */
struct run {
    struct translation *lines;
    size_t count;
    char **copies; /* [count] of the sources of several sentences, with a NUL after each; NULL: one sentence, the source itself */
    size_t *first; /* [count + 1] of each line: its first sentence in `pieces` */
    struct pieces pieces;
};

/* Text r of a line is text r of each of its pieces, joined; a piece with fewer texts contributes its last. */
static struct guess join(const struct translator *translator, const struct piece *pieces, int count, int r)
{
    struct guess line = { 0 };
    struct text text = { 0 };

    for (int i = 0; i < count; i++) {
        const struct guess *guess = &pieces[i].guesses[r < pieces[i].count ? r : pieces[i].count - 1];

        if (text.length && guess->text[0])
            text_add_string(&text, translator->tokenizer->options.pretokenized ? " " : sentence_separator(text.data, guess->text));
        text_add_string(&text, guess->text);
        line.log_probability += guess->log_probability;
        line.length += guess->length;
    }
    line.text = text.data;
    return line;
}

/* The alignment of text r of a line. */
static void align_line(struct translator *translator, struct run *run, size_t number, int r)
{
    struct alignment *alignment = &run->lines[number].alignment;
    const struct tokens *sources = run->pieces.sentences + run->first[number];
    size_t count = run->first[number + 1] - run->first[number];
    struct piece *piece = run->pieces.items + run->pieces.first[run->first[number]],
                 *end = run->pieces.items + run->pieces.first[run->first[number + 1]];

    alignment_begin(alignment, translator->options.level, translator->tokenizer, sources, (int)count);
    for (int column = 0; piece < end; piece++) {
        const struct tokens *source = &run->pieces.sentences[piece->sentence];
        struct guess *guess = &piece->guesses[r < piece->count ? r : piece->count - 1];
        struct aligned_piece aligned = { piece->from, piece->to, piece + 1 == end, column, &guess->tokens, NULL, NULL };

        if (guess != piece->guesses)
            align_guess(translator, 0, source, piece, guess);
        aligned.alpha = piece->alpha;
        aligned.log_probability = piece->alpha + (size_t)guess->length * (size_t)(piece->to - piece->from + 1);
        alignment_add(alignment, translator->tokenizer, source, &aligned);
        if (piece->to == source->count)
            column += alignment_width(alignment, source);
    }
}

/* Joins a line's pieces. 1, or 0 if one of them is missing. */
static int finish(struct translator *translator, struct run *run, size_t number)
{
    struct translation *line = &run->lines[number];
    int from = run->pieces.first[run->first[number]], count = run->pieces.first[run->first[number + 1]] - from, texts = 1;
    struct piece *mine = run->pieces.items + from;
    struct guess *guesses;

    for (int i = 0; i < count; i++) {
        if (!mine[i].count)
            return 0;
        texts = mine[i].count > texts ? mine[i].count : texts;
    }
    guesses = memory_new((size_t)texts, sizeof *guesses);
    for (int r = 0; r < texts; r++)
        guesses[r] = count ? join(translator, mine, count, r) : (struct guess){ .text = memory_copy_text("", 0), .length = 1 };
    line->pieces = count;
    line->sentences = (int)(run->first[number + 1] - run->first[number]);
    if (count == 1) {
        line->tree = mine->tree;
        mine->tree = (struct beam_tree){ 0 };
    }
    line->count = rank(translator, guesses, texts);
    line->texts = memory_new((size_t)line->count, sizeof *line->texts);
    line->log_probability = memory_new((size_t)line->count, sizeof *line->log_probability);
    for (int r = 0; r < line->count; r++) {
        line->texts[r] = guesses[r].text;
        line->log_probability[r] = guesses[r].log_probability;
    }
    if (translator->options.want_alignment)
        align_line(translator, run, number, guesses[0].rank);
    free(guesses);
    return 1;
}

/* Normalises a line, in at most `most` sentences with a newline between them. The result, and *bad, are those of utf8_normalize. */
static int read_text(const struct tokenizer *tokenizer, const char *line, size_t length, size_t most, struct text *out, size_t *bad)
{
    struct text clean = { 0 };
    int invalid = 0;

    text_add_string(out, "");
    for (size_t at = 0, size; at < length; at += size) {
        size_t where;
        int count;

        size = --most ? sentence_length(line + at, length - at) : length - at;
        count = utf8_normalize(line + at, size, tokenizer->options.lowercase, &clean, &where);
        if (count && !invalid)
            *bad = at + where;
        invalid += count;
        if (out->length && clean.length)
            text_add_string(out, "\n");
        text_add(out, clean.data, clean.length);
    }
    text_release(&clean);
    return invalid;
}

static int read_source(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                       size_t most, size_t *bad)
{
    struct text clean = { 0 };
    int invalid = read_text(tokenizer, line, length, most, &clean, bad);

    translation->source = translation->own_source = clean.data;
    return invalid;
}

int translation_read(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                     size_t *bad)
{
    return read_source(translation, tokenizer, line, length, 1, bad);
}

int translation_read_sentences(struct translation *translation, const struct tokenizer *tokenizer, const char *line, size_t length,
                               size_t *bad)
{
    return read_source(translation, tokenizer, line, length, SIZE_MAX, bad);
}

void translation_set_prefix(struct translation *translation, const struct tokenizer *tokenizer, const char *prefix, size_t length)
{
    struct text clean = { 0 };
    size_t bad, sentences = 1;

    for (const char *c = translation->source; *c; c++)
        sentences += *c == '\n';
    read_text(tokenizer, prefix, length, sentences, &clean, &bad);
    free(translation->prefix);
    translation->prefix = clean.data;
    translation->prefix_open = length > 0 && prefix[length - 1] != ' ';
}

/* Turns the tokens of the prefix's last word into the text of a word that may go on, if they are its text. */
static void open_last_word(const struct tokenizer *tokenizer, struct piece *piece)
{
    const struct tokens *tokens = &piece->prefix;
    const char *word = tokens->words[tokens->word_count - 1];
    struct text rest = { 0 };
    int from = tokens->count;

    while (from > 0 && tokens->word_of[from - 1] == tokens->word_of[tokens->count - 1])
        from--;
    text_add_string(&rest, "");
    for (int i = from; i < tokens->count; i++)
        if (tokens->ids[i] >= tokenizer->sides[TARGET].specials)
            text_add_string(&rest, tokenizer->sides[TARGET].pieces[tokens->ids[i]]);
    if (rest.length < strlen(word) || strcmp(rest.data + rest.length - strlen(word), word) != 0) {
        text_release(&rest);
        return;
    }
    piece->rest = rest.data;
    piece->forced = from;
}

/* Makes `prefix` that of the piece's translations; open: its last word may go on. complete: they end with it. */
static void force(const struct translator *translator, struct piece *piece, const struct tokens *source, const char *prefix,
                  int open, int complete)
{
    tokenizer_encode_target(translator->tokenizer, source, prefix, &piece->prefix);
    piece->forced = piece->prefix.count;
    if (complete) {
        memory_reserve_one(&piece->prefix.ids, piece->forced, &piece->prefix.id_room);
        piece->prefix.ids[piece->forced++] = VOCAB_END;
    } else if (open && piece->prefix.count && translator->tokenizer->options.units != UNITS_WORD) {
        open_last_word(translator->tokenizer, piece);
    }
}

/* Gives the sentences of line i their parts of its prefix. */
static void set_prefixes(const struct translator *translator, struct run *run, size_t i)
{
    const struct translation *line = &run->lines[i];
    char *prefix = memory_copy_string(line->prefix), *at = prefix;

    for (size_t k = run->first[i]; *at && k < run->first[i + 1]; k++) {
        char *end = strchr(at, '\n');
        struct piece *piece = run->pieces.items + run->pieces.first[k], *next = run->pieces.items + run->pieces.first[k + 1];

        if (end)
            *end = '\0';
        for (struct piece *first = piece; piece < next && (piece == first || end); piece++)
            force(translator, piece, &run->pieces.sentences[k], piece == first ? at : "", line->prefix_open, end != NULL);
        at = end ? end + 1 : at + strlen(at);
    }
    free(prefix);
}

/* Counts the sentences of all lines, and copies those of lines that have several. */
static void run_init(struct run *run, struct translation *lines, size_t count)
{
    *run = (struct run){ .lines = lines, .count = count };
    run->copies = memory_new(count, sizeof *run->copies);
    run->first = memory_new(count + 1, sizeof *run->first);
    for (size_t i = 0; i < count; i++) {
        run->first[i + 1] = run->first[i] + 1;
        if (!strchr(lines[i].source, '\n'))
            continue;
        run->copies[i] = memory_copy_string(lines[i].source);
        for (char *at = strchr(run->copies[i], '\n'); at; at = strchr(at + 1, '\n')) {
            *at = '\0';
            run->first[i + 1]++;
        }
    }
    pieces_init(&run->pieces, run->first[count]);
}

static void run_release(struct run *run)
{
    pieces_release(&run->pieces);
    for (size_t i = 0; i < run->count; i++)
        free(run->copies[i]);
    free(run->copies);
    free(run->first);
}

/* Encodes and cuts the sentences of line i. */
static void prepare(const struct translator *translator, struct run *run, size_t i)
{
    const struct translate_options *options = &translator->options;
    const struct translation *line = &run->lines[i];
    const char *text = run->copies[i] ? run->copies[i] : line->source;

    for (size_t k = run->first[i]; k < run->first[i + 1]; k++, text += strlen(text) + 1) {
        tokenizer_encode(translator->tokenizer, SOURCE, text, 0, NULL, &run->pieces.sentences[k]);
        pieces_cut(&run->pieces, k, text, options->longest,
                   rng_key(options->seed, (uint64_t)line->number, (uint64_t)(k - run->first[i]), 0));
    }
    if (line->prefix)
        set_prefixes(translator, run, i);
}

/* `count` pairs from number `from` on of those that translator_align was given. */
struct pairs {
    char *const *lines[2];
    size_t from, count;
    double *log_probability;
    struct alignment *alignments;
};

/* Work that is divided into numbered batches. */
struct shares {
    struct translator *translator;
    void (*work)(const struct shares *shares, int worker, size_t number);
    size_t count;
    struct piece **order; /* translation: batch i has the pieces order[start[i]] … order[start[i + 1] - 1] */
    const int *start;
    const struct tokens *sentences;
    struct pairs pairs; /* alignment: all of them */
};

/* Does all batches, those that are this process's. One thread does without OpenMP: die() may leave it by a jump (report_capture), and what OpenMP
 * keeps of a parallel region, were it of one thread only, would be released once more when the thread ends. */
static void work_on(const struct shares *shares, int threads)
{
    struct translator *translator = shares->translator;

    if (threads == 1) {
        for (size_t i = 0; i < shares->count; i++)
            if (!stopped(translator) && is_mine(translator, i))
                shares->work(shares, 0, i);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (size_t i = 0; i < shares->count; i++)
        if (!stopped(translator) && is_mine(translator, i))
            shares->work(shares, omp_get_thread_num(), i);
}

static int threads_for(const struct translator *translator, size_t batches)
{
    size_t most = (size_t)translator->team->count;

    return (int)(batches > most ? most : batches ? batches : 1);
}

static void translate_share(const struct shares *shares, int worker, size_t i)
{
    const int *start = shares->start;
    struct job job = { shares->translator, worker, shares->order + start[i], start[i + 1] - start[i], shares->sentences };

    translate_batch(&job);
}

int translator_run(struct translator *translator, struct translation *translations, size_t count)
{
    const struct translate_options *options = &translator->options;
    int workers = translator->team->count * (options->shared ? cluster_count() : 1);
    int most = HYPOTHESES_OF_BATCH / options->beam.beam, batches, *start, unfinished = 0;
    struct piece **order;
    struct run run;

    run_init(&run, translations, count);
    for (size_t i = 0; i < count; i++)
        prepare(translator, &run, i);
    batches = pieces_batches(&run.pieces, options->batch < most ? options->batch : most, workers, &order, &start);
    work_on(&(struct shares){ .translator = translator,
                              .work = translate_share,
                              .count = (size_t)batches,
                              .order = order,
                              .start = start,
                              .sentences = run.pieces.sentences },
            threads_for(translator, (size_t)batches));
    if (all_stopped(translator))
        unfinished = 1;
    else if (options->shared)
        share_pieces(&run.pieces, translator->tokenizer);
    for (size_t i = 0; i < count; i++)
        unfinished |= !finish(translator, &run, i);
    run_release(&run);
    free(order);
    free(start);
    return unfinished;
}

void translation_release(struct translation *translation)
{
    for (int i = 0; i < translation->count; i++)
        free(translation->texts[i]);
    free(translation->texts);
    free(translation->log_probability);
    free(translation->own_source);
    free(translation->prefix);
    alignment_release(&translation->alignment);
    free(translation->tree.nodes);
    *translation = (struct translation){ 0 };
}

static void align_batch(struct translator *translator, int worker, const struct pairs *pairs)
{
    int n = (int)pairs->count, refused = translator->options.refused, count = 0;
    struct tokens(*tokens)[2] = memory_new((size_t)n, sizeof *tokens);
    int32_t *(*ids)[2] = memory_new((size_t)n, sizeof *ids);
    struct scored *scored = memory_new((size_t)n, sizeof *scored);
    int *number = memory_new((size_t)n, sizeof *number); /* of the pair that scored [count] is of */

    for (int i = 0; i < n; i++) {
        int lengths[2];

        tokenizer_encode(translator->tokenizer, SOURCE, pairs->lines[SOURCE][pairs->from + (size_t)i], 0, NULL, &tokens[i][SOURCE]);
        tokenizer_encode_target(translator->tokenizer, &tokens[i][SOURCE], pairs->lines[TARGET][pairs->from + (size_t)i],
                                &tokens[i][TARGET]);
        for (int side = SOURCE; side <= TARGET; side++) {
            lengths[side] = tokens[i][side].count;
            ids[i][side] = piece_ids(&tokens[i][side], 0, lengths[side]);
        }
        pairs->log_probability[pairs->from + (size_t)i] = 0;
        if (pairs->alignments)
            pairs->alignments[pairs->from + (size_t)i] = (struct alignment){ 0 };
        if (refused && (lengths[SOURCE] > refused || lengths[TARGET] > refused))
            pairs->log_probability[pairs->from + (size_t)i] = NAN;
        else if (lengths[SOURCE] || lengths[TARGET]) {
            number[count] = i;
            scored[count++] = (struct scored){
                ids[i][SOURCE], ids[i][TARGET], lengths[SOURCE] + 1, lengths[TARGET] + 1, pairs->alignments != NULL, 0, NULL
            };
        }
    }
    score_by(translator, worker, scored, count);
    for (int k = 0; k < count; k++) {
        const struct tokens *source = &tokens[number[k]][SOURCE];
        size_t cells = (size_t)scored[k].target_length * (size_t)scored[k].source_length;
        struct aligned_piece piece = { 0,
                                       source->count,
                                       1,
                                       0,
                                       &tokens[number[k]][TARGET],
                                       scored[k].alignment,
                                       scored[k].alignment ? scored[k].alignment + cells : NULL };
        size_t at = pairs->from + (size_t)number[k];

        pairs->log_probability[at] = scored[k].log_probability;
        if (pairs->alignments) {
            alignment_begin(&pairs->alignments[at], translator->options.level, translator->tokenizer, source, 1);
            alignment_add(&pairs->alignments[at], translator->tokenizer, source, &piece);
        }
        free(scored[k].alignment);
    }
    for (int i = 0; i < n; i++)
        for (int side = SOURCE; side <= TARGET; side++) {
            tokens_release(&tokens[i][side]);
            free(ids[i][side]);
        }
    free(tokens);
    free(ids);
    free(scored);
    free(number);
}

static void align_share(const struct shares *shares, int worker, size_t i)
{
    size_t batch = (size_t)shares->translator->options.batch, left = shares->pairs.count - i * batch;
    struct pairs pairs = shares->pairs;

    pairs.from = i * batch;
    pairs.count = left < batch ? left : batch;
    align_batch(shares->translator, worker, &pairs);
}

int translator_align(struct translator *translator, char *const *source, char *const *target, size_t count, double *log_probability,
                     struct alignment *alignments)
{
    size_t batch = (size_t)translator->options.batch, batches = (count + batch - 1) / batch;

    work_on(&(struct shares){ .translator = translator,
                              .work = align_share,
                              .count = batches,
                              .pairs = { { source, target }, 0, count, log_probability, alignments } },
            threads_for(translator, batches));
    if (all_stopped(translator))
        return 1;
    if (translator->options.shared)
        share_scores(log_probability, count, (size_t)translator->options.batch);
    return 0;
}
