#!/bin/sh
# Equal seed and threads: equal bits. Other threads: the same numbers but for rounding.
. tests/cli/harness.sh
corpus 200

# Everything random is on. The two runs write the same file names, since these are among the settings that a model keeps.
once() { # FOLDER ARGUMENT...
    folder=$1
    shift
    mkdir -p "$folder"
    train --quiet --model "$folder/m.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --validate-every 4 --max-updates 10 \
        --log "$folder/log" --learning-rate 0.01 --warmup 0 --dropout 0.2 --dropout-state 0.1 --word-dropout 0.1 --bpe-dropout 0.1 \
        --softmax-sample 20 "$@"
}

for threads in 1 2; do
    for precision in auto f32; do
        once "$T/a" --threads $threads --precision $precision
        once "$T/b" --threads $threads --precision $precision
        same "$T/a/m.gguf" "$T/b/m.gguf" "$threads threads, $precision: equal models"
        same "$T/a/m.checkpoint.gguf" "$T/b/m.checkpoint.gguf" "$threads threads, $precision: equal checkpoints"
    done
done
once "$T/b" --threads 2 --precision f32 --seed 2
ok 'another seed gives another model' test "$(tensors "$T/a/m.gguf")" != "$(tensors "$T/b/m.gguf")"

# The sums of two workers are taken in another order: in f32, about 1e-7 an operation.
losses() {
    sed -n 's/.*"training_loss": \([0-9.]*\), "loss": \([0-9.]*\).*/\1 \2/p' "$1"
}
near() { # A B TOLERANCE: equally many numbers, and each differs relatively by no more than that
    losses "$1" >"$T/x"
    losses "$2" >"$T/y"
    paste -d ' ' "$T/x" "$T/y" | awk -v most="$3" 'NF != 4 { bad = 1 }
        { for (i = 1; i <= 2; i++) { d = $i - $(i + 2); if (d < 0) d = -d; if (d > most * $i) bad = 1 } }
        END { exit bad || NR < 2 }' || { paste "$T/x" "$T/y"; return 1; }
}
once "$T/a" --threads 1 --precision f32
once "$T/b" --threads 2 --precision f32
ok '2 threads and 1 have the same losses to 1e-4, with dropout' near "$T/a/log" "$T/b/log" 1e-4
for backend in openblas onednn; do
    if train --quiet --model "$T/try.gguf" --max-updates 0 --backend $backend 2>/dev/null; then
        once "$T/b" --threads 1 --precision f32 --backend $backend
        ok "so has $backend" near "$T/a/log" "$T/b/log" 1e-4
    else
        skip 1 "this program was built without $backend"
    fi
done

done_testing
