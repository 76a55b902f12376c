#!/bin/sh
# Alignments: their formats, and that translate prints for its output what align computes for the same text.
. tests/cli/harness.sh
corpus 200
learned "$T/bpe.gguf"
learned "$T/char.gguf" --units char
learned "$T/word.gguf" --units word --vocabulary 60
learned "$T/barely.gguf" --max-updates 30 --vocabulary 330
train --quiet --model "$T/zero.gguf" --vocabulary 330 --max-updates 0 --initial paper
{
    sed -n 1,8p "$T/valid.en"
    echo
    echo '"Yes," he said, 3,000 times.'
    echo 'Ünknown 漢字 👩‍👧 wörds'
    echo '   '
    echo 'a'
    sed -n 9,12p "$T/valid.en"
} >"$T/source"
COUNT=17

# Two printings of the same numbers, which differ by no more than 1e-4; everything else is equal.
agree() { # A B
    ok "$3" awk -v other="$2" '
        function number(field) { return field ~ /^-?[0-9.]+(e-?[0-9]+)?$/ }
        { if ((getline line < other) <= 0) { print "too few lines"; exit bad = 1 }
          n = split($0, a, /[,\t]/); m = split(line, b, /[,\t]/)
          if (n != m) { print NR ": " n " and " m " fields"; exit bad = 1 }
          for (i = 1; i <= n; i++) { d = a[i] - b[i]; if (number(a[i]) && number(b[i]) ? d > 1e-4 || d < -1e-4 : a[i] != b[i]) {
              print NR ": " a[i] " and " b[i]; exit bad = 1 } } }
        END { if (!bad && (getline line < other) > 0) { print "too many lines"; bad = 1 } exit bad || NR == 0 }' "$1"
}

# --- the test for which the others exist ---
for model in bpe char word barely zero; do
    for beam in 1 2 5; do
        for level in word token; do
            from_file "$T/source" translate --model "$T/$model.gguf" --beam $beam --scores --alignment "$T/printed" --alignment-level $level \
                >"$T/scored"
            cut -f 2- "$T/scored" >"$T/target"
            cut -f 1 "$T/scored" >"$T/scores"
            "$NMT" align --model "$T/$model.gguf" --source "$T/source" --target "$T/target" --scores --alignment "$T/computed" \
                --alignment-level $level --threads 2 >"$T/forced"
            agree "$T/printed" "$T/computed" "$model, beam $beam, $level: the matrix is that of the output"
        done
        agree "$T/scores" "$T/forced" "$model, beam $beam: so is the score"
    done
    from_file "$T/source" translate --model "$T/$model.gguf" --beam 5 --n-best 5 --alignment "$T/printed" >"$T/best"
    cut -f 3 "$T/best" >"$T/scores"
    cut -f 4 "$T/best" >"$T/target"
    awk -F'\t' 'NR == FNR { line[NR] = $0; next } { print line[$1] }' "$T/source" "$T/best" >"$T/sources"
    "$NMT" align --model "$T/$model.gguf" --source "$T/sources" --target "$T/target" --scores >"$T/forced"
    agree "$T/scores" "$T/forced" "$model, n-best: the scores are those of the texts"
    awk -F'\t' '$2 == 1 { print $4 }' "$T/best" >"$T/target"
    "$NMT" align --model "$T/$model.gguf" --source "$T/source" --target "$T/target" --alignment "$T/computed"
    agree "$T/printed" "$T/computed" "$model, n-best: the matrix is that of the first"
done

