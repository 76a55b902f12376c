#!/bin/sh
# Resuming is a contract: what defines the state of training must be as it was, what is free may change, and a checkpoint that does not
# fit is refused in one line.
. tests/cli/harness.sh
corpus 200

training() {
    train --quiet --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --batch-sentences 20 \
        --validate-every 3 --model "$T/m.gguf" --max-updates 7 "$@"
}
again() { # the checkpoint as it was after training, and no other
    cp "$T/kept.checkpoint.gguf" "$T/m.checkpoint.gguf"
}
resume() {
    again
    $LIMIT "$NMT" train --quiet --resume --model "$T/m.gguf" --max-updates 8 "$@"
}
refused() { # NAME NOW THEN: --NAME NOW is refused, with both values
    must_fail 2 "--$1 $2 is refused" resume "--$1" "$2"
    has "$T/err" "--$1 is $2, but the training to resume has $3;" 'by name, with both values'
}

training --bpe-dropout 0.1 --weight 1
mv "$T/m.checkpoint.gguf" "$T/kept.checkpoint.gguf"

# --- what defines the state ---
refused optimizer adadelta adam
refused optimizer sgd adam
refused average 0 0.999
refused average 0.9 0.999
refused seed 2 1
refused batch-sentences 100 20
refused batch-tokens 77 500
refused pool 1 100
refused stop-on loss bleu
refused hidden 99 24
refused embedding 99 16
refused alignment 99 16
refused maxout 99 16
refused encoder-layers 1 2
refused attention dot additive
refused query state word
refused tie all none
refused lexical off on
refused heads 2 1
refused encoder transformer gru
refused decoder transformer gru
refused adam-beta1 0.8 0.9
refused adam-beta2 0.98 0.999
refused adam-epsilon 1e-09 1e-08
must_fail 2 '--model-type is refused' resume --model-type transformer
has "$T/err" '--encoder is transformer, but the training to resume has gru;' 'as the encoder that it means'
works 'but may be said again' resume --model-type rnn
refused initial paper glorot
refused units char bpe
refused vocabulary 300 400
refused max-length 50 0
refused first 100 all
refused weight 2 1
refused bad-utf8 skip error
refused bpe-dropout 0.2 0.1
refused bpe-dropout-updates 3 6000
refused accumulate 2 1
refused copy off auto
refused valid-split 10 0
must_fail 2 '--synthetic-weight is refused' resume --synthetic-source "$T/train.en" --synthetic-target "$T/train.fr" --synthetic-weight 2
has "$T/err" '--synthetic-weight is 2, but the training to resume has none;' 'by name'
must_fail 2 '--new-vocabulary is refused' resume --new-vocabulary
refused keep-best 3 1
must_fail 2 '--pretokenized is refused' resume --pretokenized
must_fail 2 '--lowercase is refused' resume --lowercase
must_fail 2 '--preset is refused' resume --preset paper

# --- what may change: these, and no others ---
sed -n '/^\.\\" free/,/^\.\\" end/p' scripts/nmt.1.in | sed -n 's/^\.Fl Fl \([a-z-]*\).*/\1/p' >"$T/free"
ok 'the manual has a list of them' test "$(wc -l <"$T/free")" -ge 20
while read -r option; do
    case $option in
    backend) value=openblas ;;
    precision) value=f32 ;;
    threads) value=1 ;;
    max-updates | max-epochs | max-minutes | patience | halve-after | validate-every | warmup | save-minutes | guided-epochs | softmax-sample) value=9 ;;
    schedule) value=inverse-sqrt ;;
    exchange) value=bf16 ;;
    *) value=0.25 ;;
    esac
    works "--$option may change" resume "--$option" "$value"
done <"$T/free"
"$NMT" train --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' >"$T/options"
for option in $(cat "$T/free") model source target pairs synthetic-source synthetic-target valid-source valid-target valid-pairs resume \
    from new-vocabulary preset model-type encoder decoder decoder-layers heads encoder-heads feed-forward norm adam-beta1 adam-beta2 \
    adam-epsilon log watch quiet config optimizer average weight synthetic-weight seed batch-sentences batch-tokens pool stop-on \
    hidden embedding alignment maxout encoder-layers attention query tie lexical guided-alignment initial units \
    vocabulary max-length first bad-utf8 bpe-dropout bpe-dropout-updates valid-split pretokenized lowercase copy keep-best accumulate ensemble-train export; do
    grep -v -x -e "$option" "$T/options" >"$T/rest"
    mv "$T/rest" "$T/options"
