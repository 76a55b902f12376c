#!/bin/sh
# Training that was ended and resumed is training that was never ended: the same model and the same checkpoint, byte for byte.
. tests/cli/harness.sh
corpus 200

# Settings under which everything that must survive is in use. The model is always $T/run/m.gguf; `keep` puts it aside.
training() {
    train --quiet --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --dropout 0.2 \
        --dropout-state 0.1 --word-dropout 0.1 --batch-sentences 20 --model "$T/run/m.gguf" "$@"
}
resume() {
    "$NMT" train --quiet --resume --model "$T/run/m.gguf" "$@"
}
fresh() {
    rm -rf "$T/run"
    mkdir "$T/run"
}
keep() {
    rm -rf "$T/whole"
    mv "$T/run" "$T/whole"
}
equal() {
    same "$T/whole/m.gguf" "$T/run/m.gguf" "$1: the same model"
    same "$T/whole/m.checkpoint.gguf" "$T/run/m.checkpoint.gguf" "$1: the same checkpoint"
}

halves() { # WHAT N ARGUMENT...: N updates, resumed for N more, against 2 N at once. An epoch has 10 updates.
    what=$1
    half=$2
    shift 2
    fresh
    training "$@" --max-updates $((2 * half))
    keep
    fresh
    training "$@" --max-updates "$half"
    works "$what: resumes" resume --max-updates $((2 * half))
    equal "$what"
}

halves 'adam, inside an epoch' 7 --validate-every 3
halves 'adam, at an epoch'\''s end' 10
halves 'adam, at an epoch'\''s end, validation inside' 10 --validate-every 4
halves 'adadelta' 7 --optimizer adadelta --learning-rate 1 --validate-every 3
halves 'sgd' 10 --optimizer sgd --learning-rate 0.5 --validate-every 3
halves 'averaged weights' 7 --average 0.9 --validate-every 3
halves 'BPE dropout' 7 --bpe-dropout 0.2 --validate-every 5
halves 'BPE dropout, which ends' 14 --bpe-dropout 0.4 --bpe-dropout-updates 12 --validate-every 5
halves 'BPE dropout, which ends where learning stalls' 14 --bpe-dropout 0.4 --learning-rate 0 --average 0 --validate-every 3 --halve-after 1 --patience 0
halves 'BPE dropout and averaged weights, second epoch' 14 --bpe-dropout 0.2 --average 0.9
halves 'halved rate' 9 --validate-every 2 --halve-after 1 --patience 0
rates=$("$NMT" info --json "$T/whole/m.gguf" | sed -n 's/.*"training.history.rate".*\[\(.*\)\].*/\1/p')
ok "halved rate: the rate was halved: $rates" sh -c 'case $1 in *0.005*) ;; *) false ;; esac' - "$rates"
halves 'one thread, f32' 7 --threads 1 --precision f32 --validate-every 3
halves 'guided attention, which decays' 14 --guided-epochs 2 --validate-every 5
halves 'guided attention and BPE dropout' 7 --bpe-dropout 0.2 --validate-every 5
halves 'without guided attention' 7 --guided-alignment off --validate-every 3
halves 'lexical output' 7 --lexical on --validate-every 3
halves 'softmax sample' 7 --softmax-sample 20 --validate-every 3
halves 'softmax sample, no average' 7 --softmax-sample 20 --average 0 --validate-every 3
halves 'two encoder layers' 7 --encoder-layers 2 --validate-every 3
halves 'tied, characters' 4 --units char --tie target --maxout 16 --validate-every 3
fresh
training --valid-source "$T/valid.en" --max-updates 12 --validate-every 5 --patience 1
ok 'a run that ended by itself can be looked at' "$NMT" info "$T/run/m.checkpoint.gguf"

# Without validation.
plain() {
    train --quiet --dropout 0.2 --batch-sentences 20 --model "$T/run/m.gguf" "$@"
}
fresh
plain --max-updates 14
keep
fresh
plain --max-updates 7
works 'without validation: resumes' resume --max-updates 14
equal 'without validation'

# Three legs instead of two.
fresh
training --validate-every 3 --max-updates 13
keep
fresh
training --validate-every 3 --max-updates 4
resume --max-updates 5
resume --max-updates 13
equal 'three legs'