# --- matrix ---
# Fields as RFC 4180 has them, into f[1 … n].
cat >"$T/csv.awk" <<'END'
function cut(line,   n, quoted, i, c) {
    n = 1
    f[1] = ""
    quoted = 0
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"" && quoted && substr(line, i + 1, 1) == "\"") {
            f[n] = f[n] c
            i++
        } else if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted)
            f[++n] = ""
        else
            f[n] = f[n] c
    }
    return quoted ? 0 : n
}
END
cat >"$T/blocks.awk" <<'END'
function wrong(what) {
    print FILENAME ":" FNR ": " what
    bad = 1
}
FNR == 1 || head {
    if (FNR == 1)
        blocks = 1
    columns = cut($0)
    head = 0
    if (f[1] != "")
        wrong("no empty cell: " $0)
    next
}
$0 == "" {
    head = 1
    blocks++
    next
}
{
    n = cut($0)
    sum = 0
    for (i = 2; i <= n; i++) {
        sum += f[i]
        if (f[i] + 0 < 0 || f[i] + 0 > 1)
            wrong("the weight " f[i])
    }
    if (n != columns)
        wrong(n " fields under " columns)
    if (n > 1 && (sum < 0.9999 || sum > 1.0001))
        wrong("the sum is " sum)
    cells += n - 1
}
END {
    if (want && blocks != want)
        wrong(blocks " blocks, not " want)
    if (counting)
        print cells + 0
    exit bad
}
END
sums() { # FILE [BLOCKS]: every row sums to 1 and has as many fields as the header
    awk -v want="$2" -f "$T/csv.awk" -f "$T/blocks.awk" "$1"
}
for level in word token; do
    works "$level: matrices" from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/m.csv" --alignment-level $level
    works "$level: a directory of them" from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/$level/" --alignment-level $level
    is "$(ls "$T/$level" | wc -l)" $COUNT "$level: a file per line"
    ok "$level: named by number" test -f "$T/$level/000001.csv" -a -f "$T/$level/0000$COUNT.csv"
    bad=0
    for file in "$T/$level"/*.csv; do
        sums "$file" >>"$T/check" || bad=$((bad + 1))
    done
    is $bad 0 "$level: every row of every file sums to 1"
    first=1
    for file in "$T/$level"/*.csv; do
        [ $first = 1 ] || echo
        first=0
        cat "$file"
    done >"$T/joined"
    same "$T/joined" "$T/m.csv" "$level: one file is the directory's files, an empty line between them"
done
ok 'as many blocks as lines' sums "$T/m.csv" $COUNT
is "$(awk 'BEGIN { RS = "" } END { print NR }' "$T/m.csv")" $COUNT 'so a reader that splits at empty lines finds them all'
is "$(cat "$T/word/000009.csv" "$T/token/000012.csv")" "$(printf '""\n""')" 'the matrix of a blank line is an empty cell'
has "$T/token/000001.csv" '^,.*</s>$' '</s> is a column at token level'
has "$T/token/000001.csv" '^</s>,' 'and a row'
is "$(grep -c '</s>' "$T/word/"*.csv | grep -v -c ':0$')" 0 'but neither at word level'
is "$(head -n 1 "$T/word/000001.csv" | tr -d ' ')" ",$(sed -n 1p "$T/source" | sed 's/\.$/ ./' | tr ' ' ',')" 'the header has the source words'
has "$T/word/000010.csv" '^,"""",Yes,' 'a quote is doubled and quoted'
has "$T/word/000010.csv" '(^|,)","(,|$)|"[^",]*,[^"]*"' 'a comma is quoted'

# A long line, whose weights are small: rows still sum to 1.
yes a | head -n 700 | tr '\n' ' ' >"$T/long"
echo 'le chat' >"$T/short"
"$NMT" align --model "$T/zero.gguf" --source "$T/long" --target "$T/short" --alignment "$T/m.csv"
ok 'rows of 700 words sum to 1' sums "$T/m.csv" 1

# --- long ---
works 'long' from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/l.csv" --alignment-format long
is "$(head -n 1 "$T/l.csv")" 'sentence,target,target_word,source,source_word,weight' 'has a header'
has "$T/l.csv" '^1,1,[^,]*,1,[^,]*,[01]\.[0-9]+$' 'positions are from 1'
cat >"$T/long.awk" <<'END'
NR > 1 {
    if (cut($0) != 6)
        print "no six fields: " $0
    sum[f[1] "," f[2]] += f[6]
}
END {
    for (row in sum)
        if (sum[row] < 0.9999 || sum[row] > 1.0001)
            print row, sum[row]
}
END
is "$(awk -f "$T/csv.awk" -f "$T/long.awk" "$T/l.csv")" '' 'weights of a target word sum to 1'
"$NMT" translate --threads 2 --model "$T/barely.gguf" --alignment "$T/m.csv" <"$T/source" >"$T/out"
is "$(($(wc -l <"$T/l.csv") - 1))" "$(awk -v counting=1 -f "$T/csv.awk" -f "$T/blocks.awk" "$T/m.csv")" 'a line for every cell of the matrices'

is "$(grep -c -e '^9,' -e '^12,' "$T/l.csv")" 0 'a blank line has no rows'

# --- pharaoh ---
works 'pharaoh' from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/p" --alignment-format pharaoh
is "$(wc -l <"$T/p")" $COUNT 'a line for every line'
is "$(grep -c -E -v '^([0-9]+-[0-9]+( [0-9]+-[0-9]+)*)?$' "$T/p")" 0 'of i-j'
strongest=$(awk -F, 'NR > 1 { best = 2; for (i = 3; i <= NF; i++) if ($i > $best) best = i; printf "%s%d-%d", (NR > 2 ? " " : ""), best - 2, NR - 2 }' \
    "$T/word/000001.csv")
is "$(head -n 1 "$T/p")" "$strongest" 'the strongest source of each target word, from 0'
works 'a folder of pharaoh' from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/ph/" --alignment-format pharaoh
is "$(cat "$T/ph"/* | cksum)" "$(cksum <"$T/p")" 'is the same'

is "$(sed -n -e 9p -e 12p "$T/p")" '' 'a blank line has no links'

# --- a line in pieces: one matrix, whose rows sum to 1; the lines around it have theirs ---
{ echo 'They took a bag.'; yes 'the old cat ' | head -n 400 | tr -d '\n'; echo; echo 'They took a bag.'; } >"$T/pieces"
for level in word token; do
    run from_file "$T/pieces" translate --model "$T/barely.gguf" --beam 2 --max-length-ratio 0.2 --alignment "$T/m.csv" --alignment-level $level
    has "$T/err" '^nmt: warning: line 2: .* in [0-9]+ pieces' "$level: in pieces"
    ok "$level: three matrices" sums "$T/m.csv" 3
    awk 'BEGIN { RS = "" } NR != 2' "$T/m.csv" >"$T/others"
    from_file "$T/pieces" head -n 1 | translate --model "$T/barely.gguf" --beam 2 --max-length-ratio 0.2 --alignment "$T/one.csv" \
        --alignment-level $level >"$T/check"
    cat "$T/one.csv" "$T/one.csv" >"$T/twice"
    agree "$T/others" "$T/twice" "$level: the others are their own"
done

# --- a directory that others may write to: links planted there are replaced, not followed; one given by name may be a link ---
mkdir "$T/shared"
echo precious >"$T/victim"
ln -s "$T/victim" "$T/shared/000001.csv"
ln -s "$T/shared" "$T/link"
works 'a directory behind a link' from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/link/"
is "$(cat "$T/victim")" precious 'a file behind a planted link stays'
ok 'the link became a file' test -f "$T/shared/000001.csv" -a ! -L "$T/shared/000001.csv"
works 'again' from_file "$T/source" translate --model "$T/barely.gguf" --alignment "$T/shared/"
is "$(ls "$T/shared" | wc -l)" $COUNT 'replaces what is there'

# --- blank sides ---
printf '\n\nle chat\n' >"$T/blank.target"
printf '\nthe cat\n\n' >"$T/blank.source"
works 'align with blank sides' "$NMT" align --model "$T/barely.gguf" --source "$T/blank.source" --target "$T/blank.target" --scores
is "$(head -n 1 "$T/out")" 0.000000 'two blank lines: 0'
is "$(sed -n 2,3p "$T/out" | grep -c -E '^-[0-9.]+$')" 2 'one: what the model says'
"$NMT" align --model "$T/barely.gguf" --source "$T/blank.source" --target "$T/blank.target" >"$T/out"
is "$(cat "$T/out")" "$(printf '""\n\n,the,cat\n\n""')" 'and the matrices'

# --- what cannot be aligned ---
{ echo 'the cat'; yes x | head -n 10100 | tr '\n' ' '; echo; echo 'the dog'; } >"$T/long.source"
{ echo 'le chat'; echo 'le chat'; echo 'le chien'; } >"$T/long.target"
must_fail 1 'a line that is too long to be aligned' "$NMT" align --model "$T/barely.gguf" --source "$T/long.source" --target "$T/long.target" --scores
has "$T/err" '^nmt: error: line 2: ' 'is named'
is "$(grep -c -E '^-[0-9.]+$' "$T/out")" 2 'the others have their scores'
is "$(sed -n 2p "$T/out")" nan 'it has none'

# --- an ensemble: each of its models can align and has the same tokens ---
learned "$T/none.gguf" --max-updates 30 --vocabulary 330 --attention none
must_fail 1 'an ensemble with a model that cannot align' from_file "$T/source" translate --model "$T/barely.gguf" --model "$T/none.gguf" --alignment -
has "$T/err" 'none\.gguf was trained with --attention none' 'names it'
works 'it may translate' from_file "$T/source" translate --model "$T/barely.gguf" --model "$T/none.gguf" --beam 1
# The first two neighbouring merges that do not build on each other change places: the vocabularies stay as they are.
perl -0777 -ne '
    $at = index($_, "tokenizer.merges") + 32;
    ($count) = unpack("Q<", substr($_, $at - 8, 8));
    for ($start = $at, $before = "", $i = 0; $i < $count; $i += 2, $before = join("", @part), $previous = $start, $start = $at) {
        @part = ();
        for $side (1, 2) {
            ($part) = unpack("Q</a*", substr($_, $at));
            push @part, $part;
            $at += 8 + length($part);
        }
        if ($i && $part[0] ne $before && $part[1] ne $before) {
            substr($_, $previous, $at - $previous) = substr($_, $start, $at - $start) . substr($_, $previous, $start - $previous);
            last;
        }
    }
    print' "$T/barely.gguf" >"$T/merges.gguf"
ok 'a model with its merges in another order' test "$(cmp -l "$T/barely.gguf" "$T/merges.gguf" | wc -l)" -gt 0
must_fail 1 'does not go with the other' from_file "$T/source" translate --model "$T/barely.gguf" --model "$T/merges.gguf"
has "$T/err" 'barely\.gguf and .*merges\.gguf' 'both are named'

# --- align itself ---
paste "$T/valid.en" "$T/valid.fr" >"$T/pairs.tsv"
works 'align from pairs' "$NMT" align --model "$T/bpe.gguf" --pairs "$T/pairs.tsv"
cp "$T/out" "$T/from-pairs"
works 'align from two files' "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en" --target "$T/valid.fr"
same "$T/from-pairs" "$T/out" 'is the same'
works 'with one thread' "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en" --target "$T/valid.fr" --threads 1 --batch 3
agree "$T/from-pairs" "$T/out" 'is the same to 1e-4'
head -n 3 "$T/valid.fr" >"$T/three"
must_fail 1 'unequal line counts' "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en" --target "$T/three"
must_fail 2 'no target' "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en"
must_fail 2 'no model' "$NMT" align --source "$T/valid.en" --target "$T/valid.fr"
if [ -w /dev/full ]; then
    must_fail 1 'a full disk, matrices' to_file /dev/full "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en" --target "$T/valid.fr"
    must_fail 1 'a full disk' to_file /dev/full "$NMT" align --model "$T/bpe.gguf" --source "$T/valid.en" --target "$T/valid.fr" --scores
else
    skip 2 'there is no /dev/full'
fi

done_testing
