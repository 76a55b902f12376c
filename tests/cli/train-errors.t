#!/bin/sh
# nmt train as it should fail: bad use, bad corpora, bad disks, and a loss that is not a number.
. tests/cli/harness.sh
corpus 100

files() { # SOURCE TARGET ARGUMENT...: an initial model from these files
    source=$1
    target=$2
    shift 2
    "$NMT" train $TINY --vocabulary 400 --max-updates 0 --model "$T/m.gguf" --source "$source" --target "$target" "$@"
}

alone() { # must_fail's other half: the error is all that was said
    is "$(wc -l <"$T/err")" 1 "$1: the error stands alone"
}

# --- usage ---
must_fail 2 'no command' "$NMT"
must_fail 2 'a command that is not there' "$NMT" trian
has "$T/err" 'train' 'did you mean'
must_fail 2 'an unknown option' train --model "$T/m.gguf" --learning-raet 1
has "$T/err" '--learning-raet.*did you mean --learning-rate' 'did you mean'
alone 'unknown option'
must_fail 2 'two letters of an option changed about' train --modle "$T/m.gguf"
has "$T/err" 'did you mean --model' 'did you mean'
must_fail 2 'no model' "$NMT" train --source "$T/train.en" --target "$T/train.fr"
must_fail 2 'one side only' "$NMT" train --model "$T/m.gguf" --source "$T/train.en"
must_fail 2 'pairs and two files' train --model "$T/m.gguf" --pairs "$T/train.en"
must_fail 2 'one side of validation only' train --model "$T/m.gguf" --valid-source "$T/valid.en"
must_fail 2 'an argument too many' train --model "$T/m.gguf" more
must_fail 2 'a preset that is not there' train --model "$T/m.gguf" --preset papre
must_fail 2 'an option without its value' train --model
for wrong in embedding=0 hidden=-3 alignment=0 maxout=0 threads=-1 threads=99999999999 vocabulary=2 max-length=-1 learning-rate=-2 \
    learning-rate=fast clip=-1 dropout=1 dropout=nan label-smoothing=1.5 word-dropout=2 bpe-dropout=1 average=1 seed=-1 seed=x \
    batch-tokens=0 batch-sentences=-1 pool=0 max-updates=-2 max-epochs=-1 max-minutes=-1 patience=-1 warmup=-7 halve-after=-1 first=-1 \
    validate-every=-1 save-minutes=-1 valid-split=-1 vocabulary=-1 units=syllable tie=both optimizer=adan precision=f16 precision=int8 backend=blas stop-on=ter bad-utf8=keep initial=zero hidden= \
    encoder-layers=0 encoder-layers=65 embedding=1e3 dropout=-0.5 learning-rate=-0.5; do
    must_fail 2 "--$wrong" train --model "$T/m.gguf" --max-updates 0 "--$wrong"
    has "$T/err" "--${wrong%%=*}" 'names the option'
done
must_fail 2 '--bpe-dropout without BPE' train --model "$T/m.gguf" --units char --bpe-dropout 0.1
ok 'no model came of all this' test ! -e "$T/m.gguf"

# --- corpora ---
must_fail 1 'a file that is not there' files "$T/train.en" "$T/nowhere.fr"
has "$T/err" 'nowhere.fr: No such file' 'names it'
alone 'missing file'
must_fail 1 'a folder' files "$T" "$T/train.fr"
head -n 90 "$T/train.fr" >"$T/short.fr"
must_fail 1 'unequal line counts' files "$T/train.en" "$T/short.fr"
has "$T/err" '100.*90.*line 91|90.*100.*line 91' 'both counts, and the first line without a partner'
must_fail 1 'the same the other way round' files "$T/short.fr" "$T/train.en"
has "$T/err" '100.*90.*line 91|90.*100.*line 91' 'both counts, and the first line without a partner'
: >"$T/empty"
must_fail 1 'an empty corpus' files "$T/empty" "$T/empty"
alone 'empty corpus'
printf '\n \n' >"$T/blank"
must_fail 1 'a corpus of blank lines' files "$T/blank" "$T/blank"
must_fail 1 'an empty validation corpus' files "$T/train.en" "$T/train.fr" --valid-source "$T/empty" --valid-target "$T/empty"
must_fail 1 'pairs without a tab' "$NMT" train $TINY --model "$T/m.gguf" --max-updates 0 --pairs "$T/train.en"
has "$T/err" 'train.en:1: ' 'names file and line'
gzip -c "$T/train.en" | head -c 500 >"$T/cut.gz"
must_fail 1 'a .gz that is cut short' files "$T/cut.gz" "$T/train.fr"
has "$T/err" 'cut.gz' 'names it'

