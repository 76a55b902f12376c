#!/bin/sh
# Numbers, addresses and names that were never seen pass through a translation unchanged; alignments and scores speak of the user's words.
. tests/cli/harness.sh

# A small language of sentences with names, years and prices, all invented; with addresses, where they are wanted.
cat >"$T/invent.awk" <<'END'
function random(n) { state = (state * 69069 + 12345) % 2147483648; return int(state / 32768) % n }
function syllable() { return substr("bdfgjklmnprstvz", 1 + random(15), 1) substr("aeiou", 1 + random(5), 1) }
function name(  word, i) {
    if (addresses && random(2))
        return random(2) ? "https://" syllable() ".org/" syllable() "?n=" random(1000) : syllable() syllable() "@" syllable() ".net"
    for (i = 2 + random(2); i > 0; i--)
        word = word syllable()
    return toupper(substr(word, 1, 1)) substr(word, 2) substr("xnrl", 1 + random(4), 1)
}
BEGIN {
    state = seed
    for (line = 0; line < lines; line++) {
        kind = random(6); a = name(); b = name(); year = 1000 + random(1000); price = random(900) + 100 "." random(10) random(10)
        if (kind == 0) print "We saw " a " in " year ".\tNous avons vu " a " en " year "."
        if (kind == 1) print "The man from " a " knows " b ".\tL'homme de " a " connaît " b "."
        if (kind == 2) print "This bag costs " price " francs.\tCe sac coûte " price " francs."
        if (kind == 3) print "Do you see " a "?\tVoyez-vous " a " ?"
        if (kind == 4) print "In " year " she lost the bag.\tEn " year " elle a perdu le sac."
        if (kind == 5) print "My mother reads (" a ").\tMa mère lit (" a ")."
    }
}
END
invent() { # PREFIX LINES SEED [ADDRESSES]
    awk -v lines="$2" -v seed="$3" -v addresses="$4" -f "$T/invent.awk" >"$1.tsv"
    cut -f 1 "$1.tsv" >"$1.en"
    cut -f 2 "$1.tsv" >"$1.fr"
}
invent "$T/train" 1500 1
invent "$T/new" 60 2 1

spans() { # FILE: all numbers, addresses and capitalised words inside sentences
    awk '{ for (i = 2; i <= NF; i++) { gsub(/^\(|[).?]+$/, "", $i); if ($i ~ /^[A-Z]|[0-9@\/]/) print NR, $i } }' "$1"
}
passed() { # FILE: how many of the spans of the source stand in the same line of it
    spans "$T/new.en" | awk 'NR == FNR { line[FNR] = $0; next } index(line[$1], $2) { n++ } END { print n + 0 }' "$1" -
}
learn() { # FILE ARGUMENT...
    file=$1
    shift
    learned "$file" --embedding 24 --hidden 32 --batch-tokens 300 --max-updates 300 --encoder-layers 1 --vocabulary 450 --lexical off --guided-alignment off --threads 1 "$@"
}
learn "$T/auto.gguf"
learn "$T/off.gguf" --copy off
"$NMT" info "$T/auto.gguf" >"$T/out"
has "$T/out" '^tokenizer.copy .*"url", "email", "tag", "number"' 'the corpus says that numbers and names are copied; addresses always are'
"$NMT" info "$T/off.gguf" >"$T/out"
lacks "$T/out" '^tokenizer.(copy|known)' '--copy off: nothing about copies in the model'

all=$(spans "$T/new.en" | wc -l)
works 'text with names, numbers and addresses' from_file "$T/new.en" translate --model "$T/auto.gguf"
cp "$T/out" "$T/auto.fr"
auto=$(passed "$T/auto.fr")
ok "copied: $auto of $all spans pass through" test "$auto" -ge $((all * 9 / 10))
from_file "$T/new.en" translate --model "$T/off.gguf" >"$T/off.fr"
off=$(passed "$T/off.fr")
ok "not copied: $off of $all" test "$off" -lt $((all / 2))

# --- a corpus in which there is nothing to copy ---
corpus 300
learned "$T/plain.gguf" --max-updates 10 --threads 1
learned "$T/plain-off.gguf" --max-updates 10 --threads 1 --copy off
is "$("$NMT" info "$T/plain.gguf" | sed -n 's/^tokenizer.copy *//p')" '[]' 'nothing is copied'
is "$(tensors "$T/plain.gguf")" "$(tensors "$T/plain-off.gguf")" 'and training is what it is without'
invent "$T/train" 1500 1

# --- whatever comes in ---
{
    printf '\356\200\200 saw \356\200\217 in 1999.\n'
    i=100
    while [ $i -lt 140 ]; do
        printf '%d ' $i
        i=$((i + 1))
    done
    echo
    echo 'https://a.b/c'
    echo '  '
    echo 'We saw Zorbek in 1987, Zorbek!'
    echo 'My mother reads (https://a.org/b?c=d), 1,234.56 and x@y.net.'
} >"$T/odd"
for model in auto off; do
    works "$model: odd lines" from_file "$T/odd" translate --model "$T/$model.gguf"
    is "$(wc -l <"$T/out" | tr -d ' ')" 6 'a line out for every line in'
