#!/bin/sh
# nmt train --keep-best N: the N best models at the end, their average if it is better, and all of it survives a kill.
. tests/cli/harness.sh
corpus 200

training() { # few pairs at a high rate, so that validations go up and down
    train --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --first 60 --learning-rate 0.03 --warmup 5 --batch-sentences 5 \
        --validate-every 5 --stop-on loss --average 0 --patience never --halve-after never --precision f32 "$@"
}
average() { # FIELD LOG: the field of the average in the log
    sed -n "s/^{\"average.*\"$1\": \([^,}]*\).*/\1/p" "$2"
}
loss() { # MODEL: of the validation pairs, in nats
    "$NMT" align --model "$1" --precision f32 --scores --source "$T/valid.en" --target "$T/valid.fr" | awk '{ sum -= $1 } END { printf "%.4f\n", sum }'
}
until_there() { # COMMAND...: waits until the command succeeds, 30 seconds at most
    tries=0
    until "$@" 2>/dev/null || [ $tries -ge 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}

# --- one model, as ever ---
mkdir "$T/one"
works 'without the option' training --quiet --model "$T/one/m.gguf" --max-updates 20
is "$(ls "$T/one" | paste -s -d ' ' -)" 'm.checkpoint.gguf m.gguf' 'there are two files'

# --- several ---
# Whether an average is better is a matter of rounding: the first seed with which it is.
for seed in 1 2 3 4 5 6 7 8; do
    rm -rf "$T/whole"
    mkdir "$T/whole"
    run training --model "$T/whole/m.gguf" --log "$T/log" --max-updates 200 --keep-best 3 --seed $seed
    [ "$(average best "$T/log")" != true ] || break
done
is "$code" 0 'three models'
is "$(ls "$T/whole" | paste -s -d ' ' -)" 'm.1.gguf m.2.gguf m.3.gguf m.checkpoint.gguf m.gguf' 'are written beside the usual two'
has "$T/err" '^average of the 3 best models: validation loss' 'the average is validated'
is "$(average models "$T/log")" 3 'and logged'
sed -n 's/^{"validation.*"loss": \([^,}]*\).*/\1/p' "$T/log" | sort -n | head -n 3 >"$T/lowest"
for k in 1 2 3; do
    loss "$T/whole/m.$k.gguf"
done >"$T/losses"
ok 'they have the three lowest losses, the lowest first' sh -c \
    'paste "$1" "$2" | awk "NR == 1 { tokens = \$1 / \$2 } (\$1 / \$2 / tokens - 1) ^ 2 > 1e-8 { exit 1 }"' - "$T/losses" "$T/lowest"
ok 'which differ' test "$(sort -u "$T/losses" | wc -l)" -eq 3
is "$(average best "$T/log")" true "the average is better with seed $seed"
has "$T/err" 'm.gguf: the average of the 3 best models' 'so it becomes the model'
ok 'which is better than the best of them' sh -c '[ "$(printf "%s\n" "$1" "$2" | sort -n | head -n 1)" = "$1" ]' - \
    "$(loss "$T/whole/m.gguf")" "$(head -n 1 "$T/losses")"
works 'the three are an ensemble' from_file "$T/valid.en" translate --model "$T/whole/m.1.gguf" --model "$T/whole/m.2.gguf" \
    --model "$T/whole/m.3.gguf"
training --quiet --model "$T/few.gguf" --max-updates 10 --keep-best 5
is "$(cd "$T" && echo few*)" 'few.1.gguf few.2.gguf few.checkpoint.gguf few.gguf' 'as many as there were validations, if fewer'
# At the beginning, every validation is much better than the one before, and better than the mean of both.
training --model "$T/early.gguf" --log "$T/log" --max-updates 60 --validate-every 20 --keep-best 2 --first all --batch-sentences 20 \
    --learning-rate 0.01 2>"$T/err"
is "$(average best "$T/log")" false 'an average that is worse'
same "$T/early.gguf" "$T/early.1.gguf" 'is not used'
has "$T/err" 'early.gguf: the model after update' 'and the last line says which model is'

# --- stopped, and killed ---
mkdir "$T/run"
works 'stopped in the middle' training --quiet --model "$T/run/m.gguf" --max-updates 100 --keep-best 3 --seed $seed
works 'and resumed' $LIMIT "$NMT" train --quiet --resume --model "$T/run/m.gguf" --max-updates 200
for name in m.gguf m.1.gguf m.2.gguf m.3.gguf; do
    is "$(tensors "$T/run/$name")" "$(tensors "$T/whole/$name")" "$name is that of one run"
done
rm -r "$T/run" "$T/whole"
mkdir "$T/run" "$T/whole"
long() { # 150 updates, five validations
    exec "$NMT" train --quiet $TINY --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" --valid-source "$T/valid.en" \
        --valid-target "$T/valid.fr" --learning-rate 0.01 --warmup 5 --batch-sentences 2 --validate-every 30 --keep-best 3 --max-updates 150 \
        "$@"
}
reached() { # CHECKPOINT UPDATE
    [ "$("$NMT" info --json "$1" | sed -n 's/.*"checkpoint.update".*"value": \([0-9]*\)}.*/\1/p')" -ge "$2" ]
}
(long --model "$T/whole/m.gguf")
(long --model "$T/run/m.gguf" --save-minutes 0.0001 >"$T/out" 2>"$T/err") &
running=$!
until_there reached "$T/run/m.checkpoint.gguf" 70
kill -9 $running
wait $running 2>/dev/null
works 'killed, and resumed' $LIMIT "$NMT" train --quiet --resume --model "$T/run/m.gguf" --save-minutes 10
for name in m.gguf m.1.gguf m.2.gguf m.3.gguf m.checkpoint.gguf; do
    same "$T/whole/$name" "$T/run/$name" "$name is that of one run, byte for byte"
done
(long --model "$T/signal.gguf" --max-updates 100000 >"$T/out" 2>"$T/err") &
running=$!
until_there test -e "$T/signal.checkpoint.gguf"
kill -INT $running
code=0
wait $running || code=$?
is $code 130 'a signal'
ok 'the best models so far are written' "$NMT" info "$T/signal.1.gguf"

# --- checkpoints that do not fit ---
tampered() { # KEY TEMPLATE VALUE: the first number of an array, replaced
    cp "$T/whole/m.checkpoint.gguf" "$T/bad.checkpoint.gguf"
    perl -0777 -pi -e 'BEGIN { ($key, $template, $value) = splice @ARGV, 0, 3 } s/(\Q$key\E.{16})......../$1 . pack($template, $value)/se' \
        "$1" "$2" "$3" "$T/bad.checkpoint.gguf"
    must_fail 1 "$1 = $3" $LIMIT "$NMT" train --quiet --resume --model "$T/bad.gguf"
    has "$T/err" 'best models are out of order or out of range' 'says what is wrong'
}
tampered checkpoint.next_best 'd<' 1000
tampered checkpoint.next_best 'd<' nan
tampered checkpoint.next_best_update 'q<' 0
tampered checkpoint.next_best_update 'q<' 1000000

# --- full disks, names, usage ---
mkdir "$T/lost.2.gguf"
must_fail 1 'a numbered model that cannot be written' training --model "$T/lost.gguf" --keep-best 3 --valid-source "$T/nowhere"
has "$T/err" 'lost.2.gguf' 'is refused before the corpus is looked for'
(long --model "$T/full.gguf" >"$T/out" 2>"$T/err") & # a directory comes into the way while it runs
running=$!
until_there test -e "$T/full.checkpoint.gguf"
mkdir "$T/full.3.gguf"
code=0
wait $running || code=$?
is $code 1 'a numbered model that cannot be written in the end'
has "$T/err" '^nmt: warning: .*full.3.gguf: cannot be written' 'is named'
has "$T/err" '^nmt: error: the end of training is not saved: 1 of the models of --keep-best' 'and the end tells'
ok 'the others are written' "$NMT" info "$T/full.2.gguf"
cp "$T/valid.en" "$T/claim.2.gguf"
must_fail 2 'a numbered model that is an input' training --model "$T/claim.gguf" --keep-best 2 --valid-source "$T/claim.2.gguf"
has "$T/err" 'keep-best would overwrite' 'says so'
must_fail 1 'without validation pairs' $LIMIT "$NMT" train $TINY --model "$T/none.gguf" --keep-best 2 --source "$T/train.en" \
    --target "$T/train.fr" --valid-split 0
for wrong in 0 -1 101 x; do
    must_fail 2 "--keep-best $wrong" training --model "$T/none.gguf" --keep-best "$wrong"
done

done_testing
