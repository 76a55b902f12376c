#!/bin/sh
# Without validation files, pairs of the corpus are set aside; and no pair is left out for its length without need.
. tests/cli/harness.sh
corpus 400

small() { # ARGUMENT...: an initial model from $T/c.tsv
    $LIMIT "$NMT" train $TINY --threads 1 --vocabulary 400 --model "$T/m.gguf" --max-updates 0 --pairs "$T/c.tsv" "$@"
}
counts() { # "pairs validation-pairs" as nmt train said them
    sed -n 's/^corpus  *\([0-9]*\) pairs.*/\1/p; s/^validation  *\([0-9]*\) pairs.*/\1/p; s/^validation  *none.*/0/p' "$T/err" | tr '\n' ' '
}
numbered() { # N pairs that differ
    awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print "source " i "\ttarget " i }' >"$T/c.tsv"
}

# --- how many ---
for sizes in '200 200 0' '201 181 20' '600 540 60' '1500 1400 100' '4000 3800 200'; do
    # shellcheck disable=SC2086
    set -- $sizes
    numbered "$1"
    works "$1 pairs" small
    is "$(counts)" "$2 $3 " "$3 are set aside"
done
has "$T/err" 'set aside \(--valid-split\)' 'and it is said how'
numbered 300
works '--valid-split N' small --valid-split 7
is "$(counts)" '293 7 ' 'sets N aside'
works '--valid-split 0' small --valid-split 0
is "$(counts)" '300 0 ' 'sets none aside'
works '--valid-split of more than there is' small --valid-split 1000
is "$(counts)" '1 299 ' 'leaves one pair to learn from'
works 'with validation files' small --valid-pairs "$T/c.tsv"
is "$(counts)" '300 300 ' 'none are set aside'
must_fail 2 '--valid-split beside validation files' small --valid-split 7 --valid-pairs "$T/c.tsv"
has "$T/err" '--valid-split' 'names the option'

# --- duplicates ---
numbered 150
cat "$T/c.tsv" "$T/c.tsv" >"$T/twice.tsv"
mv "$T/twice.tsv" "$T/c.tsv"
works 'a corpus in which everything occurs twice' small
is "$(counts)" '240 30 ' 'the copies of what is set aside are removed'
has "$T/err" '30 copies of them were removed' 'and it is said'
yes 'a	b' | head -n 300 >"$T/c.tsv"
works 'a corpus of one pair' small
is "$(counts)" '300 0 ' 'nothing is set aside'
{ yes 'a	b' | head -n 300; numbered 100; cat "$T/c.tsv"; } >"$T/both.tsv"
mv "$T/both.tsv" "$T/c.tsv"
works 'one pair that fills most of a corpus' small --valid-split 50
is "$(counts)" '350 50 ' 'stays in it'

# --- it is for something: early stopping, the best model, the same split after resuming ---
works 'trains' train --model "$T/s.gguf" --max-updates 30 --validate-every 5 --patience 2 --learning-rate 0 --batch-sentences 20
has "$T/err" 'update 5: .*BLEU' 'validates'
has "$T/err" 's.gguf: the model after update 5 of 15' 'stops early, with the best model'
train --quiet --model "$T/s.gguf" --max-updates 14 --validate-every 4 --batch-sentences 20
cp "$T/s.gguf" "$T/whole.gguf"
train --quiet --model "$T/s.gguf" --max-updates 7 --validate-every 4 --batch-sentences 20
works 'resumes' "$NMT" train --quiet --resume --model "$T/s.gguf" --max-updates 14
same "$T/whole.gguf" "$T/s.gguf" 'with the same split'
train --quiet --model "$T/other.gguf" --max-updates 0 --seed 2
ok 'another seed sets others aside' test "$("$NMT" info --json "$T/s.gguf" | grep tokenizer.source | cksum)" != \
    "$("$NMT" info --json "$T/other.gguf" | grep tokenizer.source | cksum)"

# --- length ---
numbered 300
awk 'BEGIN { for (i = 0; i < 400; i++) s = s "word "; print s "\t" s }' >>"$T/c.tsv"
works 'a pair of 400 words' small --valid-split 0
is "$(counts)" '301 0 ' 'is kept'
lacks "$T/err" 'left out' 'and nothing is said of it'
works 'with a bound' small --valid-split 0 --max-length 100
has "$T/err" 'left out: .* 1 too long' 'it is left out and counted'
has "$T/err" '--max-length 0 keeps all' 'and it is said how to keep it'
awk 'BEGIN { for (i = 0; i < 12000; i++) s = s "word "; print s "\t" s }' >>"$T/c.tsv"
works 'a pair of 12,000 words' small --valid-split 0
has "$T/err" 'left out: .* 1 too long' 'is left out, as memory forbids it'
works 'of which --max-length 0 keeps all' small --valid-split 0 --max-length 0
is "$(counts)" '302 0 ' 'is true'

done_testing
