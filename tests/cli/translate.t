#!/bin/sh
# nmt translate: one line out for every line in, whatever comes in, in order, at once, and nothing lost without a word.
. tests/cli/harness.sh
corpus 200
learned "$T/bpe.gguf"
learned "$T/char.gguf" --units char
learned "$T/word.gguf" --units word --vocabulary 60
train --quiet --model "$T/zero.gguf" --vocabulary 330 --max-updates 0 --initial paper # knows nothing, and so says odd things

lines() { # the number of newlines, which for output is the number of lines
    wc -l <"$1" | tr -d ' '
}

# --- every kind of line ---
{
    echo 'They took a bag.'
    echo
    echo '     '
    printf 'with\ttabs\tin it\n'
    printf 'and CR LF\r\n'
    printf 'a \377\376 bad \200 one\n'
    printf 'a NUL \000 byte\n'
    printf 'controls \001\002\033[1m\177 too\n'
    echo 'emoji 👩‍👩‍👧‍👦 and 🇫🇷'
    echo 'Δεν ξέρω. Не знаю. 私は知りません。 لا أعرف मुझे नहीं पता'
    printf 'line\342\200\250separator and no-break\302\240space\n'
    echo '<unk> <s> </s> <pad> & | \ "'
    echo '.'
    printf 'the last, without a newline'
} >"$T/odd"
for units in bpe char word zero; do
    for beam in 1 5; do
        works "$units, beam $beam: odd lines" from_file "$T/odd" translate --model "$T/$units.gguf" --beam $beam
        is "$(lines "$T/out")" 14 "$units, beam $beam: a line out for every line in"
        lacks "$T/out" '<unk>' "$units, beam $beam: no <unk>, even where it stood in the source"
        ok "$units, beam $beam: the output is UTF-8" iconv -f UTF-8 -t UTF-16 "$T/out"
        is "$(tr -d '\000\r' <"$T/out" | wc -c)" "$(wc -c <"$T/out")" "$units, beam $beam: no NUL and no CR in it"
        has "$T/err" '^nmt: warning: line 6: byte 3 ' "$units, beam $beam: warns of invalid UTF-8, with line and byte"
    done
    works "$units: the valid half of the corpus" from_file data/valid.en translate --model "$T/$units.gguf" --beam 2
    is "$(lines "$T/out")" "$(lines data/valid.en)" "$units: a line out for every line in"
    lacks "$T/out" '<unk>' "$units: no <unk>"
done

# --- blank lines: empty, white space of any kind, a byte order mark alone ---
printf '\n  \n \t\r\nThey took a bag.\n\302\240\342\200\203\342\200\250\n\357\273\277\n\001\002\n' >"$T/blank"
for units in bpe char word zero; do
    alone=$(echo 'They took a bag.' | translate --model "$T/$units.gguf")
    works "$units: blank lines" from_file "$T/blank" translate --model "$T/$units.gguf"
    is "$(cat -n "$T/out" | tr -d ' \t')" "$(printf '1\n2\n3\n4%s\n5\n6\n7' "$alone" | tr -d ' ')" "$units: stay blank, and the others are as they were"
    from_file "$T/blank" translate --model "$T/$units.gguf" --beam 1 --scores >"$T/out"
    is "$(grep -c "^0\.000000	$" "$T/out")" 6 "$units: their score is 0"
    from_file "$T/blank" translate --model "$T/$units.gguf" --n-best 3 >"$T/out"
    is "$(awk -F'\t' '$1 != 4' "$T/out")" "$(for n in 1 2 3 5 6 7; do printf '%d\t1\t0.000000\t\n' $n; done)" "$units: an n-best list of one empty text"
done
printf '  They  took\ta bag.\302\240 \n' | translate --model "$T/bpe.gguf" --scores >"$T/out"
echo 'They took a bag.' | translate --model "$T/bpe.gguf" --scores >"$T/plain"
same "$T/plain" "$T/out" 'white space around a line goes, and inside it is one space'

# --- nothing is repeated for ever ---
learned "$T/loops.gguf" --units char --max-updates 60 --learning-rate 0.02
cat >"$T/copies.awk" <<'END'
{ for (n = 2; n <= 8; n++)
    for (i = 1; i + 5 * n <= length($0) + 1; i++) {
        part = substr($0, i, n)
        if (substr($0, i, 5 * n) == part part part part part) {
            print FNR ": " part
            next
        }
    } }
END
for beam in 1 5; do
    from_file "$T/valid.en" translate --model "$T/loops.gguf" --beam $beam --max-repeats 0 >"$T/out"
    ok "beam $beam: without a limit, something is" test -n "$(awk -f "$T/copies.awk" "$T/out")"
    works "beam $beam: with it" from_file "$T/valid.en" translate --model "$T/loops.gguf" --beam $beam
    is "$(awk -f "$T/copies.awk" "$T/out")" '' "beam $beam: nothing is"
done

