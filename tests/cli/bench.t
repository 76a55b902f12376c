#!/bin/sh
# nmt bench: what it measures is what it was asked for; no figure is judged.
. tests/cli/harness.sh

bench() {
    $LIMIT "$NMT" bench $TINY --vocabulary 100 --batch 4 --updates 2 --sentences 10 --peak-seconds 0.01 --threads 2 "$@"
}

works 'everything' bench
has "$T/out" '^matrix products' 'the peaks'
has "$T/out" '^training ' 'training'
has "$T/out" '^translate ' 'and translation'
works 'only training' bench --train
lacks "$T/out" '^translate ' 'no translation'
works 'only translation' bench --translate
lacks "$T/out" '^training ' 'no training'
works 'translation with shortlists' bench --translate --shortlist --vocabulary 1000
has "$T/out" '^translate ' 'is measured'
works 'JSON' bench --json
has "$T/out" '^\{.*"train_tokens_per_second": [0-9.e+]+, .*"translate_beam5_sentences_per_second": [0-9.e+]+.*\}$' 'one object, with the figures'

# The operations of an update are known, those of a second layer and of the word in the query too; the time is not: so their ratio.
operations() { # tokens an update are the same
    bench --json --train "$@" >"$T/json" 2>"$T/err"
    sed 's/.*"train_tokens_per_second": \([^,]*\), "train_gflops": \([^,]*\),.*/\1 \2/' "$T/json" | awk '{ printf "%.6f\n", 1e6 * $2 / $1 }'
}
state=$(operations --query state)
word=$(operations --query word)
deep=$(operations --query word --encoder-layers 2)
ok 'the word in the query counts' awk "BEGIN { exit !($word > $state) }"
ok 'a second layer counts more' awk "BEGIN { exit !($deep - $word > $word - $state) }"

if "$NMT" info --build | grep -q int8; then
    works 'translation in int8' bench --translate --precision int8
    must_fail 2 'training in int8' bench --train --precision int8
    must_fail 2 'both in int8' bench --precision int8
fi
must_fail 2 'one file of two' bench --source data/valid.en
must_fail 2 'a query that is none' bench --query paper
for wrong in encoder-layers=0 encoder-layers=65 vocabulary=1 batch=0 updates=0 dropout=1 threads=-1; do
    must_fail 2 "--$wrong" bench "--$wrong"
done
done_testing
