#include "cli/recipe.h"

#include "base/cluster.h"
#include "base/report.h"
#include "math/team.h"
#include "train/checkpoint.h"
#include "train/exchange.h"
#include "train/optimizer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const preset_names[] = { "none", "paper", "vaswani", "tiny-transformer", NULL };
static const char *const training_precision_names[] = { "auto", "f32", "bf16", NULL };

/* Bahdanau, Cho and Bengio 2015, section 4 and appendix B. */
static const char paper[] = "units = word\nvocabulary = 30000\nembedding = 620\nhidden = 1000\nalignment = 1000\nmaxout = 500\n"
                            "encoder-layers = 1\nlexical = off\nquery = state\ntie = none\ninitial = paper\noptimizer = adadelta\n"
                            "learning-rate = 1\nwarmup = 0\nhalve-after = 0\nclip = 1\nbatch-sentences = 80\npool = 20\n"
                            "max-length = 50\nlabel-smoothing = 0\ndropout = 0\ndropout-state = 0\nword-dropout = 0\n"
                            "bpe-dropout = 0\naverage = 0\nguided-alignment = off\n";

/* Vaswani et al. 2017, section 3 (base) and 5. */
static const char vaswani[] = "encoder = transformer\ndecoder = transformer\nembedding = 512\nfeed-forward = 2048\nheads = 8\n"
                              "encoder-layers = 6\ndecoder-layers = 6\nnorm = post\nadam-beta1 = 0.9\nadam-beta2 = 0.98\n"
                              "adam-epsilon = 1e-9\nschedule = inverse-sqrt\nwarmup = 4000\nlearning-rate = 0.0007\n"
                              "batch-tokens = 25000\ndropout = 0.1\ndropout-attention = 0\ndropout-feed-forward = 0\n"
                              "label-smoothing = 0.1\nbpe-dropout = 0\nguided-alignment = off\n";

static const char tiny_transformer[] = "encoder = transformer\ndecoder = transformer\nembedding = 128\nfeed-forward = 256\n"
                                       "heads = 4\nencoder-layers = 4\ndecoder-layers = 4\n";

static const char *const presets[] = { NULL, paper, vaswani, tiny_transformer };

/* In the order of 0 and 1. */
static const char *const switch_names[] = { "off", "on", NULL };

/* None, and the types of model/small_file.h in their order. */
static const char *const export_names[] = { "none", "q8_0", "bf16", NULL };

#define ROW(type, member) OPTION(struct train_settings, type, member)
#define STATE .role = OPTION_OF_STATE
#define MODEL .role = OPTION_OF_MODEL
#define TOKENIZER .role = OPTION_OF_TOKENIZER
#define FREE .role = OPTION_FREE
#define PROBABILITY .value = "P", .low = 0, .high = 0.99

