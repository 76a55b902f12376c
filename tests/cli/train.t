#!/bin/sh
# nmt train as it should go: what it says, what it logs, what it reads, what it writes.
. tests/cli/harness.sh
corpus 200

# --- what it is about to do ---
works 'trains' train --model "$T/a.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --max-updates 8 --validate-every 4 \
    --log "$T/log"
is "$(cat "$T/out")" '' 'nothing goes to standard output'
has "$T/err" '^corpus +200 pairs: [0-9]+ source and [0-9]+ target tokens$' 'says the pairs kept'
lacks "$T/err" 'left out' 'and none that are left out where none are'
has "$T/err" '^validation +20 pairs$' 'says the validation pairs'
has "$T/err" '^vocabulary +[0-9]+ source and [0-9]+ target entries \(at most 400\)' 'says the vocabulary'
has "$T/err" '^model +[0-9]+ parameters$' 'says the parameters'
has "$T/err" '^computing +2 threads, (openblas|onednn), (f32|bf16)$' 'says threads, backend and precision'
has "$T/err" '^files +.*a.gguf: the best model; .*a.checkpoint.gguf: to resume$' 'says where files go'
sed -n 's/^memory  *\([0-9]*\) MB predicted: parameters \([0-9]*\), activations \([0-9]*\), matrix products \([0-9]*\), validation \([0-9]*\), text \([0-9]*\)$/\1 \2 \3 \4 \5 \6/p
    s/^memory: \([0-9]*\) MB used at most$/\1/p' "$T/err" | tr '\n' ' ' >"$T/megabytes"
read -r total parameters activations products validation text used <"$T/megabytes"
ok 'the parts of the memory add up' test $((total - parameters - activations - products - validation - text)) -ge 0 \
    -a $((total - parameters - activations - products - validation - text)) -le 5
parameters=$(sed -n 's/^model  *\([0-9]*\) parameters$/\1/p' "$T/err")
ok 'seven arrays of parameters are predicted' test "$(sed -n 's/.*parameters \([0-9]*\), activations.*/\1/p' "$T/err")" -eq $((parameters * 4 * 7 / 1000000))
case ${BUILD-} in
*asan*) sanitizer=256 ;; # what was freed is kept for a while
*) sanitizer=0 ;;
esac
ok "about as much memory is used ($used MB) as predicted ($total MB)" test "$used" -ge "$text" -a "$used" -le $((2 * total + sanitizer))
has "$T/err" 'update 4: training loss [0-9.]+, validation loss [0-9.]+, perplexity [0-9.]+, BLEU [0-9.]+' 'says each validation'
lacks "$T/err" "$(printf '\033')" 'has no live line where there is no terminal'
ok 'the model is a model' "$NMT" info "$T/a.gguf"
ok 'so is the checkpoint' "$NMT" info "$T/a.checkpoint.gguf"
is "$(ls "$T" | grep -c -v -e '^[ac]\.' -e '^megabytes$' -e '^train\.' -e '^valid\.' -e '^log$' -e '^out$' -e '^err$' -e '^check$')" 0 \
    'nothing else is left in the folder'
run train --quiet --model "$T/q.gguf" --max-updates 1
is "$(cat "$T/err")" '' '--quiet says nothing'

# --- the log ---
number='-?[0-9.]+(e[-+][0-9]+)?'
update="^\\{\"update\": [0-9]+, \"epoch\": [0-9]+, \"tokens\": [0-9]+, \"seconds\": $number, \"loss\": $number, "
update="$update\"gradient_norm\": $number, \"learning_rate\": $number, \"tokens_per_second\": $number\\}\$"
validation="^\\{\"validation\": \\{\"update\": [0-9]+, \"epoch\": [0-9]+, .*\"loss\": $number, \"perplexity\": $number, \"bleu\": $number.*\\}\\}\$"
has "$T/log" "$update" 'the log has an object for updates, however short the run'
has "$T/log" "$validation" 'and one for validations'
is "$(grep -c -E -v -e "$update" -e "$validation" "$T/log")" 0 'and nothing else'
if command -v node >/dev/null; then
    ok 'every line of the log is JSON' node -e 'require("fs").readFileSync(process.argv[1], "utf8").trimEnd().split("\n").forEach(JSON.parse)' "$T/log"