done
works 'short pieces' from_file "$T/odd" translate --model "$T/auto.gguf" --max-length 4
is "$(wc -l <"$T/out" | tr -d ' ')" 6 'a line out for every line in'

# --- translate and align agree, and their words are those of the text ---
for level in word token; do
    works "$level: scores and matrices" from_file "$T/odd" translate --model "$T/auto.gguf" --scores --alignment "$T/printed" \
        --alignment-level $level
    cut -f 2- "$T/out" >"$T/target"
    cut -f 1 "$T/out" >"$T/scores"
    awk '$0 == "" { blocks++ } blocks' "$T/printed" >"$T/labels" # the first line's words are such characters themselves
    lacks "$T/labels" "$(printf '\356\200')" "$level: no placeholder is shown"
    "$NMT" align --model "$T/auto.gguf" --source "$T/odd" --target "$T/target" --scores --alignment "$T/computed" \
        --alignment-level $level >"$T/forced"
    ok "$level: the same scores" awk 'NR == FNR { a[FNR] = $1; next } { d = a[FNR] - $1; if (d > 1e-4 || d < -1e-4) bad = 1 }
        END { exit bad || FNR != 6 }' "$T/scores" "$T/forced"
    ok "$level: the same labels" sh -c "sed 's/,[0-9.e-]*//g' '$T/printed' >'$T/a'; sed 's/,[0-9.e-]*//g' '$T/computed' | cmp - '$T/a'"
done
from_file "$T/odd" translate --model "$T/auto.gguf" --n-best 4 >"$T/best"
cut -f 3 "$T/best" >"$T/scores"
cut -f 4 "$T/best" >"$T/target"
awk -F'\t' 'NR == FNR { line[NR] = $0; next } { print line[$1] }' "$T/odd" "$T/best" >"$T/sources"
"$NMT" align --model "$T/auto.gguf" --source "$T/sources" --target "$T/target" --scores >"$T/forced"
ok 'n-best: the scores are those of the texts' awk 'NR == FNR { a[FNR] = $1; next } { d = a[FNR] - $1; if (d > 1e-4 || d < -1e-4) bad = 1 }
    END { exit bad || FNR < 10 }' "$T/scores" "$T/forced"
echo 'My mother reads (https://a.org/b).' >"$T/one.en"
echo 'Ma mère lit (https://a.org/b).' >"$T/one.fr"
"$NMT" align --model "$T/auto.gguf" --source "$T/one.en" --target "$T/one.fr" >"$T/out"
is "$(head -n 1 "$T/out")" ',My,mother,reads,(,https,:,/,/,a,.,org,/,b,),.' 'one column for each word of the address'
is "$(wc -l <"$T/out" | tr -d ' ')" 16 'and one row'
ok 'every row sums to 1' awk -F, 'NR > 1 { sum = 0; for (i = 2; i <= NF; i++) sum += $i; if (NF != 16 || sum < 0.9999 || sum > 1.0001) bad = 1 }
    END { exit bad }' "$T/out"
is "$(sed -n '/^https,/,/^b,/p' "$T/out" | cut -d, -f 2- | sort -u | wc -l | tr -d ' ')" 1 'whose weights are the same for all of them'
is "$(sed -n '/^https,/p' "$T/out" | cut -d, -f 6-14 | tr , '\n' | sort -u | wc -l | tr -d ' ')" 1 'and in equal parts'
"$NMT" align --model "$T/auto.gguf" --source "$T/one.en" --target "$T/one.fr" --alignment-level token >"$T/out"
has "$T/out" '^https://a.org/b,|^▁https://a.org/b,' 'at token level, the placeholder is shown as the address'

# --- other units and settings ---
for units in char word; do
    works "$units" learn "$T/$units.gguf" --units $units --max-updates 20
    works "$units: translates" from_file "$T/odd" translate --model "$T/$units.gguf" --alignment /dev/null
done
works 'lower case, pretokenized, BPE-dropout' learn "$T/more.gguf" --lowercase --pretokenized --bpe-dropout 0.2 --max-updates 20
works 'translates' from_file "$T/odd" translate --model "$T/more.gguf" --alignment /dev/null
child() {
    $LIMIT "$NMT" train --quiet --from "$T/auto.gguf" --source "$T/train.en" --target "$T/train.fr" --model "$T/child.gguf" "$@"
}
works 'a child of such a model' child --max-updates 1
"$NMT" info --json "$T/auto.gguf" | grep -A 2 -e '"tokenizer.copy"' -e '"tokenizer.known"' >"$T/a"
"$NMT" info --json "$T/child.gguf" | grep -A 2 -e '"tokenizer.copy"' -e '"tokenizer.known"' >"$T/b"
same "$T/a" "$T/b" 'has its kinds and words'
must_fail 2 '--copy off with such a parent' child --copy off
has "$T/err" '--copy is off, but the parent has auto' 'says so'
must_fail 1 'an ensemble of models with and without' from_file "$T/odd" translate --model "$T/auto.gguf" --model "$T/off.gguf"
done_testing