/* The ten most important options first, then all others by subject. */
static const struct option table[] = {
    OPTIONS_HEADING("The most important options"),
    { "model", ROW(TEXT, model), .value = "FILE", .help = "the model to write; a checkpoint is written next to it" },
    { "source", ROW(LIST, source), .value = "FILE",
      .help = "source sentences, one per line, plain or .gz; for several corpora, give --source and --target several times" },
    { "target", ROW(LIST, target), .value = "FILE", .help = "their translations, line by line" },
    { "valid-source", ROW(TEXT, valid.source), .value = "FILE", .help = "held-out source sentences, for choosing the best model" },
    { "valid-target", ROW(TEXT, valid.target), .value = "FILE", .help = "their translations" },
    { "resume", ROW(FLAG, resume), .help = "continue from the checkpoint, with its settings and files" },
    { "max-minutes", ROW(REAL, max_minutes), .value = "N", .initial = "none", .high = 1e9, .word = "none", FREE,
      .help = "stop this run after N minutes" },
    { "hidden", ROW(INT, hidden), .value = "N", OPTION_AUTO, .low = 1, .high = 65536, MODEL,
      .help = "size of each GRU's state; larger is slower, and better with more data" },
    { "vocabulary", ROW(INT, vocabulary), .value = "N", OPTION_AUTO, .low = 1, .high = 10000000, TOKENIZER,
      .help = "vocabulary size" },
    { "threads", ROW(INT, threads), .value = "N", .initial = "auto", .low = 1, .high = TEAM_MOST, .word = "auto", FREE,
      .help = "worker threads; auto: one per processor" },

    OPTIONS_HEADING("Data"),
    { "pairs", ROW(LIST, pairs), .value = "FILE",
      .help = "instead of --source and --target: one file with source, tab, target on each line" },
    { "weight", ROW(REALS, weight), .value = "W", .low = 0.001, .high = 1000, STATE,
      .help =
          "how often an epoch has each pair, on average; once for each corpus, in the same order, or once for all (default: 1)" },
    { "synthetic-source", ROW(LIST, synthetic_source), .value = "FILE",
      .help = "back-translations, as further sources to learn from; each gets a tag in front" },
    { "synthetic-target", ROW(LIST, synthetic_target), .value = "FILE", .help = "the sentences that they are translations of" },
    { "synthetic-weight", ROW(REALS, synthetic_weight), .value = "W", .low = 0.001, .high = 1000, STATE,
      .help = "the same as --weight, for synthetic pairs (default: 1)" },
    { "valid-pairs", ROW(TEXT, valid.pairs), .value = "FILE", .help = "the same, instead of --valid-source and --valid-target" },
    { "valid-split", ROW(INT, valid_split), .value = "N", OPTION_AUTO, .high = INT_MAX, STATE,
      .help = "pairs of the corpus to set aside for validation if no validation files are given (0: none; auto: a twentieth, 100 "
              "to 1000, "
              "at most a tenth; none if the corpus has 200 pairs or fewer)" },
    { "first", ROW(INT, first), .value = "N", .initial = "all", .low = 1, .high = INT_MAX, .word = "all", STATE,
      .help = "use only the first N pairs of each corpus; synthetic pairs are all used" },
    { "max-length", ROW(INT, max_length), .value = "N", OPTION_AUTO, .high = 100000, STATE,
      .help = "leave out pairs with more than N tokens on a side (0: keep all; auto: leave out only pairs too long for memory)" },
    { "bad-utf8", ROW(CHOICE, bad_utf8), .value = "WHAT", .initial = "error", .names = bad_utf8_names, STATE,
      .help = "how to handle invalid UTF-8 in the corpus" },
    { "units", ROW(CHOICE, units), .value = "UNITS", .initial = "bpe", .names = unit_names, TOKENIZER,
      .help = "unit of text that becomes a token" },
    { "pretokenized", ROW(FLAG, pretokenized), TOKENIZER,
      .help = "text is already tokenized: words are separated by spaces, in input and output" },
    { "copy", ROW(CHOICE, copy), .value = "WHAT", .initial = "auto", .names = copy_names, TOKENIZER,
      .help = "copy addresses, numbers and unknown names unchanged where the corpus does (auto), or never (off); not with --units "
              "word, which copies unknown words" },
    { "lowercase", ROW(FLAG, lowercase), TOKENIZER, .help = "lower-case all text" },

    OPTIONS_HEADING("Model (auto: chosen by the size of the corpus)"),
    { "model-type", ROW(CHOICE, model_type), .value = "TYPE", OPTION_AUTO, .names = model_type_names,
      .help = "kinds of encoder and decoder: both GRU (rnn), both Transformer (transformer), or a Transformer encoder with a GRU "
              "decoder (mixed)" },
    { "encoder", ROW(CHOICE, encoder), .value = "KIND", OPTION_AUTO, .names = encoder_type_names, MODEL,
      .help = "kind of encoder (auto: as --model-type)" },
    { "decoder", ROW(CHOICE, decoder), .value = "KIND", OPTION_AUTO, .names = decoder_type_names, MODEL,
      .help = "kind of decoder (auto: as --model-type)" },
    { "embedding", ROW(INT, embedding), .value = "N", OPTION_AUTO, .low = 1, .high = 65536, MODEL,
      .help = "size of the word vectors" },
    { "alignment", ROW(INT, alignment), .value = "N", OPTION_AUTO, .low = 1, .high = 65536, MODEL,
      .help = "size of the alignment model" },
    { "maxout", ROW(INT, maxout), .value = "N", OPTION_AUTO, .low = 1, .high = 65536, MODEL,
      .help = "size of the readout before the output layer; with --tie, must equal --embedding" },
    { "encoder-layers", ROW(INT, encoder_layers), .value = "N", OPTION_AUTO, .low = 1, .high = 64, MODEL,
      .help = "number of encoder layers" },
    { "decoder-layers", ROW(INT, decoder_layers), .value = "N", OPTION_AUTO, .low = 1, .high = 64, MODEL,
      .help = "number of layers of a Transformer decoder" },
    { "heads", ROW(INT, heads), .value = "N", OPTION_AUTO, .low = 1, .high = 1024, MODEL,
      .help = "number of attention heads of the decoder (auto: 1 for a GRU decoder)" },
    { "encoder-heads", ROW(INT, encoder_heads), .value = "N", OPTION_AUTO, .low = 1, .high = 1024, MODEL,
      .help = "number of attention heads of a Transformer encoder (auto: as --heads, if the decoder is a Transformer)" },
    { "feed-forward", ROW(INT, feed_forward), .value = "N", OPTION_AUTO, .low = 1, .high = 65536, MODEL,
      .help = "size of the hidden layer of a Transformer's feed-forward layers (auto: four times --embedding)" },
    { "norm", ROW(CHOICE, norm), .value = "WHERE", .initial = "pre", .names = norm_names, MODEL,
      .help = "normalise the input of a Transformer's layers (pre), or the sum after them (post)" },
    { "attention", ROW(CHOICE, attention), .value = "KIND", .initial = "additive", .names = attention_names, MODEL,
      .help = "how the decoder scores source positions (none: it gets one fixed vector)" },
    { "query", ROW(CHOICE, query), .value = "WHAT", .initial = "word", .names = query_names, MODEL,
      .help = "condition attention on the decoder state alone, or on the state and the previous word" },
    { "lexical", ROW(CHOICE, lexical), .value = "WHAT", OPTION_AUTO, .names = switch_names, MODEL,
      .help = "let the output layer also read the source words that attention looks at (auto: unless the corpus is large)" },
    { "tie", ROW(CHOICE, tie), .value = "WHAT", .initial = "none", .names = tie_names, MODEL,
      .help = "share one matrix between target embedding and output layer (target), or with the source embedding too (all)" },
    { "initial", ROW(CHOICE, initial), .value = "HOW", .initial = "glorot", .names = initial_names, STATE,
      .help = "how weights are initialised" },
    { "from", ROW(TEXT, from), .value = "FILE",
      .help = "start from the weights and the tokenizer of this model, of another corpus or another pair of languages" },
    { "new-vocabulary", ROW(FLAG, new_vocabulary),
      .help = "with --from: learn a new tokenizer from the corpus; entries that the parent has, too, start from its weights" },
    { "preset", ROW(CHOICE, preset), .value = "NAME", .initial = "none", .names = preset_names,
      .help = "start from the settings of Bahdanau et al. 2015 (paper), of the base model of Vaswani et al. 2017 (vaswani), or of "
              "a small Transformer (tiny-transformer)" },

    OPTIONS_HEADING("Training"),
    { "optimizer", ROW(CHOICE, optimizer), .value = "NAME", .initial = "adam", .names = optimizer_names, STATE,
      .help = "optimiser" },
    { "learning-rate", ROW(REAL, learning_rate), .value = "RATE", OPTION_AUTO, .high = 1000, FREE,
      .help = "learning rate (auto: for adam 0.001, or 0.002 for GRUs and 12,000 pairs or more; 1 for adadelta, 0.5 for sgd)" },
    { "schedule", ROW(CHOICE, schedule), .value = "NAME", .initial = "plateau", .names = schedule_names, FREE,
      .help = "learning rate after the warm-up: constant until halved (plateau; see --halve-after), falling with the square root "
              "of the update (inverse-sqrt), or in a half cosine to 0 at --max-updates (cosine)" },
    { "adam-beta1", ROW(REAL, adam_beta1), .value = "B", .initial = "0.9", .high = 0.999999, STATE,
      .help = "Adam: decay of the mean of gradients" },
    { "adam-beta2", ROW(REAL, adam_beta2), .value = "B", .initial = "0.999", .high = 0.999999, STATE,
      .help = "Adam: decay of the mean of their squares" },
    { "adam-epsilon", ROW(REAL, adam_epsilon), .value = "E", .initial = "1e-08", .low = 1e-20, .high = 1, STATE,
      .help = "Adam: added to the denominator" },
    { "warmup", ROW(INT, warmup), .value = "N", OPTION_AUTO, .high = INT_MAX, FREE,
      .help = "number of updates in which the learning rate rises from 0 (auto: 400, with --from 100)" },
    { "batch-tokens", ROW(INT, batch_tokens), .value = "N", OPTION_AUTO, .low = 1, .high = 10000000, STATE,
      .help = "target tokens per batch" },
    { "batch-sentences", ROW(INT, batch_sentences), .value = "N", .initial = "none", .low = 1, .high = 1000000, .word = "none",
      STATE, .help = "sentences per batch, instead of --batch-tokens" },
    { "accumulate", ROW(INT, accumulate), .value = "K", .initial = "1", .low = 1, .high = 10000, STATE,
      .help = "add up the gradients of K batches before each update: larger updates without more memory, and fewer exchanges "
              "between processes" },
    { "pool", ROW(INT, pool), .value = "N", .initial = "100", .low = 1, .high = 1000000, STATE,
      .help = "number of batches whose pairs are sorted by length together" },
    { "softmax-sample", ROW(INT, softmax_sample), .value = "N", OPTION_AUTO, .high = 10000000, FREE,
      .help =
          "compute an update's softmax over the target words of the batch and at least N others, drawn at random to stand for the "
          "rest; validation and scores always use all words (0: so do updates; auto: 1024 for a large corpus, otherwise 0)" },
    { "clip", ROW(REAL, clip), .value = "NORM", .initial = "1", .high = 1e9, .word = "none", FREE,
      .help = "clip the gradient norm to NORM" },
    { "guided-alignment", ROW(TEXT, guided_alignment), .value = "WHAT", .initial = "auto",
      .help = "guided attention: teach attention the word alignments of nmt's own lexicon (lexicon), or those of a file in Pharaoh "
              "format, one line per sentence pair; off: do not; auto: lexicon, unless the corpus is large" },
    { "guided-weight", ROW(REAL, guided_weight), .value = "W", OPTION_AUTO, .high = 1000, FREE,
      .help = "weight of guided attention in the loss at the start of training" },
    { "guided-epochs", ROW(INT, guided_epochs), .value = "N", OPTION_AUTO, .high = INT_MAX, FREE,
      .help = "number of epochs in which this weight falls to 0 (0: it stays)" },
    { "validate-every", ROW(INT, validate_every), .value = "N", .initial = "epoch", .low = 1, .high = INT_MAX, .word = "epoch",
      FREE, .help = "validate every N updates, or after every epoch" },
    { "stop-on", ROW(CHOICE, stop_on), .value = "METRIC", .initial = "bleu", .names = stop_metric_names, STATE,
      .help = "metric that decides which model is best" },
    { "halve-after", ROW(INT, halve_after), .value = "N", .initial = "2", .low = 1, .high = INT_MAX, .word = "never", FREE,
      .help = "halve the learning rate after N validations without a better model" },
    { "patience", ROW(INT, patience), .value = "N", .initial = "5", .low = 1, .high = INT_MAX, .word = "never", FREE,
      .help = "stop after N validations without a better model" },
    { "keep-best", ROW(INT, keep_best), .value = "N", .initial = "1", .low = 1, .high = BEST_MOST, STATE,
      .help = "keep the N best models as MODEL.1.gguf ..., for an ensemble; MODEL.gguf is their average, if it validates better" },
    { "export", ROW(CHOICE, small_file), .value = "TYPE", .initial = "none", .names = export_names,
      .help = "at the end, write the model once more as a small file, MODEL.TYPE.gguf (see nmt quantize)" },
    { "max-updates", ROW(LONG, max_updates), .value = "N", .initial = "none", .high = OPTION_ANY, .word = "none", .meaning = -1,
      FREE, .help = "stop after N updates (0: write the initial model)" },
    { "max-epochs", ROW(LONG, max_epochs), .value = "N", .initial = "none", .high = OPTION_ANY, .word = "none", FREE,
      .help = "stop after N epochs" },
    { "seed", ROW(LONG, seed), .value = "N", .initial = "1", .high = OPTION_ANY, STATE, .help = "random seed" },
    { "backend", ROW(CHOICE, backend), .value = "NAME", .initial = "auto", .names = backend_names, FREE,
      .help = "library for matrix products" },
    { "precision", ROW(CHOICE, precision), .value = "NAME", .initial = "auto", .names = training_precision_names, FREE,
      .help = "precision of the inputs of matrix products (auto: bf16 where it is fast, otherwise f32)" },

    OPTIONS_HEADING("Regularisation"),
    { "dropout", ROW(REAL, dropout), PROBABILITY, OPTION_AUTO, FREE, .help = "dropout of embeddings, annotations and readout" },
    { "dropout-embedding", ROW(REAL, dropout_embedding), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of embeddings (auto: same as --dropout)" },
    { "dropout-annotation", ROW(REAL, dropout_annotation), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of the encoder's output (auto: same as --dropout)" },
    { "dropout-readout", ROW(REAL, dropout_readout), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of the readout (auto: same as --dropout)" },
    { "dropout-state", ROW(REAL, dropout_state), PROBABILITY, OPTION_AUTO, FREE, .help = "dropout of recurrent states" },
    { "dropout-residual", ROW(REAL, dropout_residual), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of the output of a Transformer's layers (auto: same as --dropout)" },
    { "dropout-attention", ROW(REAL, dropout_attention), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of a Transformer's attention weights" },
    { "dropout-feed-forward", ROW(REAL, dropout_feed_forward), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout within a Transformer's feed-forward layers" },
    { "word-dropout", ROW(REAL, word_dropout), PROBABILITY, .initial = "0", FREE, .help = "dropout of whole words, on both sides" },
    { "word-dropout-source", ROW(REAL, word_dropout_source), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of source words (auto: same as --word-dropout)" },
    { "word-dropout-target", ROW(REAL, word_dropout_target), PROBABILITY, OPTION_AUTO, FREE,
      .help = "dropout of target words (auto: same as --word-dropout)" },
    { "bpe-dropout", ROW(REAL, bpe_dropout), PROBABILITY, OPTION_AUTO, STATE,
      .help = "share of BPE merges skipped, drawn afresh in every epoch (auto: 0.1 for a small corpus, otherwise 0)" },
    { "bpe-dropout-updates", ROW(INT, bpe_dropout_updates), .value = "N", OPTION_AUTO, .high = INT_MAX, STATE,
      .help =
          "no BPE-dropout in epochs that begin after N updates, nor once --halve-after validations were no better (0: no limit of "
          "updates; auto: 6000 for a small corpus)" },
    { "label-smoothing", ROW(REAL, label_smoothing), PROBABILITY, .initial = "0.1", FREE,
      .help = "probability mass spread over the whole vocabulary" },
    { "r-drop", ROW(REAL, r_drop), .value = "WEIGHT", .initial = "0", .high = 1000, FREE,
      .help =
          "run every sentence twice, with different dropout, and draw the two predictions together (R-Drop, Liang et al. 2021, who "
          "use 5): doubles the work of an update" },
    { "average", ROW(REAL, average), .value = "P", .initial = "0.999", .high = 0.999999, STATE,
      .help = "validate and save a moving average of the weights with decay P (0: the weights themselves; auto: "
              "0.999)" },

    OPTIONS_HEADING("Output"),
    { "save-minutes", ROW(REAL, save_minutes), .value = "N", .initial = "10", .high = 1e9, .word = "never", FREE,
      .help = "write a checkpoint within an epoch when the last one is N minutes old" },
    { "exchange", ROW(CHOICE, exchange), .value = "FORMAT", .initial = "f32", .names = exchange_names, FREE,
      .help = "how several processes (mpirun) send each other numbers: exactly, or as bf16, half of the bytes, with the rounding "
              "error added to the next update" },
    { "ensemble-train", ROW(FLAG, ensemble_train),
      .help = "several processes: each trains a model of its own, with --seed, --seed + 1 ..., written as MODEL.memberN.gguf" },
    { "log", ROW(TEXT, log), .value = "FILE", .help = "write progress as JSON lines" },
    { "watch", ROW(TEXT, watch), .value = "SENTENCE",
      .help =
          "a validation sentence, its source text or its line number: --log also gets its alignment at each validation, from which "
          "nmt plot makes a film" },
    { "quiet", ROW(FLAG, quiet), .help = "print only warnings and errors" },
    OPTIONS_END
};

const struct command train_command = { "train", "--model FILE --source FILE --target FILE [OPTION...]", table,
                                       sizeof(struct train_settings), 0 };

/* Source and target files come in pairs. `prefix` of the options' names: "" or "synthetic-". */
static int check_sides(const char *prefix, const struct option_list *source, const struct option_list *target)
{
    if (source->count == target->count)
        return 0;
    return error("train: --%ssource is given %d times and --%starget %d times; each file needs its counterpart", prefix,
                 source->count, prefix, target->count);
}

static int check_weights(const char *prefix, const struct option_reals *weights, int corpora)
{
    if (weights->count <= 1 || weights->count == corpora)
        return 0;
    return error("train: --%sweight is given %d times, for %d %s; give it once for each of them, or once for all", prefix,
                 weights->count, corpora, corpora == 1 ? "corpus" : "corpora");
}

static int check_files(const struct train_settings *s)
{
    const struct corpus_files *valid = &s->valid;
    int synthetic = s->synthetic_source.count;

    if (s->pairs.count ? s->source.count || s->target.count : !s->source.count || !s->target.count)
        return error("train: give --source and --target, or --pairs; see nmt train --help");
    if (check_sides("", &s->source, &s->target) || check_sides("synthetic-", &s->synthetic_source, &s->synthetic_target) ||
        check_weights("", &s->weight, settings_corpora(s) - synthetic))
        return -1;
    if (s->synthetic_weight.count && !synthetic)
        return error("train: --synthetic-weight needs --synthetic-source and --synthetic-target");
    if (check_weights("synthetic-", &s->synthetic_weight, synthetic))
        return -1;
    if (valid->pairs ? valid->source || valid->target : !valid->source != !valid->target)
        return error("train: give --valid-source and --valid-target, or --valid-pairs");
    if (settings_have_valid(s) && s->valid_split > 0)
        return error("train: --valid-split sets pairs of the corpus aside for validation and cannot be used with validation files");
    return 0;
}

/* Refuses sizes of parts that the model does not have. */
static int check_kinds(const struct train_settings *s)
{
    int encoder = s->encoder == ENCODER_TRANSFORMER ? ENCODER_TRANSFORMER : ENCODER_GRU; /* which auto is, too */
    int decoder = s->decoder == DECODER_TRANSFORMER ? DECODER_TRANSFORMER : DECODER_GRU;
    int gru = encoder != ENCODER_TRANSFORMER || decoder != DECODER_TRANSFORMER;
    int transformer = encoder != ENCODER_GRU || decoder != DECODER_GRU;
    const struct {
        const char *name;
        int given, used;
        const char *owner;
    } sizes[] = { { "hidden", s->hidden != AUTO_SETTING, gru, "GRU" },
                  { "alignment", s->alignment != AUTO_SETTING, decoder != DECODER_TRANSFORMER, "GRU decoder" },
                  { "maxout", s->maxout != AUTO_SETTING, decoder != DECODER_TRANSFORMER, "GRU decoder" },
                  { "attention", s->attention != ATTENTION_ADDITIVE, decoder != DECODER_TRANSFORMER, "GRU decoder" },
                  { "feed-forward", s->feed_forward != AUTO_SETTING, transformer, "Transformer" },
                  { "query", s->query != QUERY_WORD, decoder != DECODER_TRANSFORMER, "GRU decoder" },
                  { "norm", s->norm != NORM_PRE, transformer, "Transformer" },
                  { "encoder-heads", s->encoder_heads != AUTO_SETTING, encoder != ENCODER_GRU, "Transformer encoder" },
                  { "decoder-layers", s->decoder_layers != AUTO_SETTING, decoder != DECODER_GRU, "Transformer decoder" } };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].given && !sizes[i].used)
            return error("train: --%s is for a %s, which this model does not have; see --model-type", sizes[i].name,
                         sizes[i].owner);
    return 0;
}

/* Checks that involve several options. 0, or -1 after reporting. */
static int check(const struct train_settings *s)
{
    int least = tokenizer_least_vocabulary((enum units)s->units);

    if (check_files(s) || check_kinds(s))
        return -1;
    if (settings_guide(s) && settings_corpora(s) > 1)
        return error("train: --guided-alignment with a file cannot be combined with several corpora");
    if (settings_guide(s) && s->bpe_dropout > 0)
        return error("train: --guided-alignment with a file cannot be combined with --bpe-dropout");
    if (strcmp(s->guided_alignment, "off") == 0 && s->guided_weight > 0)
        return error("train: --guided-weight needs guided attention, which --guided-alignment off turns off");
    if (s->attention == ATTENTION_NONE && s->guided_weight > 0)
        return error("train: --guided-weight needs attention, but --attention is none");
    if (s->schedule == SCHEDULE_COSINE && s->max_updates < 0)
        return error("train: --schedule cosine needs --max-updates, the update at which the learning rate is 0");
    if (s->optimizer != OPTIMIZER_ADAM && (s->adam_beta1 != 0.9 || s->adam_beta2 != 0.999 || s->adam_epsilon != 1e-8))
        return error("train: --adam-beta1, --adam-beta2 and --adam-epsilon need --optimizer adam");
    if (s->softmax_sample > 0 && s->r_drop > 0)
        return error("train: --softmax-sample cannot be combined with --r-drop");
    if (s->watch && !s->log)
        return error("train: --watch writes to the log; give --log, too");
    if (s->ensemble_train && !cluster_launched())
        return error("train: --ensemble-train needs several processes; see models/CLUSTER.md");
    if (s->new_vocabulary && !s->from)
        return error("train: --new-vocabulary needs --from");
    if (s->bpe_dropout_updates > 0 && (s->bpe_dropout == 0 || s->units != UNITS_BPE))
        return error("train: --bpe-dropout-updates needs BPE-dropout; see --bpe-dropout");
    if (s->units != UNITS_BPE && s->bpe_dropout > 0)
        return error("train: --bpe-dropout needs --units bpe");
    if (s->vocabulary != AUTO_SETTING && s->vocabulary < least)
        return error("train: --vocabulary: %d is too small; the minimum is %d with --units %s", s->vocabulary, least,
                     unit_names[s->units]);
    return 0;
}

static const char *find_file(struct options *options, const struct gguf *gguf, const char *key)
{
    char *name = checkpoint_file(gguf, key);

    options_own(options, name);
    return name;
}

static void find_list(struct option_list *list, struct options *options, const struct gguf *gguf, const char *key)
{
    size_t count;
    char **names = checkpoint_files(gguf, key, &count);

    options_own(options, (char *)names);
    for (size_t i = 0; i < count; i++) {
        memory_reserve_one(&list->items, list->count, &list->room);
        list->items[list->count++] = names[i];
    }
}

/* The files that a checkpoint names, where none are given. */
static void find_files(struct train_settings *s, struct options *options, const struct gguf *gguf)
{
    if (!s->source.count && !s->target.count && !s->pairs.count) {
        find_list(&s->source, options, gguf, "checkpoint.source");
        find_list(&s->target, options, gguf, "checkpoint.target");
        find_list(&s->pairs, options, gguf, "checkpoint.pairs");
    }
    if (!s->synthetic_source.count && !s->synthetic_target.count) {
        find_list(&s->synthetic_source, options, gguf, "checkpoint.synthetic_source");
        find_list(&s->synthetic_target, options, gguf, "checkpoint.synthetic_target");
    }
    if (s->guided_weight > 0 && strcmp(s->guided_alignment, "auto") == 0) {
        const char *guide = find_file(options, gguf, "checkpoint.guided_alignment");

        s->guided_alignment = guide ? guide : "lexicon";
    }
    if (!s->valid.source && !s->valid.target && !s->valid.pairs)
        s->valid = (struct corpus_files){ .source = find_file(options, gguf, "checkpoint.valid_source"),
                                          .target = find_file(options, gguf, "checkpoint.valid_target"),
                                          .pairs = find_file(options, gguf, "checkpoint.valid_pairs") };
}

/* Settings that the given ones must agree with: those of a checkpoint or of a parent. */
struct given {
    struct train_settings settings;
    int whole;        /* all that define the state of training; 0: only those of network and tokenizer */
    const char *says; /* "--NAME is VALUE, but …" */
    const char *remedy;
};

static int binds(const struct given *given, const struct option *row)
{
    return row->role == OPTION_OF_MODEL || (row->role == OPTION_OF_TOKENIZER && !given->settings.new_vocabulary) ||
           (row->role == OPTION_OF_STATE && given->whole);
}

/* --model-type means kinds of encoder and decoder. It yields to those that are given, but not to those of a preset, a checkpoint or a
 * parent (where check_given notices the difference). */
static void apply_model_type(struct train_settings *s, int yields)
{
    if (s->model_type == AUTO_SETTING)
        return;
    if (!yields || s->encoder == AUTO_SETTING)
        s->encoder = s->model_type == MODEL_RNN ? ENCODER_GRU : ENCODER_TRANSFORMER;
    if (!yields || s->decoder == AUTO_SETTING)
        s->decoder = s->model_type == MODEL_TRANSFORMER ? DECODER_TRANSFORMER : DECODER_GRU;
}

/* Compares the settings with the given ones. `auto` means the given choice. 0, or -1 after reporting. */
static int check_given(struct train_settings *settings, const struct given *given)
{
    struct text now = { 0 }, then = { 0 };
    int result = 0;

    for (const struct option *row = table; (row->name || row->help) && result == 0; row++) {
        if (!row->name || !binds(given, row))
            continue;
        text_clear(&now);
        text_clear(&then);
        options_value(row, settings, &now);
        options_value(row, &given->settings, &then);
        if (row->word && row->meaning == AUTO_SETTING && strcmp(now.data, row->word) == 0)
            options_copy(row, settings, &given->settings);
        else if (strcmp(now.data, then.data) != 0)
            result = error("train: --%s is %s, but %s %s; %s", row->name, *now.data ? now.data : "not given", given->says,
                           *then.data ? then.data : "none", given->remedy);
    }
    text_release(&now);
    text_release(&then);
    return result;
}

/* Reads the command line again over `base`, whose settings are those given. OPTIONS_GO or an exit code. */
static int read_given(struct train_settings *settings, struct options *options, const struct option_base *base,
                      const struct given *given, int argc, const char **argv) /* parameters: as options_read_over */
{
    int code = options_read_over(options, base, &train_command, settings, argc, argv);

    if (code != OPTIONS_GO)
        return code;
    apply_model_type(settings, 0);
    if (settings->preset)
        error("train: --preset cannot be used with --%s, which has its own settings", given->whole ? "resume" : "from");
    if (settings->preset || check_given(settings, given)) {
        options_release(options);
        return EXIT_USAGE;
    }
    return OPTIONS_GO;
}

/* With --ensemble-train, the name of this process's own file: NAME.gguf → NAME.member1.gguf; heap. */
static char *member_name(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    struct text text = { 0 };

    if (cluster_member() && length > end && strcmp(name + length - end, ending) == 0)
        text_format(&text, "%.*s.member%d%s", (int)(length - end), name, cluster_member(), ending);
    else if (cluster_member())
        text_format(&text, "%s.member%d", name, cluster_member());
    else
        text_add_string(&text, name);
    return text.data;
}

/* Makes the settings those of a member of an ensemble: files and seed of its own. */
static void become_member(struct train_settings *s, struct options *options)
{
    char *model = member_name(s->model, ".gguf"), *log = s->log ? member_name(s->log, ".json") : NULL;

    options_own(options, model);
    s->model = model;
    if (log)
        options_own(options, log);
    s->log = log;
    if (!s->resume) /* whose checkpoint has the seed */
        s->seed += cluster_member() - 1;
    report_quiet(s->quiet || cluster_member() > 1);
}

/* Opens the checkpoint and reads the command line over its settings. OPTIONS_GO or an exit code. */
static int read_resumed(struct train_settings *settings, struct options *options, struct saved_model *checkpoint, int argc,
                        const char **argv)
{
    char *model = member_name(settings->model, ".gguf"), *name = recipe_checkpoint_name(model), *lines = NULL;
    struct option_base base = { .where = name, .stored = 1 };
    struct given begun = { .whole = 1,
                           .says = "the training to resume has",
                           .remedy = "omit the option, or train without --resume" };
    struct options stored = { 0 };
    int code = EXIT_FAILED;

    if (settings->from) {
        error("train: --from cannot be used with --resume, which continues from a checkpoint");
        options_release(options);
        code = EXIT_USAGE;
        goto out;
    }
    options_release(options);
    if (model_file_load(checkpoint, name) || !(lines = checkpoint_settings(&checkpoint->gguf)))
        goto out;
    base.lines = lines;
    if (options_read_over(&stored, &base, &train_command, &begun.settings, 1, argv) != OPTIONS_GO)
        goto out;
    code = read_given(settings, options, &base, &begun, argc, argv);
    if (code == OPTIONS_GO)
        find_files(settings, options, &checkpoint->gguf);
out:
    options_release(&stored);
    free(model);
    free(name);
    free(lines);
    return code;
}

/* Opens the parent and reads the command line over the settings of its tokenizer and network. OPTIONS_GO or an exit code. */
static int read_adapted(struct train_settings *settings, struct options *options, struct saved_model *parent, int argc,
                        const char **argv)
{
    struct given given = { .settings = *settings, .says = "the parent has", .remedy = "omit the option, or train without --from" };
    struct option_base base = { .where = "--from", .stored = 1 };
    struct text lines = { 0 };
    int code = EXIT_FAILED;

    if (model_file_load(parent, settings->from) == 0) {
        settings_adopt(&given.settings, &parent->model.config, &parent->tokenizer.options);
        if (settings->new_vocabulary)
            given.settings.vocabulary = AUTO_SETTING;
        for (const struct option *row = table; row->name || row->help; row++)
            if (row->name && (row->role == OPTION_OF_MODEL || row->role == OPTION_OF_TOKENIZER)) {
                text_format(&lines, "%s = ", row->name);
                options_value(row, &given.settings, &lines);
                text_add_string(&lines, "\n");
            }
        base.lines = lines.data;
        options_release(options);
        code = read_given(settings, options, &base, &given, argc, argv);
    } else {
        options_release(options);
    }
    text_release(&lines);
    return code;
}

static int read_preset(struct train_settings *settings, struct options *options, int argc, const char **argv)
{
    const struct option_base base = { .lines = presets[settings->preset], .where = "preset" };

    options_release(options);
    return options_read_over(options, &base, &train_command, settings, argc, argv);
}

/* A checkpoint has the threads of all processes together: those of each of this run's. */
static int share_threads(int threads)
{
    return threads > cluster_count() ? threads / cluster_count() : 1;
}

int recipe_read(struct train_settings *settings, struct options *options, struct saved_model *saved, int argc, const char **argv)
{
    /* The first reading determines the initial settings; the second applies the command line to them. */
    int code = options_read(options, &train_command, settings, argc, argv), given_threads = settings->threads;

    if (code != OPTIONS_GO)
        return code;
    if (settings->ensemble_train)
        cluster_split();
    if (options_require(options, "model", settings->model))
        code = EXIT_USAGE;
    else if (settings->resume)
        code = read_resumed(settings, options, saved, argc, argv);
    else if (settings->from)
        code = read_adapted(settings, options, saved, argc, argv);
    else if (settings->preset)
        code = read_preset(settings, options, argc, argv);
    if (code == OPTIONS_GO && settings->resume && given_threads <= 0 && settings->threads > 0)
        settings->threads = share_threads(settings->threads);
    if (code == OPTIONS_GO) {
        apply_model_type(settings, !settings->preset);
        if (cluster_member())
            become_member(settings, options);
        if (check(settings))
            code = EXIT_USAGE;
    }
    if (code != OPTIONS_GO)
        options_release(options);
    return code;
}

void recipe_print(const struct train_settings *settings, struct text *text)
{
    struct train_settings all = *settings;

    if (all.threads > 0)
        all.threads *= cluster_count();
    options_print(&train_command, &all, text);
}

char *recipe_checkpoint_name(const char *model)
{
    return checkpoint_name(model, "checkpoint");
}
