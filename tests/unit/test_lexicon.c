/* The lexicon: a toy language is learned, both directions agree with the links that made it, any number of threads gives the same bits;
 * sentences that are unknown, empty or endless; links of two directions put together; pairs that do not belong together. */
#include "lexicon/links.h"
#include "lexicon/words.h"

#include "../check.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS = 400, LONGEST = 14, WORDS = 40, PARTICLE = WORDS, TARGETS = WORDS + 1 };

/* A text in a language made by rule: word x is 7x + 3 modulo WORDS; a word that 5 divides changes places with its successor; a
 * particle, which nothing corresponds to, stands after every fourth word. */
struct toy {
    int32_t source[PAIRS][LONGEST], target[PAIRS][LONGEST];
    const int32_t *sources[PAIRS], *targets[PAIRS];
    int source_length[PAIRS], target_length[PAIRS];
    int from[PAIRS][LONGEST]; /* the source position of each target word, −1: none */
    struct lexicon_text text;
};

static void make_pair(struct toy *toy, int k, struct rng *rng)
{
    int Tx = 1 + (int)rng_below(rng, 11), Ty = 0, order[LONGEST];

    for (int i = 0; i < Tx; i++) {
        toy->source[k][i] = (int32_t)rng_below(rng, WORDS);
        order[i] = i;
    }
    for (int i = 0; i + 1 < Tx; i++)
        if (toy->source[k][order[i]] % 5 == 0) {
            order[i] = i + 1;
            order[i + 1] = i;
            i++;
        }
    for (int i = 0; i < Tx; i++) {
        toy->from[k][Ty] = order[i];
        toy->target[k][Ty++] = (7 * toy->source[k][order[i]] + 3) % WORDS;
        if (i % 4 == 3) {
            toy->from[k][Ty] = -1;
            toy->target[k][Ty++] = PARTICLE;
        }
    }
    toy->source_length[k] = Tx;
    toy->target_length[k] = Ty;
    toy->sources[k] = toy->source[k];
    toy->targets[k] = toy->target[k];
}

static void make_toy(struct toy *toy)
{
    struct rng rng = rng_make(3, 1, 4, 1);

    for (int k = 0; k < PAIRS; k++)
        make_pair(toy, k, &rng);
    toy->text = (struct lexicon_text){ toy->sources, toy->source_length, toy->targets, toy->target_length, PAIRS, WORDS, TARGETS };
}

static struct lexicon_pair learn(const struct lexicon_text *text, int threads)
{
    struct lexicon_pair pair;
    struct team team;

    assert_int_equal(team_init(&team, threads, BACKEND_OPENBLAS, PRECISION_F32), 0);
    lexicon_learn(&pair, &team, text, &lexicon_defaults);
    team_release(&team);
    return pair;
}

static struct lexicon_sentences sentences_of(const struct lexicon_text *text, size_t k)
{
    return (struct lexicon_sentences){ text->source[k], text->target[k], text->source_length[k], text->target_length[k] };
}

static void test_toy(void **state)
{
    static struct toy toy;
    struct lexicon_pair pair;
    long links = 0, wrong = 0;
    int32_t best[TARGETS + 1];

    (void)state;
    make_toy(&toy);
    pair = learn(&toy.text, 2);
    for (int32_t x = 0; x < WORDS; x++) {
        assert_true(lexicon_translations(&pair.forward, x, best, 1) == 1);
        assert_int_equal(best[0], (7 * x + 3) % WORDS);
        assert_true(lexicon_probability(&pair.forward, x, best[0]) > 0.8F);
        assert_true(lexicon_translations(&pair.backward, best[0], best, 1) == 1);
        assert_int_equal(best[0], x);
    }
    for (int k = 0; k < PAIRS; k++) {
        struct lexicon_sentences sentences = sentences_of(&toy.text, (size_t)k);
        unsigned char out[LONGEST * LONGEST];

        for (enum symmetrize kind = GROW_DIAG_FINAL_AND; kind <= BACKWARD; kind++) {
            lexicon_align(&pair, &sentences, kind, out);
            for (int j = 0; j < sentences.Ty; j++)
                for (int i = 0; i < sentences.Tx; i++) {
                    wrong += out[j * sentences.Tx + i] != (toy.from[k][j] == i);
                    links += toy.from[k][j] == i;
                }
        }
    }
    if (wrong > links / 25)
        fail_msg("%ld of %ld links are wrong", wrong, links);
    lexicon_release(&pair);
}

