#!/bin/sh
# scripts/back-translate: the whole round in one command, which goes on where it was stopped.
. tests/cli/harness.sh
corpus 300
sed -n 301,500p data/train.fr >"$T/mono"
printf 'Une ligne.\n\n  \nEt une autre.\n' >>"$T/mono"
head -n 30 data/test.en >"$T/test.en"
head -n 30 data/test.fr >"$T/test.fr"
export NMT

round() { # DIR OPTION...: a model of each kind in a few seconds
    output=$1
    shift
    $LIMIT scripts/back-translate --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" \
        --mono "$T/mono" --output "$T/$output" "$@" -- $TINY --threads 2 --vocabulary 400 --max-updates 50 --learning-rate 0.01 --warmup 0
}

# --- the whole round ---
works 'the whole round' round a --how noise --test-source "$T/test.en" --test-target "$T/test.fr"
cp "$T/out" "$T/report"
has "$T/report" '^pairs alone +[0-9.]+ +[0-9.]+$' 'reports the scores of the pairs alone'
has "$T/report" '^pairs and synthetic pairs +[0-9.]+ +[0-9.]+$' 'and of all pairs'
has "$T/report" '^gain +[+-][0-9.]+ +[+-][0-9.]+$' 'and the gain'
is "$(grep -c 'paired bootstrap' "$T/report")" 2 'with two significance tests'
for name in baseline forward; do
    from_file "$T/test.en" translate --model "$T/a/$name.gguf" >"$T/out"
    same "$T/out" "$T/a/$name.txt" "$name: its translations of the test set are kept"
done
score=$("$NMT" eval --reference "$T/test.fr" --hypothesis "$T/a/forward.txt" --metric chrf | sed 's/.* = //')
has "$T/report" "^pairs and synthetic pairs .* $score\$" 'the scores are those of nmt eval'
is "$(wc -l <"$T/a/synthetic")" 204 'a synthetic line for every line of the monolingual text'
from_file "$T/mono" translate --model "$T/a/backward.gguf" --noise-drop 0.1 --noise-blank 0.1 --noise-shuffle 3 >"$T/out"
same "$T/out" "$T/a/synthetic" 'by the backward model, with noise'
train --quiet --model "$T/plain.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --max-updates 50 --learning-rate 0.01 --warmup 0
same "$T/plain.gguf" "$T/a/baseline.gguf" 'the baseline is nmt train with the same options'
train --quiet --model "$T/plain.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --max-updates 50 --learning-rate 0.01 --warmup 0 \
    --synthetic-source "$T/a/synthetic" --synthetic-target "$T/mono"
same "$T/plain.gguf" "$T/a/forward.gguf" 'and so is the result, with the synthetic pairs'

# --- again, stopped, with other options ---
works 'again' round a --how noise --test-source "$T/test.en" --test-target "$T/test.fr"
is "$(grep -c 'done before' "$T/out")" 6 'nothing is done twice'
is "$(tail -n 6 "$T/out")" "$(tail -n 6 "$T/report")" 'and the report is the same'
run round a --how sample --test-source "$T/test.en" --test-target "$T/test.fr"
is "$code" 2 'other options in the same directory are refused'
has "$T/err" 'was begun with other options' 'in words'
broken() { # a program that is stopped in its second training and in its first translation
    case "$*" in
    *train*backward*) "$REAL" "$@" --max-updates 10 && return 130 ;;
    *translate*) "$REAL" "$@" | head -n 5; return 130 ;;
    esac
    "$REAL" "$@"
}
{
    echo '#!/bin/sh'
    echo "REAL='$NMT'"
    sed -n '/^broken() {/,/^}/p' tests/cli/back-translate.t
    echo 'broken "$@"'
} >"$T/broken"
chmod +x "$T/broken"
whole=$NMT
NMT=$T/broken
run round b
NMT=$whole
is "$code" 130 'a training that is stopped stops all'
ok 'its checkpoint is there, and no mark' test -e "$T/b/backward.checkpoint.gguf" -a ! -e "$T/b/backward.trained"
sed -i '/\*train\*/d' "$T/broken"
NMT=$T/broken
run round b
NMT=$whole
is "$code" 130 'so does a translation'
ok 'of which no part is taken for the whole' test ! -e "$T/b/synthetic"
works 'the next time it goes on' round b
is "$(grep -c 'done before' "$T/out")" 2 'where it was stopped'
works 'what was never stopped' round c --model "$T/a/baseline.gguf"
lacks "$T/out" '^== forward model, pairs alone' 'a given model is not trained again'
for name in backward.gguf forward.gguf synthetic; do
    case $name in
    *.gguf) is "$(tensors "$T/b/$name")" "$(tensors "$T/c/$name")" "is the same: $name" ;;
    *) same "$T/b/$name" "$T/c/$name" "is the same: $name" ;;
    esac
done
gzip -c "$T/mono" >"$T/mono.gz"
works 'a given backward model, compressed text' $LIMIT scripts/back-translate --source "$T/train.en" --target "$T/train.fr" \
    --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --mono "$T/mono.gz" --output "$T/d" --model "$T/a/baseline.gguf" \
    --backward "$T/c/backward.gguf" --how sample --weight 0.5 --minutes 1 -- $TINY --threads 2 --vocabulary 400 --max-updates 2
is "$(wc -l <"$T/d/synthetic")" 204 'are used'

# --- usage ---
works 'help' scripts/back-translate --help
refused() { # CODE DESCRIPTION ARGUMENT...
    wanted=$1 what=$2
    shift 2
    run scripts/back-translate "$@"
    is "$code $(grep -c '^back-translate: error: ' "$T/err")" "$wanted 1" "$what"
}
refused 2 'nothing' --source "$T/train.en"
refused 2 'an unknown option' --sauce "$T/train.en"
refused 2 'an option without its value' --source
all="--source $T/train.en --target $T/train.fr --valid-source $T/valid.en --valid-target $T/valid.fr --mono $T/mono --output $T/e"
refused 2 'another way to translate' $all --how well
refused 2 'half a test set' $all --test-source "$T/test.en"
refused 1 'a file that is not there' $all --mono "$T/nowhere"
ok 'leaves nothing behind' test ! -e "$T/e"

done_testing