sed 's/$/\r/' "$T/valid.en" >"$T/crlf"
from_file "$T/valid.en" translate --model "$T/bpe.gguf" >"$T/plain"
from_file "$T/crlf" translate --model "$T/bpe.gguf" >"$T/out"
same "$T/plain" "$T/out" 'CR LF and LF are the same'
works 'no line in' from_file /dev/null translate --model "$T/bpe.gguf"
is "$(cat "$T/out")" '' 'no line out'

# --- long lines ---
{ yes 'the old cat ' | head -n 8400 | tr -d '\n' | head -c 100000; echo; } >"$T/long"
{ echo 'before'; cat "$T/long"; echo 'after'; } >"$T/words"
{ echo 'before'; tr -d ' ' <"$T/long"; echo 'after'; } >"$T/solid"
for kind in words solid; do
    works "100,000 characters, $kind" from_file "$T/$kind" translate --model "$T/bpe.gguf" --beam 1 --max-length-ratio 0.3
    is "$(lines "$T/out")" 3 "$kind: three lines"
    ok "$kind: it was translated" test "$(sed -n 2p "$T/out" | wc -c)" -gt 500
    has "$T/err" '^nmt: warning: line 2: .*pieces' "$kind: warns, with the line"
    is "$(sed -n 3p "$T/out")" "$(echo after | translate --model "$T/bpe.gguf" --beam 1 --max-length-ratio 0.3)" "$kind: the next line is its own"
done

# --- order, batches, threads ---
head -n 150 data/valid.en >"$T/many"
for threads in 1 2; do
    "$NMT" translate --model "$T/bpe.gguf" --threads $threads --beam 2 <"$T/many" >"$T/threads.$threads"
done
same "$T/threads.1" "$T/threads.2" 'threads do not change the output'
while read -r line; do
    echo "$line" | translate --model "$T/bpe.gguf" --beam 2
done <"$T/valid.en" >"$T/single"
from_file "$T/valid.en" translate --model "$T/bpe.gguf" --beam 2 --batch 7 >"$T/batched"
same "$T/single" "$T/batched" 'a line alone and a line among others are translated alike'

# --- a pipe held open gets its answer before the next line is sent ---
mkfifo "$T/in" "$T/answers"
"$NMT" translate --model "$T/bpe.gguf" --threads 2 --alignment "$T/live.csv" <"$T/in" >"$T/answers" 2>"$T/err" &
running=$!
exec 3>"$T/in" 4<"$T/answers"
for number in 1 2 3; do
    sed -n ${number}p "$T/valid.en" >&3
    is "$(timeout 20 head -n 1 <&4)" "$(sed -n ${number}p "$T/valid.en" | translate --model "$T/bpe.gguf")" "line $number is answered at once"
done
is "$(grep -c '^$' "$T/live.csv")" 2 'so is its alignment'
exec 3>&-
code=0
wait $running || code=$?
exec 4<&-
is $code 0 'ends when the input ends'

# --- n-best, scores ---
for model in bpe word zero; do
    works "$model: n-best" from_file "$T/valid.en" translate --model "$T/$model.gguf" --beam 4 --n-best 3
    is "$(awk -F'\t' 'NF != 4 || $1 !~ /^[0-9]+$/ || $2 !~ /^[1-3]$/ || $3 !~ /^-[0-9.]+$/' "$T/out")" '' "$model: line, rank, score, text"
    is "$(cut -f 1 "$T/out" | uniq)" "$(seq 20)" "$model: every line, in order"
    is "$(awk -F'\t' '{ if ($1 == line ? $2 != rank + 1 : $2 != 1) print; line = $1; rank = $2 }' "$T/out")" '' "$model: ranks count up from 1"
    is "$(cut -f 1,4 "$T/out" | sort | uniq -d)" '' "$model: no text twice"
    awk -F'\t' '$2 == 1 { print $4 }' "$T/out" >"$T/first"
    from_file "$T/valid.en" translate --model "$T/$model.gguf" --beam 1 --n-best 1 | cut -f 4 >"$T/out"
    from_file "$T/valid.en" translate --model "$T/$model.gguf" --beam 1 >"$T/greedy"
    same "$T/greedy" "$T/out" "$model: --beam 1 is --beam 1 --n-best 1"
    from_file "$T/valid.en" translate --model "$T/$model.gguf" --beam 1 --scores >"$T/scored"
    cut -f 2- "$T/scored" >"$T/out"
    same "$T/greedy" "$T/out" "$model: --scores does not change the text"
    is "$(cut -f 1 "$T/scored" | grep -c -E -v '^-[0-9]+\.[0-9]+$')" 0 "$model: a score before every line"
done