/* The best translations come in order, none twice, and ties by id. */
static void test_translations(void **state)
{
    size_t row[] = { 0, 5, 5, 5 };
    int32_t target[] = { 1, 4, 5, 8, 9 }, best[9];
    float probability[] = { 0.1F, 0.3F, 0.1F, 0.4F, 0.1F };
    const struct lexicon lexicon = { .sources = 2, .targets = 10, .row = row, .target = target, .probability = probability };

    (void)state;
    assert_int_equal(lexicon_translations(&lexicon, 0, best, 9), 5);
    assert_memory_equal(best, ((int32_t[]){ 8, 4, 1, 5, 9 }), 5 * sizeof *best);
    assert_int_equal(lexicon_translations(&lexicon, 0, best, 3), 3);
    assert_memory_equal(best, ((int32_t[]){ 8, 4, 1 }), 3 * sizeof *best);
    assert_int_equal(lexicon_translations(&lexicon, 1, best, 3), 0);
    assert_true(lexicon_probability(&lexicon, 0, 8) == 0.4F);
    assert_true(lexicon_probability(&lexicon, 0, 9) == 0.1F);
    assert_true(lexicon_probability(&lexicon, 0, 7) == 0);
    assert_true(lexicon_probability(&lexicon, 1, 7) == 0);
    assert_true(lexicon_probability(&lexicon, -1, 7) == 0);
    assert_true(lexicon_probability(&lexicon, 0, -1) == 0);
}

static void check_rows(const char *what, const real *rows, int Tx, int Ty)
{
    for (int j = 0; j < Ty; j++) {
        double sum = 0;

        for (int i = 0; i < Tx; i++) {
            double p = (double)rows[j * Tx + i];

            if (!(p >= 0 && p <= 1.0001))
                fail_msg("%s [%d, %d] is %g", what, j, i, p);
            sum += p;
        }
        if (!(sum <= 1.0001))
            fail_msg("%s: row %d sums to %g", what, j, sum);
    }
}

static void test_posteriors(void **state)
{
    static struct toy toy;
    const int32_t foreign[] = { 3, -1, 12, 5, -1 };
    real rows[LONGEST * LONGEST];
    struct lexicon_pair pair;
    struct lexicon_sentences unknown = { foreign, foreign, 5, 5 }, empty = { foreign, foreign, 0, 0 };

    (void)state;
    make_toy(&toy);
    pair = learn(&toy.text, 1);
    for (size_t k = 0; k < PAIRS; k++) {
        struct lexicon_sentences sentences = sentences_of(&toy.text, k), mixed = sentences;

        lexicon_posterior(&pair.forward, &sentences, rows);
        check_rows("posterior", rows, sentences.Tx, sentences.Ty);
        lexicon_guide(&pair, &sentences, rows);
        check_rows("guide", rows, sentences.Tx, sentences.Ty);
        for (int j = 0; j < sentences.Ty; j++) /* nothing is sure about the particle, nearly all about the others */
            if (toy.from[k][j] < 0)
                for (int i = 0; i < sentences.Tx; i++)
                    assert_true(rows[j * sentences.Tx + i] < 0.5);
        mixed.target = toy.target[(k + 1) % PAIRS]; /* words that may never have met */
        mixed.Ty = toy.target_length[(k + 1) % PAIRS];
        lexicon_guide(&pair, &mixed, rows);
        check_rows("guide of strangers", rows, mixed.Tx, mixed.Ty);
    }
    lexicon_posterior(&pair.forward, &unknown, rows);
    check_rows("unknown words", rows, 5, 5);
    assert_true(rows[1 * 5 + 1] > 0.3); /* an unknown word comes from the unknown word in the same place */
    assert_true(rows[4 * 5 + 4] > 0.3);
    lexicon_guide(&pair, &unknown, rows);
    check_rows("unknown words", rows, 5, 5);
    lexicon_guide(&pair, &empty, rows);
    empty.Tx = 5;
    lexicon_guide(&pair, &empty, rows);
    empty = (struct lexicon_sentences){ foreign, foreign, 0, 5 };
    lexicon_guide(&pair, &empty, rows);
    lexicon_release(&pair);
}

