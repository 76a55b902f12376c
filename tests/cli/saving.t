#!/bin/sh
# What is written in training: when, what if it cannot be written, and what is in it; and signals.
. tests/cli/harness.sh
corpus 200

training() { # a run with validation; 10 updates are an epoch
    train --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --batch-sentences 20 "$@"
}

# --- equal models are equal files, wherever they were trained ---
for place in here there/and/elsewhere; do
    mkdir -p "$T/$place"
    cp "$T"/train.* "$T"/valid.* "$T/$place"
    (cd "$T/$place" && "$NMT" train --quiet $TINY --threads 2 --vocabulary 400 --source "$T/$place/train.en" --target train.fr \
        --valid-source valid.en --valid-target "$T/$place/valid.fr" --batch-sentences 20 --max-updates 12 --log "$T/$place/log" \
        --model "$T/$place/m.gguf")
done
same "$T/here/m.gguf" "$T/there/and/elsewhere/m.gguf" 'two directories: equal models are equal files'
ok 'no name of a file is in the model' sh -c '! grep -a -q -e train.en -e valid.en -e "$1" "$2"' - "$T" "$T/here/m.gguf"

# --- inside an epoch ---
started() { # UPDATES ARGUMENT...: waits until the checkpoint has so many updates, in the background run $running
    tries=0
    while [ $tries -lt 300 ]; do
        got=$("$NMT" info --json "$1" 2>/dev/null | sed -n 's/.*"checkpoint.update".*"value": \([0-9]*\)}.*/\1/p')
        [ "${got:-0}" -ge "$2" ] && return
        sleep 0.1
        tries=$((tries + 1))
    done
    return 1
}
mkdir "$T/run"
training --quiet --model "$T/run/m.gguf" --batch-sentences 1 --max-updates 150
mv "$T/run" "$T/whole"
mkdir "$T/run"
(
    exec "$NMT" train --quiet $TINY --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" \
        --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --batch-sentences 1 --model "$T/run/m.gguf" --max-updates 150 \
        --save-minutes 0.0001 >"$T/out" 2>"$T/err"
) &
running=$!
ok '--save-minutes writes a checkpoint inside an epoch' started "$T/run/m.checkpoint.gguf" 20
kill -9 $running
wait $running 2>/dev/null
ok 'and a model' "$NMT" info "$T/run/m.gguf"
works 'what was killed is resumed from there' $LIMIT "$NMT" train --quiet --resume --model "$T/run/m.gguf" --save-minutes 10
same "$T/whole/m.gguf" "$T/run/m.gguf" 'to the same model'
same "$T/whole/m.checkpoint.gguf" "$T/run/m.checkpoint.gguf" 'and the same checkpoint'
rm -r "$T/run" "$T/whole"

# --- outputs are tried before the corpus is read ---
mkdir "$T/lost.checkpoint.gguf"
must_fail 1 'a checkpoint that is a directory' training --model "$T/lost.gguf" --source "$T/nowhere" --max-updates 20
has "$T/err" 'lost.checkpoint.gguf' 'is refused before the corpus is looked for'
must_fail 1 'a log that cannot be written' training --model "$T/a.gguf" --log "$T/nowhere/log" --source "$T/nowhere"
has "$T/err" 'nowhere/log' 'the same'
ok 'a log that can be written is not made for that' test ! -e "$T/tried.log"
run training --model "$T/a.gguf" --log "$T/tried.log" --source "$T/nowhere"
ok 'nor left behind' test ! -e "$T/tried.log"

