#!/bin/sh
# nmt lexicon: its two outputs, how good the links are, that threads and line breaks make no difference, and what it refuses.
. tests/cli/harness.sh

lexicon() {
    $LIMIT "$NMT" lexicon "$@"
}

for side in en fr; do cat "data/train.$side" "data/test.$side" >"$T/all.$side"; done
ALL="--source $T/all.en --target $T/all.fr"

# --- alignments: the error rate on the demo's gold standard, of each way to combine the directions ---
for how in grow-diag-final-and union intersection forward backward; do
    # shellcheck disable=SC2086
    works "$how" lexicon $ALL --symmetrize $how
    is "$(wc -l <"$T/out")" 9500 'one line per pair'
    is "$(grep -c -v -x -E '([0-9]+-[0-9]+( [0-9]+-[0-9]+)*)?' "$T/out")" 0 'of links i-j'
    tail -n 500 "$T/out" >"$T/$how"
    "$NMT" eval --hypothesis "$T/$how" --alignment data/test.align >"$T/aer"
    echo "# $how: $(cat "$T/aer")"
    ok "its error rate is below 7" awk '{ exit !($3 < 7) }' "$T/aer"
done
"$NMT" eval --hypothesis "$T/grow-diag-final-and" --alignment data/test.align >"$T/aer"
ok 'that of the default is below 5' awk '{ exit !($3 < 5) }' "$T/aer"

# Which sets contain which; the default is grow-diag-final-and.
links() { # FILE: one link per line, with its sentence
    awk '{ for (i = 1; i <= NF; i++) print NR ":" $i }' "$1" | sort
}
for how in grow-diag-final-and union intersection forward backward; do links "$T/$how" >"$T/$how.links"; done
comm -12 "$T/forward.links" "$T/backward.links" >"$T/both"
sort -u "$T/forward.links" "$T/backward.links" >"$T/either"
same "$T/both" "$T/intersection.links" 'the intersection is what both have'
same "$T/either" "$T/union.links" 'the union is what either has'
is "$(comm -23 "$T/intersection.links" "$T/grow-diag-final-and.links" | wc -l)" 0 'the heuristic keeps the intersection'
is "$(comm -23 "$T/grow-diag-final-and.links" "$T/union.links" | wc -l)" 0 'and adds from the union only'
is "$(awk -F'[:-]' '{ print $1 ":" $3 }' "$T/forward.links" | sort | uniq -d | wc -l)" 0 \
    'forward: no target word has two links'
is "$(awk -F'[:-]' '{ print $1 ":" $2 }' "$T/backward.links" | sort | uniq -d | wc -l)" 0 'backward: no source word has'

# --- probabilities ---
# shellcheck disable=SC2086
works 'both outputs' lexicon $ALL --output "$T/table" --alignment "$T/links"
is "$(wc -c <"$T/out")" 0 'nothing on standard output'
is "$(tail -n 500 "$T/links" | cmp - "$T/grow-diag-final-and" && echo equal)" equal 'the links are those of before'
is "$(awk -F'\t' 'NF != 4 || $3 < 0.001 || $3 > 1 || $4 < 0 || $4 > 1' "$T/table" | wc -l)" 0 'four columns, probabilities in the last two'
ok 'sorted by source word, then probability' awk -F'\t' '
    NR > 1 && ($1 "" < word || ($1 "" == word && $3 > p)) { print NR; bad = 1 } { word = $1 ""; p = $3 } END { exit bad }' "$T/table"
ok 'the probabilities of a word sum to 1 at most' awk -F'\t' '
    { sum[$1] += $3 } END { for (w in sum) if (sum[w] > 1.001) { print w, sum[w]; bad = 1 } exit bad }' "$T/table"
for pair in 'house maison' 'brother frère' 'actress actrice' 'seven sept' 'english anglais'; do
    grep "^${pair% *}	" "$T/table" | head -n 1 | cut -f 2 >"$T/best"
    is "$(cat "$T/best")" "${pair#* }" "${pair% *} is ${pair#* }"
done
# shellcheck disable=SC2086
works 'the table alone' lexicon $ALL --output - --threads 3
same "$T/table" "$T/out" 'on standard output, and with three threads'
# shellcheck disable=SC2086
works 'the links with one thread' lexicon $ALL --threads 1
same "$T/links" "$T/out" 'are the same'

# --- input ---
corpus 300
works 'two files' lexicon --source "$T/train.en" --target "$T/train.fr"
mv "$T/out" "$T/expected"
paste "$T/train.en" "$T/train.fr" >"$T/pairs"
works 'one file of pairs' lexicon --pairs "$T/pairs"
same "$T/expected" "$T/out" 'gives the same'
gzip -k "$T/train.en"
works '.gz, and standard input' from_file "$T/train.fr" lexicon --source "$T/train.en.gz" --target -
same "$T/expected" "$T/out" 'gives the same'
tr '[:lower:]' '[:upper:]' <"$T/train.en" >"$T/upper.en"
works 'capital letters' lexicon --source "$T/upper.en" --target "$T/train.fr"
same "$T/expected" "$T/out" 'count as small ones'

