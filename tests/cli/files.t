#!/bin/sh
# Files that are read and written: no output over an input, links, modes, what killed runs leave.
. tests/cli/harness.sh

corpus 200
learned "$T/m.gguf"
cp "$T/m.gguf" "$T/kept.gguf"

# clash DESCRIPTION FIRST SECOND COMMAND...: exit 2, one line that names both options; no file is touched.
clash() {
    what=$1
    first=$2
    second=$3
    shift 3
    must_fail 2 "$what" "$@"
    has "$T/err" "$first.*$second|$second.*$first" 'names both'
}

# --- training ---
for side in en fr; do cp "$T/train.$side" "$T/before.$side"; done
for bad in --log --model; do
    for side in en fr; do
        case $side in en) option=--source ;; fr) option=--target ;; esac
        clash "train $bad over $option" "$bad" "$option" train --max-updates 1 --model "$T/x.gguf" "$bad" "$T/train.$side"
        same "$T/before.$side" "$T/train.$side" 'the corpus is as it was'
    done
done
clash 'train --log over the model' --log --model train --max-updates 1 --model "$T/x.gguf" --log "$T/x.gguf"
clash 'train --log over the checkpoint' --log --model train --max-updates 1 --model "$T/x.gguf" --log "$T/x.checkpoint.gguf"
ln -s x.gguf "$T/link.gguf"
clash 'a link to what is not there yet' --log --model train --max-updates 1 --model "$T/x.gguf" --log "$T/link.gguf"
clash 'another way to write the name' --log --model train --max-updates 1 --model "$T/x.gguf" --log "$T/../${T##*/}/./x.gguf"
ln "$T/train.en" "$T/hard.en"
clash 'a hard link' --log --source train --max-updates 1 --model "$T/x.gguf" --log "$T/hard.en"
clash 'train --model over --valid-source' --model --valid-source train --max-updates 1 --model "$T/valid.en" \
    --valid-source "$T/valid.en" --valid-target "$T/valid.fr"
paste "$T/train.en" "$T/train.fr" >"$T/pairs"
clash 'train --log over --pairs' --log --pairs $LIMIT "$NMT" train --pairs "$T/pairs" --model "$T/x.gguf" --log "$T/pairs" --max-updates 1
is "$(ls "$T" | grep -c '^x')" 0 'nothing was written'
rm -f "$T/link.gguf"

# --- translation ---
clash 'translate --alignment over the model' --alignment --model from_file "$T/valid.en" translate --model "$T/m.gguf" --alignment "$T/m.gguf"
same "$T/kept.gguf" "$T/m.gguf" 'the model is as it was'
cp "$T/valid.en" "$T/s.en"
clash 'translate --alignment over standard input' --alignment 'standard input' from_file "$T/s.en" translate --model "$T/m.gguf" --alignment "$T/s.en"
same "$T/valid.en" "$T/s.en" 'the input is as it was'
must_fail 2 'standard output onto standard input' sh -c "$LIMIT '$NMT' translate --model '$T/m.gguf' <'$T/s.en' >>'$T/s.en'"
same "$T/valid.en" "$T/s.en" 'the input is as it was'
must_fail 2 'standard output and --alignment to one file' sh -c "$LIMIT '$NMT' translate --model '$T/m.gguf' --alignment '$T/o' <'$T/s.en' >'$T/o'"
works 'both to standard output' from_file "$T/s.en" translate --model "$T/m.gguf" --alignment -
works 'twice the same device' sh -c "$LIMIT '$NMT' translate --model '$T/m.gguf' --alignment /dev/null <'$T/s.en' >/dev/null"
works 'twice the same model' from_file "$T/s.en" translate --model "$T/m.gguf" --model "$T/m.gguf"

# --- alignment of given translations ---
clash 'align --alignment over --source' --alignment --source "$NMT" align --model "$T/m.gguf" --source "$T/s.en" --target "$T/valid.fr" \
    --alignment "$T/s.en"
clash 'align --alignment over --target' --alignment --target "$NMT" align --model "$T/m.gguf" --source "$T/s.en" --target "$T/valid.fr" \
    --alignment "$T/valid.fr"
clash 'align --alignment over the model' --alignment --model "$NMT" align --model "$T/m.gguf" --source "$T/s.en" --target "$T/valid.fr" \
    --alignment "$T/m.gguf"
same "$T/valid.en" "$T/s.en" 'the source is as it was'
same "$T/kept.gguf" "$T/m.gguf" 'the model is as it was'
works 'align to standard output and to a device' sh -c "'$NMT' align --model '$T/m.gguf' --source '$T/s.en' --target '$T/valid.fr' \
    --scores --alignment /dev/null >'$T/scores'"

# --- a planted link in a directory of alignments is not followed ---
mkdir "$T/matrices"
cp "$T/valid.en" "$T/victim"
ln -s "$T/victim" "$T/matrices/000001.csv"
works 'a directory with a planted link' from_file "$T/s.en" translate --model "$T/m.gguf" --alignment "$T/matrices/"
same "$T/valid.en" "$T/victim" 'what it points to is as it was'
ok 'the link became a file' test ! -L "$T/matrices/000001.csv"

# --- a model behind a link, and its mode ---
mkdir "$T/store"
ln -s store/real.gguf "$T/behind.gguf"
works 'a model behind a link to nothing yet' train --quiet --model "$T/behind.gguf" --max-updates 1
ok 'the link stays' test -L "$T/behind.gguf"
ok 'the file is where it points' test -s "$T/store/real.gguf"
chmod 600 "$T/store/real.gguf"
cp "$T/store/real.gguf" "$T/real.before"
works 'trained again' train --quiet --model "$T/behind.gguf" --max-updates 2
ok 'the link still stays' test -L "$T/behind.gguf"
is "$(ls -l "$T/store/real.gguf" | cut -c1-10)" '-rw-------' 'the mode stays'
ok 'the model is the new one' sh -c "! cmp -s '$T/real.before' '$T/store/real.gguf'"
is "$(ls "$T/store")" 'real.gguf' 'no temporary file is left'
must_fail 1 'a model that is a device' train --quiet --model /dev/null --max-updates 1
ok 'nothing was put beside it' test ! -e /dev/null.checkpoint.gguf

# --- what a killed run left goes with the next write of the name; other files stay ---
: >"$T/store/real.gguf.tmp-abcdef"
: >"$T/store/real.gguf.tmp-notes"
works 'trained beside the temporary file of a killed run' train --quiet --model "$T/behind.gguf" --max-updates 1
is "$(ls "$T/store" | tr '\n' ' ')" 'real.gguf real.gguf.tmp-notes ' 'which is gone'

# --- one line, not two ---
if [ -w /dev/full ]; then
    must_fail 1 'align onto a full disk' to_file /dev/full "$NMT" align --model "$T/m.gguf" --source "$T/s.en" --target "$T/valid.fr"
    must_fail 1 'translate with alignments onto a full disk' from_file "$T/s.en" to_file /dev/full translate --model "$T/m.gguf" --alignment -
else
    skip 2 'there is no /dev/full'
fi
must_fail 1 'align onto a closed standard output' sh -c "'$NMT' align --model '$T/m.gguf' --source '$T/s.en' --target '$T/valid.fr' >&-"
done_testing
