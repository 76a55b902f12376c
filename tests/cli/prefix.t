#!/bin/sh
# nmt translate --prefix: a translation begins as it is told to, whatever that is, and goes on by itself.
. tests/cli/harness.sh
corpus 200
learned "$T/bpe.gguf"
learned "$T/char.gguf" --units char
learned "$T/other.gguf" --seed 2
head -n 12 "$T/valid.en" >"$T/in"
cat >"$T/prefixes" <<'END'
Il
L

Ils ont p
Nous
Zut, xyz
“Où?”
Elle ne veut pas 漢字
J'
a b c d e f g
É
...
END
begins() { # DESCRIPTION: each line of the output begins with its prefix, white space apart
    paste -d '\n' "$T/prefixes" "$T/out" >"$T/both"
    ok "$1: each translation begins with its prefix" awk 'NR % 2 { wanted = $0; next } index($0, wanted) != 1 { print wanted " / " $0; bad = 1 } END { exit bad }' "$T/both"
}
for units in bpe char; do
    for beam in 1 5; do
        works "$units, beam $beam" from_file "$T/in" translate --model "$T/$units.gguf" --beam $beam --prefix "$T/prefixes"
        begins "$units, beam $beam"
    done
    translate --model "$T/$units.gguf" <"$T/in" >"$T/own"
    is "$(sed -n 3p "$T/out")" "$(sed -n 3p "$T/own")" "$units: a blank prefix is none"
    translate --model "$T/$units.gguf" --prefix "$T/own" <"$T/in" >"$T/out"
    same "$T/own" "$T/out" "$units: a translation as its own prefix remains what it is"
    translate --model "$T/$units.gguf" --beam 1 <"$T/in" >"$T/greedy"
    LC_ALL=C.UTF-8 sed 's/^\(.\{9\}\).*/\1/' "$T/greedy" >"$T/nine"
    translate --model "$T/$units.gguf" --beam 1 --prefix "$T/nine" <"$T/in" >"$T/out"
    paste -d '\n' "$T/nine" "$T/out" >"$T/both"
    ok "$units: nine letters of it, too" awk 'NR % 2 { wanted = $0; next } index($0, wanted) != 1 { bad = 1 } END { exit bad }' "$T/both"
done
works 'an ensemble' from_file "$T/in" translate --model "$T/bpe.gguf" --model "$T/other.gguf" --prefix "$T/prefixes"
begins 'an ensemble'
works 'lines in pieces' from_file "$T/in" translate --model "$T/bpe.gguf" --max-length 4 --prefix "$T/prefixes"
begins 'lines in pieces'
works 'n-best lists' from_file "$T/in" translate --model "$T/bpe.gguf" --n-best 3 --prefix "$T/prefixes"
is "$(awk -F '\t' '$1 == 2 && $4 !~ /^L/' "$T/out")" '' 'all of which begin with it'
translate --model "$T/bpe.gguf" --batch 1 --threads 1 --prefix "$T/prefixes" --scores <"$T/in" | cut -f 2 >"$T/one"
translate --model "$T/bpe.gguf" --prefix "$T/prefixes" <"$T/in" >"$T/out"
same "$T/one" "$T/out" 'one by one or all together'

# --- a word that may go on, and one that may not ---
word=$(cut -d ' ' -f 1 "$T/own" | awk 'length($0) > 3 && /^[A-Za-z]*$/ { print; exit }')
head -n 1 "$T/in" >"$T/first"
half=$(printf '%s' "$word" | cut -c 1-2)
echo "$half " >"$T/p"
from_file "$T/first" translate --model "$T/char.gguf" --prefix "$T/p" >"$T/out"
has "$T/out" "^$half" 'with a space behind it, too, it begins so'

# --- requests ---
sed 's/.*/{"text":"&","prefix":"Nous p"}/' "$T/in" >"$T/requests"
works 'JSON lines' from_file "$T/requests" translate --model "$T/bpe.gguf" --format jsonl
is "$(grep -c '"translation":"Nous p' "$T/out")" 12 'have their own'
echo '{"text":"a","prefix":3}' | translate --model "$T/bpe.gguf" --format jsonl >"$T/out" 2>/dev/null
has "$T/out" '"error":"a prefix that is no text"' 'which must be text'

# --- what is refused ---
head -n 5 "$T/prefixes" >"$T/few"
must_fail 1 'too few prefixes' from_file "$T/in" translate --model "$T/bpe.gguf" --prefix "$T/few"
has "$T/err" 'few: has no line 6; ' 'with the line'
is "$(wc -l <"$T/out")" 5 'and the lines before it are translated'
must_fail 1 'no file of prefixes' from_file "$T/in" translate --model "$T/bpe.gguf" --prefix "$T/none"
must_fail 2 'samples' from_file "$T/in" translate --model "$T/bpe.gguf" --prefix "$T/prefixes" --sample
must_fail 2 'a file of prefixes for requests' from_file "$T/in" translate --model "$T/bpe.gguf" --prefix "$T/prefixes" --format jsonl
done_testing
