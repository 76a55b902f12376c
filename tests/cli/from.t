#!/bin/sh
# Training that starts from another model (--from): its weights and tokenizer are taken over, or with --new-vocabulary its weights alone;
# its checksum is recorded; what contradicts it is refused.
. tests/cli/harness.sh
corpus 120
head -n 60 "$T/train.en" >"$T/other.en"
head -n 60 "$T/train.fr" >"$T/other.fr"
parent=$T/parent.gguf
train --quiet --model "$parent" --guided-alignment off --tie target --maxout 16 --attention dot --max-updates 12 --valid-split 0
adapt() { "$NMT" train --quiet --from "$parent" --source "$T/other.en" --target "$T/other.fr" --valid-split 0 --threads 1 "$@"; }

works 'without an update' adapt --guided-alignment off --model "$T/same.gguf" --max-updates 0
is "$("$NMT" info "$T/same.gguf" | sed -n 's/.*checksum //p')" "$("$NMT" info "$parent" | sed -n 's/.*checksum //p')" \
    'the weights are the parent'\''s'
for beam in 1 3; do
    "$NMT" translate --model "$parent" --beam $beam --threads 1 <"$T/valid.en" >"$T/a"
    "$NMT" translate --model "$T/same.gguf" --beam $beam --threads 1 <"$T/valid.en" >"$T/b"
    same "$T/a" "$T/b" "and so are the translations, beam $beam"
done
works 'with updates' adapt --model "$T/child.gguf" --max-updates 6 --learning-rate 0.01
chosen() { "$NMT" info --json "$1" | grep -o 'n\(learning-rate\|warmup\) = [0-9.]*' | sort | tr '\n' ' '; }
is "$(chosen "$parent")" 'nlearning-rate = 0.001 nwarmup = 400 ' 'rate and warm-up of a parent'
is "$(chosen "$T/same.gguf")" 'nlearning-rate = 0.001 nwarmup = 100 ' 'and of its child'
ok 'moves the weights' sh -c "! cmp -s '$parent' '$T/child.gguf'"
works 'resumed' "$NMT" train --quiet --resume --model "$T/child.gguf" --max-updates 8
checksum() { "$NMT" info "$1" | sed -n 's/.*checksum //p'; }
recorded() { "$NMT" info "$1" | sed -n 's/^training.parent  *//p'; }
is "$(recorded "$T/child.gguf")" "$(checksum "$parent")" 'the parent is recorded, after resuming, too'
is "$(recorded "$parent")" '' 'a model without a parent has no record'
works 'a grandchild' "$NMT" train --quiet --from "$T/child.gguf" --source "$T/other.en" --target "$T/other.fr" --threads 1 \
    --model "$T/grandchild.gguf" --max-updates 1
is "$(recorded "$T/grandchild.gguf")" "$(checksum "$T/child.gguf")" 'has the child as its parent'
cp "$T/child.checkpoint.gguf" "$T/wrong.checkpoint.gguf"
perl -0777 -pi -e 's/(training\.parent....\x10\0\0\0\0\0\0\0)./$1x/s' "$T/wrong.checkpoint.gguf"
must_fail 1 'a record that is not a checksum' "$NMT" train --resume --model "$T/wrong.gguf"
has "$T/err" 'training.parent is not a checksum' 'says so'
rm "$T/wrong.checkpoint.gguf"
works 'settings that agree' adapt --model "$T/agree.gguf" --max-updates 0 --hidden 24 --attention dot --tie target
for wrong in 'hidden 25' 'attention additive' 'tie none' 'units word' 'vocabulary 401' 'encoder-layers 3' 'query state' 'maxout 15'; do
    # shellcheck disable=SC2086
    must_fail 2 "--$wrong" adapt --model "$T/wrong.gguf" --max-updates 0 --$wrong
    has "$T/err" "--${wrong% *} is ${wrong#* }, but the parent has" 'names the option and both values'
done
must_fail 2 '--preset' adapt --model "$T/wrong.gguf" --preset paper
must_fail 2 '--resume' "$NMT" train --resume --model "$T/child.gguf" --from "$parent"
has "$T/err" 'cannot be used with --resume' 'says so'
must_fail 2 'the parent as the model' adapt --model "$parent"
must_fail 1 'a parent that is not there' "$NMT" train --from "$T/none.gguf" --source "$T/other.en" --target "$T/other.fr" --model "$T/wrong.gguf"
has "$T/err" 'none.gguf' 'names it'

# --- a new vocabulary: the other direction, with other units ---
new() { # ARGUMENT...
    $LIMIT "$NMT" train --from "$parent" --new-vocabulary --source "$T/other.fr" --target "$T/other.en" --threads 1 --model "$T/new.gguf" "$@"
}
works '--new-vocabulary' new --max-updates 0
has "$T/err" "[0-9]+ source and [0-9]+ target entries are also the parent's" 'says how many entries are kept'
has "$T/err" 'encoder: gru, layers 2,' "the encoder is the parent's"
has "$T/err" 'attention dot' "the decoder is the parent's"
has "$T/err" 'tie target' 'and so are the ties'
is "$(recorded "$T/new.gguf")" "$(checksum "$parent")" 'the parent is recorded'
is "$(chosen "$T/new.gguf")" 'nlearning-rate = 0.001 nwarmup = 100 ' 'rate and warm-up'
works 'other units and another size' new --units char --vocabulary 300 --max-updates 3
works 'a vocabulary chosen by the corpus' new --vocabulary auto --max-updates 3
works 'it resumes' "$NMT" train --quiet --resume --model "$T/new.gguf" --max-updates 5
works 'it translates' from_file "$T/other.fr" translate --model "$T/new.gguf"
works 'synthetic pairs' new --synthetic-source "$T/other.en" --synthetic-target "$T/other.fr" --max-updates 1
must_fail 2 'another network' new --hidden 25
has "$T/err" '--hidden is 25, but the parent has 24' 'is refused'
must_fail 2 'without a parent' train --new-vocabulary --model "$T/wrong.gguf"
has "$T/err" '--new-vocabulary needs --from' 'says so'
must_fail 1 'synthetic pairs, without a tag in the vocabulary' adapt --model "$T/wrong.gguf" --synthetic-source "$T/other.en" \
    --synthetic-target "$T/other.fr"
has "$T/err" 'no tag for synthetic pairs; use --new-vocabulary' 'says what to do'
ok 'no model came of all this' test ! -e "$T/wrong.gguf"
done_testing