else
    skip 1 'node is not installed'
fi

# --- the initial model ---
works '--max-updates 0 writes a model' train --model "$T/zero.gguf" --max-updates 0
train --quiet --model "$T/zero.2.gguf" --max-updates 0 --threads 1
train --quiet --model "$T/zero.3.gguf" --max-updates 0 --threads 1
train --quiet --model "$T/zero.4.gguf" --max-updates 0 --threads 1 --seed 2
same "$T/zero.2.gguf" "$T/zero.3.gguf" 'the initial model is equal for equal seeds'
ok 'and another for another seed' test "$(tensors "$T/zero.3.gguf")" != "$(tensors "$T/zero.4.gguf")"
ok 'the number of threads does not change it' test "$(tensors "$T/zero.gguf")" = "$(tensors "$T/zero.2.gguf")"
ok 'it translates' from_file "$T/valid.en" translate --model "$T/zero.gguf"

# --- ways to give a corpus: the weights after three updates are the same ---
three() {
    "$NMT" train $TINY --threads 2 --vocabulary 400 --quiet --max-updates 3 --model "$@"
}
three "$T/two.gguf" --source "$T/train.en" --target "$T/train.fr"
paste "$T/train.en" "$T/train.fr" | sed 's/$/\tCC-BY 2.0\tmore/' >"$T/pairs.tsv"
works 'reads pairs from a table with more columns' three "$T/pairs.gguf" --pairs "$T/pairs.tsv"
gzip -c "$T/train.en" >"$T/packed.gz"
works 'reads .gz' three "$T/packed.gguf" --source "$T/packed.gz" --target "$T/train.fr"
sed 's/$/\r/' "$T/train.en" >"$T/crlf.en"
works 'reads lines that end in CR LF' three "$T/crlf.gguf" --source "$T/crlf.en" --target "$T/train.fr"
head -c -1 "$T/train.en" >"$T/cut.en"
works 'reads a file without a last newline' three "$T/cut.gguf" --source "$T/cut.en" --target "$T/train.fr"
for way in pairs packed crlf cut; do
    is "$(tensors "$T/$way.gguf")" "$(tensors "$T/two.gguf")" "$way: the same model as from two plain files"
done

# --- what is left out ---
{ cat "$T/train.en"; echo; echo 'one side only'; yes word | head -n 200 | tr '\n' ' '; echo; } >"$T/odd.en"
{ cat "$T/train.fr"; echo 'un seul'; echo '   '; echo 'mot'; } >"$T/odd.fr"
works 'leaves out empty and long pairs' three "$T/odd.gguf" --source "$T/odd.en" --target "$T/odd.fr" --max-length 100
"$NMT" train $TINY --vocabulary 400 --model "$T/odd.gguf" --source "$T/odd.en" --target "$T/odd.fr" --max-length 100 --max-updates 0 --valid-split 0 2>"$T/err"
has "$T/err" '^corpus +200 pairs' 'and keeps the others'
has "$T/err" 'left out: 2 with an empty side, 0 not UTF-8, 1 too long' 'and counts them'
has "$T/err" 'too long: more than 100 tokens on a side; --max-length 0 keeps all' 'and says how to keep them'
must_fail 1 'a --max-length that leaves nothing' train --model "$T/none.gguf" --max-length 1 --max-updates 1
has "$T/err" '--max-length' 'which names the option'

# --- settings ---
printf 'embedding = 16\nhidden = 24\nalignment = 16\nmaxout = 16\nthreads = 2\nvocabulary = 400\n' >"$T/config"
works 'reads settings from a file' "$NMT" train --config "$T/config" --quiet --max-updates 3 --model "$T/config.gguf" \
    --source "$T/train.en" --target "$T/train.fr"
is "$(tensors "$T/config.gguf")" "$(tensors "$T/two.gguf")" 'as from the command line'
for tie in target all; do
    works "--tie $tie" train --quiet --model "$T/tie.gguf" --tie $tie --maxout 16 --max-updates 2
