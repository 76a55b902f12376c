#!/bin/sh
# Guided attention: attention learns the word alignments of the lexicon, or of a file, and files that do not fit are refused.
. tests/cli/harness.sh
corpus 400
head -n 100 data/valid.en >"$T/valid.en"
head -n 100 data/valid.fr >"$T/valid.fr"
head -n 100 data/valid.align >"$T/valid.align"

guided() { # NAME ARGUMENT...
    name=$1
    shift
    train --quiet --model "$T/$name.gguf" --max-updates 60 --learning-rate 0.01 --warmup 0 --dropout 0 --valid-split 0 --threads 1 "$@"
}
rate() { # the alignment error rate of a model, in percent
    "$NMT" align --model "$T/$1.gguf" --source "$T/valid.en" --target "$T/valid.fr" --alignment "$T/$1.links" --alignment-format pharaoh >"$T/out"
    "$NMT" eval --hypothesis "$T/$1.links" --alignment "$T/valid.align" | sed 's/AER = \([0-9]*\).*/\1/'
}

guided off --guided-alignment off
guided lexicon --guided-weight 1
off=$(rate off)
with=$(rate lexicon)
ok "the alignment error rate falls, from $off to $with" test "$with" -lt $((off - 10))
guided zero --guided-weight 0
is "$(tensors "$T/zero.gguf")" "$(tensors "$T/off.gguf")" 'weight 0 is off'
guided none --attention none
works 'without attention there is nothing to guide' guided plain --attention none --guided-alignment off
is "$(tensors "$T/none.gguf")" "$(tensors "$T/plain.gguf")" 'and auto knows that'
guided decay --guided-epochs 1 --max-updates 40 --batch-sentences 40
guided same --guided-alignment off --max-updates 10 --batch-sentences 40
ok 'a weight that falls to 0 has had its effect' sh -c "! cmp -s '$T/decay.gguf' '$T/off.gguf'"

# --- a file of links ---
"$NMT" lexicon --source "$T/train.en" --target "$T/train.fr" --alignment "$T/links" 2>"$T/err" >"$T/out"
is "$(wc -l <"$T/links")" 400 'links for every pair'
guided file --guided-alignment "$T/links"
filed=$(rate file)
ok "links of a file guide attention too: $off to $filed" test "$filed" -lt $((off - 10))
lacks "$T/file.gguf" "$T" 'no path in the model'
head -n 399 "$T/links" >"$T/short"
must_fail 1 'a file with too few lines' guided wrong --guided-alignment "$T/short"
has "$T/err" 'short: has 399 lines, but the corpus has more' 'says so'
sed '7s/$/ 0-99/' "$T/links" >"$T/outside"
must_fail 1 'a link outside its pair' guided wrong --guided-alignment "$T/outside"
has "$T/err" 'outside:7: link 0-99 is outside the sentence pair' 'with file and line'
sed '9s/$/ 1:2/' "$T/links" >"$T/bad"
must_fail 1 'a line that is not in Pharaoh format' guided wrong --guided-alignment "$T/bad"
has "$T/err" 'bad:9: "1:2" is not a link' 'with file and line'
must_fail 1 'a file that is not there' guided wrong --guided-alignment "$T/nowhere"
must_fail 2 'a file with --bpe-dropout' guided wrong --guided-alignment "$T/links" --bpe-dropout 0.1
must_fail 2 'a weight with off' guided wrong --guided-alignment off --guided-weight 1
must_fail 2 'a weight without attention' guided wrong --attention none --guided-weight 1
must_fail 2 'the model in place of the links' guided links --guided-alignment "$T/links.gguf"
ok 'no model came of all this' test ! -e "$T/wrong.gguf"

# --- resumed ---
again() { "$NMT" train --quiet --resume --model "$T/part.gguf" --max-updates 12 "$@"; }
guided whole --max-updates 12 --guided-alignment "$T/links"
guided part --max-updates 6 --guided-alignment "$T/links"
works 'resumes with the file that the checkpoint names' again
same "$T/whole.gguf" "$T/part.gguf" 'to the same model'
guided part --max-updates 6 --guided-alignment "$T/links"
must_fail 1 'other links' again --guided-alignment lexicon
has "$T/err" 'other word alignments' 'are refused'
cp "$T/links" "$T/moved"
works 'the same links elsewhere' again --guided-alignment "$T/moved"
same "$T/whole.gguf" "$T/part.gguf" 'are the same'
done_testing