# What is in the checkpoint is in memory when a resumed training begins, and is counted once in its prediction.
text() { # MB, in the lines that training printed
    sed -n 's/^memory .* text \([0-9]*\)$/\1/p' "$T/err"
}
fresh
run "$NMT" train --model "$T/run/m.gguf" --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" \
    --vocabulary 400 --embedding 512 --hidden 512 --alignment 512 --maxout 512 --batch-sentences 4 --threads 2 --max-updates 1
new=$(text)
array=$(($(sed -n 's/^model  *\([0-9]*\) parameters$/\1/p' "$T/err") * 4 / 1000000))
run "$NMT" train --resume --model "$T/run/m.gguf" --max-updates 2
case ${BUILD-} in
*asan*) skip 1 'sanitizers keep memory that was freed' ;;
*) ok "a resumed training predicts what a new one does: text $(text), $new MB, model $array MB" test "$(text)" -lt $((new + array)) ;;
esac

# The checkpoint, several times the model, leaves the memory when it has been read.
fresh
training --validate-every 3 --max-updates 4
"$NMT" train --resume --model "$T/run/m.gguf" --patience never --max-updates 100000 >"$T/out" 2>"$T/err" &
running=$!
await "$T/err" 'update 6:' $running
if [ -r /proc/$running/maps ]; then
    is "$(grep -c 'update 6:' "$T/err") $(grep -c 'm.checkpoint.gguf' /proc/$running/maps)" '1 0' 'a resumed training does not hold its checkpoint'
else
    skip 1 'no /proc'
fi
kill -INT $running
wait $running || true

# --- signals ---
fresh
training --validate-every 50 --max-updates 300
keep
for signal in INT TERM; do
    [ $signal = INT ] && number=2 || number=15
    fresh
    (
        exec "$NMT" train $TINY --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" \
            --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --dropout 0.2 \
            --dropout-state 0.1 --word-dropout 0.1 --batch-sentences 20 --model "$T/run/m.gguf" --validate-every 50 \
            --max-updates 300 >"$T/out" 2>"$T/err"
    ) &
    running=$!
    await "$T/err" 'update 50:' $running
    if [ -r /proc/$running/task ]; then # threads that compute block SIGINT, SIGTERM and SIGHUP; the one that hears them does not
        deaf=$(sed -n 's/^SigBlk:.*\(....\)$/\1/p' /proc/$running/task/[0-9]*/status | sort | uniq -c | xargs)
        kill -$signal $running
        is "${deaf#* }" '0000 2 4003' "SIG$signal: no thread that computes handles it"
    else
        kill -$signal $running
        skip 1 'no /proc'
    fi
    code=0
    wait $running || code=$?
    is $code $((128 + number)) "SIG$signal: exit code 128 + $number"
    has "$T/err" 'nmt train --resume --model .*run/m.gguf' "SIG$signal: says how to resume"
    ok "SIG$signal: the model is whole" "$NMT" info "$T/run/m.gguf"
    works "SIG$signal: resumes" resume
    equal "SIG$signal"
done

# --- what cannot be resumed ---
head -n 150 "$T/train.en" >"$T/other.en"
head -n 150 "$T/train.fr" >"$T/other.fr"
cp "$T/run/m.gguf" "$T/before.gguf"
must_fail 1 'another corpus' resume --source "$T/other.en" --target "$T/other.fr" --max-updates 400
has "$T/err" 'another corpus' 'says so'
must_fail 2 'another optimiser' resume --optimizer sgd --max-updates 400
same "$T/before.gguf" "$T/run/m.gguf" 'the model is as it was'
must_fail 1 'no checkpoint' "$NMT" train --resume --model "$T/never.gguf"
has "$T/err" 'never.checkpoint.gguf' 'names the file'
is "$(wc -l <"$T/err")" 1 'in one line'
head -c 5000 "$T/run/m.checkpoint.gguf" >"$T/cut.checkpoint.gguf"
must_fail 1 'a checkpoint that is cut short' "$NMT" train --resume --model "$T/cut.gguf"
cp "$T/run/m.gguf" "$T/model.checkpoint.gguf"
must_fail 1 'a model in the place of a checkpoint' "$NMT" train --resume --model "$T/model.gguf"

done_testing