# Lines without links: an empty side, one that is too long, one that is not UTF-8.
{ printf '\n' && cat "$T/train.en" && printf '   \n'; } >"$T/gaps.en"
{ printf 'Seul.\n' && cat "$T/train.fr" && printf 'Seul.\n'; } >"$T/gaps.fr"
works 'empty lines' lexicon --source "$T/gaps.en" --target "$T/gaps.fr"
{ echo && cat "$T/expected" && echo; } >"$T/wanted"
same "$T/wanted" "$T/out" 'get empty lines, and change nothing'
{ cat "$T/train.en" && awk 'BEGIN { for (i = 0; i < 1001; i++) printf "a "; print "" }'; } >"$T/long.en"
{ cat "$T/train.fr" && echo 'Un.'; } >"$T/long.fr"
must_fail 1 'a line of 1001 words' lexicon --source "$T/long.en" --target "$T/long.fr"
has "$T/err" 'line 301: more than 1000 words' 'which the message names'
{ cat "$T/expected" && echo; } >"$T/wanted"
same "$T/wanted" "$T/out" 'all others are aligned'
{ sed 10q "$T/train.en" && printf 'caf\351\n' && sed 1,10d "$T/train.en" && printf 'caf\351\n'; } >"$T/bad.en"
{ sed 10q "$T/train.fr" && echo Seul && sed 1,10d "$T/train.fr" && echo Seul; } >"$T/bad.fr"
must_fail 1 'bytes that are not UTF-8' lexicon --source "$T/bad.en" --target "$T/bad.fr"
has "$T/err" 'bad.en:11: byte 4 is not valid UTF-8' 'are found'
works 'or skipped' lexicon --source "$T/bad.en" --target "$T/bad.fr" --bad-utf8 skip
{ sed 10q "$T/expected" && echo && sed 1,10d "$T/expected" && echo; } >"$T/wanted"
same "$T/wanted" "$T/out" 'and leave an empty line'
works 'or replaced' lexicon --source "$T/bad.en" --target "$T/bad.fr" --bad-utf8 replace
is "$(wc -l <"$T/out")" 302 'and aligned'
printf '\n\n' >"$T/nothing"
works 'nothing but empty lines' lexicon --source "$T/nothing" --target "$T/nothing" --output "$T/none" --alignment -
is "$(od -An -c "$T/out" | tr -d ' ')" '\n\n' 'gives empty lines'
is "$(wc -c <"$T/none")" 0 'and an empty table'

# --- what is refused ---
FILES="--source $T/train.en --target $T/train.fr"
: >"$T/empty"
sed 1d "$T/train.fr" >"$T/short.fr"
must_fail 2 'no text' lexicon
must_fail 2 'half a text' lexicon --source "$T/train.en"
# shellcheck disable=SC2086
must_fail 2 'two texts' lexicon $FILES --pairs "$T/pairs"
# shellcheck disable=SC2086
must_fail 2 'a way that there is not' lexicon $FILES --symmetrize grow
# shellcheck disable=SC2086
must_fail 2 'an argument too many' lexicon $FILES more
must_fail 1 'no such file' lexicon --source "$T/none.en" --target "$T/train.fr"
must_fail 1 'an empty file' lexicon --source "$T/empty" --target "$T/empty"
must_fail 1 'a line missing' lexicon --source "$T/train.en" --target "$T/short.fr"
has "$T/err" 'has 300 lines.*has 299' 'says which file'
# shellcheck disable=SC2086
must_fail 1 'a directory that is not there' lexicon $FILES --output "$T/no/table"
if [ -e /dev/full ]; then
    # shellcheck disable=SC2086
    must_fail 1 'a full device' to_file /dev/full "$NMT" lexicon $FILES
else
    skip 1 'there is no /dev/full'
fi
cp "$T/train.fr" "$T/kept.fr"
for option in --output --alignment; do
    # shellcheck disable=SC2086
    must_fail 2 "$option over the target" lexicon $FILES $option "$T/train.fr"
    has "$T/err" "$option.*--target|--target.*$option" 'names both'
done
same "$T/kept.fr" "$T/train.fr" 'which is as it was'
# shellcheck disable=SC2086
must_fail 2 'both outputs in one file' lexicon $FILES --output "$T/both" --alignment "$T/both"
# shellcheck disable=SC2086
must_fail 2 'both on standard output' lexicon $FILES --output - --alignment -
done_testing
