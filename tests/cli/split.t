#!/bin/sh
# nmt translate --split: lines of several sentences, each translated by itself, in one line again.
. tests/cli/harness.sh
corpus 200
learned "$T/bpe.gguf"
learned "$T/char.gguf" --units char
learned "$T/word.gguf" --units word --vocabulary 60
learned "$T/lower.gguf" --lowercase
cat >"$T/in" <<'IN'
They took a bag. We know 25 dogs! Does he read 3.5 books?

Mr. Smith took a bag.
   He sees    Anna. "We know." (They took a bag.)   
我爱你。We know.你呢？
so it is. and it goes on
IN
cat >"$T/sentences" <<'IN'
They took a bag.
We know 25 dogs!
Does he read 3.5 books?

Mr. Smith took a bag.
He sees Anna.
"We know."
(They took a bag.)
我爱你。
We know.你呢？
so it is. and it goes on
IN
join() { # of the lines of the sentences: those of the lines, with $1 between fields
    awk -v between="$1" 'function add(n, s, i) { for (; n > 0; n--) { getline x; s = s (s == "" || x == "" ? "" : between) x }; return s }
        BEGIN { split("3 1 1 3 2 1", n); for (i = 1; i <= 6; i++) print add(n[i]) }'
}
for model in bpe char word lower; do
    works "$model" from_file "$T/in" translate --model "$T/$model.gguf" --split --scores
    mv "$T/out" "$T/split"
    translate --model "$T/$model.gguf" --scores <"$T/sentences" >"$T/alone"
    cut -f 2 "$T/split" >"$T/got"
    cut -f 2 "$T/alone" | join ' ' >"$T/wanted"
    same "$T/wanted" "$T/got" "$model: the translations of the sentences, joined by spaces"
    cut -f 1 "$T/alone" | join + | sed 's/.*/(&)/' | bc >"$T/wanted"
    cut -f 1 "$T/split" | paste - "$T/wanted" >"$T/both"
    ok "$model: scores add up" awk '($1 - $2) ^ 2 > 1e-6 || NF != 2 { bad = 1 } END { exit bad }' "$T/both"
done
translate --model "$T/bpe.gguf" <"$T/in" >"$T/whole"
ok 'without --split, lines are translated as they are' sh -c '! cmp -s "$1" "$2"' - "$T/whole" "$T/got"
lacks "$T/err" warning 'several sentences are nothing to warn of'
translate --model "$T/bpe.gguf" --split --batch 1 --threads 1 <"$T/in" >"$T/one"
translate --model "$T/bpe.gguf" --split <"$T/in" >"$T/many"
same "$T/one" "$T/many" 'one by one or all together'
works 'sentences in pieces' from_file "$T/in" translate --model "$T/bpe.gguf" --split --max-length 5
has "$T/err" 'warning: line 1: has sentences of more than 5 tokens and was translated in [0-9]* pieces' 'are warned of'
is "$(wc -l <"$T/out")" 6 'a line for each line'
for options in '--n-best 3' '--sample --n-best 2 --seed 5' '--beam 1 --precision int8'; do
    case $options in *int8) "$NMT" info --build | grep -q int8 || { skip 1 'no int8'; continue; } ;; esac
    works "$options" from_file "$T/in" translate --model "$T/bpe.gguf" --split $options
done
translate --model "$T/bpe.gguf" --split --n-best 3 <"$T/in" >"$T/out"
is "$(cut -f 1 "$T/out" | uniq | xargs)" '1 2 3 4 5 6' 'n-best lists of every line'
is "$(awk -F '\t' '$2 == 1 { print $4 }' "$T/out" | cksum)" "$(cksum <"$T/many")" 'which begin with the best'

echo 'They took a bag. They took a bag.' | translate --model "$T/bpe.gguf" --split --sample --seed 5 >"$T/out"
ok 'equal sentences have samples of their own' test "$(sed -E 's/^(.*) \1$/equal/' "$T/out")" != equal