static void check_equal(const struct lexicon *a, const struct lexicon *b)
{
    size_t entries = a->row[a->sources + 1];

    assert_int_equal(a->sources, b->sources);
    assert_memory_equal(a->row, b->row, ((size_t)a->sources + 2) * sizeof *a->row);
    assert_memory_equal(a->target, b->target, entries * sizeof *a->target);
    assert_memory_equal(a->probability, b->probability, entries * sizeof *a->probability);
    assert_memory_equal(a->count, b->count, ((size_t)a->sources + 1) * sizeof *a->count);
    assert_memory_equal(a->frequency, b->frequency, (size_t)a->targets * sizeof *a->frequency);
    assert_memory_equal(&a->tension, &b->tension, sizeof a->tension);
}

/* Long sentences, so that there are several blocks. */
static void test_threads(void **state)
{
    static struct toy toy;
    static int32_t words[2][LEXICON_LONGEST];
    struct rng rng = rng_make(2, 7, 1, 8);
    struct lexicon_pair one;

    (void)state;
    make_toy(&toy);
    for (int i = 0; i < LEXICON_LONGEST; i++) {
        words[0][i] = (int32_t)rng_below(&rng, WORDS);
        words[1][i] = (int32_t)rng_below(&rng, TARGETS);
    }
    for (int k = 0; k < PAIRS; k += PAIRS / 3 + 1) {
        toy.sources[k] = words[0];
        toy.targets[k] = words[1];
        toy.source_length[k] = toy.target_length[k] = LEXICON_LONGEST;
    }
    one = learn(&toy.text, 1);
    for (int threads = 2; threads <= 3; threads++) {
        struct lexicon_pair more = learn(&toy.text, threads);

        check_equal(&one.forward, &more.forward);
        check_equal(&one.backward, &more.backward);
        lexicon_release(&more);
    }
    lexicon_release(&one);
}

/* What teaches nothing: empty sides, sentences that are too long, words outside the vocabulary. */
static void test_left_out(void **state)
{
    static struct toy toy;
    static int32_t endless[LEXICON_LONGEST + 1];
    const int32_t unknown[] = { -1, -1 };
    struct lexicon_pair with, without;
    struct lexicon_text text;

    (void)state;
    make_toy(&toy);
    toy.sources[5] = toy.targets[5] = endless;
    toy.source_length[5] = LEXICON_LONGEST + 1;
    toy.target_length[6] = 0;
    toy.source_length[7] = 0;
    toy.sources[8] = unknown;
    toy.source_length[8] = toy.target_length[8] = 1;
    assert_false(lexicon_teaches(&toy.text, 5));
    assert_false(lexicon_teaches(&toy.text, 6));
    assert_false(lexicon_teaches(&toy.text, 7));
    with = learn(&toy.text, 1);
    for (int k = 5; k < 8; k++) { /* of pair 8, the particle of chance: its target word may come from NULL */
        toy.sources[k] = unknown;
        toy.source_length[k] = toy.target_length[k] = 0;
    }
    without = learn(&toy.text, 1);
    assert_memory_equal(with.forward.probability, without.forward.probability,
                        with.forward.row[WORDS] * sizeof *with.forward.probability);
    assert_true(with.forward.tension == without.forward.tension);
    lexicon_release(&with);
    lexicon_release(&without);

    text = toy.text;
    text.pairs = 0; /* from nothing, nothing is learned, and all can be asked */
    with = learn(&text, 2);
    assert_int_equal(lexicon_translations(&with.forward, 1, (int32_t[1]){ 0 }, 1), 0);
    assert_true(lexicon_score(&with, &(struct lexicon_sentences){ toy.source[0], toy.target[0], 1, 1 }, 1) == 0);
    lexicon_release(&with);
}