# The seventh line of this file holds, after 3 good bytes, a byte that starts nothing.
{ head -n 6 "$T/train.en"; printf 'abc\377def\n'; tail -n +8 "$T/train.en"; } >"$T/bad.en"
must_fail 1 'invalid UTF-8' files "$T/bad.en" "$T/train.fr"
has "$T/err" 'bad.en:7: byte 4 ' 'file, line and byte'
alone 'invalid UTF-8'
paste "$T/train.fr" "$T/bad.en" >"$T/bad.tsv"
must_fail 1 'invalid UTF-8 in the second column' "$NMT" train $TINY --model "$T/m.gguf" --max-updates 0 --pairs "$T/bad.tsv"
has "$T/err" "bad.tsv:7: byte $(($(sed -n 7p "$T/train.fr" | wc -c) + 4)) " 'the byte is counted from the start of the line'
works '--bad-utf8 skip' files "$T/bad.en" "$T/train.fr" --bad-utf8 skip
has "$T/err" '^corpus +99 pairs' 'leaves the pair out'
has "$T/err" 'left out: .* 1 not UTF-8' 'and counts it'
works '--bad-utf8 replace' files "$T/bad.en" "$T/train.fr" --bad-utf8 replace
has "$T/err" '100 pairs' 'keeps the pair'
has "$T/err" '^nmt: warning: .*1 invalid UTF-8' 'and says so'

# --- disks ---
rm -f "$T/m.gguf"
must_fail 1 'a model in a folder that is not there' train --model "$T/nowhere/m.gguf" --valid-source "$T/valid.en" \
    --valid-target "$T/valid.fr" --validate-every 1 --max-updates 1
lacks "$T/err" 'update 1' 'is refused before training, not after'
must_fail 1 'a model that is a folder' train --model "$T" --max-updates 0
must_fail 1 'a log in a folder that is not there' train --model "$T/m.gguf" --log "$T/nowhere/log" --max-updates 1
if [ -w /dev/full ]; then
    must_fail 1 'a log on a full disk' train --model "$T/log.gguf" --log /dev/full --max-updates 2
    must_fail 1 'help into a full disk' to_file /dev/full "$NMT" train --help
else
    skip 2 'there is no /dev/full'
fi

limited() { # as on a full disk: no file may grow beyond 64 KB
    (
        trap '' XFSZ
        ulimit -f 128
        exec "$NMT" train $TINY --quiet --threads 2 --vocabulary 400 --source "$T/train.en" --target "$T/train.fr" "$@"
    )
}
train --quiet --model "$T/old.gguf" --max-updates 2
cp "$T/old.gguf" "$T/kept.gguf"
cp "$T/old.checkpoint.gguf" "$T/kept.checkpoint.gguf"
must_fail 1 'a disk that is full' limited --model "$T/old.gguf" --max-updates 3
has "$T/err" 'old.*gguf: cannot be written: ' 'names the file'
same "$T/old.gguf" "$T/kept.gguf" 'the old model is whole'
same "$T/old.checkpoint.gguf" "$T/kept.checkpoint.gguf" 'so is the old checkpoint'
is "$(ls -a "$T" | grep -c 'old')" 2 'no half-written file is left behind'

# --- a loss that is not a number ---
wild='--optimizer sgd --learning-rate 1000 --warmup 0 --clip 0 --max-updates 40'
must_fail 1 'training that diverges' train --model "$T/wild.gguf" --valid-source "$T/valid.en" --valid-target "$T/valid.fr" \
    --validate-every 1 --log "$T/log" $wild
has "$T/err" '^nmt: error: update [0-9]+: the loss is not ' "says at which update"
ok 'the last good model loads' from_file "$T/valid.en" translate --model "$T/wild.gguf"
if command -v node >/dev/null; then
    ok 'the log is JSON to its end' node -e 'require("fs").readFileSync(process.argv[1], "utf8").trimEnd().split("\n").forEach(JSON.parse)' "$T/log"
else
    skip 1 'node is not installed'
fi
must_fail 1 'training that diverges before anything was saved' train --model "$T/early.gguf" $wild
ok 'what the error says of the model is true' sh -c 'test -s "$1" || ! grep -q "model is in" "$2"' - "$T/early.gguf" "$T/err"
cp "$T/kept.gguf" "$T/early.gguf"
run train --model "$T/early.gguf" $wild
same "$T/kept.gguf" "$T/early.gguf" 'or leaves the model of an earlier training as it was'

done_testing
