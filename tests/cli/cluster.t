#!/bin/sh
# Several processes under mpirun: P processes of T threads do what one of P T threads does, to the byte; failures are one line; nothing is
# lost. $KILLS is how often a random process is killed (3).
. tests/cli/harness.sh
KILLS=${KILLS:-3}
case ${BUILD-} in
'' | *release) ;;
*)
    skip 1 'the build with MPI is tested beside the release build'
    done_testing
    ;;
esac
if ! command -v mpirun >/dev/null || ! command -v mpicc >/dev/null; then
    skip 1 'Open MPI is not installed (scripts/setup --mpi)'
    done_testing
fi
run make MAKEFLAGS= CONFIG=mpi WERROR=-Werror build/mpi/nmt
is "$code" 0 'the program is built with MPI'
NMT=$HERE/build/mpi/nmt
corpus 200
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl_vader_backing_directory=/tmp TMPDIR=/tmp OMP_WAIT_POLICY=passive
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe OMPI_MCA_hwloc_base_binding_policy \
    OMPI_MCA_btl_vader_backing_directory TMPDIR OMP_WAIT_POLICY

# all P COMMAND...: P processes.
all() {
    processes=$1
    shift
    $LIMIT mpirun -n "$processes" "$@"
}

# cluster DIRECTORY P T ARGUMENT...: P processes of T threads train in $T/run, which is then moved to the directory.
cluster() {
    directory=$T/$1 processes=$2 threads=$3
    shift 3
    rm -rf "$directory" "$T/run"
    mkdir "$T/run"
    run all "$processes" "$NMT" train $TINY --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" \
        --valid-target "$T/valid.fr" --validate-every 4 --max-updates 10 --learning-rate 0.01 --warmup 0 --dropout 0.2 --word-dropout 0.1 \
        --bpe-dropout 0.1 --precision f32 --model "$T/run/m.gguf" --log "$T/run/log" --threads "$threads" "$@"
    mv "$T/run" "$directory"
    [ "$code" -eq 0 ] || show
}
validations() {
    sed -n 's/"seconds": [0-9.]*,//; /"validation"/p' "$T/$1/log"
}
equal() { # A B WHAT
    same "$T/$1/m.gguf" "$T/$2/m.gguf" "$3: equal models"
    same "$T/$1/m.checkpoint.gguf" "$T/$2/m.checkpoint.gguf" "$3: equal checkpoints"
    is "$(validations "$1")" "$(validations "$2")" "$3: equal losses and BLEU in the log"
}

# --- P x T is 1 x P T ---
divisions() { # WHAT ARGUMENT...
    what=$1
    shift
    cluster a 1 2 "$@"
    cluster b 2 1 "$@"
    equal a b "$what: 2 x 1 and 1 x 2"
    cluster a 1 4 "$@"
    cluster b 2 2 "$@"
    equal a b "$what: 2 x 2 and 1 x 4"
    cluster b 4 1 "$@"
    equal a b "$what: 4 x 1 and 1 x 4"
}
divisions 'adam, average, softmax sample' --average 0.9 --softmax-sample 20
divisions 'adadelta, two batches per update, R-Drop' --r-drop 5 --optimizer adadelta --learning-rate 1 --accumulate 2 --batch-sentences 12
cluster a 1 3 --optimizer sgd
cluster b 3 1 --optimizer sgd
equal a b 'sgd: 3 x 1 and 1 x 3'
cluster a 1 6 --optimizer sgd
cluster b 2 3 --optimizer sgd
equal a b 'sgd: 2 x 3 and 1 x 6'
cluster b 3 2 --optimizer sgd
equal a b 'sgd: 3 x 2 and 1 x 6'
cluster a 1 4 --tie target --lexical off --embedding 16 --maxout 16
cluster b 4 1 --tie target --lexical off --embedding 16 --maxout 16
equal a b 'an output layer that shares its matrix: 4 x 1 and 1 x 4'
cluster a 1 4 --first 17 --batch-sentences 4
export OMPI_MCA_btl=tcp,self
cluster b 2 2 --first 17 --batch-sentences 4
unset OMPI_MCA_btl
equal a b 'at times fewer sentences than workers, and over TCP: 2 x 2 and 1 x 4'
has "$T/b/log" '"processes": \[{"computing": [0-9.e-]*, "exchanging": [0-9.e-]*, "waiting": [0-9.e-]*}, {' 'the log has the times of each process'