# --- alignments: a block for each sentence ---
sed -n 1p "$T/in" >"$T/line"
sed -n 1,3p "$T/sentences" >"$T/lines"
for level in word token; do
    translate --model "$T/bpe.gguf" --split --alignment "$T/whole.csv" --alignment-level $level <"$T/line" >"$T/discarded"
    translate --model "$T/bpe.gguf" --alignment "$T/parts.csv" --alignment-level $level <"$T/lines" >"$T/discarded"
    awk -F, -v OFS=, -v level=$level 'NR == FNR { # the parts: their columns, side by side
            if (NF == 0) { first += width; next }
            if ($1 == "") { width = NF - 1 - (level == "token"); for (j = 2; j <= width + 1; j++) head = head "," $j; next }
            if (level == "token" && $1 == "</s>") { last = NR; end = $0 }
            label[++rows] = $1; from[rows] = first; count[rows] = width
            for (j = 2; j <= NF; j++) weight[rows, j - 1] = $j
            next
        }
        FNR == 1 { if (index($0, head) != 1) print "columns: " $0; next }
        NF { while (label[++row] == "</s>" && $1 != "</s>") ;
             for (j = 2; j <= NF; j++) {
                 k = j - 1 - from[row]
                 wanted = k >= 1 && k <= count[row] ? weight[row, k] : 0
                 if (level == "token" && j == NF) wanted = weight[row, count[row] + 1]
                 if (($j - wanted) ^ 2 > 1e-8 || label[row] != $1) { print "row " FNR ", column " j ": " $j ", not " wanted; bad = 1 }
             }
             seen++ }
        END { exit bad || seen < 6 || row != rows }' "$T/parts.csv" "$T/whole.csv" >"$T/bad"
    is "$? $(cat "$T/bad")" '0 ' "$level: the matrices of the sentences along the diagonal"
done
works 'a page of alignments' from_file "$T/in" translate --model "$T/bpe.gguf" --split --alignment "$T/page.html"

# --- prefixes: by sentences ---
printf 'Nous. Il les sait. Elle ne v\n\nIls\nNous. Ils. Zut! Et. Et puis p\n你好。Où\nJ\n' >"$T/prefixes"
for model in bpe char; do
    works "$model: prefixes" from_file "$T/in" translate --model "$T/$model.gguf" --split --prefix "$T/prefixes"
    paste -d '\n' "$T/prefixes" "$T/out" >"$T/both"
    ok "$model: each translation begins with its own" awk 'NR % 2 { wanted = $0; next } index($0, wanted) != 1 { print wanted " / " $0; bad = 1 } END { exit bad }' "$T/both"
done
echo 'Nous. ' >"$T/p"
translate --model "$T/bpe.gguf" --split --prefix "$T/p" <"$T/line" >"$T/out"
rest=$(sed -n 2,3p "$T/lines" | translate --model "$T/bpe.gguf" | paste -s -d ' ')
ok 'the other sentences are as without one' test "${rest:-x}" -a -z "$(sed "s/.* $rest$//" "$T/out")"

# --- requests, the library's option ---
printf '%s\n' '{"text":"They took a bag. We know 25 dogs! Does he read 3.5 books?","split":true}' \
    '{"text":"They took a bag.\nWe know 25 dogs!\n\nDoes he read 3.5 books?","split":true}' '{"text":"They took a bag. We know 25 dogs! Does he read 3.5 books?"}' \
    '{"text":"They took a bag. We know 25 dogs! Does he read 3.5 books?","split":false}' '{"text":"a","split":1}' '{"text":"","split":true}' >"$T/requests"
works 'JSON lines' from_file "$T/requests" translate --model "$T/bpe.gguf" --format jsonl
sed -n 's/.*"translation":"\(.*\)"}/\1/p' "$T/out" >"$T/answers"
is "$(sed -n 1p "$T/answers")" "$(sed -n 1p "$T/many")" '"split": true'
is "$(sed -n 2p "$T/answers")" "$(sed -n 1p "$T/many")" 'a line break ends a sentence, too'
is "$(sed -n 3p "$T/answers")" "$(sed -n 1p "$T/whole")" 'without it, the text as it is'
is "$(sed -n 4p "$T/answers")" "$(sed -n 1p "$T/whole")" '"split": false'
has "$T/out" '"error":"a split that is neither true nor false"' 'or an error'
is "$(tail -n 1 "$T/out")" '{"text":"","split":true,"translation":""}' 'a blank text remains one'
translate --model "$T/bpe.gguf" --format jsonl --split <"$T/requests" 2>"$T/err" | sed -n 's/.*"translation":"\(.*\)"}/\1/p' >"$T/answers"
is "$(sed -n 3p "$T/answers")" "$(sed -n 1p "$T/many")" '--split is what holds without it'
is "$(sed -n 4p "$T/answers")" "$(sed -n 1p "$T/whole")" 'which a request may refuse'
done_testing