# A line in pieces has an n-best list like any other.
paste -s -d ' ' "$T/valid.en" >"$T/joined"
for model in bpe char word; do
    from_file "$T/joined" translate --model "$T/$model.gguf" --max-length 12 --beam 6 --n-best 6 --length-penalty 0 >"$T/out" 2>"$T/err"
    has "$T/err" '^nmt: warning: line 1: .* in [0-9]+ pieces' "$model: a line in pieces"
    is "$(awk -F'\t' 'NR > 1 && $3 > score; { score = $3 }' "$T/out")" '' "$model: its ranks follow the printed scores"
    is "$(cut -f 4 "$T/out" | sort | uniq -d)" '' "$model: no text twice"
done

# Characters have one way to be cut up, so the score of a text is the beam's, and with no length penalty ranks follow it.
from_file "$T/valid.en" translate --model "$T/char.gguf" --beam 4 --n-best 3 --length-penalty 0 >"$T/out"
is "$(awk -F'\t' '$1 == line && $3 > score + 1e-4; { line = $1; score = $3 }' "$T/out")" '' 'char: ranks follow the scores'

# --- output that cannot be written ---
closed() {
    "$@" >&-
}
must_fail 1 'standard output is closed' from_file "$T/valid.en" closed translate --model "$T/bpe.gguf"
must_fail 1 'closed, and an alignment is opened' from_file "$T/valid.en" closed translate --model "$T/bpe.gguf" --alignment "$T/closed.csv"
is "$(grep -E -v '^$|,' "$T/closed.csv")" '' 'no translation got into the file of alignments'
if [ -w /dev/full ]; then
    must_fail 1 'standard output is full' from_file "$T/valid.en" to_file /dev/full translate --model "$T/bpe.gguf"
    must_fail 1 'the alignments'\'' disk is full' from_file "$T/valid.en" translate --model "$T/bpe.gguf" --alignment /dev/full
else
    skip 2 'there is no /dev/full'
fi
# The reader has gone before anything is written.
mkfifo "$T/gone"
sleep 0 <"$T/gone" &
must_fail 1 'standard output is a pipe that nobody reads' from_file "$T/many" to_file "$T/gone" sh -c 'sleep 0.3; exec "$@"' - \
    "$NMT" translate --model "$T/bpe.gguf" --threads 2 --beam 1
no_input() {
    "$@" <&-
}
must_fail 1 'standard input is closed' no_input translate --model "$T/bpe.gguf"
must_fail 1 'standard input is a folder' from_file "$T" translate --model "$T/bpe.gguf"

# --- usage ---
must_fail 2 'no model' translate
must_fail 1 'a model that is not there' translate --model "$T/nowhere.gguf"
must_fail 1 'a model without --model before it' translate --model data/valid.en
must_fail 2 'an argument' translate --model "$T/bpe.gguf" "$T/valid.en"
for wrong in beam=0 beam=1000000 beam=x n-best=-1 n-best=6 length-penalty=-1 length-penalty=nan max-length-ratio=0 max-length=0 max-repeats=-1 \
    threads=-1 batch=0 alignment-format=png alignment-level=char precision=f8 backend=mkl; do
    must_fail 2 "--$wrong" from_file /dev/null translate --model "$T/bpe.gguf" "--$wrong"
    has "$T/err" "--${wrong%%=*}" 'names the option'
done
must_fail 1 'an alignment file in a folder that is not there' from_file "$T/odd" translate --model "$T/bpe.gguf" --alignment "$T/no/a.csv"

# --- products in whole numbers ---
if "$NMT" info --build | grep -q int8; then
    for precision in f32 int8; do
        works "$precision: the right answers' scores" $LIMIT "$NMT" align --model "$T/bpe.gguf" --precision $precision --scores \
            --source "$T/valid.en" --target "$T/valid.fr"
        cp "$T/out" "$T/$precision"
    done
    paste "$T/f32" "$T/int8" >"$T/both"
    ok 'int8: near those of f32, but not the same' awk '$1 != $2 { other++ } ($1 - $2) ^ 2 > (0.01 * $1) ^ 2 { exit 1 } END { exit !other }' "$T/both"
    works 'int8: translate' from_file "$T/valid.en" translate --model "$T/bpe.gguf" --precision int8 --scores
    cut -f 1 "$T/out" >"$T/scores"
    cut -f 2 "$T/out" >"$T/text"
    works 'int8: align' $LIMIT "$NMT" align --model "$T/bpe.gguf" --precision int8 --scores --source "$T/valid.en" --target "$T/text"
    same "$T/scores" "$T/out" 'int8: the scores of what was printed are those that align computes'
else
    must_fail 1 'int8 on a processor without it' from_file "$T/odd" translate --model "$T/bpe.gguf" --precision int8
fi

# An ensemble of a model with itself is the model; different vocabularies do not go together.
from_file "$T/valid.en" translate --model "$T/bpe.gguf" --model "$T/bpe.gguf" >"$T/out"
same "$T/plain" "$T/out" 'an ensemble of equals'
must_fail 1 'an ensemble of different vocabularies' from_file "$T/odd" translate --model "$T/bpe.gguf" --model "$T/char.gguf"

done_testing