/* The diagonal is followed as closely as the text does. */
static void test_tension(void **state)
{
    static struct toy toy;
    struct lexicon_pair straight, turned;

    (void)state;
    make_toy(&toy);
    straight = learn(&toy.text, 1);
    for (int k = 0; k < PAIRS; k++)
        for (int j = 0; j < toy.target_length[k] / 2; j++) {
            int32_t *left = &toy.target[k][j], *right = &toy.target[k][toy.target_length[k] - 1 - j], kept = *left;

            *left = *right;
            *right = kept;
        }
    turned = learn(&toy.text, 1);
    assert_true(straight.forward.tension > 8 && straight.backward.tension > 8);
    assert_true(turned.forward.tension < 0.5 && turned.backward.tension < 0.5);
    assert_int_equal(lexicon_translations(&turned.forward, 4, (int32_t[1]){ 0 }, 1), 1);
    lexicon_release(&straight);
    lexicon_release(&turned);
}

/* One row per target word: b is a link of both directions, f of forward, k of backward. */
static void check_links(enum symmetrize kind, const char *rows, const char *wanted, int Tx, int Ty)
{
    unsigned char forward[64] = { 0 }, backward[64] = { 0 }, out[64];

    for (int c = 0; c < Tx * Ty; c++) {
        forward[c] = rows[c] == 'b' || rows[c] == 'f';
        backward[c] = rows[c] == 'b' || rows[c] == 'k';
    }
    links_symmetrize(kind, forward, backward, Tx, Ty, out);
    for (int c = 0; c < Tx * Ty; c++)
        if (out[c] != (wanted[c] == 'x'))
            fail_msg("%s of %s: link %d-%d should be %d", symmetrize_names[kind], rows, c % Tx, c / Tx, wanted[c] == 'x');
}

static void test_symmetrize(void **state)
{
    static const char rows[] = "b..."
                               ".f.."
                               "...k"
                               ".k..";

    (void)state;
    check_links(INTERSECTION, rows, "x...............", 4, 4);
    check_links(UNION, rows, "x....x.....x.x..", 4, 4);
    check_links(FORWARD, rows, "x....x..........", 4, 4);
    check_links(BACKWARD, rows, "x..........x.x..", 4, 4);
    /* 1-1 touches 0-0 diagonally and grows; 3-2 has two words without link; 1-3 touches nothing, and word 1 is taken */
    check_links(GROW_DIAG_FINAL_AND, rows, "x....x.....x....", 4, 4);
    check_links(GROW_DIAG_FINAL_AND, "bk", "xx", 2, 1);               /* one of the two words is without link */
    check_links(GROW_DIAG_FINAL_AND, "b.kb", "x..x", 2, 2);           /* neither is */
    check_links(GROW_DIAG_FINAL_AND, "fk", "x.", 2, 1);               /* forward comes first */
    check_links(GROW_DIAG_FINAL_AND, "b...f...k", "x...x...x", 3, 3); /* growth reaches on */
    check_links(GROW_DIAG_FINAL_AND, "b....f.k.", "x....x.x.", 3, 3); /* what does not touch is added in the end */
    check_links(GROW_DIAG_FINAL_AND, "..f.b.k..", "..x.x.x..", 3, 3); /* the other diagonal */
    check_links(GROW_DIAG_FINAL_AND, ".........", ".........", 3, 3);
}

