#!/bin/sh
# Model files of earlier versions load and translate as they did: texts to the byte, log-probabilities to 1e-3 (they were computed on
# another processor). tests/cli/models has one model with additive attention and one without attention, trained by commit 8329485, and what
# that program printed for the first 40 lines of data/test.en with `nmt translate --scores --backend openblas`, beam 1 and 5.
# It knew no limit of repetition, which is therefore taken off.
. tests/cli/harness.sh
models=tests/cli/models
head -n 40 data/test.en >"$T/in"

# near A B: equal texts; scores that differ by at most 1e-3
near() {
    paste "$1" "$2" | awk -F '\t' '{ d = $1 - $3; if (NF != 4 || $2 != $4 || d > .001 || d < -.001) { print; bad = 1 } } END { exit bad || NR != 40 }'
}
for kind in additive none; do
    works "nmt info, $kind" "$NMT" info "$models/$kind.gguf"
    for beam in 1 5; do
        works "translate, $kind, beam $beam" from_file "$T/in" \
            "$NMT" translate --model "$models/$kind.gguf" --scores --backend openblas --beam "$beam" --threads 1 --max-repeats 0
        ok "as before: $kind, beam $beam" near "$T/out" "$models/$kind.beam$beam"
    done
done
works 'an ensemble' from_file "$T/in" \
    "$NMT" translate --model "$models/additive.gguf" --model "$models/additive.gguf" --backend openblas --beam 1 --threads 1 --max-repeats 0
ok 'of a model and itself is the model' sh -c "cut -f 2 '$models/additive.beam1' | cmp - '$T/out'"
done_testing
