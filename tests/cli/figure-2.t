#!/bin/sh
# scripts/figure-2: the corpus of joined captions, and a line per step.
. tests/cli/harness.sh
if ! command -v perl >/dev/null 2>&1; then
    skip 1 'perl is missing'
    done_testing
fi
mkdir "$T/data"
for language in en fr; do
    name=$language
    [ $language = en ] || name=de
    head -n 150 data/train.$language >"$T/data/train.$name"
    head -n 12 data/valid.$language >"$T/data/val.$name"
    head -n 40 data/test.$language >"$T/data/test_2016_flickr.$name"
done
figure() {
    NMT="$NMT" timeout 300 scripts/figure-2 --minutes 0.01 --threads 1 --work "$T/work" --output "$T/figure" "$@"
}
works 'trains and measures every step' figure "$T/data"
is "$(wc -l <"$T/work/train.en")" 300 'every caption is there alone and in a joined line'
is "$(head -n 1 "$T/figure.tsv" | tr '\t' '\n' | sed -n '1,3p;9p' | paste -s -d ,)" \
    'source words,lines,BLEU, one fixed vector,BLEU, Transformer' 'the table has a column per step'
is "$(cut -f 1 "$T/figure.tsv" | paste -s -d ,)" 'source words,1-10,11-20,21-30,31-40,41-50,51-60' 'and a row per bucket'
ok 'with numbers in every field' awk -F '\t' 'NF != 9 { exit 1 } NR > 1 { for (i = 2; i <= NF; i++) if ($i !~ /^[0-9.]+$/) exit 1 }' "$T/figure.tsv"
is "$(grep -c '<polyline' "$T/figure.svg")" 7 'the drawing has seven lines'
works 'again' figure "$T/data"
lacks "$T/out" 'parameters, ' 'nothing is trained again'
run scripts/figure-2 --threads x data
is "$code" 2 'a number that is none: code'
run scripts/figure-2 "$T/none"
is "$code" 1 'a corpus that is not there: code'
has "$T/err" 'train.en is missing' 'says what is missing'
done_testing
