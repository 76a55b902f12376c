#!/bin/sh
# Training that starts from another model (--from): its weights and tokenizer are taken over, and what contradicts them is refused.
. tests/cli/harness.sh
corpus 120
head -n 60 "$T/train.en" >"$T/other.en"
head -n 60 "$T/train.fr" >"$T/other.fr"
parent=$T/parent.gguf
train --quiet --model "$parent" --tie target --maxout 16 --attention dot --max-updates 12 --valid-split 0
adapt() { "$NMT" train --quiet --from "$parent" --source "$T/other.en" --target "$T/other.fr" --valid-split 0 --threads 1 "$@"; }

works 'without an update' adapt --model "$T/same.gguf" --max-updates 0
is "$("$NMT" info "$T/same.gguf" | sed -n 's/.*checksum //p')" "$("$NMT" info "$parent" | sed -n 's/.*checksum //p')" \
    'the weights are the parent'\''s'
for beam in 1 3; do
    "$NMT" translate --model "$parent" --beam $beam --threads 1 <"$T/valid.en" >"$T/a"
    "$NMT" translate --model "$T/same.gguf" --beam $beam --threads 1 <"$T/valid.en" >"$T/b"
    same "$T/a" "$T/b" "and so are the translations, beam $beam"
done
works 'with updates' adapt --model "$T/child.gguf" --max-updates 6 --learning-rate 0.01
ok 'moves the weights' sh -c "! cmp -s '$parent' '$T/child.gguf'"
works 'resumed' "$NMT" train --quiet --resume --model "$T/child.gguf" --max-updates 8
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
ok 'no model came of all this' test ! -e "$T/wrong.gguf"
done_testing