# --- resuming ---
cluster whole 1 4 --max-updates 13
cluster half 2 2 --max-updates 6
mv "$T/half" "$T/run"
works 'training is resumed with another division' all 4 "$NMT" train --resume --model "$T/run/m.gguf" --max-updates 13
mv "$T/run" "$T/half"
same "$T/whole/m.gguf" "$T/half/m.gguf" 'and gives the same model'
same "$T/whole/m.checkpoint.gguf" "$T/half/m.checkpoint.gguf" 'and the same checkpoint'
works 'with another number of workers' all 2 "$NMT" train --resume --model "$T/half/m.gguf" --max-updates 14 --threads 1
has "$T/err" 'was trained by 4 workers .*; with 2, rounding differs' 'it says so'

# --- bf16 ---
losses() {
    sed -n 's/.*"training_loss": \([0-9.]*\), "loss": \([0-9.]*\).*/\1 \2/p' "$T/$1/log"
}
near() { # A B TOLERANCE
    losses "$1" >"$T/x"
    losses "$2" >"$T/y"
    paste -d ' ' "$T/x" "$T/y" | awk -v most="$3" 'NF != 4 { bad = 1 }
        { for (i = 1; i <= 2; i++) { d = $i - $(i + 2); if (d < 0) d = -d; if (d > most * $i) bad = 1 } }
        END { exit bad || NR < 2 }' || { paste "$T/x" "$T/y"; return 1; }
}
cluster a 2 1
cluster b 2 1 --exchange bf16
ok 'numbers exchanged as bf16: nearly the same losses' near a b 3e-3
ok 'but not the same weights' test "$(tensors "$T/a/m.gguf")" != "$(tensors "$T/b/m.gguf")"
cluster c 2 1 --exchange bf16
same "$T/b/m.checkpoint.gguf" "$T/c/m.checkpoint.gguf" 'and the same once more'

once() { # DESCRIPTION CODE PATTERN: the last run failed with one line of error
    if [ "$code" -eq "$2" ] && [ "$(grep -c '^nmt: error: ' "$T/err")" -eq 1 ] && grep -E -q -e "$3" "$T/err"; then
        report 0 "$1"
    else
        report 1 "$1: code $2, and one line: $3"
        show
    fi
}

# --- translation ---
learned "$T/m.gguf"
head -n 150 data/test.en >"$T/in"
printf '\n   \nThey took a bag. We know. Do they?\n' >>"$T/in"
head -n 153 data/test.fr | cut -c 1-4 >"$T/prefixes"
for options in '--beam 3 --scores' "--n-best 2 --beam 2 --prefix $T/prefixes" '--sample --seed 3 --temperature 0.5' "--split --scores --prefix $T/prefixes"; do
    run from_file "$T/in" "$NMT" translate --model "$T/m.gguf" --threads 2 $options --alignment "$T/one.csv"
    mv "$T/out" "$T/one"
    works "translate $options" from_file "$T/in" all 2 "$NMT" translate --model "$T/m.gguf" --threads 1 $options --alignment "$T/two.csv"
    same "$T/one" "$T/out" "translate $options: as one process"
    same "$T/one.csv" "$T/two.csv" "translate $options: the same alignments"
done

: >"$T/nothing"
for file in nothing none; do
    run from_file "$T/in" all 2 "$NMT" translate --model "$T/m.gguf" --threads 1 --prefix "$T/$file"
    once "a file of prefixes that is not there or too short ends all: $file" 1 "$file: "
done

# --- an ensemble ---
rm -rf "$T/run"
mkdir "$T/run"
set -- train $TINY --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --max-updates 4 --threads 1 --valid-split 20
works 'each process trains a model of its own' all 2 "$NMT" "$@" --ensemble-train --model "$T/run/m.gguf" --seed 7
run "$NMT" "$@" --model "$T/run/8.gguf" --seed 8
is "$(tensors "$T/run/m.member2.gguf")" "$(tensors "$T/run/8.gguf")" 'with its own seed'
works 'which is resumed' all 2 "$NMT" train --resume --ensemble-train --model "$T/run/m.gguf" --max-updates 6

