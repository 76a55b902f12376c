#!/bin/sh
# BPE-dropout in training: for a small corpus by itself, and only for its first epochs. An epoch in which words fall into more pieces has more
# batches of so many tokens; so the updates of an epoch tell whether it has BPE-dropout.
. tests/cli/harness.sh
corpus 200

# epochs ARGUMENT...: the updates of each of four epochs.
epochs() {
    run train --model "$T/m.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" --batch-tokens 40 --max-epochs 4 "$@"
    sed -n 's/^epoch [0-9]*, update \([0-9]*\): training loss.*/\1/p' "$T/err" |
        awk '{ printf "%s%d", (NR > 1 ? " " : ""), $1 - last; last = $1 } END { print "" }'
}
# more LINE: of each epoch whether it has more updates than every epoch of plain words may have.
more() { echo "$1" | awk -v plain="$plain" '{ for (i = 1; i <= NF; i++) printf "%s", ($i > plain ? "+" : "-"); print "" }'; }

plain=$(epochs --bpe-dropout 0 | tr ' ' '\n' | sort -n | tail -n 1)
is "$(more "$(epochs --bpe-dropout 0.4 --bpe-dropout-updates 0)")" ++++ 'all epochs'
is "$(more "$(epochs --bpe-dropout 0.4 --bpe-dropout-updates 200)")" ++-- 'the first two'
is "$(more "$(epochs --bpe-dropout 0.4 --learning-rate 0 --average 0 --halve-after 1)")" ++-- \
    'until learning stalls: the second validation is no better than the first'
is "$(more "$(epochs --bpe-dropout 0.4 --learning-rate 0 --average 0 --halve-after 1 --schedule inverse-sqrt)")" ++-- \
    'with other schedules, too'

works 'a small corpus' train --model "$T/m.gguf" --max-updates 1
has "$T/err" 'BPE-dropout 0.1 for 6000 updates$' 'has it by itself'
works 'one that is given' train --model "$T/m.gguf" --max-updates 1 --bpe-dropout 0.3 --bpe-dropout-updates 0
has "$T/err" 'BPE-dropout 0.3$' 'is the one that is used'
for other in '--units word' '--units char' '--bpe-dropout 0' "--from $T/m.gguf" '--preset vaswani --embedding 16 --feed-forward 16 --heads 2 --encoder-layers 1 --decoder-layers 1'; do
    small=$TINY
    case $other in *--from* | *vaswani*) TINY= ;; esac
    # shellcheck disable=SC2086
    case $other in
    *--from*) run "$NMT" train --source "$T/train.en" --target "$T/train.fr" --model "$T/n.gguf" --max-updates 1 $other ;;
    *) run train --model "$T/n.gguf" --max-updates 1 $other ;;
    esac
    TINY=$small
    is "$code" 0 "$other: trains"
    lacks "$T/err" 'BPE-dropout' "$other: without it"
done
i=0
while [ $i -lt 200 ]; do echo 0-0; i=$((i + 1)); done >"$T/links"
works 'links of a file' train --model "$T/n.gguf" --max-updates 1 --valid-split 0 --guided-alignment "$T/links"
lacks "$T/err" 'BPE-dropout' 'number pieces that may not change'
must_fail 2 'updates of nothing' train --model "$T/n.gguf" --bpe-dropout 0 --bpe-dropout-updates 5
must_fail 2 'or without BPE' train --model "$T/n.gguf" --units char --bpe-dropout-updates 5
done_testing
