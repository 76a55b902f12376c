#!/bin/sh
# Training on several corpora: each with its weight, and back-translations, whose sources are tagged. All of it resumes bit for bit, and the
# model translates like any other.
. tests/cli/harness.sh
corpus 400
for side in en fr; do
    head -n 150 "$T/train.$side" >"$T/one.$side"
    sed -n '151,250p' "$T/train.$side" >"$T/two.$side"
    sed -n '251,400p' "$T/train.$side" >"$T/back.$side"
done
paste "$T/one.en" "$T/one.fr" >"$T/one.tsv"
paste "$T/two.en" "$T/two.fr" >"$T/two.tsv"
cat "$T/one.en" "$T/two.en" >"$T/both.en"
cat "$T/one.fr" "$T/two.fr" >"$T/both.fr"

several() { # ARGUMENT...: both corpora
    $LIMIT "$NMT" train $TINY --threads 2 --vocabulary 400 --source "$T/one.en" --target "$T/one.fr" --source "$T/two.en" \
        --target "$T/two.fr" --batch-sentences 20 "$@"
}
synthetic="--synthetic-source $T/back.en --synthetic-target $T/back.fr"
weights() { # FILE: the stored weights
    "$NMT" info --json "$1" | grep -o "nweight = [0-9.]*" | sed "s/^n//" | tr '\n' ' '
}

# --- several corpora are one ---
train --quiet --source "$T/both.en" --target "$T/both.fr" --batch-sentences 20 --max-updates 12 --model "$T/a.gguf"
works 'two corpora' several --max-updates 12 --model "$T/b.gguf"
same "$T/a.gguf" "$T/b.gguf" 'are the same as their pairs in one file'
has "$T/err" '^corpus .*225 pairs' 'counted together'
has "$T/err" ' [0-9]* pairs of .*/one.en, weight 1' 'and each by itself'
works 'two files of pairs' $LIMIT "$NMT" train $TINY --quiet --threads 2 --vocabulary 400 --pairs "$T/one.tsv" --pairs "$T/two.tsv" \
    --batch-sentences 20 --max-updates 12 --model "$T/c.gguf"
same "$T/a.gguf" "$T/c.gguf" 'are the same, too'
works 'from a configuration file' sh -c "printf 'pairs = $T/one.tsv\npairs = $T/two.tsv\nweight = 2\nweight = 0.5\n' >'$T/config' &&
    exec '$NMT' train $TINY --threads 1 --vocabulary 400 --config '$T/config' --max-updates 0 --model '$T/d.gguf'"
is "$(weights "$T/d.gguf")" 'weight = 2 weight = 0.5 ' 'with its weights'
works '--first' several --first 80 --valid-split 0 --max-updates 0 --model "$T/d.gguf" $synthetic
has "$T/err" '^corpus .*310 pairs' 'is of each corpus, but not of synthetic pairs'