# --- errors ---
run all 2 "$NMT" train --model "$T/x.gguf"
once 'wrong options are reported once' 2 'give --source and --target'
run all 2 "$NMT" train --model "$T/x.gguf" --source "$T/none" --target "$T/train.fr"
once 'a missing file, too' 1 'none: '
set -- train $TINY --vocabulary 400 --source "$T/train.en" --threads 1 --model "$T/x.gguf" --max-updates 2
run $LIMIT mpirun -n 1 "$NMT" "$@" --target "$T/train.fr" : -n 1 "$NMT" "$@" --target "$T/none"
once 'a file missing for one process: it is named' 1 'process 1 on .*none: '
tac "$T/train.fr" >"$T/other.fr"
run $LIMIT mpirun -n 1 "$NMT" "$@" --target "$T/train.fr" : -n 1 "$NMT" "$@" --target "$T/other.fr"
once 'another corpus is refused by name' 1 'process 1 on .* and process 0 differ in the corpus'
run $LIMIT mpirun -n 1 "$NMT" "$@" --target "$T/train.fr" : -n 1 "$NMT" "$@" --target "$T/train.fr" --seed 2
once 'so are other options' 1 'process 1 on .* and process 0 differ in their options'
set -- train --embedding 4000 --hidden 8 --alignment 8 --maxout 8 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --threads 1 \
    --model "$T/x.gguf" --max-updates 0
run $LIMIT mpirun -n 1 "$NMT" "$@" : -n 1 sh -c 'ulimit -v 1000000; exec "$@"' - "$NMT" "$@"
ok 'one process short of memory ends all, and says so' sh -c 'test "$1" -ne 0 && test "$1" -lt 124 && grep -q "^nmt: error: process 1 on .*more are needed" "$2"' - \
    "$code" "$T/err"
set -- train $TINY --vocabulary 400 --source "$T/train.en" --threads 1 --model "$T/x.gguf" --max-updates 2
run all 2 "$NMT" eval --reference "$T/in" --hypothesis "$T/in"
once 'eval runs in one process' 2 'eval runs in one process'
run "$NMT" "$@" --ensemble-train --target "$T/train.fr"
once 'an ensemble needs several processes' 2 'ensemble-train needs several processes'
run all 2 "$HERE/nmt" "$@" --target "$T/train.fr"
ok 'a program without MPI says so' grep -q 'built for one process; build it with make MPI=1' "$T/err"

# --- a process that dies, and one that is stopped ---
long() { # UPDATES ARGUMENT...: in the background, as $!
    updates=$1
    shift
    timeout 60 mpirun -n 2 "$NMT" train $TINY --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --batch-sentences 10 --threads 1 \
        --valid-split 20 --patience never --model "$T/run/m.gguf" --max-updates "$updates" "$@" >"$T/out" 2>"$T/err"
}
process() { # NUMBER: the pid of one of them
    for pid in $(pgrep -f "train .*--model $T/run/m.gguf"); do
        tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -q "^OMPI_COMM_WORLD_RANK=$1\$" &&
            [ "$(cat "/proc/$pid/comm")" = nmt ] && echo "$pid"
    done
}
i=0
while [ "$i" -lt "$KILLS" ]; do
    i=$((i + 1))
    rm -rf "$T/run"
    mkdir "$T/run"
    long 100000 --save-minutes 0.0001 &
    launcher=$!
    tries=0
    until [ -e "$T/run/m.checkpoint.gguf" ] || [ $tries -ge 1000 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    sleep "0.$(awk -v seed="$i$$" 'BEGIN { srand(seed); print int(100 * rand()) }')"
    ok "kill $i: process $((i % 2)) is killed" kill -9 "$(process $((i % 2)))"
    since=$(date +%s)
    wait $launcher
    ok "kill $i: all have ended within 10 seconds" test $(($(date +%s) - since)) -lt 10
    ok "kill $i: the checkpoint is whole" "$NMT" info "$T/run/m.checkpoint.gguf"
    done=$("$NMT" info --json "$T/run/m.checkpoint.gguf" | tr -d '\n' |
        sed -n 's/.*"checkpoint.update": {"type": "int64", *"value": \([0-9]*\).*/\1/p')
    more=$((done + 10))
    works "kill $i: training is resumed from update $done" all 2 "$NMT" train --resume --model "$T/run/m.gguf" --max-updates $more --save-minutes 10
    mv "$T/run" "$T/broken"
    mkdir "$T/run"
    long $more
    same "$T/broken/m.gguf" "$T/run/m.gguf" "kill $i: the same model as an unbroken run of $more updates"
    rm -rf "$T/broken"
done
rm -rf "$T/run"
mkdir "$T/run"
long 100000 &
launcher=$!
tries=0
until grep -q '^files' "$T/err" || [ $tries -ge 1000 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
sleep 1
ok 'process 1 gets a signal' kill -TERM "$(process 1)"
wait $launcher
has "$T/err" '^stopped by signal 15 after update' 'a signal to any process ends all of them gracefully'
works 'and training goes on from there' all 2 "$NMT" train --resume --model "$T/run/m.gguf" --max-updates 1000000 --max-minutes 0.02

done_testing