done
works '--encoder-layers' train --quiet --model "$T/deep.gguf" --encoder-layers 2 --max-updates 2
ok 'a model of two encoder layers translates' from_file "$T/valid.en" translate --model "$T/deep.gguf"
works '--lowercase' train --quiet --model "$T/lower.gguf" --lowercase --max-updates 2
works '--pretokenized' train --quiet --model "$T/space.gguf" --pretokenized --units word --max-updates 2
works '--preset paper, made small' train --quiet --model "$T/paper.gguf" --preset paper --max-updates 2
# --- what is left open follows the corpus (yes repeats what it gets until head has enough) ---
for pairs in 3999 11999 12000 60000; do
    yes 'a	b' | head -n "$pairs" >"$T/$pairs.tsv"
    works "chooses for $pairs pairs" "$NMT" train --model "$T/open.gguf" --pairs "$T/$pairs.tsv" --max-updates 0 --threads 1
    case $pairs in
    3999) vocabulary=2000 batches=500 dropout='0.3 \(states 0.2\)' sizes='gru, hidden 256, attention additive \(256, heads 1\), maxout 256' ;;
    11999) vocabulary=4000 batches=500 dropout='0.3 \(states 0.2\)' sizes='gru, hidden 256, attention additive \(256, heads 1\), maxout 256' ;;
    12000) vocabulary=8000 batches=1000 dropout='0.2 \(states 0.1\)' sizes='gru, hidden 256, attention additive \(256, heads 1\), maxout 256' ;;
    60000) vocabulary=16000 batches=1000 dropout='0.1 \(states 0\)' sizes='gru, hidden 256, attention additive \(256, heads 1\), maxout 256' ;;
    esac
    has "$T/err" "^vocabulary .*\\(at most $vocabulary\\)" 'says the vocabulary'
    has "$T/err" "batches of $batches target tokens" 'says the batches'
    has "$T/err" "dropout $dropout" 'says the dropout'
    has "$T/err" "$sizes" 'sizes, too'
    rate=0.001
    [ "$pairs" -lt 12000 ] || rate=0.002
    has "$T/err" "learning rate $rate," 'and the learning rate'
    case $pairs in
    60000) has "$T/err" "softmax of an update over the batch's words and 1024 others" 'and a softmax sample' ;;
    *) lacks "$T/err" 'softmax of an update' 'and no softmax sample' ;;
    esac
done
works 'R-Drop needs all words' "$NMT" train --model "$T/open.gguf" --pairs "$T/60000.tsv" --max-updates 0 --threads 1 --r-drop 1
lacks "$T/err" 'softmax of an update' 'and has them'
must_fail 2 'and no sample' train --model "$T/open.gguf" --max-updates 0 --r-drop 1 --softmax-sample 5
for kinds in '--model-type transformer' '--model-type mixed' '--optimizer sgd'; do
    rate=0.001
    [ "$kinds" != '--optimizer sgd' ] || rate=0.5
    # shellcheck disable=SC2086
    works "12000 pairs, $kinds" "$NMT" train --model "$T/open.gguf" --pairs "$T/12000.tsv" --max-updates 0 --threads 1 $kinds
    has "$T/err" "learning rate $rate," "learns at $rate"
done
works 'an option given by hand wins' "$NMT" train --model "$T/open.gguf" --pairs "$T/11999.tsv" --max-updates 0 --threads 1 --hidden 24 \
    --tie all --dropout 0 --dropout-state .5 --encoder-layers 1
has "$T/err" 'encoder: gru, layers 1, hidden 24$' 'with what goes with it'
has "$T/err" 'decoder: gru, hidden 24, attention additive \(256, heads 1\), maxout 128$' 'on both sides'
has "$T/err" 'embedding 128, tie all' 'and what ties demand'
has "$T/err" 'dropout 0 \(states 0.5\)' 'and is named'
works '--max-epochs' train --model "$T/epochs.gguf" --max-epochs 2 --batch-sentences 50 --log "$T/epochs.log"
has "$T/err" 'after update 8 of 8' 'ends after whole epochs'
works 'the highest --max-epochs there is' train --quiet --model "$T/epochs.gguf" --max-epochs 9223372036854775807 --max-updates 2
works '--threads 0 is auto' train --quiet --model "$T/epochs.gguf" --threads 0 --max-updates 1
works '--patience ends training' train --model "$T/patience.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" \
    --validate-every 1 --patience 2 --learning-rate 0 --max-updates 50
has "$T/err" 'after update 1 of 3' 'with the best model'

done_testing