static void test_score(void **state)
{
    static struct toy toy;
    const int32_t unknown[] = { -1, -1, -1 };
    struct lexicon_pair pair;
    int found = 0;

    (void)state;
    make_toy(&toy);
    toy.text.pairs = PAIRS / 2; /* the second half is new */
    pair = learn(&toy.text, 2);
    for (size_t k = 0; k < PAIRS; k++) {
        struct lexicon_sentences fits = sentences_of(&toy.text, k), other = fits;

        other.target = toy.targets[(k + 1) % PAIRS];
        other.Ty = toy.target_length[(k + 1) % PAIRS];
        found += lexicon_score(&pair, &fits, k < PAIRS / 2) > 0.5;
        found += lexicon_score(&pair, &other, 0) < 0.5;
        assert_true(lexicon_score(&pair, &fits, 1) <= lexicon_score(&pair, &fits, 0));
        fits.Ty = 0;
        assert_true(lexicon_score(&pair, &fits, 0) == 0);
    }
    if (found < 2 * PAIRS * 95 / 100)
        fail_msg("%d of %d pairs were told apart", found, 2 * PAIRS);
    assert_true(lexicon_score(&pair, &(struct lexicon_sentences){ unknown, unknown, 3, 2 }, 0) == 0);
    assert_true(fabs(lexicon_score(&pair, &(struct lexicon_sentences){ unknown, toy.target[0], 3, 2 }, 0)) < 1e-9);
    lexicon_release(&pair);
}

/* Two words that occur only beside each other have nothing but that to say for themselves. */
static void test_score_discount(void **state)
{
    static struct toy toy;
    struct lexicon_sentences odd;
    struct lexicon_pair pair;

    (void)state;
    make_toy(&toy);
    toy.text.sources += 1;
    toy.text.targets += 1;
    toy.source[0][0] = WORDS;
    toy.target[0][0] = TARGETS;
    toy.source_length[0] = toy.target_length[0] = 1;
    pair = learn(&toy.text, 1);
    odd = sentences_of(&toy.text, 0);
    assert_true(lexicon_score(&pair, &odd, 0) > 1);
    assert_true(fabs(lexicon_score(&pair, &odd, 1)) < 0.1);
    lexicon_release(&pair);
}

static void test_words(void **state)
{
    char *lines[2][3] = { { (char[]){ "the cat , the dog" }, (char[]){ "" }, (char[]){ "l'homme" } },
                          { (char[]){ "a" }, (char[]){ "b b" }, (char[]){ "a?" } } };
    const struct corpus corpus = { .lines = { lines[0], lines[1] }, .pairs = 3 };
    struct lexicon_words words;

    (void)state;
    lexicon_words_init(&words, &corpus);
    assert_int_equal(words.text.pairs, 3);
    assert_int_equal(words.text.sources, 6);
    assert_int_equal(words.text.targets, 3);
    assert_int_equal(words.text.source_length[0], 5);
    assert_memory_equal(words.text.source[0], ((int32_t[]){ 0, 1, 2, 0, 3 }), 5 * sizeof(int32_t));
    assert_int_equal(words.text.source_length[1], 0);
    assert_memory_equal(words.text.source[2], ((int32_t[]){ 4, 5 }), 2 * sizeof(int32_t));
    assert_memory_equal(words.text.target[2], ((int32_t[]){ 0, 2 }), 2 * sizeof(int32_t));
    assert_int_equal(words.words[SOURCE][4].length, 2);
    assert_memory_equal(words.words[SOURCE][4].start, "l'", 2);
    lexicon_words_release(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toy),        cmocka_unit_test(test_translations), cmocka_unit_test(test_posteriors),
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_left_out),     cmocka_unit_test(test_tension),
        cmocka_unit_test(test_symmetrize), cmocka_unit_test(test_score),        cmocka_unit_test(test_score_discount),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