done
is "$(cat "$T/options")" '' 'every option of nmt train is in one of these lists'
works 'auto is what was chosen at the beginning' resume --hidden auto --batch-tokens auto --average 0.999

# --- the corpora are known by what they say, not by where they are ---
mkdir "$T/moved"
cp "$T/train.en" "$T/train.fr" "$T/valid.en" "$T/valid.fr" "$T/moved"
works 'files that moved' resume --source "$T/moved/train.en" --target "$T/moved/train.fr" --valid-source "$T/moved/valid.en" \
    --valid-target "$T/moved/valid.fr"
paste "$T/train.en" "$T/train.fr" >"$T/moved/train.tsv"
works 'the same pairs in one file' resume --pairs "$T/moved/train.tsv"
{ head -n 1 "$T/valid.en"; tail -n +3 "$T/valid.en"; sed -n 2p "$T/valid.en"; } >"$T/moved/valid.en"
must_fail 1 'other validation pairs' resume --valid-source "$T/moved/valid.en" --valid-target "$T/valid.fr"
has "$T/err" 'validated on other pairs' 'says so'
sed '3s/ / and /' "$T/train.en" >"$T/moved/train.en"
must_fail 1 'a corpus of the same size with one more word' resume --source "$T/moved/train.en" --target "$T/train.fr"
has "$T/err" 'another corpus' 'says so'
mkdir "$T/odd"
odd="$T/odd/$(printf 'a"b #c\nseed = 99\n#.en')"
cp "$T/train.en" "$odd"
train --quiet --source "$odd" --model "$T/odd/m.gguf" --max-updates 2 --valid-split 0
works 'file names with quotes, # and line ends' $LIMIT "$NMT" train --quiet --resume --model "$T/odd/m.gguf" --max-updates 3

# --- checkpoints that do not fit ---
patch() { # KEY PACKED: the eight bytes of a number in the checkpoint, replaced by what Perl's pack says
    again
    perl -0777 -pi -e 'BEGIN { ($key, $template, $value) = splice @ARGV, 0, 3 } s/(\Q$key\E....)......../$1 . pack($template, $value)/se' \
        "$1" "$2" "$3" "$T/m.checkpoint.gguf"
}
tampered() { # KEY TEMPLATE VALUE
    patch "$1" "$2" "$3"
    must_fail 1 "$1 = $3" $LIMIT "$NMT" train --quiet --resume --model "$T/m.gguf" --max-updates 8
    is "$(wc -l <"$T/err")" 1 'in one line'
}
for batch in 10 1000 2147483647 2147483648 4294967296 1099511627776 4611686018427387904 9223372036854775807 -1; do
    tampered checkpoint.batch 'q<' $batch
done
tampered checkpoint.epoch 'q<' 0
tampered checkpoint.epoch 'q<' 9223372036854775807
tampered checkpoint.update 'q<' -1
tampered checkpoint.update 'q<' 9223372036854775807
tampered checkpoint.worse_since_halving 'q<' 2147483647
tampered checkpoint.worse 'q<' -1
tampered checkpoint.worse 'q<' 4294967297
tampered checkpoint.loss_words 'q<' 9223372036854775807
tampered checkpoint.best_update 'q<' 9223372036854775807
tampered checkpoint.rate_factor 'd<' nan
tampered checkpoint.rate_factor 'd<' -1
tampered checkpoint.loss_sum 'd<' inf
tampered checkpoint.best 'd<' nan
again
perl -0777 -pi -e 's/(checkpoint\.optimizer....\x04\0\0\0\0\0\0\0)adam/$1adax/s' "$T/m.checkpoint.gguf"
must_fail 1 'an optimiser that is not that of the settings' $LIMIT "$NMT" train --quiet --resume --model "$T/m.gguf"
for lines in 'seed = 1/log = \/x' 'seed = 1/resume  ' 'seed = 1/unknown='; do
    again
    perl -0777 -pi -e "s/${lines%%/*}\\n/${lines#*/}\\n/" "$T/m.checkpoint.gguf"
    must_fail 1 "settings with \"${lines#*/}\"" $LIMIT "$NMT" train --quiet --resume --model "$T/m.gguf"
done
again
perl -0777 -pi -e 's/hidden = 24\n/hidden = 25\n/' "$T/m.checkpoint.gguf"
must_fail 1 'settings of another model' $LIMIT "$NMT" train --quiet --resume --model "$T/m.gguf"

done_testing