# --- a disk that is full for the checkpoint (five times as large), but not for the model ---
training --quiet --model "$T/size.gguf" --max-updates 1
blocks=$(($(wc -c <"$T/size.gguf") * 2 / 512))
limited() { # no file may grow beyond twice the model
    (
        trap '' XFSZ
        ulimit -f $blocks
        exec "$NMT" train $TINY --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" \
            --valid-target "$T/valid.fr" --batch-sentences 20 "$@"
    )
}
must_fail 1 'a checkpoint that cannot be written' limited --model "$T/full.gguf" --max-updates 20
has "$T/err" '^nmt: warning: .*full.checkpoint.gguf: cannot be written' 'is a warning'
has "$T/err" '^nmt: warning: update 10 is not saved' 'that says what is not saved'
has "$T/err" 'epoch 2, update 20: ' 'training goes on'
has "$T/err" '^nmt: error: the end of training is not saved: .*full.checkpoint.gguf could not be written' 'and the end tells'
ok 'the model is written' from_file "$T/valid.en" translate --model "$T/full.gguf"
must_fail 1 'the same without validation' limited --model "$T/none.gguf" --max-updates 20 --valid-split 0
ok 'the model is written, too' "$NMT" info "$T/none.gguf"
ok 'no checkpoint is there, nor a part of one' test "$(ls "$T" | grep -c -e full -e none)" -eq 2

# The disk is full at the first save, and no longer at the second: a directory is in the way.
(
    exec "$NMT" train $TINY --threads 1 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --batch-sentences 20 \
        --valid-split 0 --max-updates 60 --model "$T/way.gguf" >"$T/out" 2>"$T/err"
) &
running=$!
await "$T/err" '^files' $running
mkdir "$T/way.checkpoint.gguf" 2>/dev/null
await "$T/err" 'is not saved' $running
rmdir "$T/way.checkpoint.gguf" 2>/dev/null
code=0
wait $running || code=$?
if grep -q 'is not saved' "$T/err"; then
    is $code 0 'a save that failed is tried again, and all is well in the end'
    ok 'the checkpoint is there' "$NMT" info "$T/way.checkpoint.gguf"
else
    skip 2 'training was faster than the obstacle'
fi

# --- signals ---
# A validation that takes long: four thousand pairs after every second update.
head -n 4000 data/train.en >"$T/long.en"
head -n 4000 data/train.fr >"$T/long.fr"
slow() {
    exec "$NMT" train $TINY --threads 1 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/long.en" \
        --valid-target "$T/long.fr" --batch-sentences 20 --learning-rate 0.01 --warmup 0 --validate-every 2 --max-updates 4 "$@"
}
(slow --quiet --model "$T/unbroken.gguf")
for signal in HUP INT TERM; do
    case $signal in HUP) number=1 ;; INT) number=2 ;; TERM) number=15 ;; esac
    (slow --model "$T/signal.gguf" >"$T/out" 2>"$T/err") &
    running=$!
    await "$T/err" 'update 2: training loss' $running
    sleep 0.4 # two updates take a hundredth of a second; now the second validation is under way
    kill -$signal $running
    code=0
    wait $running || code=$?
    if grep -q 'update 4: training loss' "$T/err"; then
        skip 4 'the validation was faster than the signal'
    else
        is $code $((128 + number)) "SIG$signal during a validation: exit code 128 + $number"
        has "$T/err" 'after update 4; to continue' 'it counts as not done'
        works 'resuming does it first' $LIMIT "$NMT" train --resume --model "$T/signal.gguf"
        has "$T/err" 'update 4: training loss' 'and says so'
        cmp "$T/unbroken.gguf" "$T/signal.gguf" >"$T/check" 2>&1
        report $? "SIG$signal: the same model as without it"
    fi
    rm -f "$T"/signal*
done
(
    trap '' HUP
    slow --quiet --model "$T/nohup.gguf" >"$T/out" 2>"$T/err"
) &
running=$!
sleep 0.5
kill -HUP $running
code=0
wait $running || code=$?
is $code 0 'SIGHUP that nohup ignores stays ignored'

# --- fewer threads than asked for ---
mkdir "$T/threads"
OMP_THREAD_LIMIT=1 train --quiet --threads 2 --precision f32 --model "$T/threads/few.gguf" --max-updates 10 --learning-rate 0.01 2>"$T/err" &&
    train --quiet --threads 2 --precision f32 --model "$T/threads/two.gguf" --max-updates 10 --learning-rate 0.01
if grep -q '^nmt: error' "$T/err"; then
    report 0 'OMP_THREAD_LIMIT=1 with --threads 2 is refused'
else
    is "$(tensors "$T/threads/few.gguf")" "$(tensors "$T/threads/two.gguf")" 'OMP_THREAD_LIMIT=1 with --threads 2 learns the same'
fi

done_testing
