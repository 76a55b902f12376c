#!/bin/sh
# Shortlists: search among fewer words; what must not change, and what is refused.
. tests/cli/harness.sh
corpus 400
head -n 60 data/valid.en >"$T/valid.en"

make_model() { # NAME ARGUMENT...
    name=$1
    shift
    train --quiet --model "$T/$name.gguf" --max-updates 60 --learning-rate 0.01 --warmup 0 --dropout 0 --valid-split 0 --threads 1 "$@"
}
make_model one
make_model two --seed 2
make_model without --guided-alignment off
works 'info' "$NMT" info "$T/one.gguf"
has "$T/out" 'shortlist\.words +I32 \[[0-9]+\]' 'the model has a shortlist'

on_valid() {
    "$@" <"$T/valid.en"
}
short() { # ARGUMENT...
    "$NMT" translate --model "$T/one.gguf" --shortlist --threads 1 "$@" <"$T/valid.en" 2>"$T/err"
}
short >"$T/short"
is "$(wc -l <"$T/short")" 60 'a translation for every line'
for batch in 1 7; do
    short --batch $batch >"$T/again"
    ok "the same in batches of $batch" cmp "$T/short" "$T/again"
done
short --beam 1 >"$T/greedy"
short --beam 1 --batch 1 >"$T/again"
ok 'greedy, too' cmp "$T/greedy" "$T/again"

# Scores are those of all words.
short --n-best 1 >"$T/best"
cut -f 4 "$T/best" >"$T/texts"
cut -f 3 "$T/best" >"$T/scores"
"$NMT" align --model "$T/one.gguf" --source "$T/valid.en" --target "$T/texts" --scores --threads 1 >"$T/forced" 2>"$T/err"
ok 'scores are those of forced decoding' sh -c "cut -f 1 '$T/forced' | paste - '$T/scores' | awk '{ d = \$1 - \$2; if (d < -1e-3 || d > 1e-3) exit 1; n++ } END { exit n != 60 }'"

# The beginning of a translation may be any word.
yes 'Zzz qqq' | head -n 60 >"$T/prefix"
short --prefix "$T/prefix" >"$T/begun"
is "$(grep -c '^Zzz qqq' "$T/begun")" 60 'a prefix of other words'
works 'an ensemble' on_valid "$NMT" translate --model "$T/one.gguf" --model "$T/two.gguf" --shortlist
"$NMT" quantize "$T/one.gguf" --output "$T/small.gguf" --type q8_0 >"$T/out" 2>"$T/err"
works 'a small file' on_valid "$NMT" translate --model "$T/small.gguf" --shortlist

must_fail 2 'a model without a shortlist' on_valid "$NMT" translate --model "$T/without.gguf" --shortlist
has "$T/err" 'without.gguf has no shortlist' 'says so'
must_fail 2 'one of two without' on_valid "$NMT" translate --model "$T/one.gguf" --model "$T/without.gguf" --shortlist
must_fail 2 'with --sample' on_valid "$NMT" translate --model "$T/one.gguf" --shortlist --sample
done_testing