# --- weights ---
updates() { # ARGUMENT...: the updates of four epochs without validation
    several --valid-split 0 --max-epochs 4 --model "$T/w.gguf" "$@" && sed -n 's/^.*w.gguf: the model after update \([0-9]*\) .*/\1/p' "$T/err"
}
for weights in '1 50' '1,1 50' '2 100' '2,0.5 70' '0.5 25' '0.5,2 55'; do
    # shellcheck disable=SC2046
    works "weights ${weights% *}" updates $(echo "${weights% *}" | sed 's/\([^,]*\)/--weight \1/g; s/,/ /g')
    after=$(sed -n 's/^.*w.gguf: the model after update \([0-9]*\) .*/\1/p' "$T/err")
    ok "${weights#* } updates, or nearly" test "$after" -ge $((${weights#* } - 4)) -a "$after" -le $((${weights#* } + 6))
done
is "$(weights "$T/w.gguf")" 'weight = 0.5 weight = 2 ' 'are stored'

# --- a run that is interrupted ---
resumed='--weight 2 --weight 0.5 --synthetic-weight 1.5 --valid-split 20 --validate-every 9 --bpe-dropout 0.1'
# shellcheck disable=SC2086
several --quiet $resumed $synthetic --max-updates 40 --model "$T/r.gguf"
cp "$T/r.gguf" "$T/whole.gguf"
# shellcheck disable=SC2086
several --quiet $resumed $synthetic --max-updates 17 --model "$T/r.gguf"
cp "$T/r.checkpoint.gguf" "$T/kept.gguf"
resume() {
    cp "$T/kept.gguf" "$T/r.checkpoint.gguf"
    $LIMIT "$NMT" train --quiet --resume --model "$T/r.gguf" --max-updates 40 "$@"
}
works 'resumes' resume
ok 'bit for bit' sh -c "'$NMT' info '$T/whole.gguf' | grep checksum >'$T/1'; '$NMT' info '$T/r.gguf' | grep checksum | cmp - '$T/1'"
mkdir "$T/moved"
cp "$T"/one.* "$T"/two.* "$T"/back.* "$T/moved"
works 'resumes with files that moved' resume --pairs "$T/moved/one.tsv" --pairs "$T/moved/two.tsv" \
    --synthetic-source "$T/moved/back.en" --synthetic-target "$T/moved/back.fr"
ok 'bit for bit' sh -c "'$NMT' info '$T/r.gguf' | grep checksum | cmp - '$T/1'"
must_fail 1 'corpora in another order' resume --pairs "$T/two.tsv" --pairs "$T/one.tsv"
has "$T/err" 'another corpus' 'are another corpus'
must_fail 1 'other back-translations' resume --synthetic-source "$T/one.en" --synthetic-target "$T/one.fr"
has "$T/err" 'another corpus' 'are another corpus'
must_fail 2 'another weight' resume --weight 1 --weight 0.5
has "$T/err" '--weight is 1 0.5, but the training to resume has 2 0.5' 'is refused with both values'
must_fail 2 'one corpus instead of two' resume --pairs "$T/one.tsv"
has "$T/err" '--weight is given 2 times, for 1 corpus' 'does not fit the weights'

# --- synthetic pairs ---
works 'synthetic pairs' several $synthetic --synthetic-weight 2 --max-updates 12 --model "$T/s.gguf"
has "$T/err" '150 synthetic pairs of .*/back.en, weight 2' 'are named'
has "$T/err" '^validation .*25 pairs' 'are not counted for validation'
"$NMT" info --json "$T/s.gguf" >"$T/json"
has "$T/json" '"tokenizer.tagged": .*true' 'the model has a tag'
has "$T/json" '"tokenizer.source": .*"<synthetic>"\]' 'in its source vocabulary'
lacks "$T/json" '"tokenizer.target": .*synthetic' 'and not in the other'
"$NMT" info --json "$T/a.gguf" >"$T/json"
lacks "$T/json" 'tagged|synthetic>' 'which no other model has'
{ cat "$T/valid.en"; echo '<synthetic> a <synthetic>'; } >"$T/in"
works 'it translates' from_file "$T/in" translate --model "$T/s.gguf" --alignment "$T/alignment" --alignment-level token
is "$(wc -l <"$T/out")" 21 'a line for a line'
lacks "$T/out" '<synthetic>' 'without the tag'
lacks "$T/alignment" '(^|[,"	 ])<synthetic>' 'nor is it in an alignment'
"$NMT" translate --threads 1 --model "$T/s.gguf" <"$T/in" >"$T/1"
works 'with a shared vocabulary' several $synthetic --tie all --embedding 16 --maxout 16 --max-updates 12 --model "$T/t.gguf"
works 'it translates' from_file "$T/in" translate --model "$T/t.gguf"

# --- what is refused ---
refused() { # DESCRIPTION MESSAGE ARGUMENT...
    what=$1 message=$2
    shift 2
    must_fail 2 "$what" several --model "$T/none.gguf" --max-updates 0 "$@"
    has "$T/err" "$message" 'says so'
}
refused 'unequal numbers of files' '--source is given 3 times and --target 2 times' --source "$T/one.en"
refused 'unequal numbers of synthetic files' '--synthetic-source is given 1 times and --synthetic-target 0 times' \
    --synthetic-source "$T/one.en"
refused 'files and --pairs' 'give --source and --target, or --pairs' --pairs "$T/one.tsv"
refused 'too many weights' '--weight is given 3 times, for 2 corpora' --weight 1 --weight 1 --weight 1
refused 'a weight of nothing' '--synthetic-weight needs --synthetic-source' --synthetic-weight 1
# shellcheck disable=SC2086
refused 'too many weights of synthetic pairs' '--synthetic-weight is given 2 times, for 1 corpus;' $synthetic --synthetic-weight 1 --synthetic-weight 1
refused 'no weight' '--weight: 0 is out of range' --weight 0
refused 'a negative weight' '--weight: -1 is out of range' --weight 2 --weight -1
refused 'a word as a weight' '--weight: "much" is not a number' --weight much
refused 'a model over a corpus' 'would overwrite' --synthetic-source "$T/back.en" --synthetic-target "$T/back.fr" --log "$T/back.fr"
printf 'a\nb\n' >"$T/short"
must_fail 1 'unequal numbers of lines in the second corpus' several --source "$T/short" --target "$T/one.fr" --model "$T/none.gguf"
has "$T/err" 'one.fr has 150 lines, but .*short has 2' 'names its files'
ok 'no model came of all this' test ! -e "$T/none.gguf"
done_testing
